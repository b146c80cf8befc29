#include "compat/garage_sign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "sim/crash_files.h"
#include "sim/owner_archive.h"
#include "tuf/key.h"

namespace rota::compat {
namespace {

using sim::Repository;
using testing::HasSubstr;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/r/tufrepo";

std::string id_of(char seed) {
  return tuf::key_id(sim::key_of(seed).public_key()).hex;
}

struct Ending {
  int code;
  std::string out, err;
};

// An owner with a freshly unpacked archive of layout A, and the repository it belongs to.
class GarageSign : public testing::Test {
 protected:
  void SetUp() override {
    server_.require_bearer("b");
    const auto archive = sim::layout_a();
    for (const auto& [name, bytes] : archive.members()) {
      ASSERT_TRUE(make_folders(files_, folder_of("/r/" + name), 0700).ok());
      ASSERT_TRUE(create_durable(files_, "/r/" + name, bytes.reveal(), 0600).ok());
    }
  }

  Ending run(const std::vector<std::string>& words) {
    std::ostringstream out, err;
    std::vector<std::string> args = words;
    args.insert(args.end(), {"--repo", kRepo});
    const int code = garage_sign(args, cli::Talk(out, err), {files_, clock_, server_, strict_});
    return {code, out.str(), err.str()};
  }
  Ending want(int code, const std::vector<std::string>& words) {
    auto ending = run(words);
    EXPECT_EQ(ending.code, code) << testing::PrintToString(words) << "\n" << ending.err;
    return ending;
  }
  // Another owner with another archive, and a server of their own.
  void begin_anew() {
    files_ = sim::CrashFiles();
    server_ = Repository(sim::new_factory_roots(), kNow);
    SetUp();
  }
  // Steps 2 to 6 of the rotation.
  void sign_a_rotation() {
    want(0, {"root", "pull"});
    want(0, {"key", "generate", "--name", "new"});
    want(0, {"root", "key", "add", "--key-name", "new"});
    want(0, {"root", "key", "remove", "--key-id", id_of('2'), "--key-name", "offline-root"});
    want(0, {"root", "sign", "--key-name", "new", "--key-name", "offline-root"});
  }
  std::map<std::string, Bytes> roles() {
    std::map<std::string, Bytes> all;
    for (const auto* file :
         {"/roles/root.json", "/roles/unsigned/root.json", "/roles/trusted/2.root.json", "/roles/trusted/3.root.json"})
      if (auto bytes = files_.read(kRepo + file, 1 << 20)) all[file] = *bytes;
    return all;
  }
  // A well-formed root 3 that nobody here signed.
  static Bytes foreign_root(tuf::Version version) {
    return sim::signed_root(sim::root_body({.version = version, .root_keys = "x"}), "x");
  }

  sim::CrashFiles files_;
  FixedClock clock_{kNow};
  Repository server_{sim::new_factory_roots(), kNow};
  bool strict_ = false;
};

TEST_F(GarageSign, PublishesTheEightSteps) {
  sign_a_rotation();
  const auto pushed = want(0, {"root", "push"});
  EXPECT_THAT(pushed.err, HasSubstr("keys/new.sec"));
  ASSERT_EQ(server_.roots().size(), 3u);
  const auto two = tuf::anchor_root(server_.roots()[1]).value();
  const auto three = tuf::next_root(two, server_.roots()[2]);
  ASSERT_TRUE(three.ok()) << three.error().what;
  EXPECT_FALSE((*three)->keys.contains({id_of('2')}));
  EXPECT_GE((*three)->expires, kNow + days(365));
  EXPECT_EQ(files_.read(kRepo + "/roles/trusted/3.root.json", 1 << 20).value(), server_.roots()[2]);
}

TEST_F(GarageSign, RefusesAPushWithoutTheOldKeyBeforeAnyRequest) {
  sign_a_rotation();
  want(0, {"root", "sign", "--key-name", "new"});
  const auto before = server_.requests().size();
  const auto refused = want(1, {"root", "push"});
  EXPECT_THAT(refused.err, HasSubstr("offline-root"));
  EXPECT_EQ(server_.requests().size(), before);
  EXPECT_THAT(want(1, {"root", "push", "--no-verify"}).err, HasSubstr("invalid_root_role"));
  EXPECT_EQ(server_.roots().size(), 2u);
}

TEST_F(GarageSign, RefusesASecondPush) {
  sign_a_rotation();
  want(0, {"root", "push"});
  const auto before = roles();
  EXPECT_THAT(want(1, {"root", "push"}).err, HasSubstr("version 3"));
  EXPECT_EQ(roles(), before);
}

struct LostPush {
  const char* name;
  Repository::Mood mood;
  bool can_look;  // GET answers after the POST
  int code;
  std::size_t roots;
};

TEST_F(GarageSign, APushIsDoneWhenTheServerShowsItAndPullConvergesEitherWay) {
  const LostPush rows[] = {{"cut before", Repository::Mood::cut_before_commit, true, 3, 2},
                           {"500 before", Repository::Mood::error_before_commit, true, 3, 2},
                           {"cut after", Repository::Mood::cut_after_commit, true, 0, 3},
                           {"500 after", Repository::Mood::error_after_commit, true, 0, 3},
                           {"cut before, gone", Repository::Mood::cut_before_commit, false, 3, 2},
                           {"500 after, gone", Repository::Mood::error_after_commit, false, 3, 3}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    begin_anew();
    sign_a_rotation();
    server_.set_mood(row.mood);
    server_.on_request([&](const FetchRequest& request) -> Status {
      if (!row.can_look && server_.posts() > 0 && request.method == "GET") return unavailable("no network");
      return {};
    });
    want(row.code, {"root", "push"});
    ASSERT_EQ(server_.roots().size(), row.roots);
    server_.set_mood(Repository::Mood::honest);
    server_.on_request({});
    want(0, {"root", "pull"});
    EXPECT_EQ(parse_json(files_.read(kRepo + "/roles/root.json", 1 << 20).value()).value(),
              parse_json(server_.roots().back()).value());
    EXPECT_EQ(files_.read(kRepo + "/roles/trusted/" + std::to_string(row.roots) + ".root.json", 1 << 20).value(),
              server_.roots().back());
    EXPECT_EQ(parse_json(files_.read(kRepo + "/roles/unsigned/root.json", 1 << 20).value()).value(),
              *parse_json(server_.roots().back())->find("signed"));
    EXPECT_FALSE(files_.facts(kRepo + "/roles/push.journal")->exists());
  }
}

TEST_F(GarageSign, RecognisesALostPushWhenAskedToPushAgain) {
  sign_a_rotation();
  server_.set_mood(Repository::Mood::cut_after_commit);
  server_.on_request([&](const FetchRequest& request) -> Status {
    if (server_.posts() > 0 && request.method == "GET") return unavailable("no network");
    return {};
  });
  want(3, {"root", "push"});
  ASSERT_EQ(server_.roots().size(), 3u);
  server_.set_mood(Repository::Mood::honest);
  server_.on_request({});
  const int posts = server_.posts();
  want(0, {"root", "push"});
  EXPECT_EQ(server_.posts(), posts);
  EXPECT_FALSE(files_.facts(kRepo + "/roles/push.journal")->exists());
  EXPECT_THAT(want(1, {"root", "push"}).err, HasSubstr("published already"));
}

TEST_F(GarageSign, KeepsTheCandidateOfAPushThatDidNotArrive) {
  sign_a_rotation();
  for (const auto mood :
       {Repository::Mood::cut_before_commit, Repository::Mood::error_before_commit, Repository::Mood::silent}) {
    server_.set_mood(mood);
    want(3, {"root", "push"});
    EXPECT_EQ(server_.roots().size(), 2u);
  }
  server_.set_mood(Repository::Mood::honest);
  want(0, {"root", "push"});
  EXPECT_EQ(server_.roots().size(), 3u);
}

TEST_F(GarageSign, PullConvergesAfterAPushThatDidNotArrive) {
  sign_a_rotation();
  server_.set_mood(Repository::Mood::cut_before_commit);
  want(3, {"root", "push"});
  server_.set_mood(Repository::Mood::honest);
  EXPECT_THAT(want(0, {"root", "pull"}).err, HasSubstr("superseded/3-"));
  EXPECT_THAT(files_.read(kRepo + "/roles/unsigned/root.json", 1 << 20).value(), HasSubstr("\"version\" : 2"));
  EXPECT_FALSE(files_.facts(kRepo + "/roles/push.journal")->exists());
}

TEST_F(GarageSign, PullTellsThatAnotherAdminWasFaster) {
  sign_a_rotation();
  auto other = sim::root_body({.version = 3, .root_keys = "3"});
  server_.publish(sim::signed_root(other, "23"));
  const auto before = roles();
  EXPECT_THAT(want(1, {"root", "push"}).err, HasSubstr("version: want 4, got 3"));
  EXPECT_EQ(roles(), before);
  want(1, {"root", "push", "--no-verify"});
  EXPECT_THAT(want(0, {"root", "pull"}).err, HasSubstr("superseded/3-"));
  EXPECT_EQ(files_.read(kRepo + "/roles/trusted/3.root.json", 1 << 20).value(), server_.roots()[2]);
}

TEST_F(GarageSign, PullRefusesALyingServerAndChangesNothing) {
  want(0, {"root", "pull"});
  const auto before = roles();
  const std::pair<const char*, std::pair<tuf::Version, Bytes>> lies[] = {
      {"signed by an unknown key", {3, foreign_root(3)}},
      {"version skipped", {3, sim::signed_root(sim::root_body({.version = 4, .root_keys = "2"}), "2")}},
      {"another root 2",
       {2,
        sim::signed_root(sim::root_body({.version = 2, .root_keys = "2", .expires = "2035-01-01T00:00:00Z"}), "12")}},
  };
  for (const auto& [name, lie] : lies) {
    SCOPED_TRACE(name);
    Repository liar(sim::new_factory_roots(), kNow);
    liar.serve_instead(lie.first, lie.second);
    std::ostringstream out, err;
    EXPECT_EQ(garage_sign({"root", "pull", "--repo", kRepo}, cli::Talk(out, err), {files_, clock_, liar, false}), 3)
        << err.str();
    EXPECT_EQ(roles(), before);
  }
}

TEST_F(GarageSign, PullRefusesAServerThatGoesBack) {
  sign_a_rotation();
  want(0, {"root", "push"});
  const auto before = roles();
  Repository older(sim::new_factory_roots(), kNow);
  std::ostringstream out, err;
  EXPECT_EQ(garage_sign({"root", "pull", "--repo", kRepo}, cli::Talk(out, err), {files_, clock_, older, false}), 3);
  EXPECT_EQ(roles(), before);
}

TEST_F(GarageSign, PullRefusesToGoBackWhateverItBeginsWith) {
  sign_a_rotation();
  want(0, {"root", "push"});
  ASSERT_TRUE(create_durable(files_, "/r/one.json", server_.roots()[0], 0600).ok());
  const auto before = roles();
  Repository older(sim::new_factory_roots(), kNow);
  Repository other(sim::new_factory_roots(), kNow);
  other.publish(sim::signed_root(sim::root_body({.version = 3, .root_keys = "3"}), "23"));
  for (Repository* server : {&older, &other})
    for (const std::vector<std::string>& begin :
         {std::vector<std::string>{"--trusted-root", "/r/one.json"}, {"--force", "--yes"}}) {
      if (server == &other && begin[0] == "--force") continue;  // what --force is for
      std::vector<std::string> words = {"root", "pull", "--repo", kRepo};
      words.insert(words.end(), begin.begin(), begin.end());
      std::ostringstream out, err;
      EXPECT_EQ(garage_sign(words, cli::Talk(out, err), {files_, clock_, *server, false}), 3) << err.str();
      EXPECT_EQ(roles(), before);
    }
}

// A folder of another tool, which keeps no trusted roots, after a push that failed: its root 3, signed by old and new key.
TEST_F(GarageSign, PullBelievesNoRootBeforeOursThatOnlyNamesOurKey) {
  const Bytes ours = sim::signed_root(sim::root_body({.version = 3, .root_keys = "3"}), "23");
  const Bytes forged = sim::signed_root(sim::root_body({.version = 2, .root_keys = "x3"}), "x");
  replace_file(files_, kRepo + "/roles/root.json", ours, 0600).value();
  ASSERT_TRUE(tuf::next_root(tuf::anchor_root(forged).value(), ours).ok()) << "it looks as if ours followed it";
  server_.serve_instead(2, forged);
  EXPECT_THAT(want(3, {"root", "pull"}).err, HasSubstr("signed by 0 of the keys that signed roles/root.json, want 1"));
  EXPECT_FALSE(files_.facts(kRepo + "/roles/trusted/2.root.json")->exists());
  server_.serve_instead(2, sim::new_factory_roots()[1]);
  want(0, {"root", "pull"});
}

TEST_F(GarageSign, APushIsNotDoneWhileTheOldKeysSignatureIsNotShown) {
  sign_a_rotation();
  Json half = parse_json(files_.read(kRepo + "/roles/root.json", 1 << 20).value()).value();
  std::erase_if(*half["signatures"].if_array(), [](const Json& one) { return one.text_or("keyid", "") == id_of('2'); });
  server_.set_mood(Repository::Mood::error_before_commit);
  server_.serve_instead(2, to_json(half));
  EXPECT_THAT(want(3, {"root", "push"}).err, HasSubstr("did not take the root"));
  EXPECT_FALSE(files_.facts(kRepo + "/roles/trusted/3.root.json")->exists());
}

Bytes targets_of(tuf::Version version, std::string_view signers, const std::string& note = "") {
  Json body(Json::Object{{"_type", "Targets"}, {"version", Json(version)}, {"expires", "2030-01-01T00:00:00Z"}});
  body["targets"] = Json::Object{};
  body["custom"] = Json::Object{{"note", note}};
  return sim::signed_root(body, signers);
}

TEST_F(GarageSign, TargetsDoNotGoBackwardsUnderTheirKeys) {
  want(0, {"root", "pull"});
  server_.serve_file("targets.json", targets_of(8, "o"));
  want(0, {"targets", "pull"});
  const auto pulled = files_.read(kRepo + "/roles/unsigned/targets.json", 1 << 20).value();
  server_.serve_file("targets.json", targets_of(7, "o"));
  EXPECT_THAT(want(1, {"targets", "pull"}).err, HasSubstr("backwards: want at least version 8, got 7"));
  server_.serve_file("targets.json", targets_of(8, "o", "another"));
  EXPECT_THAT(want(1, {"targets", "pull"}).err, HasSubstr("version 8 is another one"));
  EXPECT_EQ(files_.read(kRepo + "/roles/unsigned/targets.json", 1 << 20).value(), pulled);
  server_.publish(sim::signed_root(sim::root_body({.version = 3, .root_keys = "2", .targets_keys = "n"}), "2"));
  want(0, {"root", "pull"});
  server_.serve_file("targets.json", targets_of(1, "n"));
  want(0, {"targets", "pull"});
}

TEST_F(GarageSign, ATargetsPushIsNotDoneWhileTheServerShowsOthers) {
  want(0, {"root", "pull"});
  const Bytes old = targets_of(8, "o");
  server_.serve_file("targets.json", old);
  want(0, {"targets", "pull"});
  const auto checksum = files_.read(kRepo + "/roles/targets.json.checksum", 1000).value();
  want(0, {"targets", "sign", "--key-name", "offline-targets"});
  server_.on_request([&](const FetchRequest& request) -> Status {
    if (request.method == "GET") server_.serve_file("targets.json", old);  // what was put is forgotten
    return {};
  });
  EXPECT_THAT(want(3, {"targets", "push"}).err, HasSubstr("does not show targets version 9"));
  EXPECT_EQ(files_.read(kRepo + "/roles/targets.json.checksum", 1000).value(), checksum);
  server_.on_request({});
  want(0, {"targets", "push"});
}

TEST_F(GarageSign, KeepsMembersItDoesNotKnow) {
  auto body = sim::root_body({.version = 3, .root_keys = "2"});
  body["x-changelog"]["message"] = "kept as it is";
  server_.publish(sim::signed_root(body, "2"));
  sign_a_rotation();
  want(0, {"root", "push"});
  EXPECT_THAT(server_.roots().back(), HasSubstr("kept as it is"));
}

TEST_F(GarageSign, RemovesByKeyIdAloneUnlessStrict) {
  want(0, {"root", "pull"});
  want(0, {"key", "generate", "--name", "new"});
  want(0, {"root", "key", "add", "--key-name", "new"});
  strict_ = true;
  want(255, {"root", "key", "remove", "--key-id", id_of('2')});
  strict_ = false;
  want(0, {"root", "key", "remove", "--key-id", id_of('2')});
  EXPECT_THAT(want(0, {"root", "key", "remove", "--key-id", id_of('2')}).err, HasSubstr("warning"));
}

TEST_F(GarageSign, RefusesDatesThatHelpNobody) {
  want(0, {"root", "pull"});
  want(1, {"root", "sign", "--key-name", "offline-root", "--expires", "2020-01-01T00:00:00Z"});
  want(0, {"root", "sign", "--key-name", "offline-root", "--expires", "2020-01-01T00:00:00Z", "--force"});
  want(1, {"root", "sign", "--key-name", "offline-root", "--expire-after", "2W"});
  want(255,
       {"root", "sign", "--key-name", "offline-root", "--expires", "2030-01-01T00:00:00Z", "--expire-after", "1Y"});
  want(255, {"root", "sign", "--key-name", "offline-root", "--expires", "tomorrow"});
  want(255, {"root", "sign", "--key-name", "nobody", "--expire-after", "tomorrow"});
  want(0, {"root", "sign", "--key-name", "offline-root", "--expire-after", "1Y3M5D"});
  EXPECT_THAT(files_.read(kRepo + "/roles/root.json", 1 << 20).value(), HasSubstr("2028-04-06T00:00:00Z"));
}

TEST_F(GarageSign, SignsOnceWithAKeyNamedTwice) {
  want(0, {"root", "pull"});
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"root", "sign", "-k", "offline-root", "-k", "offline-root"},
        {"root", "sign", "--append", "-k", "offline-root", "-k", "offline-root"}}) {
    want(0, words);
    const auto root = parse_json(files_.read(kRepo + "/roles/root.json", 1 << 20).value()).value();
    EXPECT_EQ(root.find("signatures")->if_array()->size(), 1u);
  }
}

TEST_F(GarageSign, AddsASignatureOfAnotherCustodian) {
  sign_a_rotation();
  want(0, {"root", "sign", "--key-name", "new"});
  want(0, {"root", "sign", "--append", "--key-name", "offline-root"});
  want(0, {"root", "push"});
  EXPECT_EQ(server_.roots().size(), 3u);
}

TEST_F(GarageSign, TakesASignatureMadeElsewhereAndRefusesABrokenOne) {
  want(0, {"root", "pull"});
  want(0, {"root", "increment-version"});
  const auto bytes = want(0, {"root", "get-unsigned"}).out;
  EXPECT_FALSE(bytes.ends_with('\n'));
  auto signature = sim::key_of('2').sign(bytes).value();
  want(0, {"root", "sign", "--signatures", "offline-root=" + base64(signature)});
  want(0, {"root", "push"});
  signature[0] = static_cast<char>(signature[0] ^ 1);
  want(3, {"root", "sign", "--signatures", "offline-root=" + base64(signature)});
}

TEST_F(GarageSign, NeverOverwritesAKey) {
  want(0, {"key", "generate", "--name", "new"});
  const auto secret = files_.read(kRepo + "/keys/new.sec", 1 << 16).value();
  want(3, {"key", "generate", "--name", "new"});
  EXPECT_EQ(files_.read(kRepo + "/keys/new.sec", 1 << 16).value(), secret);
  want(0, {"key", "generate", "--name", "new", "--force"});
  EXPECT_EQ(files_.read(kRepo + "/keys/new.sec.~1~", 1 << 16).value(), secret);
}

TEST_F(GarageSign, AllowsOneWriter) {
  const auto lock = files_.lock(kRepo + "/.lock", Seconds(0));
  want(3, {"root", "pull"});
}

// Whatever step of the rotation loses power: the private key of any root that the server has is on the disk afterwards.
TEST_F(GarageSign, LosesNoKeyAtAPowerCut) {
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE(steps);
    sim::CrashFiles files;
    Repository server(sim::new_factory_roots(), kNow);
    server.require_bearer("b");
    const auto archive = sim::layout_a();
    for (const auto& [name, bytes] : archive.members()) {
      ASSERT_TRUE(make_folders(files, folder_of("/r/" + name), 0700).ok());
      ASSERT_TRUE(create_durable(files, "/r/" + name, bytes.reveal(), 0600).ok());
    }
    server.on_request([&](const FetchRequest&) -> Status {
      if (files.was_cut()) return unavailable("no power");
      return {};
    });
    files.cut_after(steps);
    const std::vector<std::vector<std::string>> rotation = {
        {"root", "pull"},
        {"key", "generate", "--name", "new"},
        {"root", "key", "add", "--key-name", "new"},
        {"root", "key", "remove", "--key-name", "offline-root"},
        {"root", "sign", "--key-name", "new", "--key-name", "offline-root"},
        {"root", "push"}};
    bool done = true;
    for (auto words : rotation) {
      std::ostringstream out, err;
      words.insert(words.end(), {"--repo", kRepo});
      done = done && garage_sign(words, cli::Talk(out, err), {files, clock_, server, false}) == 0;
    }
    files.restart();
    std::ostringstream out, err;
    ASSERT_EQ(garage_sign({"root", "pull", "--repo", kRepo}, cli::Talk(out, err), {files, clock_, server, false}), 0)
        << err.str();
    const auto newest = tuf::anchor_root(server.roots().back()).value();
    const char* holder = newest->version == 2 ? "/keys/offline-root.sec" : "/keys/new.sec";
    EXPECT_TRUE(files.facts(kRepo + holder)->size > 0);
    if (done) break;
  }
}

TEST_F(GarageSign, TellsTheProgramsVersionFromATargets) {
  want(0, {"root", "pull"});
  want(0, {"targets", "init", "--version", "4", "--expires", "2030-01-01T00:00:00Z"});
  want(0, {"targets", "add", "--name", "a", "--version=7", "--length", "0", "--sha256", std::string(64, 'a'),
           "--hardwareids", "pi,po"});
  EXPECT_THAT(files_.read(kRepo + "/roles/unsigned/targets.json", 1 << 20).value(), HasSubstr("\"a-7\""));
  want(255, {"targets", "sign", "--key-name", "offline-targets", "--version", "seven"});
}

TEST_F(GarageSign, RefusesATargetForAHardwareIdThatIsTooLong) {
  want(0, {"targets", "init", "--version", "4", "--expires", "2030-01-01T00:00:00Z"});
  for (const auto& [length, code] : {std::pair<std::size_t, int>{200, 0}, {201, 255}})
    want(code, {"targets", "add", "--name", "a", "--version=7", "--length", "0", "--sha256", std::string(64, 'a'),
                "--hardwareids", "pi," + std::string(length, 'p')});
}

TEST_F(GarageSign, RefusesToEditTheTargetsOfADirector) {
  auto config = parse_json(files_.read(kRepo + "/config.json", 1 << 20).value()).value();
  config["repoServerType"] = "Director";
  ASSERT_TRUE(replace_file(files_, kRepo + "/config.json", to_pretty_json(config), 0600).ok());
  want(1, {"targets", "init", "--version", "4", "--expires", "2030-01-01T00:00:00Z"});
  want(1, {"targets", "pull"});
  EXPECT_FALSE(files_.facts(kRepo + "/roles/unsigned/targets.json")->exists());
}

TEST_F(GarageSign, SpeaksOnStdoutWhenStrict) {
  strict_ = true;
  const auto failed = want(3, {"root", "key", "add", "--key-name", "nobody"});
  EXPECT_THAT(failed.out, HasSubstr("error: "));
  EXPECT_EQ(failed.err, "");
  EXPECT_THAT(want(0, {"root", "pull"}).out, HasSubstr("pulled root 2"));
  EXPECT_THAT(want(255, {"root", "key", "add"}).err, HasSubstr("Error: "));
}

TEST_F(GarageSign, MakesNoRepositoryByAMistypedName) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"root", "key", "add", "-k", "a"},
                                                {"targets", "sign", "-k", "a"},
                                                {"root", "discard"}}) {
    std::ostringstream out, err;
    auto args = words;
    args.insert(args.end(), {"--repo", "/r/tofrepo"});
    EXPECT_EQ(garage_sign(args, cli::Talk(out, err), {files_, clock_, server_, false}), 3);
    EXPECT_FALSE(files_.facts("/r/tofrepo")->exists());
  }
}

TEST_F(GarageSign, WantsARepositoryForWordsThatBeginItsCommands) {
  for (const auto& [words, code] : std::map<std::vector<std::string>, int>{{{"root"}, 255},
                                                                           {{"root", "key"}, 255},
                                                                           {{"targets"}, 255},
                                                                           {{"key"}, 0},
                                                                           {{"user-keys"}, 0},
                                                                           {{"delegations"}, 0}}) {
    std::ostringstream out, err;
    EXPECT_EQ(garage_sign(words, cli::Talk(out, err), {files_, clock_, server_, false}), code) << words[0];
    EXPECT_EQ(out.str().empty(), code != 0);
  }
  want(0, {"root"});
  EXPECT_THAT(want(3, {"targets"}).err, HasSubstr("--version"));
}

TEST_F(GarageSign, SaysWhichWordsItDoesNotUnderstand) {
  std::ostringstream out, err;
  const GarageSignWorld world{files_, clock_, server_, false};
  EXPECT_EQ(garage_sign({"root", "pull"}, cli::Talk(out, err), world), 255);
  EXPECT_EQ(garage_sign({"root", "frobnicate", "--repo", "x"}, cli::Talk(out, err), world), 255);
  EXPECT_EQ(garage_sign({"key", "generate", "--repo", "r", "--name", "k", "--type", "dsa"}, cli::Talk(out, err), world),
            255);
  EXPECT_EQ(out.str(), "");
  EXPECT_THAT(err.str(), HasSubstr("Error: "));
  EXPECT_EQ(garage_sign({"--help"}, cli::Talk(out, err), world), 0);
  EXPECT_THAT(out.str(), HasSubstr("export-credentials"));
}

}  // namespace
}  // namespace rota::compat
