#include "repo/repositories.h"

#include <filesystem>
#include <thread>

#include "crypto/hash.h"
#include "repo/acme_for_test.h"

namespace rota::repo {
namespace {

using crypto::PrivateKey;
using test::body_of;
using test::kNow;
using test::target;
using testing::ElementsAre;
using testing::HasSubstr;

class Creation : public test::Acme {};
class Publication : public test::Acme {};
class Refresh : public test::Acme {};
class OnlineKeys : public test::Acme {};

std::vector<std::string> names_of(const std::vector<tuf::Target>& targets) {
  std::vector<std::string> names;
  for (const auto& item : targets) names.push_back(item.name);
  return names;
}

TEST_F(Creation, ServesASetThatADeviceAccepts) {
  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->root->version, 2);
  EXPECT_EQ(set->targets->version, 1);
  EXPECT_TRUE(set->targets->targets.empty());
  EXPECT_EQ(published()->targets_checksum, crypto::sha256_hex(*published()->targets));
}

TEST_F(Creation, HandsOverFromTheServersRootKeyToTheOwners) {
  const Json one = body_of(*repos_->root("acme", 1).value()), two = body_of(*repos_->root("acme", 2).value());
  const auto ids = [](const Json& root, const char* role) {
    return root.find("roles")->find(role)->find("keyids")->if_array();
  };
  EXPECT_THAT(*ids(one, "root"), ElementsAre(Json(tuf::key_id(root_->public_key()).hex)));
  EXPECT_THAT(*ids(two, "root"), ElementsAre(Json(tuf::key_id(offline_root_->public_key()).hex)));
  EXPECT_THAT(*ids(two, "targets"),
              ElementsAre(ids(one, "targets")->front(), Json(tuf::key_id(offline_targets_->public_key()).hex)));
}

TEST_F(Creation, RefusesATakenOrBadName) {
  EXPECT_EQ(repos_->create({.name = "acme"}).error().fault, Fault::conflict);
  const std::string names[] = {"", "Acme", "a/b", "-a", "a b", "..", std::string(49, 'a')};
  for (const auto& name : names) EXPECT_EQ(repos_->create({.name = name}).error().fault, Fault::bad_input) << name;
  EXPECT_EQ(repos_->create({.name = "other", .dialect = tuf::Dialect::tuf}).error().fault, Fault::bad_input);
  EXPECT_THAT(repos_->factories().value(), ElementsAre("acme"));
}

TEST_F(Creation, OffersRsaKeys) {
  ASSERT_TRUE(repos_->create({.name = "rsa", .key_type = crypto::KeyType::rsa, .api_url = test::kApi}));
  const auto members = test::unpacked(repos_->first_archive("rsa").value());
  const auto key = test::key_of(members.at("tufrepo/keys/offline-root.sec"));
  EXPECT_EQ(key.public_key().type(), crypto::KeyType::rsa);
  EXPECT_THAT(*repos_->root("rsa", 2).value(), HasSubstr(tuf::key_id(key.public_key()).hex));
  EXPECT_THAT(*repos_->root("rsa", 2).value(), HasSubstr("rsassa-pss-sha256"));
}

TEST_F(Creation, SurvivesARestart) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  const auto before = everything_served();
  const auto generation = published()->generation;
  reopen();
  EXPECT_EQ(everything_served(), before);
  EXPECT_EQ(published()->generation, generation);
  EXPECT_THAT(names_of(published()->target_list), ElementsAre("foo-lmp-1"));
}

TEST_F(Creation, ServesAnExpiredSetAfterARestart) {
  clock_.pass(days(3000));
  const auto before = everything_served();
  reopen();
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Creation, RefusesAnotherSealKey) {
  repos_.reset();
  const auto wrong = test::seal_key('x');
  const auto opened = Repositories::open(*db_, wrong, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, Fault::denied);
}

TEST_F(Creation, RefusesToServeASetThatWasChangedInTheDatabase) {
  ASSERT_TRUE(db_->empty_log());
  for (const std::string change :
       {"UPDATE role_files SET bytes = x'7b7d' WHERE role = 'targets'",
        "UPDATE role_files SET bytes = (SELECT bytes FROM role_files WHERE role = 'snapshot'), sha256 = (SELECT sha256 "
        "FROM "
        "role_files WHERE role = 'snapshot') WHERE role = 'timestamp'",
        "DELETE FROM role_files WHERE role = 'root' AND version = 1", "DELETE FROM generations"}) {
    std::filesystem::copy_file(folder_ + "/rota.db", folder_ + "/bad.db",
                               std::filesystem::copy_options::overwrite_existing);
    auto bad = store::Database::open(folder_ + "/bad.db").value();
    ASSERT_TRUE(bad->execute(change)) << change;
    const auto opened = Repositories::open(*bad, seal_key_, clock_);
    ASSERT_FALSE(opened) << change;
    EXPECT_EQ(opened.error().fault, Fault::io) << opened.error().what;
  }
}

TEST_F(Creation, KeepsNoPrivateKeyInClear) {
  const std::string seed = hex(offline_root_->ed25519_seed().reveal());
  PosixFiles files;
  for (const char* name : {"/rota.db", "/rota.db-wal"}) {
    const Bytes bytes = files.read(folder_ + name, 64u << 20).value();
    EXPECT_THAT(bytes, testing::Not(HasSubstr(seed)));
    EXPECT_THAT(bytes, testing::Not(HasSubstr(unhex(seed).value())));
    EXPECT_THAT(bytes, testing::Not(HasSubstr("PRIVATE KEY")));
  }
}

TEST_F(Creation, SaysWhichFactoryIsUnknown) {
  EXPECT_EQ(repos_->published("nobody").error().fault, Fault::not_found);
  EXPECT_EQ(repos_->root("nobody", 1).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->accept_root("nobody", "{}", {}).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->add_targets("nobody", {}).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->refresh("nobody").error().fault, Fault::not_found);
  EXPECT_EQ(repos_->roots_from("nobody", 1, 1).error().fault, Fault::not_found);
  for (const tuf::Version version : {tuf::Version{0}, tuf::Version{-1}, tuf::Version{3}, INT64_MAX}) {
    EXPECT_EQ(repos_->root("acme", version).error().fault, Fault::not_found) << version;
    EXPECT_EQ(repos_->roots_from("acme", version, 1024).error().fault, Fault::not_found) << version;
  }
}

TEST_F(Creation, GivesRootsFromOneOnAndNoMoreThanAskedFor) {
  const auto one = repos_->root("acme", 1).value(), two = repos_->root("acme", 2).value();
  EXPECT_THAT(repos_->roots_from("acme", 1, 1024).value(), ElementsAre(one, two));
  EXPECT_THAT(repos_->roots_from("acme", 1, 1).value(), ElementsAre(one));
  EXPECT_THAT(repos_->roots_from("acme", 2, 1024).value(), ElementsAre(two));
}

TEST_F(Publication, AddsTargetsInOneGeneration) {
  const auto before = published();
  EXPECT_EQ(repos_->add_targets("acme", {target("foo-lmp-1"), target("bar-lmp-1", 'b')}).value(), 2);
  EXPECT_EQ(published()->generation, before->generation + 1);
  EXPECT_THAT(names_of(published()->target_list), ElementsAre("bar-lmp-1", "foo-lmp-1"));
  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->snapshot->version, 2);
  EXPECT_EQ(set->timestamp->version, 2);
  EXPECT_THAT(*before->targets, testing::Not(HasSubstr("foo-lmp-1"))) << "a reader keeps what it has";
}

TEST_F(Publication, StampsTheTimeOfCreation) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  EXPECT_EQ(published()->target_list[0].custom_json().text("createdAt").value(), "2027-01-01T00:00:00Z");
  EXPECT_EQ(published()->target_list[0].custom_json().text("updatedAt").value(), "2027-01-01T00:00:00Z");
}

TEST_F(Publication, DoesNothingForATargetThatIsThere) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  const auto before = everything_served();
  clock_.pass(Seconds(60));
  EXPECT_EQ(repos_->add_targets("acme", {target("foo-lmp-1")}).value(), 2);
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Publication, RefusesAnotherContentUnderATakenName) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  const auto before = everything_served();
  EXPECT_EQ(repos_->add_targets("acme", {target("foo-lmp-2"), target("foo-lmp-1", 'b')}).error().fault,
            Fault::conflict);
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Publication, RefusesATargetThatIsNotWellFormed) {
  const auto before = everything_served();
  std::vector<tuf::Target> bad;
  for (const auto& name : {std::string(), std::string("../x"), std::string("/x"), std::string("a//b"),
                           std::string(254, 'a'), std::string("caf\xc3\xa9")})
    bad.push_back(target(name));
  bad.push_back(target("x"));
  bad.back().hashes["sha256"] = "ABC";
  bad.push_back(target("x"));
  bad.back().custom = "";
  bad.push_back(target("x"));
  bad.back().length = -1;
  bad.push_back(target("x"));
  bad.back().custom = to_json(Json(Json::Object{{"note", Bytes(9u << 20, 'x')}}));
  for (const auto& one : bad) {
    const auto added = repos_->add_targets("acme", {one});
    ASSERT_FALSE(added) << one.name.substr(0, 20);
    EXPECT_THAT(added.error().fault, testing::AnyOf(Fault::rejected, Fault::bad_input)) << added.error().what;
  }
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Publication, LetsManyThreadsPublish) {
  const auto publish = [&](const std::string& machine) {
    for (int i = 1; i <= 10; ++i) {
      const auto added = repos_->add_targets("acme", {target(machine + "-lmp-" + std::to_string(i))});
      EXPECT_TRUE(added) << added.error().what;
    }
  };
  std::thread foo(publish, "foo"), bar(publish, "bar");
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(test::as_a_device(*repos_, kNow)) << "a reader sees a whole generation";
  foo.join();
  bar.join();
  EXPECT_EQ(published()->target_list.size(), 20u);
  EXPECT_EQ(test::as_a_device(*repos_, kNow)->targets->version, 21);
}

TEST_F(Publication, StartsOverWhenAnotherProcessTookTheNumber) {
  auto other_db = store::Database::open(folder_ + "/rota.db").value();
  auto other = Repositories::open(*other_db, seal_key_, clock_).value();
  ASSERT_TRUE(other->add_targets("acme", {target("foo-lmp-1")}));
  EXPECT_EQ(repos_->add_targets("acme", {target("foo-lmp-2")}).value(), 3);
  EXPECT_THAT(names_of(published()->target_list), ElementsAre("foo-lmp-1", "foo-lmp-2"));
  ASSERT_TRUE(test::as_a_device(*repos_, kNow));
}

TEST_F(Publication, KeepsUnknownMembersOfTheOwnersTargets) {
  Json body = next_targets();
  body["x-note"] = "kept";
  const Bytes signed_targets = test::signed_with(body, {&*offline_targets_});
  const auto accepted = repos_->accept_targets("acme", signed_targets, published()->targets_checksum).value();
  ASSERT_TRUE(std::holds_alternative<std::string>(accepted)) << std::get<Refusal>(accepted).cause[0];
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  EXPECT_EQ(body_of(*published()->targets).text("x-note").value(), "kept");
}

TEST_F(Refresh, DoesNothingWhileMoreThanHalfIsLeft) {
  const auto before = everything_served();
  clock_.pass(days(3));
  ASSERT_TRUE(repos_->refresh("acme"));
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Refresh, RenewsTheTimestampAlone) {
  const auto before = published();
  clock_.pass(days(4));
  ASSERT_TRUE(repos_->refresh("acme"));
  const auto set = test::as_a_device(*repos_, clock_.now());
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->timestamp->version, 2);
  EXPECT_EQ(set->timestamp->expires, clock_.now() + days(7));
  EXPECT_EQ(*published()->snapshot, *before->snapshot);
  EXPECT_EQ(*published()->targets, *before->targets);
}

TEST_F(Refresh, RaisesTheVersionEveryTime) {
  for (int i = 1; i <= 5; ++i) {
    clock_.pass(days(4));
    ASSERT_TRUE(repos_->refresh("acme"));
    EXPECT_EQ(test::as_a_device(*repos_, clock_.now())->timestamp->version, i + 1);
  }
}

TEST_F(Refresh, RenewsSnapshotAndOnlineTargets) {
  clock_.pass(days(46));
  ASSERT_TRUE(repos_->refresh("acme"));
  const auto set = test::as_a_device(*repos_, clock_.now());
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->targets->version, 2);
  EXPECT_EQ(set->snapshot->version, 2);
}

TEST_F(Refresh, NeverSignsForThePeopleWhoSignedTargets) {
  Json body = next_targets();
  body["expires"] = rfc3339(kNow + days(40));
  const Bytes owners = test::signed_with(body, {&*offline_targets_});
  ASSERT_TRUE(repos_->accept_targets("acme", owners, published()->targets_checksum));
  clock_.pass(days(60));  // expired: served as they are
  const auto renewed = repos_->refresh("acme");
  ASSERT_TRUE(renewed) << renewed.error().what;
  EXPECT_EQ(*published()->targets, owners);
  EXPECT_EQ(test::as_a_device(*repos_, clock_.now()).error().fault, Fault::expired);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow + days(40) - Seconds(1)));
}

TEST_F(Refresh, ForgetsOldFilesAndKeepsRoots) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  for (int i = 0; i < 40; ++i) {
    clock_.pass(days(4));
    ASSERT_TRUE(repos_->refresh("acme"));
  }
  const auto count = [&](const char* role) {
    return db_->query("SELECT COUNT(*) FROM role_files WHERE role = ?", {role}).value()[0].integer(0);
  };
  EXPECT_EQ(count("root"), 2);
  EXPECT_LT(count("timestamp"), 30);
  reopen();
  EXPECT_TRUE(test::as_a_device(*repos_, clock_.now()));
}

TEST_F(OnlineKeys, AreReplacedByARootThatListsTheNewOne) {
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  const auto old = published();
  const Json old_root = body_of(*old->root);
  const auto old_key = tuf::public_key_from_json(
                           *old_root.find("keys")->find(
                               *old_root.find("roles")->find("targets")->find("keyids")->if_array()->front().if_text()))
                           .value();
  const auto fresh = repos_->new_online_key("acme", tuf::Role::targets, crypto::KeyType::ed25519).value();
  Json root = next_root();
  test::unlist_key(root, "targets", old_key);
  test::list_key(root, "targets", fresh);
  const auto accepted = push_root(root, {&*offline_root_});
  ASSERT_TRUE(std::holds_alternative<tuf::Version>(accepted)) << std::get<Refusal>(accepted).cause[0];

  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->targets->version, 3) << "signed again under the next number";
  EXPECT_THAT(names_of(set->targets->targets), ElementsAre("foo-lmp-1"));
  EXPECT_FALSE(tuf::targets_under(*set->root, *old->targets)) << "the old set is refused";
  const auto keys = db_->query("SELECT key_id, state FROM online_keys WHERE role = 'targets'").value();
  ASSERT_EQ(keys.size(), 1u) << "the old private key is destroyed";
  EXPECT_EQ(keys[0].text(0), tuf::key_id(fresh).hex);
  EXPECT_EQ(keys[0].text(1), "active");
  EXPECT_TRUE(repos_->add_targets("acme", {target("foo-lmp-2")}));
  reopen();
  EXPECT_TRUE(repos_->add_targets("acme", {target("foo-lmp-3")}));
}

TEST_F(OnlineKeys, OfSnapshotAndTimestampAreReplaced) {
  Json root = next_root();
  for (const auto role : {tuf::Role::snapshot, tuf::Role::timestamp}) {
    const std::string name(tuf::name_of(role));
    root["keys"].if_object()->erase(*root["roles"][name]["keyids"].if_array()->front().if_text());
    root["roles"][name]["keyids"] = Json(Json::Array{});
    test::list_key(root, name.c_str(), repos_->new_online_key("acme", role, crypto::KeyType::ed25519).value());
  }
  EXPECT_THAT(refusal_of(test::signed_with(root, {&*offline_root_})), HasSubstr("all replaced at once"));
  const RootOptions options{{.names = {"replace-role"}}};
  ASSERT_TRUE(std::holds_alternative<tuf::Version>(push_root(root, {&*offline_root_}, options)));
  ASSERT_TRUE(test::as_a_device(*repos_, kNow));
  EXPECT_EQ(db_->query("SELECT * FROM online_keys").value().size(), 3u);
}

TEST_F(OnlineKeys, WaitUntilARootListsThem) {
  const auto waiting = repos_->new_online_key("acme", tuf::Role::targets, crypto::KeyType::ed25519).value();
  ASSERT_TRUE(std::holds_alternative<tuf::Version>(push_root(next_root(), {&*offline_root_})));
  ASSERT_TRUE(repos_->add_targets("acme", {target("foo-lmp-1")}));
  EXPECT_THAT(*published()->targets, testing::Not(HasSubstr(tuf::key_id(waiting).hex)));
  EXPECT_EQ(db_->query("SELECT * FROM online_keys WHERE state = 'waiting'").value().size(), 1u);
}

TEST_F(OnlineKeys, AreNotMadeForTheRootRoleOrOfAnEcType) {
  EXPECT_EQ(repos_->new_online_key("acme", tuf::Role::root, crypto::KeyType::ed25519).error().fault, Fault::bad_input);
  EXPECT_EQ(repos_->new_online_key("acme", tuf::Role::targets, crypto::KeyType::ecdsa_p256).error().fault,
            Fault::bad_input);
}

TEST_F(OnlineKeys, AddNothingOnceTheTargetsKeyIsOffline) {
  Json root = next_root();
  root["roles"]["targets"]["keyids"] = Json(Json::Array{});
  const Json first = body_of(*repos_->root("acme", 1).value());
  root["keys"].if_object()->erase(*first.find("roles")->find("targets")->find("keyids")->if_array()->front().if_text());
  root["keys"].if_object()->erase(tuf::key_id(offline_targets_->public_key()).hex);
  test::list_key(root, "targets", offline_targets_->public_key());
  const RootOptions options{{.names = {"fewer-keys"}}};
  EXPECT_EQ(refusal_of(test::signed_with(root, {&*offline_root_}), options), "staged");

  const Bytes owners = test::signed_with(next_targets(), {&*offline_targets_});
  ASSERT_TRUE(std::holds_alternative<std::string>(
      repos_->accept_targets("acme", owners, published()->targets_checksum).value()));
  EXPECT_EQ(published()->root_version, 3);
  EXPECT_EQ(*published()->targets, owners) << "as they are";
  EXPECT_EQ(repos_->add_targets("acme", {target("foo-lmp-1")}).error().fault, Fault::unavailable);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
}

}  // namespace
}  // namespace rota::repo
