// What the owner may push: roots (repo-api.md E4) and targets (E5, E6).
#include <thread>

#include "crypto/hash.h"
#include "repo/acme_for_test.h"
#include "repo/judgement.h"

namespace rota::repo {
namespace {

using crypto::PrivateKey;
using test::kNow;
using test::signed_with;
using testing::AllOf;
using testing::HasSubstr;

class AcceptRoot : public test::Acme {
 protected:
  void SetUp() override {
    Acme::SetUp();
    // The rotation of the eight steps: a new root key in, the old one out.
    body_ = next_root();
    test::unlist_key(body_, "root", offline_root_->public_key());
    test::list_key(body_, "root", mine_.public_key());
  }
  PrivateKey mine_ = PrivateKey::generate_ed25519().value();
  Json body_;
};

class AcceptTargets : public test::Acme {
 protected:
  Accepted<std::string> push(const Bytes& bytes, const std::optional<std::string>& checksum) {
    return repos_->accept_targets("acme", bytes, checksum).value();
  }
  std::string code_of(const Bytes& bytes, const std::optional<std::string>& checksum, int status) {
    const auto accepted = push(bytes, checksum);
    const auto* refusal = std::get_if<Refusal>(&accepted);
    if (refusal == nullptr) return "accepted";
    EXPECT_EQ(refusal->status, status);
    return refusal->code;
  }
  Bytes good() { return signed_with(next_targets(), {&*offline_targets_}); }
};

TEST_F(AcceptRoot, AcceptsOldAndNewSignatures) {
  const auto before = published();
  const auto floors = [&] {
    const auto set = test::as_a_device(*repos_, kNow).value();
    return tuf::Floors{set.timestamp->version, set.snapshot->version, set.targets->version, {}};
  }();
  ASSERT_EQ(std::get<tuf::Version>(push_root(body_, {&mine_, &*offline_root_})), 3);
  const auto set = test::as_a_device(*repos_, kNow, floors);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->root->version, 3);
  EXPECT_EQ(set->snapshot->meta.at("root.json").version, 3);
  EXPECT_EQ(set->timestamp->version, floors.timestamp + 1);
  EXPECT_EQ(set->snapshot->version, floors.snapshot + 1);
  EXPECT_EQ(*published()->targets, *before->targets) << "nothing of the targets changed";
  EXPECT_EQ(*repos_->root("acme", 3).value(), *published()->root);
}

TEST_F(AcceptRoot, StoresTheCanonicalFormOfAnySpelling) {
  const Bytes canonical = signed_with(body_, {&mine_, &*offline_root_});
  Json envelope = parse_json(canonical).value();
  envelope["targets-signatures"] = Json(Json::Array{});
  ASSERT_EQ(refusal_of(to_pretty_json(envelope)), "accepted");
  EXPECT_EQ(*published()->root, canonical);
}

TEST_F(AcceptRoot, RefusesTooFewSignatures) {
  const auto before = everything_served();
  EXPECT_THAT(refusal_of(signed_with(body_, {&*offline_root_})),
              AllOf(HasSubstr("its own keys"), HasSubstr(tuf::key_id(mine_.public_key()).brief())));
  EXPECT_THAT(refusal_of(signed_with(body_, {&mine_})),
              AllOf(HasSubstr("the keys of root 2"), HasSubstr(tuf::key_id(offline_root_->public_key()).brief())));
  EXPECT_THAT(refusal_of(signed_with(body_, {&*root_, &mine_})), HasSubstr("the keys of root 2"))
      << "a former root key";
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptRoot, RefusesWhatADeviceWouldRefuse) {
  const auto before = everything_served();
  struct {
    const char* what;
    std::function<void(Json&)> change;
    const char* cause;
  } const rows[] = {
      {"version + 2", [](Json& b) { b["version"] = 4; }, "version"},
      {"same version", [](Json& b) { b["version"] = 2; }, "version"},
      {"expired", [](Json& b) { b["expires"] = "2026-12-31T23:59:59Z"; }, "expires"},
      {"nearly expired", [](Json& b) { b["expires"] = "2027-01-15T00:00:00Z"; }, "30 days"},
      {"_type", [](Json& b) { b["_type"] = "Targets"; }, "_type"},
      {"threshold 0", [](Json& b) { b["roles"]["targets"]["threshold"] = 0; }, "threshold"},
      {"threshold 3", [](Json& b) { b["roles"]["targets"]["threshold"] = 3; }, "threshold"},
      {"role missing", [](Json& b) { b["roles"].if_object()->erase("snapshot"); }, "snapshot"},
      {"no keys", [](Json& b) { b["roles"]["snapshot"]["keyids"] = Json(Json::Array{}); }, "snapshot"},
      {"not ASCII", [](Json& b) { b["x-changelog"]["message"] = "caf\xc3\xa9"; }, "message"},
      {"EC key", [](Json& b) { test::list_key(b, "targets", PrivateKey::generate_p256().value().public_key()); },
       "key"},
  };
  for (const auto& row : rows) {
    Json body = body_;
    row.change(body);
    Json envelope = parse_json(signed_with(body_, {&mine_, &*offline_root_})).value();
    envelope["signed"] = body;
    const bool signable = tuf::in_canonical_subset(body).ok();
    const Bytes bytes = signable ? signed_with(body, {&mine_, &*offline_root_}) : to_json(envelope);
    EXPECT_THAT(refusal_of(bytes), HasSubstr(row.cause)) << row.what;
  }
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptRoot, RefusesWhatIsNoStrictEnvelope) {
  const auto before = everything_served();
  const Bytes good = signed_with(body_, {&mine_, &*offline_root_});
  const auto with = [&](const std::string& from, const std::string& to) {
    Bytes changed = good;
    const auto at = changed.find(from);
    EXPECT_NE(at, Bytes::npos);
    return changed.replace(at, from.size(), to);
  };
  EXPECT_NE(refusal_of(""), "accepted");
  EXPECT_NE(refusal_of("{}"), "accepted");
  EXPECT_NE(refusal_of("[]"), "accepted");
  EXPECT_NE(refusal_of(R"({"signatures":{},"signed":[]})"), "accepted");
  EXPECT_NE(refusal_of(good + "x"), "accepted");
  EXPECT_NE(refusal_of(with("\"version\":3", "\"version\":3,\"version\":3")), "accepted") << "duplicate member";
  EXPECT_NE(refusal_of(with("\"version\":3", "\"version\":3.0")), "accepted") << "fraction";
  EXPECT_NE(refusal_of(good + Bytes(tuf::kMaxRoot, ' ')), "accepted") << "too long";
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptRoot, RefusesAKeyIdTwice) {
  Json envelope = parse_json(signed_with(body_, {&mine_, &*offline_root_})).value();
  envelope["signatures"].push_back(envelope["signatures"].if_array()->front());
  EXPECT_THAT(refusal_of(to_json(envelope)), HasSubstr("twice"));
}

TEST_F(AcceptRoot, RefusesOneKeyUnderTwoIds) {
  const std::string other(64, 'a');
  body_["keys"][other] = tuf::public_key_json(mine_.public_key());
  body_["roles"]["root"]["keyids"].push_back(other);
  body_["roles"]["root"]["threshold"] = 2;
  EXPECT_THAT(refusal_of(signed_with(body_, {&mine_, &*offline_root_})), HasSubstr("the same key"));
}

TEST_F(AcceptRoot, RefusesAWeakerRootUnlessAllowed) {
  test::unlist_key(body_, "targets", offline_targets_->public_key());
  const Bytes weaker = signed_with(body_, {&mine_, &*offline_root_});
  EXPECT_THAT(refusal_of(weaker), HasSubstr("keys of targets"));
  EXPECT_EQ(refusal_of(weaker, {{.names = {"fewer-keys"}}}), "accepted");
}

TEST_F(AcceptRoot, TakesAShortLifeWhenForced) {
  body_["expires"] = "2027-01-15T00:00:00Z";
  const Bytes brief = signed_with(body_, {&mine_, &*offline_root_});
  EXPECT_NE(refusal_of(brief), "accepted");
  EXPECT_EQ(refusal_of(brief, {{.names = {}, .short_expiry = true}}), "accepted");
}

TEST_F(AcceptRoot, NeverServesAnExpiredRootEvenWhenForced) {
  body_["expires"] = "2026-12-31T00:00:00Z";
  const auto before = everything_served();
  EXPECT_NE(refusal_of(signed_with(body_, {&mine_, &*offline_root_}), {{.names = {}, .short_expiry = true}}),
            "accepted");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptRoot, NeverServesAnExpiredRootBesideExpiredTargets) {
  Json targets = next_targets();
  targets["expires"] = rfc3339(kNow + days(1));
  const Bytes owners = signed_with(targets, {&*offline_targets_});
  ASSERT_TRUE(std::holds_alternative<std::string>(
      repos_->accept_targets("acme", owners, published()->targets_checksum).value()));
  clock_.pass(days(30));
  body_["expires"] = rfc3339(kNow + days(20));
  const RootOptions forced{{.names = {}, .short_expiry = true}};
  EXPECT_NE(refusal_of(signed_with(body_, {&mine_, &*offline_root_}), forced), "accepted");
  body_["expires"] = rfc3339(kNow + days(200));
  EXPECT_EQ(refusal_of(signed_with(body_, {&mine_, &*offline_root_})), "accepted") << "the targets wait for their owner";
  EXPECT_EQ(*published()->targets, owners);
}

TEST_F(AcceptRoot, ReplacesAnExpiredRoot) {
  clock_.pass(days(400));
  EXPECT_EQ(repos_->refresh("acme").error().fault, Fault::expired);
  Json body = body_;
  body["expires"] = rfc3339(clock_.now() + days(365));
  EXPECT_EQ(refusal_of(signed_with(body, {&mine_, &*offline_root_})), "accepted");
  ASSERT_TRUE(repos_->refresh("acme"));
  EXPECT_TRUE(test::as_a_device(*repos_, clock_.now()));
}

TEST_F(AcceptRoot, SignsTargetsAgainWhenTheirOfflineKeyGoes) {
  const Bytes owners = signed_with(next_targets(), {&*offline_targets_});
  ASSERT_TRUE(repos_->accept_targets("acme", owners, published()->targets_checksum));
  const auto other = PrivateKey::generate_ed25519().value();
  test::unlist_key(body_, "targets", offline_targets_->public_key());
  test::list_key(body_, "targets", other.public_key());
  ASSERT_EQ(refusal_of(signed_with(body_, {&mine_, &*offline_root_})), "accepted");
  EXPECT_EQ(test::as_a_device(*repos_, kNow)->targets->version, 3);
}

TEST_F(AcceptRoot, WalksOnForManyVersions) {
  ASSERT_EQ(refusal_of(signed_with(body_, {&mine_, &*offline_root_})), "accepted");
  for (tuf::Version version = 4; version <= 8; ++version)
    ASSERT_EQ(std::get<tuf::Version>(push_root(next_root(), {&mine_})), version);
  reopen();
  EXPECT_EQ(test::as_a_device(*repos_, kNow)->root->version, 8);
}

TEST_F(AcceptTargets, TakesThemAsTheyAre) {
  const Bytes bytes = good();
  const auto accepted = push(bytes, published()->targets_checksum);
  ASSERT_TRUE(std::holds_alternative<std::string>(accepted));
  EXPECT_EQ(std::get<std::string>(accepted), crypto::sha256_hex(bytes));
  EXPECT_EQ(*published()->targets, bytes);
  EXPECT_EQ(published()->targets_checksum, crypto::sha256_hex(bytes));
  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->snapshot->version, 2);
}

TEST_F(AcceptTargets, PublishTheSameFileOnce) {
  push(good(), published()->targets_checksum);
  const auto before = published();
  const auto again = push(*before->targets, before->targets_checksum);
  ASSERT_TRUE(std::holds_alternative<std::string>(again));
  EXPECT_EQ(std::get<std::string>(again), before->targets_checksum);
  EXPECT_EQ(published()->generation, before->generation);
}

TEST_F(AcceptTargets, WantTheChecksumOfWhatTheyReplace) {
  const auto before = everything_served();
  EXPECT_EQ(code_of(good(), std::nullopt, 428), "role_checksum_not_provided");
  EXPECT_EQ(code_of(good(), std::string(64, '0'), 412), "role_checksum_mismatch");
  EXPECT_EQ(code_of(good(), "", 412), "role_checksum_mismatch");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptTargets, WantTheNextVersion) {
  const auto before = everything_served();
  for (const std::int64_t version : {1, 3, 7}) {
    Json body = next_targets();
    body["version"] = version;
    EXPECT_EQ(code_of(signed_with(body, {&*offline_targets_}), published()->targets_checksum, 409),
              "invalid_version_bump");
  }
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptTargets, RefuseABadSignatureFormOrDate) {
  const auto before = everything_served();
  const auto code = [&](const Bytes& bytes) { return code_of(bytes, published()->targets_checksum, 400); };
  const auto stranger = PrivateKey::generate_ed25519().value();
  const auto changed = [&](const std::function<void(Json&)>& change) {
    Json body = next_targets();
    change(body);
    return signed_with(body, {&*offline_targets_});
  };
  Json forged = parse_json(good()).value();
  forged["signed"]["x-more"] = 1;
  EXPECT_EQ(code("no json"), "invalid_offline_targets");
  EXPECT_EQ(code(signed_with(next_targets(), {})), "invalid_offline_targets");
  EXPECT_EQ(code(signed_with(next_targets(), {&stranger})), "invalid_offline_targets");
  EXPECT_EQ(code(signed_with(next_targets(), {&*offline_targets_, &stranger})), "invalid_offline_targets")
      << "unknown key";
  EXPECT_EQ(code(signed_with(next_targets(), {&*offline_root_})), "invalid_offline_targets") << "a key of another role";
  EXPECT_EQ(code(to_json(forged)), "invalid_offline_targets");
  EXPECT_EQ(code(changed([](Json& b) { b["expires"] = "2026-12-31T00:00:00Z"; })), "invalid_offline_targets");
  EXPECT_EQ(code(changed([](Json& b) { b["_type"] = "targets"; })), "invalid_offline_targets");
  EXPECT_EQ(code(changed([](Json& b) {
              b["targets"]["x-1"]["length"] = 0;
              b["targets"]["x-1"]["hashes"]["sha256"] = std::string(64, 'a');
            })),
            "invalid_offline_targets")
      << "without custom";
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptTargets, RefuseATargetWithoutAnHonestName) {
  const auto before = everything_served();
  const std::string too_long(254, 'x');
  for (const std::string name : {"../x", "x/../y", "/x", "x//y", "./x", too_long.c_str()}) {
    SCOPED_TRACE(name);
    Json body = next_targets();
    Json& target = body["targets"][name];
    target["length"] = 0;
    target["hashes"]["sha256"] = std::string(64, 'a');
    target["custom"]["name"] = "x";
    EXPECT_EQ(code_of(signed_with(body, {&*offline_targets_}), published()->targets_checksum, 400),
              "invalid_offline_targets");
  }
  EXPECT_EQ(everything_served(), before);
}

TEST_F(AcceptTargets, LetOneOfTwoWin) {
  const std::string base = published()->targets_checksum;
  Json first = next_targets(), second = next_targets();
  second["x-who"] = "second";
  std::vector<int> outcomes(2);
  const auto run = [&](std::size_t i, const Json& body) {
    const auto accepted = push(signed_with(body, {&*offline_targets_}), base);
    outcomes[i] = std::holds_alternative<std::string>(accepted) ? 204 : std::get<Refusal>(accepted).status;
  };
  std::thread other(run, 0, first);
  run(1, second);
  other.join();
  EXPECT_THAT(outcomes, testing::UnorderedElementsAre(204, 412));
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
}

TEST_F(AcceptTargets, LetOneOfTwoProcessesWin) {
  auto other_db = store::Database::open(folder_ + "/rota.db").value();
  auto other = Repositories::open(*other_db, seal_key_, clock_).value();
  const std::string base = published()->targets_checksum;
  ASSERT_TRUE(std::holds_alternative<std::string>(other->accept_targets("acme", good(), base).value()));
  Json late = next_targets();
  late["x-who"] = "late";
  EXPECT_EQ(code_of(signed_with(late, {&*offline_targets_}), base, 412), "role_checksum_mismatch");
}

}  // namespace
}  // namespace rota::repo
