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

TEST(LoadTrust, NotesTheProvisionedRootsThatTheStoreLacks) {
  RootPlan plan = Victim().root;
  RootFiles roots{{1, tuf::test::root_file(plan)}};
  EXPECT_THAT(unsaved_with(roots), testing::IsEmpty());
  for (plan.version = 2; plan.version <= 3; ++plan.version) roots[plan.version] = tuf::test::root_file(plan);
  EXPECT_THAT(unsaved_with(roots), testing::ElementsAre(2, 3));
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

}  // namespace
}  // namespace rota::client
