#include "client/trust.h"

#include <gmock/gmock.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;

// The versions that are to be saved, when these roots come with the program and the store holds root 1.
std::vector<tuf::Version> unsaved_with(const RootFiles& provisioned) {
  Victim victim;
  const auto store = FolderStore::open(victim.files, kTrust, Seconds(0)).value();
  std::vector<tuf::Version> versions;
  const Trust trust = load_trust(*store, provisioned, {victim.now}).value();
  for (const auto& root : trust.unsaved) versions.push_back(root.version);
  return versions;
}

Trust loaded(Victim& victim, Time now) {
  const auto store = FolderStore::open(victim.files, kTrust, Seconds(0)).value();
  return load_trust(*store, {}, {now}).value();
}

TEST(LoadTrust, NotesTheProvisionedRootsThatTheStoreLacks) {
  RootPlan plan = Victim().root;
  RootFiles roots{{1, tuf::test::root_file(plan)}};
  EXPECT_THAT(unsaved_with(roots), testing::IsEmpty());
  for (plan.version = 2; plan.version <= 3; ++plan.version) roots[plan.version] = tuf::test::root_file(plan);
  EXPECT_THAT(unsaved_with(roots), testing::ElementsAre(2, 3));
}

TEST(LoadTrust, OwesTheFirstProvisionedRootToAnEmptyStore) {
  Victim victim;
  const auto store = FolderStore::open(victim.files, "/new", Seconds(0)).value();
  const Trust trust = load_trust(*store, {{1, tuf::test::root_file(victim.root)}}, {victim.now}).value();
  ASSERT_EQ(trust.unsaved.size(), 1u);
  EXPECT_EQ(trust.unsaved.front().version, 1);
}

TEST(StepTo, ForgetsTargetsWithTheirKeyInTheUptaneDialect) {
  Victim victim(Dialect::uptane);
  const auto store = FolderStore::open(victim.files, kTrust, Seconds(0)).value();
  Trust trust = load_trust(*store, {}, {victim.now}).value();
  RootPlan plan = victim.root;
  plan.version = 2;
  step_to(trust, tuf::next_root(trust.root, tuf::test::root_file(plan)).value());
  EXPECT_EQ(trust.floors_under, 2);
  EXPECT_FALSE(trust.generation.targets.empty());
  EXPECT_EQ(trust.floors.targets, 5);
  plan.version = 3;
  plan.targets.seeds = {12};
  step_to(trust, tuf::next_root(trust.root, tuf::test::root_file(plan)).value());
  EXPECT_EQ(trust.floors_under, 3);
  EXPECT_TRUE(trust.generation.targets.empty());
  EXPECT_EQ(trust.floors.targets, 0);
}

// What is stored under a root that cannot be read any more waits for it.
TEST(LoadTrust, JudgesNoFileByARootThatIsOlderThanTheirs) {
  Victim victim;
  victim.rotate([](RootPlan& plan) { plan.timestamp.seeds = {14}; });
  victim.rotate();
  victim.set.timestamp = {14};
  victim.publish_next();
  ASSERT_TRUE(victim.refresh().ok());
  victim.store("history/2.root.json", "{}");
  const Trust trust = loaded(victim, victim.now);
  EXPECT_EQ(trust.root->version, 1);
  EXPECT_EQ(trust.floors_under, 3);
  EXPECT_FALSE(trust.generation.timestamp.empty());
  EXPECT_EQ(trust.notices.size(), 1u) << "of the root alone";
}

TEST(LoadTrust, BeginsAtTheProvisionedRootWhateverIsStored) {
  Victim victim;
  const Bytes root = victim.stored("root.json");
  for (const char* name : {"root.json", "history/1.root.json"}) victim.store(name, "{}");
  const auto store = FolderStore::open(victim.files, kTrust, Seconds(0)).value();
  const auto trust = load_trust(*store, {{1, root}}, {victim.now});
  ASSERT_TRUE(trust.ok()) << trust.error().what;
  EXPECT_EQ(trust->root->version, 1);
}

TEST(LoadTrust, RefusesProvisionedRootsThatAreDamagedOrHaveAGap) {
  Victim victim;
  RootPlan plan = victim.root;
  const Bytes first = tuf::test::root_file(plan);
  plan.version = 3;
  const auto store = FolderStore::open(victim.files, kTrust, Seconds(0)).value();
  expect_refused(load_trust(*store, {{1, first}, {2, Bytes("{}")}}, {victim.now}), Fault::rejected, "provisioned: root 2: ");
  expect_refused(load_trust(*store, {{1, first}, {3, tuf::test::root_file(plan)}}, {victim.now}), Fault::rejected,
                 "provisioned roots: want root 2 after root 1, got root 3");
}

TEST(LoadTrust, KeepsASetThatHasExpiredAndSaysWhy) {
  Victim victim;
  const Trust trust = loaded(victim, parse_rfc3339("2100-07-01T00:00:00Z").value());
  EXPECT_TRUE(trust.set.has_value());
  ASSERT_TRUE(trust.expired.has_value());
  EXPECT_EQ(trust.expired->fault, Fault::expired);
  EXPECT_FALSE(trust.has_valid_set());
}

TEST(LoadTrust, LeavesTheSnapshotOutTogetherWithItsTimestamp) {
  Victim victim;
  victim.store("timestamp.json", "{}");
  const Trust trust = loaded(victim, victim.now);
  EXPECT_TRUE(trust.generation.timestamp.empty());
  EXPECT_TRUE(trust.generation.snapshot.empty());
  EXPECT_FALSE(trust.generation.targets.empty());
}

TEST(LoadTrust, LeavesOutAStoredFileThatIsSignedAndNoTimestamp) {
  Victim victim;
  victim.publish_next([](Set& set) { set.change = [](std::string_view role, Json& body) {
    if (role == "timestamp") body.if_object()->erase("meta");
  }; });
  victim.store("timestamp.json", victim.served("timestamp"));
  const Trust trust = loaded(victim, victim.now);
  EXPECT_TRUE(trust.generation.timestamp.empty());
  ASSERT_EQ(trust.notices.size(), 1u);
  EXPECT_THAT(trust.notices[0], testing::HasSubstr("left out"));
}

TEST(JudgeSet, NeverLowersAListedVersionThatIsNoted) {
  Victim victim;
  Trust trust = loaded(victim, victim.now);
  ASSERT_EQ(trust.floors.listed.at("targets.json"), 5);
  trust.floors.listed["targets.json"] = 7;
  judge_set(trust, {victim.now});
  EXPECT_EQ(trust.floors.listed.at("targets.json"), 7);
}

// Root 2 after the loaded root 1, with these signers and this threshold of the timestamp.
Trust stepped(const tuf::test::RolePlan& before, const tuf::test::RolePlan& after, tuf::FileBytes timestamp) {
  Victim victim;
  RootPlan plan = victim.root;
  plan.timestamp = before;
  Trust trust = trust_first(tuf::test::root_file(plan)).value();
  plan.version = 2, plan.timestamp = after;
  trust.floors.timestamp = 5;
  trust.generation = {timestamp, victim.stored("snapshot.json"), victim.stored("targets.json")};
  trust.floors.stored_timestamp = timestamp;
  step_to(trust, tuf::next_root(trust.root, tuf::test::root_file(plan)).value());
  return trust;
}

TEST(StepTo, ForgetsWhatMeetsItsThresholdNoMore) {
  const Bytes by_one = Victim().stored("timestamp.json");
  EXPECT_EQ(stepped({{4, 6}, 1}, {{4, 6}, 2}, by_one).floors.timestamp, 0);
  EXPECT_EQ(stepped({{4, 6}, 1}, {{4, 6}, 1}, by_one).floors.timestamp, 5);
}

TEST(StepTo, KeepsFloorsOfADamagedFileWhenNoThresholdRises) {
  EXPECT_EQ(stepped({{4, 6}, 1}, {{4, 6}, 1}, Bytes("{}")).floors.timestamp, 5);
  EXPECT_EQ(stepped({{4}, 1}, {{4, 6}, 1}, Bytes("{}")).floors.timestamp, 5);
}

}  // namespace
}  // namespace rota::client
