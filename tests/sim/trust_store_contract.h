// What every client::TrustStore promises. A kind of store joins with one line:
// INSTANTIATE_TYPED_TEST_SUITE_P(Folder, TrustStoreContract, FolderWorld), where a World has `open()`: the store as a process
// that starts finds it. For *_test.cc only.
#pragma once

#include <gmock/gmock.h>

#include "client/trust.h"
#include "tuf/repository_for_test.h"

namespace rota::sim {

template <typename World>
class TrustStoreContract : public testing::Test {
 protected:
  using Store = client::TrustStore;
  static tuf::test::RootPlan plan(tuf::Version version) {
    tuf::test::RootPlan plan;
    plan.version = version;
    plan.expires = "2027-06-01T00:00:00Z";
    return plan;
  }
  static client::AcceptedRoot root(const tuf::test::RootPlan& plan) { return {plan.version, tuf::test::root_file(plan)}; }
  static tuf::Generation set_of(tuf::Version version) {
    return tuf::test::generation({.versions = {version, version, version}});
  }
  // What one refresh over root 1 leaves.
  void settle(tuf::Version version) {
    const auto store = world.open();
    client::Stored left{set_of(version), {}, 1};
    left.floors = {version, version, version, {{"targets.json", version}}, left.generation.timestamp};
    ASSERT_TRUE(store->accept_roots(std::array{root(plan(1))}, {{}, {}, 1}).ok());
    ASSERT_TRUE(store->accept(tuf::Role::timestamp, left.generation.timestamp, left.floors).ok());
    ASSERT_TRUE(store->accept(tuf::Role::snapshot, left.generation.snapshot, left.floors).ok());
    ASSERT_TRUE(store->accept(tuf::Role::targets, left.generation.targets, left.floors).ok());
    ASSERT_TRUE(store->replace(left.generation, left.floors).ok());
  }
  client::Trust trust() {
    const auto store = world.open();
    return client::load_trust(*store, {}, {tuf::test::kNow, {}}).value();
  }
  World world;
};

TYPED_TEST_SUITE_P(TrustStoreContract);

TYPED_TEST_P(TrustStoreContract, IsEmptyAtFirst) {
  const auto store = this->world.open();
  EXPECT_TRUE(store->root_versions().value().empty());
  EXPECT_TRUE(store->load()->generation.timestamp.empty());
  EXPECT_EQ(store->load()->under, 0);
  EXPECT_EQ(store->delegated("a").error().fault, Fault::not_found);
  EXPECT_EQ(store->clock_floor().value(), std::nullopt);
  EXPECT_EQ(client::load_trust(*store, {}, {tuf::test::kNow, {}}).error().fault, Fault::not_found);
}

TYPED_TEST_P(TrustStoreContract, GivesBackEveryRoot) {
  const auto one = this->root(this->plan(1)), two = this->root(this->plan(2)), three = this->root(this->plan(3));
  ASSERT_TRUE(this->world.open()->accept_roots(std::array{one}, {{}, {}, 1}).ok());
  ASSERT_TRUE(this->world.open()->accept_roots(std::array{two, three}, {{}, {}, 3}).ok());
  const auto store = this->world.open();
  EXPECT_THAT(store->root_versions().value(), testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(store->root(2).value(), two.bytes.bytes());
  EXPECT_EQ(store->load()->under, 3);
}

TYPED_TEST_P(TrustStoreContract, GivesBackTheSetByteForByte) {
  this->settle(5);
  const auto stored = this->world.open()->load().value();
  EXPECT_EQ(stored.generation.timestamp, this->set_of(5).timestamp);
  EXPECT_EQ(stored.generation.snapshot, this->set_of(5).snapshot);
  EXPECT_EQ(stored.generation.targets, this->set_of(5).targets);
  EXPECT_EQ(this->trust().set->targets->version, 5);
}

TYPED_TEST_P(TrustStoreContract, GivesBackTheSetThatReplacedAnother) {
  this->settle(5);
  const auto store = this->world.open();
  auto floors = store->load()->floors;
  for (const tuf::Version version : {6, 5}) {
    const auto next = this->set_of(version);
    ASSERT_TRUE(store->accept(tuf::Role::timestamp, next.timestamp, floors).ok());
    ASSERT_TRUE(store->replace(this->set_of(5), floors).ok());
    EXPECT_EQ(store->load()->generation.timestamp, this->set_of(5).timestamp);
    ASSERT_TRUE(store->replace(next, floors).ok());
    EXPECT_EQ(store->load()->generation.timestamp, next.timestamp);
    EXPECT_EQ(store->load()->generation.snapshot, next.snapshot);
    EXPECT_EQ(store->load()->generation.targets, next.targets);
  }
}

TYPED_TEST_P(TrustStoreContract, TakesAFileAgainThatARootCleared) {
  this->settle(5);
  const auto store = this->world.open();
  auto stored = store->load().value();
  const auto floors = stored.floors;
  stored.generation.timestamp = stored.generation.snapshot = {};
  ASSERT_TRUE(store->accept_roots({}, stored).ok());
  ASSERT_TRUE(store->replace(this->set_of(5), floors).ok());
  EXPECT_EQ(store->load()->generation.timestamp, this->set_of(5).timestamp);
  EXPECT_EQ(store->load()->generation.snapshot, this->set_of(5).snapshot);
}

TYPED_TEST_P(TrustStoreContract, MakesTheVersionOfWhatWasAcceptedTheFloor) {
  this->settle(5);
  const auto next = this->set_of(6);
  auto floors = this->trust().floors;
  floors.timestamp = floors.snapshot = 6;
  ASSERT_TRUE(this->world.open()->accept(tuf::Role::timestamp, next.timestamp, floors).ok());
  EXPECT_EQ(this->trust().floors.timestamp, 6);
  EXPECT_EQ(this->trust().floors.snapshot, 6);
  EXPECT_EQ(this->trust().floors.listed.at("targets.json"), 5);
}

TYPED_TEST_P(TrustStoreContract, ForgetsTheFilesThatARootClears) {
  this->settle(5);
  auto stored = this->world.open()->load().value();
  stored.generation.timestamp = stored.generation.snapshot = {};
  stored.floors = {0, 0, 5, {}, {}};
  stored.under = 2;
  auto plan = this->plan(2);
  plan.timestamp.seeds = {9};
  ASSERT_TRUE(this->world.open()->accept_roots(std::array{this->root(plan)}, stored).ok());
  const auto after = this->world.open()->load().value();
  EXPECT_TRUE(after.generation.timestamp.empty());
  EXPECT_TRUE(after.generation.snapshot.empty());
  EXPECT_EQ(after.generation.targets, this->set_of(5).targets);
  EXPECT_EQ(this->trust().floors.timestamp, 0);
  EXPECT_EQ(this->trust().floors.targets, 5);
}

TYPED_TEST_P(TrustStoreContract, KeepsDelegatedFilesByNameWhateverTheNameIs) {
  for (const std::string& role : {std::string("a"), std::string("../a"), std::string("a/b"), std::string("."),
                                  std::string("A"), std::string(2000, 'x'), std::string("\0\n?", 3)}) {
    SCOPED_TRACE(role.substr(0, 20));
    ASSERT_TRUE(this->world.open()->keep_delegated(role, "one of " + role).ok());
    ASSERT_TRUE(this->world.open()->keep_delegated(role, "two of " + role).ok());
    EXPECT_EQ(this->world.open()->delegated(role).value(), "two of " + role);
  }
}

TYPED_TEST_P(TrustStoreContract, RemembersTheClock) {
  ASSERT_TRUE(this->world.open()->set_clock_floor(tuf::test::kNow).ok());
  EXPECT_EQ(this->world.open()->clock_floor().value(), tuf::test::kNow);
}

REGISTER_TYPED_TEST_SUITE_P(TrustStoreContract, IsEmptyAtFirst, GivesBackEveryRoot, GivesBackTheSetByteForByte,
                            GivesBackTheSetThatReplacedAnother, TakesAFileAgainThatARootCleared, MakesTheVersionOfWhatWasAcceptedTheFloor, ForgetsTheFilesThatARootClears,
                            KeepsDelegatedFilesByNameWhateverTheNameIs, RemembersTheClock);

}  // namespace rota::sim
