// move-offline against a server that still has the root key: whole, wrong, and cut anywhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::compat {
namespace {

using sim::Repository;
using testing::HasSubstr;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/r/tufrepo";
constexpr int kDone = 0, kRefused = 1, kFailed = 3, kUsage = 255;

std::string id_of(char seed) { return tuf::key_id(sim::key_of(seed).public_key()).hex; }

Bytes pair_of(char seed) { return Bytes(keys::private_key_file(sim::key_of(seed), keys::KeyFileForm::tufrepo).reveal()); }

Bytes targets_by(std::string_view keys) {
  const Json body = Json::Object{{"_type", "Targets"},
                                 {"expires", "2030-01-01T00:00:00Z"},
                                 {"targets", Json::Object{}},
                                 {"version", std::int64_t{1}}};
  return sim::signed_root(body, keys);
}

// A factory whose first root is its newest: root key '1' on the server, targets key 't' online; the user has made 'n' and 'm'.
struct Scene {
  explicit Scene(const sim::RootRecipe& recipe = {})
      : server({sim::signed_root(sim::root_body(recipe), recipe.root_keys)}, kNow) {
    server.require_bearer("b");
    server.hold_private_key(id_of('1'), pair_of('1'));
    server.serve_file("targets.json", targets_by("t"));
    keys::Archive archive = sim::layout_a();
    sim::put_pair(archive, "tufrepo/keys/new-root", 'n');
    sim::put_pair(archive, "tufrepo/keys/new-targets", 'm');
    for (const auto& [name, bytes] : archive.members()) {
      if (name.starts_with("tufrepo/keys/") && !name.starts_with("tufrepo/keys/new-")) continue;
      if (name == "tufrepo/roles/root.json") continue;
      make_folders(files, folder_of("/r/" + name), 0700).value();
      create_durable(files, "/r/" + name, bytes.reveal(), 0600).value();
    }
  }

  int run(const std::vector<std::string>& more, bool strict = false) {
    std::vector<std::string> words = {"move-offline", "--repo", kRepo, "--old-root-alias", "origin"};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream out, err;
    const int code = garage_sign(words, cli::Talk(out, err), {files, clock, server, strict});
    said = err.str() + out.str();
    return code;
  }
  int move(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"--new-root", "new-root", "--new-targets", "new-targets"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  tuf::Trusted<tuf::Root> newest() { return tuf::anchor_root(server.roots().back()).value(); }
  bool has(const std::string& file) { return files.facts(kRepo + "/" + file)->exists(); }
  std::set<crypto::PublicKey> signing(tuf::Role role) { return newest()->material(role); }

  sim::CrashFiles files;
  FixedClock clock{kNow};
  Repository server;
  std::string said;
};

crypto::PublicKey key(char seed) { return sim::key_of(seed).public_key(); }
using Keys = std::set<crypto::PublicKey>;

TEST(MoveOffline, PutsTheUsersKeysInPlaceOfTheServers) {
  Scene scene;
  ASSERT_EQ(scene.move(), kDone) << scene.said;
  const auto root = scene.newest();
  EXPECT_EQ(root->version, 2);
  EXPECT_EQ(root->material(tuf::Role::root), Keys{key('n')});
  EXPECT_EQ(root->material(tuf::Role::targets), Keys{key('m')});
  EXPECT_TRUE(tuf::next_root(tuf::anchor_root(scene.server.roots()[0]).value(), scene.server.roots()[1]).ok());
  EXPECT_FALSE(scene.server.holds_private_key(id_of('1')));
  EXPECT_TRUE(scene.has("keys/origin.sec"));
  EXPECT_TRUE(scene.has("roles/trusted/2.root.json"));
  EXPECT_TRUE(scene.has("roles/unsigned/targets.json"));
  EXPECT_TRUE(scene.has("roles/targets.json.checksum"));
}

// What stands beside `signed` in the root that was sent.
Json targets_signatures_sent(const Scene& scene) {
  const auto envelope = parse_json(scene.server.bodies_sent().back()).value();
  const Json* signatures = envelope.find("targets-signatures");
  return signatures == nullptr ? Json() : *signatures;
}

TEST(MoveOffline, SendsTheSignatureThatThePublishedTargetsNeedUnderTheNewRoot) {
  Scene scene;
  ASSERT_EQ(scene.move(), kDone) << scene.said;
  Json targets = parse_json(scene.server.served_files().at("targets.json")).value();
  EXPECT_FALSE(tuf::targets_under(*scene.newest(), to_json(targets)).ok());
  targets["signatures"] = targets_signatures_sent(scene);
  EXPECT_TRUE(tuf::targets_under(*scene.newest(), to_json(targets)).ok());
}

TEST(MoveOffline, DeletesNothingWhileTheRootIsStaged) {
  Scene scene;
  scene.files.remove(kRepo + "/keys/new-targets.sec").value();  // on another machine
  scene.server.set_mood(Repository::Mood::stage);
  EXPECT_EQ(scene.move(), kFailed);
  EXPECT_TRUE(targets_signatures_sent(scene).is_null());
  EXPECT_THAT(scene.said, HasSubstr("the root is staged"));
  EXPECT_TRUE(scene.server.holds_private_key(id_of('1')));
  EXPECT_TRUE(scene.has("keys/origin.sec"));
  EXPECT_EQ(scene.newest()->version, 1);
}

TEST(MoveOffline, KeepsOtherKeysAndThresholds) {
  Scene scene({.root_keys = "21", .targets_keys = "ot"});
  ASSERT_EQ(scene.move(), kDone) << scene.said;
  EXPECT_EQ(scene.signing(tuf::Role::root), (Keys{key('2'), key('n')}));
  EXPECT_EQ(scene.signing(tuf::Role::targets), (Keys{key('o'), key('m')}));
  for (const auto role : {tuf::Role::root, tuf::Role::targets}) EXPECT_EQ(scene.newest()->role(role).threshold, 1);
}

TEST(MoveOffline, LeavesTheTargetsRoleToAKeyThatIsInIt) {
  Scene scene({.targets_keys = "mt"});
  ASSERT_EQ(scene.move(), kDone) << scene.said;
  EXPECT_EQ(scene.signing(tuf::Role::targets), (Keys{key('m'), key('t')}));
}

TEST(MoveOffline, DropsOthersOnlyWhenAsked) {
  Scene scene({.root_keys = "21", .targets_keys = "ot"});
  scene.server.serve_file("targets.json", targets_by("ot"));
  EXPECT_EQ(scene.move(), kFailed) << "which of the two targets keys is to go?";
  EXPECT_THAT(scene.said, HasSubstr("--replace-all-keys"));
  EXPECT_EQ(scene.server.posts(), 0);
  ASSERT_EQ(scene.move({"--replace-all-keys"}), kDone) << scene.said;
  EXPECT_EQ(scene.signing(tuf::Role::root), Keys{key('n')});
  EXPECT_EQ(scene.signing(tuf::Role::targets), Keys{key('m')});
}

TEST(MoveOffline, SendsNothingThatTheOldQuorumDoesNotSign) {
  Scene scene({.root_keys = "21", .root_threshold = 2});
  EXPECT_EQ(scene.move(), kRefused);
  EXPECT_THAT(scene.said, HasSubstr(id_of('2').substr(0, 8)));
  EXPECT_EQ(scene.server.posts(), 0);
  EXPECT_TRUE(scene.server.holds_private_key(id_of('1')));
}

TEST(MoveOffline, FetchesTheOldKeyAndNothingElseWhenAsked) {
  Scene scene;
  EXPECT_EQ(scene.run({}), kUsage);
  EXPECT_FALSE(scene.has("keys/origin.sec"));
  ASSERT_EQ(scene.run({"--fetch-only"}), kDone) << scene.said;
  EXPECT_TRUE(scene.has("keys/origin.sec"));
  EXPECT_TRUE(scene.server.holds_private_key(id_of('1')));
  EXPECT_EQ(scene.server.posts(), 0);
  EXPECT_EQ(scene.run({}, true), kDone) << "the public tool's habit";
  EXPECT_EQ(scene.move(), kDone) << "with the key that is here";
}

TEST(MoveOffline, RefusesAKeyThatIsNotTheRoots) {
  Scene scene;
  scene.server.hold_private_key(id_of('1'), pair_of('x'));
  EXPECT_EQ(scene.move(), kFailed);
  EXPECT_FALSE(scene.has("keys/origin.sec"));
  EXPECT_EQ(scene.run({"--new-root", "new-root", "--new-targets", "new-targets", "--old-keyid", id_of('n')}), kFailed);
  EXPECT_EQ(scene.run({"--new-root", "new-root", "--new-targets", "new-targets", "--old-keyid", "12"}), kUsage);
  EXPECT_EQ(scene.run({"--new-root", "new-root"}), kUsage);
  EXPECT_EQ(scene.server.posts(), 0);
}

TEST(MoveOffline, RefusesTargetsThatTheRootsKeysDidNotSign) {
  Scene scene;
  scene.server.serve_file("targets.json", targets_by("x"));
  EXPECT_EQ(scene.move(), kFailed);
  EXPECT_EQ(scene.server.posts(), 0);
  EXPECT_FALSE(scene.has("roles/unsigned/targets.json"));
}

// Power lost after any step, answers lost, the server failing: a second run completes, and in between the old private key is on
// the disk or on the server.
TEST(MoveOffline, GoesOnAfterACutAnywhere) {
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE(steps);
    Scene scene;
    scene.server.on_request([&](const FetchRequest&) -> Status {
      if (scene.files.was_cut()) return unavailable("no power");
      return {};
    });
    scene.files.cut_after(steps);
    const bool done = scene.move() == kDone;
    scene.files.restart();
    EXPECT_TRUE(scene.server.holds_private_key(id_of('1')) || scene.files.facts(kRepo + "/keys/origin.sec")->size > 0);
    EXPECT_EQ(scene.move(), kDone) << scene.said;
    EXPECT_EQ(scene.server.roots().size(), 2u);
    EXPECT_FALSE(scene.server.holds_private_key(id_of('1')));
    if (done) break;
    ASSERT_LT(steps, 200);
  }
}

TEST(MoveOffline, GoesOnWhateverBecameOfTheAnswer) {
  using Mood = Repository::Mood;
  for (const auto mood :
       {Mood::cut_before_commit, Mood::cut_after_commit, Mood::error_before_commit, Mood::error_after_commit, Mood::refuse}) {
    SCOPED_TRACE(static_cast<int>(mood));
    Scene scene;
    scene.server.set_mood(mood);
    scene.move();
    EXPECT_TRUE(scene.server.holds_private_key(id_of('1')) || scene.has("keys/origin.sec"));
    scene.server.set_mood(Mood::honest);
    EXPECT_EQ(scene.move(), kDone) << scene.said;
    EXPECT_EQ(scene.server.roots().size(), 2u);
    EXPECT_FALSE(scene.server.holds_private_key(id_of('1')));
  }
}

TEST(MoveOffline, DeletesTheOldKeyLast) {
  Scene scene;
  scene.server.on_request([&](const FetchRequest& request) -> Status {
    if (request.method == "DELETE") return unavailable("connection reset");
    return {};
  });
  EXPECT_EQ(scene.move(), kFailed);
  EXPECT_THAT(scene.said, HasSubstr("run the same command again"));
  EXPECT_EQ(scene.newest()->version, 2);
  scene.server.on_request({});
  EXPECT_EQ(scene.move(), kDone) << scene.said;
  EXPECT_EQ(scene.server.posts(), 1);
  EXPECT_FALSE(scene.server.holds_private_key(id_of('1')));
}

}  // namespace
}  // namespace rota::compat
