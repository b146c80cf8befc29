// Root updates as administrators make them (repo-api.md E11-E13, fioctl.md B13-B17), and the production stream.
#include "repo/root_updates.h"

#include "crypto/hash.h"
#include "repo/acme_for_test.h"
#include "repo/first_archive.h"
#include "repo/production.h"

namespace rota::repo {
namespace {

using crypto::PrivateKey;
using test::kNow;
using test::signed_with;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using Keys = std::vector<const PrivateKey*>;
using Admin = RootUpdates::Admin;

class Updates : public test::Acme {
 protected:
  RootUpdates updates() { return RootUpdates(*repos_); }
  Production production() { return Production(*repos_); }
  std::string begin(const std::string& user = "alice") {
    return updates().begin("acme", {user, "a change", {}}).value().txid;
  }
  Json shown() { return updates().shown("acme", {}).value(); }
  std::string status() { return shown().text("status").value(); }
  Json draft(const char* which = "ci-root") { return test::body_of(shown().find("updated")->text(which).value()); }
  // The production root for a ci root: the server's and the owner's signature for targets.
  static Json production_of(Json ci) {
    ci["roles"]["targets"]["threshold"] = 2;
    return ci;
  }
  Status put(const Json& ci, const Json& prod, const Keys& keys, const Admin& admin = {"alice", ""}) {
    return updates().put("acme", admin, {signed_with(ci, keys), prod.is_null() ? Bytes() : signed_with(prod, keys)});
  }
  std::vector<std::string> apply(const Admin& admin = {"alice", ""}) { return updates().apply("acme", admin).value(); }
  std::string all(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
  }
  // A factory with a production chain: roots 3.
  void begin_production() {
    begin();
    const Json ci = draft();
    ASSERT_TRUE(put(ci, production_of(ci), {&*offline_root_}));
    ASSERT_THAT(apply(), IsEmpty());
  }
  Json production_targets(tuf::Version version) {
    Json body = test::body_of(*published()->targets);
    body["version"] = version;
    return body;
  }
  std::string publish(const std::string& tag, const Json& body, const Keys& keys,
                      ProductionFile::Kind kind = ProductionFile::Kind::tag) {
    const auto done = production().publish("acme", {kind, tag, tag, signed_with(body, keys)}).value();
    const auto* refusal = std::get_if<Refusal>(&done);
    return refusal == nullptr ? "published" : refusal->code;
  }
  tuf::Root production_root() {
    return tuf::read_root(tuf::parse_envelope(*published()->production_root, tuf::kMaxRoot).value()).value();
  }
  std::int64_t stored_online_keys() {
    return db_->query("SELECT count(*) FROM online_keys WHERE factory = 'acme'").value()[0].integer(0);
  }
  static Json signatures_of(const Json& body, const Keys& keys) {
    return *parse_json(signed_with(body, keys)).value().find("signatures");
  }

  PrivateKey mine_ = PrivateKey::generate_ed25519().value();
};

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

TEST_F(Updates, ProductionSharesTheRootsBeforeItsFirst) {
  EXPECT_EQ(repos_->production_roots_from("acme", 1, 10).error().fault, Fault::not_found);
  begin_production();
  reopen();
  const auto roots = repos_->production_roots_from("acme", 1, 10).value();
  ASSERT_EQ(roots.size(), 3u);
  EXPECT_EQ(*roots[0], *repos_->root("acme", 1).value());
  EXPECT_EQ(*roots[1], *repos_->root("acme", 2).value());
  EXPECT_NE(*roots[2], *repos_->root("acme", 3).value());
  auto walked = tuf::anchor_root(*roots[0]).value();
  for (std::size_t i = 1; i < roots.size(); ++i) walked = tuf::next_root(walked, *roots[i]).value();
  EXPECT_EQ(walked->role(tuf::Role::targets).threshold, 2);
  EXPECT_EQ(*published()->production_root, *roots[2]);
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

TEST_F(Updates, ProductionTargetsWantBothSignatures) {
  EXPECT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "no_production");
  begin_production();
  EXPECT_EQ(publish("main", production_targets(7), {&mine_}), "invalid_offline_targets");
  EXPECT_EQ(publish("main", production_targets(7), {}), "invalid_offline_targets") << "the server's alone";
  EXPECT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "published");
  EXPECT_EQ(publish("other", production_targets(7), {&*offline_targets_}), "invalid_version_bump");
  EXPECT_EQ(publish("other", production_targets(8), {&*offline_targets_}), "published");
  EXPECT_EQ(publish("main", production_targets(9), {&*offline_targets_}), "published");
  const auto files = production().in_use("acme", ProductionFile::Kind::tag).value();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(test::body_of(files.at("main")).integer("version").value(), 9);
  for (const auto& [tag, bytes] : files) EXPECT_TRUE(tuf::targets_under(production_root(), bytes)) << tag;
}

TEST_F(Updates, AWaveBecomesItsTagsTargetsOrNobodys) {
  begin_production();
  const auto wave = [&](const std::string& name, tuf::Version version) {
    const Bytes bytes = signed_with(production_targets(version), {&*offline_targets_});
    return production().publish("acme", {ProductionFile::Kind::wave, name, "main", bytes});
  };
  ASSERT_EQ(publish("main", production_targets(7), {&*offline_targets_}), "published");
  ASSERT_TRUE(wave("w1", 8));
  EXPECT_EQ(wave("w2", 9).error().fault, Fault::conflict) << "one active wave per tag";
  ASSERT_TRUE(production().complete_wave("acme", "w1"));
  const auto files = production().in_use("acme", ProductionFile::Kind::tag).value();
  EXPECT_EQ(test::body_of(files.at("main")).integer("version").value(), 8);
  EXPECT_THAT(production().in_use("acme", ProductionFile::Kind::wave).value(), IsEmpty());
  ASSERT_TRUE(wave("w3", 10));
  ASSERT_TRUE(production().cancel_wave("acme", "w3"));
  EXPECT_EQ(production().cancel_wave("acme", "w3").error().fault, Fault::not_found);
  EXPECT_EQ(production().in_use("acme", ProductionFile::Kind::tag).value(), files);
}

TEST_F(Updates, ALegacyProductionRootFollowsThatOfCi) {
  const auto push = [&](const Json& body) {
    const auto done = production().accept_root("acme", signed_with(body, {&*offline_root_}), {}).value();
    const auto* refusal = std::get_if<Refusal>(&done);
    return refusal == nullptr ? std::string("accepted") : refusal->code;
  };
  const Json third = next_root();
  EXPECT_EQ(push(production_of(third)), "invalid_root_role") << "ahead of ci";
  ASSERT_EQ(refusal_of(signed_with(third, {&*offline_root_})), "accepted");
  EXPECT_EQ(push(production_of(third)), "accepted");
  Json fourth = production_of(next_root());
  EXPECT_EQ(push(fourth), "lock_step");
  ASSERT_EQ(refusal_of(signed_with(next_root(), {&*offline_root_})), "accepted");
  EXPECT_EQ(push(fourth), "accepted");
  reopen();
  EXPECT_EQ(published()->production_version, 4);
}

TEST_F(Updates, KeysThatProductionNamesStillAreKept) {
  begin_production();
  Json root = next_root();
  const std::string old = *root["roles"]["timestamp"]["keyids"].if_array()->front().if_text();
  const auto fresh = repos_->new_online_key("acme", tuf::Role::timestamp, crypto::KeyType::ed25519).value();
  test::unlist_key(root, "timestamp", tuf::public_key_from_json(root["keys"][old]).value());
  test::list_key(root, "timestamp", fresh);
  const auto keys = stored_online_keys();
  ASSERT_EQ(refusal_of(signed_with(root, {&*offline_root_}), {{.names = {"replace-role"}}}), "accepted");
  EXPECT_EQ(stored_online_keys(), keys) << "the production root lists the old one";
}

}  // namespace
}  // namespace rota::repo
