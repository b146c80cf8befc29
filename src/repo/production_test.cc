// The production stream: its chain, its targets per tag and per wave.
#include "repo/updating_for_test.h"

namespace rota::repo {
namespace {

using test::signed_with;
using testing::IsEmpty;

class ProductionStream : public test::Updating {};

TEST_F(ProductionStream, SharesTheRootsBeforeItsFirst) {
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

TEST_F(ProductionStream, WantsTargetsSignedByBothSides) {
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

TEST_F(ProductionStream, MakesAWaveItsTagsTargetsOrNobodys) {
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

TEST_F(ProductionStream, TakesARootByItselfAfterThatOfCi) {
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
  const auto ahead = repos_->accept_root("acme", signed_with(next_root(), {&*offline_root_}), {}).value();
  EXPECT_EQ(std::get<Refusal>(ahead).code, "lock_step") << "one ahead, not two";
  EXPECT_EQ(push(fourth), "accepted");
  reopen();
  EXPECT_EQ(published()->production_version, 4);
}

TEST_F(ProductionStream, KeepsTheKeysThatItsRootStillNames) {
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
