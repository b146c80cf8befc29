// A root that hands the targets to a key the server has not got: staged until targets come with it (repo-api.md E9).
#include "crypto/hash.h"
#include "repo/acme_for_test.h"

namespace rota::repo {
namespace {

using crypto::PrivateKey;
using test::kNow;
using test::signed_with;
using testing::HasSubstr;

class StagedRoot : public test::Acme {
 protected:
  // What move-offline sends: the owner's root and targets keys in place of all others.
  Json moved(const PrivateKey& targets) {
    Json body = next_root();
    test::unlist_key(body, "root", offline_root_->public_key());
    test::list_key(body, "root", mine_.public_key());
    const Json ids = body["roles"]["targets"]["keyids"];
    for (const Json& id : *ids.if_array())
      test::unlist_key(body, "targets", tuf::public_key_from_json(body["keys"][*id.if_text()]).value());
    test::list_key(body, "targets", targets.public_key());
    return body;
  }
  Bytes root_for(const PrivateKey& targets) { return signed_with(moved(targets), {&mine_, &*offline_root_}); }
  std::string outcome(const Bytes& root) { return refusal_of(root, {{.names = {"replace-role", "fewer-keys"}}}); }
  std::string push(const Json& targets, const PrivateKey& key) {
    const auto pushed =
        repos_->accept_targets("acme", signed_with(targets, {&key}), published()->targets_checksum).value();
    const auto* refusal = std::get_if<Refusal>(&pushed);
    return refusal == nullptr ? "accepted" : refusal->code;
  }
  Json signature_of(const Bytes& envelope) {
    return parse_json(envelope).value().find("signatures")->if_array()->front();
  }
  Bytes root_with(const PrivateKey& targets, const Json& signature) {
    Json envelope = parse_json(root_for(targets)).value();
    envelope["targets-signatures"].push_back(signature);
    return to_json(envelope);
  }

  PrivateKey mine_ = PrivateKey::generate_ed25519().value(), targets_ = PrivateKey::generate_ed25519().value();
};

TEST_F(StagedRoot, ChangesNothingThatIsServed) {
  const auto before = everything_served();
  EXPECT_EQ(outcome(root_for(targets_)), "staged");
  EXPECT_EQ(everything_served(), before);
  EXPECT_EQ(next_root().integer("version").value(), 3);
  ASSERT_TRUE(repos_->add_targets("acme", {test::target("foo-lmp-1")})) << "builds go on under the published root";
}

TEST_F(StagedRoot, IsPublishedWithTheTargetsSignedForIt) {
  ASSERT_EQ(outcome(root_for(targets_)), "staged");
  reopen();
  const auto generation = published()->generation;
  EXPECT_EQ(push(next_targets(), targets_), "accepted");
  EXPECT_EQ(published()->generation, generation + 1) << "all four files in one generation";
  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->root->version, 3);
  EXPECT_EQ(set->targets->version, 2);
  EXPECT_EQ(set->snapshot->meta.at("root.json").version, 3);
  EXPECT_EQ(set->snapshot->meta.at("targets.json").version, 2);
}

TEST_F(StagedRoot, RefusesTargetsThatNobodyMaySign) {
  ASSERT_EQ(outcome(root_for(targets_)), "staged");
  const auto before = everything_served();
  EXPECT_EQ(push(next_targets(), mine_), "invalid_offline_targets");
  Json skipping = next_targets();
  skipping["version"] = 3;
  EXPECT_EQ(push(skipping, targets_), "invalid_version_bump");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(StagedRoot, LeavesTargetsOfThePublishedRootAlone) {
  ASSERT_EQ(outcome(root_for(targets_)), "staged");
  EXPECT_EQ(push(next_targets(), *offline_targets_), "accepted");
  EXPECT_EQ(published()->root_version, 2);
  EXPECT_EQ(push(next_targets(), targets_), "accepted") << "it is still staged";
  EXPECT_EQ(published()->root_version, 3);
}

TEST_F(StagedRoot, IsReplacedByANewerOne) {
  const auto other = PrivateKey::generate_ed25519().value();
  ASSERT_EQ(outcome(root_for(other)), "staged");
  ASSERT_EQ(outcome(root_for(targets_)), "staged");
  EXPECT_EQ(push(next_targets(), other), "invalid_offline_targets");
  EXPECT_EQ(push(next_targets(), targets_), "accepted");
}

TEST_F(StagedRoot, IsDroppedWhenAnotherRootIsPublished) {
  ASSERT_EQ(outcome(root_for(targets_)), "staged");
  ASSERT_EQ(outcome(signed_with(next_root(), {&*offline_root_})), "accepted");
  const auto before = everything_served();
  EXPECT_EQ(push(next_targets(), targets_), "invalid_offline_targets");
  EXPECT_EQ(everything_served(), before);
}

TEST_F(StagedRoot, IsNotNeededWhenTheTargetsSignaturesComeAlong) {
  const Json body = test::body_of(*published()->targets);
  const auto generation = published()->generation;
  EXPECT_EQ(outcome(root_with(targets_, signature_of(signed_with(body, {&targets_})))), "accepted");
  EXPECT_EQ(published()->generation, generation + 1);
  const auto set = test::as_a_device(*repos_, kNow);
  ASSERT_TRUE(set) << set.error().what;
  EXPECT_EQ(set->root->version, 3);
  EXPECT_EQ(set->targets->version, 1) << "the same targets, signed again";
  EXPECT_EQ(test::body_of(*published()->targets), body);
  EXPECT_THAT(*published()->root, testing::Not(HasSubstr("targets-signatures")));
  reopen();
  EXPECT_TRUE(test::as_a_device(*repos_, kNow)) << "stored as served";
  EXPECT_EQ(push(next_targets(), targets_), "accepted");
}

TEST_F(StagedRoot, RefusesTargetsSignaturesThatDoNotVerify) {
  const auto before = everything_served();
  const Json body = test::body_of(*published()->targets);
  Json other = body;
  other["version"] = 7;
  EXPECT_THAT(outcome(root_with(targets_, signature_of(signed_with(other, {&targets_})))), HasSubstr("signature"));
  EXPECT_THAT(outcome(root_with(targets_, signature_of(signed_with(body, {&mine_})))), HasSubstr("signature"));
  EXPECT_THAT(outcome(root_with(targets_, Json("text"))), HasSubstr("signature"));
  EXPECT_EQ(everything_served(), before);
}

TEST_F(StagedRoot, KeepsSignaturesOfKeysThatStayAndAddsTheServersOwn) {
  ASSERT_EQ(push(next_targets(), *offline_targets_), "accepted");
  Json body = next_root();
  test::list_key(body, "targets", targets_.public_key());
  body["roles"]["targets"]["threshold"] = 3;
  Json envelope = parse_json(signed_with(body, {&*offline_root_})).value();
  envelope["targets-signatures"].push_back(
      signature_of(signed_with(test::body_of(*published()->targets), {&targets_})));
  ASSERT_EQ(outcome(to_json(envelope)), "accepted");
  EXPECT_EQ(parse_json(*published()->targets).value().find("signatures")->if_array()->size(), 3u);
  EXPECT_TRUE(test::as_a_device(*repos_, kNow));
}

}  // namespace
}  // namespace rota::repo
