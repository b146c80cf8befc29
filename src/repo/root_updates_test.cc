// Root updates as administrators make them (repo-api.md E11-E13, fioctl.md B13-B17).
#include <atomic>
#include <thread>

#include "crypto/hash.h"
#include "repo/first_archive.h"
#include "repo/updating_for_test.h"

namespace rota::repo {
namespace {

using test::Admin;
using test::Keys;
using test::kNow;
using test::signed_with;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using Updates = test::Updating;

TEST_F(Updates, BeginWithDraftsThatAreTheNewestRootsAndOneVersionMore) {
  EXPECT_EQ(status(), "NONE");
  EXPECT_TRUE(shown().find("updated")->is_null());
  begin();
  EXPECT_EQ(status(), "STARTED");
  Json body = draft();
  EXPECT_EQ(body.find("x-changelog")->text("message").value(), "a change");
  EXPECT_EQ(body.find("x-changelog")->text("polis-id").value(), "alice");
  EXPECT_EQ(body.integer("version").value(), 3);
  body.if_object()->erase("x-changelog");
  body["version"] = 2;
  EXPECT_EQ(body, test::body_of(*published()->root)) << "no change that nobody made";
  EXPECT_EQ(shown().find("current")->text("ci-root").value(), *published()->root);
  EXPECT_EQ(shown().find("updated")->text("prod-root").value(), "") << "no production yet";
  EXPECT_EQ(shown().find("change-meta")->text("created-by").value(), "alice");
}

TEST_F(Updates, RotateTheRootKeyOfBothChains) {
  begin();
  Json ci = draft();
  test::unlist_key(ci, "root", offline_root_->public_key());
  test::list_key(ci, "root", mine_.public_key());
  ASSERT_TRUE(put(ci, production_of(ci), {&mine_, &*offline_root_}));
  EXPECT_THAT(to_json(*shown().find("amendments")),
              AllOf(HasSubstr("root-key-added"), HasSubstr("root-key-removed"), HasSubstr("threshold-changed")));
  EXPECT_THAT(*shown().find("issues")->find("errors")->if_array(), IsEmpty());
  const auto generation = published()->generation;
  EXPECT_THAT(apply(), IsEmpty());
  EXPECT_EQ(status(), "NONE");
  EXPECT_EQ(published()->generation, generation + 1);
  EXPECT_EQ(published()->root_version, 3);
  EXPECT_EQ(published()->production_version, 3);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
}

TEST_F(Updates, RefuseAProductionRootThatOneSignatureIsEnoughFor) {
  begin();
  const Json ci = draft();
  ASSERT_TRUE(put(ci, ci, {&*offline_root_}));
  EXPECT_THAT(all(apply()), HasSubstr("threshold of targets"));
  EXPECT_EQ(published()->production_root, nullptr);
}

TEST_F(Updates, LetOneTransactionBeActive) {
  begin();
  EXPECT_EQ(updates().begin("acme", {"bob", "mine", {}}).error().fault, Fault::conflict);
  EXPECT_EQ(updates().begin("acme", {"alice", "again", {}}).error().fault, Fault::conflict);
  reopen();
  EXPECT_EQ(status(), "STARTED") << "durable";
}

TEST_F(Updates, AreChangedByWhoBeganThemOrKnowsTheirId) {
  const std::string txid = begin();
  const Json ci = draft();
  const Keys keys = {&*offline_root_};
  EXPECT_EQ(put(ci, {}, keys, {"bob", ""}).error().fault, Fault::not_found);
  EXPECT_EQ(put(ci, {}, keys, {"bob", "0123"}).error().fault, Fault::not_found);
  EXPECT_EQ(put(ci, {}, keys, {"alice", "0123"}).error().fault, Fault::not_found);
  EXPECT_EQ(updates().apply("acme", {"bob", ""}).error().fault, Fault::not_found);
  EXPECT_TRUE(put(ci, {}, keys, {"bob", txid}));
  EXPECT_EQ(shown().find("change-meta")->text("updated-by").value(), "bob");
  EXPECT_THAT(apply({"bob", txid}), IsEmpty());
  EXPECT_EQ(published()->root_version, 3);
}

TEST_F(Updates, RefuseWhatDoesNotFitTheStatus) {
  EXPECT_EQ(updates().apply("acme", {"alice", ""}).error().fault, Fault::not_found);
  EXPECT_EQ(updates().cancel("acme").error().fault, Fault::conflict);
  EXPECT_EQ(put(next_root(), {}, {}).error().fault, Fault::conflict);
  begin();
  EXPECT_EQ(updates().put("acme", {"alice", ""}, {"no root", ""}).error().fault, Fault::bad_input);
  EXPECT_EQ(updates().put("acme", {"alice", ""}, {"{}", ""}).error().fault, Fault::bad_input);
  EXPECT_EQ(updates().begin("beta", {"alice", "m", {}}).error().fault, Fault::not_found);
}

TEST_F(Updates, NameTheMissingSignersAndStayStarted) {
  begin();
  Json ci = draft();
  test::unlist_key(ci, "root", offline_root_->public_key());
  test::list_key(ci, "root", mine_.public_key());
  ASSERT_TRUE(put(ci, {}, {&mine_}));
  EXPECT_THAT(to_json(*shown().find("issues")), HasSubstr("quorum-missing"));
  const auto before = everything_served();
  EXPECT_THAT(all(apply()), HasSubstr(tuf::key_id(offline_root_->public_key()).brief()));
  EXPECT_EQ(status(), "STARTED");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Updates, WaitForEverySignatureOfARaisedThreshold) {
  begin();
  Json ci = draft();
  test::list_key(ci, "root", mine_.public_key());
  ci["roles"]["root"]["threshold"] = 2;
  ASSERT_TRUE(put(ci, production_of(ci), {&*offline_root_}));
  EXPECT_THAT(apply(), testing::Not(IsEmpty()));
  ASSERT_TRUE(put(ci, production_of(ci), {&*offline_root_, &mine_}));
  EXPECT_THAT(apply(), IsEmpty());
  EXPECT_EQ(production_root().role(tuf::Role::targets).threshold, 2);
}

TEST_F(Updates, RefuseAWeakerRootUnlessAllowed) {
  begin();
  Json ci = draft();
  test::unlist_key(ci, "targets", offline_targets_->public_key());
  ASSERT_TRUE(put(ci, {}, {&*offline_root_}));
  EXPECT_THAT(all(apply()), HasSubstr("keys of targets"));
  EXPECT_THAT(to_json(*shown().find("issues")->find("errors")), HasSubstr("weaker"));
  using Weaker = RootUpdates::Draft::Weaker;
  ASSERT_TRUE(updates().put("acme", {"alice", ""}, {signed_with(ci, {&*offline_root_}), "", {}, {}, Weaker::allowed}));
  EXPECT_THAT(apply(), IsEmpty());
}

TEST_F(Updates, RefuseDraftsThatNoDeviceShouldTake) {
  begin_production();
  const auto before = everything_served();
  const auto set = [](const char* role, std::int64_t threshold) {
    return [=](Json& body) { body["roles"][role]["threshold"] = threshold; };
  };
  struct {
    const char* what;
    std::function<void(Json&)> in_both, in_production;
    const char* error;
  } const rows[] = {
      {"more signatures than keys", set("root", 2), {}, "threshold of root"},
      {"production targets by one signature", {}, set("targets", 1), "threshold of targets"},
      {"no root key", [](Json& b) { b["roles"]["root"]["keyids"] = Json(Json::Array{}); }, {}, "has no keys"},
      {"an expired root", [](Json& b) { b["expires"] = "2026-12-31T00:00:00Z"; }, {}, "has passed"},
      {"another version", [](Json& b) { b["version"] = 9; }, {}, "want 4, got 9"},
      {"production of another version", {}, [](Json& b) { b["version"] = 5; }, "want 4, got 5"},
  };
  begin();
  const Json ci = draft(), production = draft("prod-root");
  for (const auto& row : rows) {
    Json changed = ci, changed_production = production;
    for (Json* body : {&changed, &changed_production})
      if (row.in_both) row.in_both(*body);
    if (row.in_production) row.in_production(changed_production);
    ASSERT_TRUE(put(changed, changed_production, {&*offline_root_})) << row.what;
    EXPECT_THAT(all(apply()), HasSubstr(row.error)) << row.what;
  }
  EXPECT_EQ(status(), "STARTED");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(Updates, CanBeAppliedAgain) {
  const std::string txid = begin();
  ASSERT_TRUE(put(draft(), {}, {&*offline_root_}));
  EXPECT_THAT(apply({"alice", txid}), IsEmpty());
  const auto before = everything_served();
  EXPECT_THAT(apply({"bob", txid}), IsEmpty()) << "an answer was lost";
  EXPECT_EQ(everything_served(), before);
  EXPECT_EQ(updates().apply("acme", {"alice", "0123"}).error().fault, Fault::not_found);
}

TEST_F(Updates, LeaveNothingBehindWhenCanceled) {
  const auto before = everything_served();
  const auto keys = stored_online_keys();
  begin();
  ASSERT_TRUE(updates().make_online_keys("acme", {"alice", ""}, {tuf::Role::targets, tuf::Role::timestamp},
                                         crypto::KeyType::ed25519));
  EXPECT_EQ(stored_online_keys(), keys + 2);
  ASSERT_TRUE(updates().cancel("acme"));
  EXPECT_EQ(stored_online_keys(), keys);
  EXPECT_EQ(status(), "NONE");
  EXPECT_EQ(everything_served(), before);
  begin("bob");
}

TEST_F(Updates, RotateAllOnlineKeysWhileBuildsGoOn) {
  begin_production();
  ASSERT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "published");
  const Json old_ids = *shown().find("current")->find("online-keys");
  const auto keys = stored_online_keys();
  begin();
  const Admin alice{"alice", ""};
  const std::vector<tuf::Role> roles = {tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp};
  ASSERT_TRUE(updates().make_online_keys("acme", alice, roles, crypto::KeyType::ed25519));
  const Json first_ids = *shown().find("updated")->find("online-keys");
  ASSERT_TRUE(updates().make_online_keys("acme", alice, roles, crypto::KeyType::ed25519));
  EXPECT_EQ(stored_online_keys(), keys + 3) << "those of the first time are gone";
  const Json ids = *shown().find("updated")->find("online-keys");
  for (const char* role : {"targets", "snapshot", "timestamp"}) {
    EXPECT_NE(ids.text(role).value(), old_ids.text(role).value());
    EXPECT_NE(ids.text(role).value(), first_ids.text(role).value());
  }
  EXPECT_THAT(to_json(*shown().find("amendments")), HasSubstr("online-key-rotated"));
  ASSERT_TRUE(repos_->add_targets("acme", {test::target("foo-lmp-1")})) << "a build in between";
  ASSERT_TRUE(put(draft(), draft("prod-root"), {&*offline_root_}));
  EXPECT_THAT(apply(), IsEmpty());
  EXPECT_EQ(stored_online_keys(), keys) << "old ones destroyed, new ones in use";
  EXPECT_EQ(*shown().find("current")->find("online-keys"), ids);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
  EXPECT_EQ(published()->target_list.size(), 1u);
  const auto files = production().in_use("acme", ProductionFile::Kind::tag).value();
  EXPECT_TRUE(tuf::targets_under(production_root(), files.at("main"))) << "signed again by the new online key";
  EXPECT_TRUE(repos_->add_targets("acme", {test::target("foo-lmp-2")}));
}

TEST_F(Updates, RotateTheOfflineTargetsKeyWithTheSignaturesOfProduction) {
  begin_production();
  ASSERT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "published");
  ASSERT_EQ(publish("w1", production_targets(8), {&*offline_targets_}, ProductionFile::Kind::wave), "published");
  begin();
  const auto edited = [&](const char* which) {
    Json body = draft(which);
    test::unlist_key(body, "targets", offline_targets_->public_key());
    test::list_key(body, "targets", mine_.public_key());
    return body;
  };
  const Json ci = edited("ci-root"), prod = edited("prod-root");
  const Keys root_key = {&*offline_root_};
  ASSERT_TRUE(put(ci, prod, root_key));
  EXPECT_THAT(all(apply()), AllOf(HasSubstr("tag 'main'"), HasSubstr("wave 'w1'")));
  EXPECT_THAT(to_json(*shown().find("issues")), AllOf(HasSubstr("targets-unsigned"), HasSubstr("waves-unsigned")));

  Json tags, waves;
  tags["main"] = signatures_of(production_targets(7), {&mine_});
  waves["w1"] = signatures_of(production_targets(8), {&mine_});
  ASSERT_TRUE(updates().put("acme", {"alice", ""}, {signed_with(ci, root_key), signed_with(prod, root_key), tags, {}}));
  EXPECT_THAT(all(apply()), AllOf(HasSubstr("wave 'w1'"), testing::Not(HasSubstr("tag 'main'"))));
  ASSERT_TRUE(
      updates().put("acme", {"alice", ""}, {signed_with(ci, root_key), signed_with(prod, root_key), {}, waves}));
  EXPECT_THAT(to_json(*shown().find("amendments")), AllOf(HasSubstr("targets-signed"), HasSubstr("waves-signed")));
  const auto generation = published()->generation;
  EXPECT_THAT(apply(), IsEmpty());
  EXPECT_EQ(published()->generation, generation + 1);
  for (const auto kind : {ProductionFile::Kind::tag, ProductionFile::Kind::wave})
    for (const auto& [name, bytes] : production().in_use("acme", kind).value()) {
      EXPECT_TRUE(tuf::targets_under(production_root(), bytes)) << name;
      EXPECT_EQ(parse_json(bytes).value().find("signatures")->if_array()->size(), 2u) << name;
    }
}

TEST_F(Updates, RefuseSignaturesThatDoNotVerify) {
  begin_production();
  ASSERT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "published");
  begin();
  Json tags;
  tags["main"] = signatures_of(production_targets(9), {&*offline_targets_});
  const Keys keys = {&*offline_root_};
  ASSERT_TRUE(updates().put("acme", {"alice", ""},
                            {signed_with(draft(), keys), signed_with(draft("prod-root"), keys), tags, {}}));
  EXPECT_THAT(all(apply()), HasSubstr("tag 'main'"));
  Json wrong;
  wrong["main"] = Json("text");
  EXPECT_EQ(updates().put("acme", {"alice", ""}, {signed_with(draft(), keys), "", wrong, {}}).error().fault,
            Fault::bad_input);
}

TEST_F(Updates, KeepNoMoreSignaturesThanTheyMay) {
  begin();
  const Bytes root = signed_with(draft(), {&*offline_root_});
  const auto put = [&](char name, std::size_t size) {
    Json tags;
    tags["main"].push_back(Json(Json::Object{{"keyid", std::string(1, name)}, {"sig", std::string(size, 'x')}}));
    return updates().put("acme", {"alice", ""}, {root, "", tags, {}});
  };
  ASSERT_TRUE(put('a', 600'000));
  EXPECT_EQ(put('b', 600'000).error().fault, Fault::bad_input);
  EXPECT_TRUE(put('a', 900'000)) << "in the place of the first";
}

TEST_F(Updates, HandOutTheFirstRootKeyUntilItIsConfirmed) {
  using FirstTime = RootUpdates::FirstTime;
  const auto begun = updates().begin("acme", {"alice", "first", FirstTime::yes}).value();
  ASSERT_TRUE(begun.first_root);
  EXPECT_EQ(begun.first_root->public_key(), offline_root_->public_key());
  const std::string digest = crypto::sha256_hex(private_key_file(*begun.first_root).reveal());
  EXPECT_EQ(repos_->confirm_first_root("acme", std::string(64, '0')).error().fault, Fault::not_found);
  ASSERT_TRUE(repos_->confirm_first_archive("acme", digest)) << "the route that also knows the archive";
  EXPECT_TRUE(repos_->confirm_first_root("acme", digest)) << "again, for a lost answer";
  EXPECT_EQ(updates().first_root_key("acme").error().fault, Fault::not_found);
  ASSERT_TRUE(updates().cancel("acme"));
  EXPECT_EQ(updates().begin("acme", {"alice", "again", FirstTime::yes}).error().fault, Fault::expired);
  EXPECT_EQ(status(), "NONE");
}

TEST_F(Updates, SayWhichDevicesAreBehind) {
  const Json warnings = *updates().shown("acme", {"bar", "foo"}).value().find("issues")->find("warnings");
  EXPECT_THAT(to_json(warnings), AllOf(HasSubstr("devices-behind"), HasSubstr("\"count\":2"), HasSubstr("bar")));
}

TEST_F(Updates, AreStaleWhenAnotherRootCameFirst) {
  begin();
  const Json ci = draft();
  ASSERT_TRUE(put(ci, {}, {&*offline_root_}));
  ASSERT_EQ(refusal_of(signed_with(next_root(), {&*offline_root_})), "accepted");
  EXPECT_THAT(all(apply()), HasSubstr("version"));
  EXPECT_TRUE(updates().cancel("acme"));
}

TEST_F(Updates, RefuseNoBuildAndChangeNoTargetOfADevice) {
  std::atomic<int> published_builds = 0;
  std::thread builds([&] {
    for (int i = 0; i < 20; ++i)
      published_builds += repos_->add_targets("acme", {test::target("foo-lmp-" + std::to_string(i))}).ok() ? 1 : 0;
  });
  begin();
  EXPECT_TRUE(updates().make_online_keys("acme", {"alice", ""},
                                         {tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp},
                                         crypto::KeyType::ed25519));
  const Json ci = draft();
  EXPECT_TRUE(put(ci, production_of(ci), {&*offline_root_}));
  EXPECT_THAT(apply(), IsEmpty());
  builds.join();
  EXPECT_EQ(published_builds, 20);
  EXPECT_EQ(published()->target_list.size(), 20u);
  EXPECT_EQ(published()->root_version, 3);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
}

}  // namespace
}  // namespace rota::repo
