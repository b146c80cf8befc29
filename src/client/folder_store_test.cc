#include "client/folder_store.h"

#include "client/repository_for_test.h"
#include "sim/trust_store_contract.h"

namespace rota::sim {
namespace {

class FolderWorld {
 public:
  std::unique_ptr<client::TrustStore> open() { return client::FolderStore::open(files_, "/trust", Seconds(0)).value(); }

 private:
  CrashFiles files_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Folder, TrustStoreContract, FolderWorld);

}  // namespace
}  // namespace rota::sim

namespace rota::client {
namespace {

using namespace test;
using testing::AnyOf;
using testing::ElementsAre;
using testing::IsSubsetOf;

class FolderStoreTest : public testing::Test {
 protected:
  FolderStoreTest() { repository.publish(SetPlan()); }
  Repository repository;
  Client client{repository};
};

TEST_F(FolderStoreTest, StartsFromAFolderThatHoldsOnlyARoot) {
  sim::CrashFiles files;
  ASSERT_TRUE(files.make_folder("/d", 0755).ok());
  ASSERT_TRUE(files.create("/d/root.json", repository.metadata("1.root.json"), 0644).ok());
  const auto store = FolderStore::open(files, "/d").value();
  EXPECT_THAT(store->root_versions().value(), ElementsAre(1));
  EXPECT_EQ(load_trust(*store, {}, policy().view())->root->version, 1);
}

TEST_F(FolderStoreTest, RefusesARootFileThatIsNone) {
  for (const char* text : {"{}", "", "<html>"}) {
    SCOPED_TRACE(text);
    sim::CrashFiles files;
    ASSERT_TRUE(files.make_folder("/d", 0755).ok());
    ASSERT_TRUE(files.create("/d/root.json", text, 0644).ok());
    const auto store = FolderStore::open(files, "/d").value();
    const Fault fault = load_trust(*store, {}, policy().view()).error().fault;
    EXPECT_EQ(fault, *text == '\0' ? Fault::not_found : Fault::rejected);
  }
}

TEST_F(FolderStoreTest, BelongsToOneClientAtATime) {
  auto first = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  EXPECT_EQ(FolderStore::open(client.files, kFolder, Seconds(0)).error().fault, Fault::conflict);
  EXPECT_EQ(client.refresh().error().fault, Fault::conflict);
  first.reset();
  EXPECT_TRUE(client.refresh().ok());
}

TEST_F(FolderStoreTest, KeepsOddRoleNamesInsideTheFolder) {
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  for (const char* role : {"?", "#", "/delegated", "../delegated", ".", ".."})
    ASSERT_TRUE(store->keep_delegated(role, "x").ok());
  EXPECT_THAT(client.names(), ElementsAre("%23.json", "%2Fdelegated.json", "%3F.json", "..%2Fdelegated.json", "...json",
                                          "..json", "root.json"));
  EXPECT_EQ(store->keep_delegated("timestamp", "x").error().fault, Fault::rejected);
}

TEST_F(FolderStoreTest, InitForgetsAnotherRepository) {
  repository.publish_roots(3);
  ASSERT_TRUE(client.refresh().ok());
  auto plan = root_plan(7);
  plan.root.seeds = {9};
  const Bytes root = tuf::test::root_file(plan);
  const auto before = client.everything();
  EXPECT_FALSE(FolderStore::init(client.files, kFolder, tuf::test::root_file(plan, {8})).ok());
  EXPECT_EQ(client.everything(), before);
  ASSERT_TRUE(FolderStore::init(client.files, kFolder, root).ok());
  EXPECT_THAT(client.names(), ElementsAre("root.json"));
  EXPECT_EQ(client.trust().root->version, 7);
}

TEST_F(FolderStoreTest, ShowsTheNewestRootAgainWhenSomebodyEditedIt) {
  repository.publish_roots(3);
  ASSERT_TRUE(client.refresh().ok());
  const auto before = client.everything();
  for (const Bytes& edited : {Bytes("{}"), client.file("history/1.root.json"), client.file("root.json") + "\n"}) {
    ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/root.json", edited, 0644).ok());
    EXPECT_EQ(client.trust().root->version, 3);
    EXPECT_TRUE(client.refresh().ok());
    EXPECT_EQ(client.everything(), before);
  }
}

// The power goes after every step of a refresh that brings two roots, new timestamp keys and a new set; what is there
// afterwards is what the workflow leaves at some point, and the next refresh completes it.
class FolderPowerCut : public testing::Test {
 protected:
  void cut_everywhere(const std::function<void()>& look) {
    for (int steps = 0;; ++steps) {
      SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
      Repository repository;
      Client client(repository);
      begin(repository, client);
      client.files.cut_after(steps);
      const bool done = client.refresh().ok();
      const bool was_cut = client.files.was_cut();
      EXPECT_EQ(done, !was_cut);
      client.files.restart();
      judge(repository, client);
      look();
      if (HasFailure() || !was_cut) return;
      ASSERT_LT(steps, 1000);
    }
  }
  void begin(Repository& repository, Client& client) {
    repository.publish({.timestamp = 7, .snapshot = 7});
    ASSERT_TRUE(client.refresh().ok());
    auto plan = root_plan(2);
    plan.timestamp.seeds = {6};
    repository.publish_root(plan);
    plan.version = 3;
    repository.publish_root(plan);
    repository.publish({.timestamp = 2, .snapshot = 8, .targets = {.seeds = {2}, .version = 2}, .timestamp_keys = {6}});
  }
  void judge(Repository& repository, Client& client) {
    EXPECT_THAT(client.names(), IsSubsetOf({"root.json", "timestamp.json", "snapshot.json", "targets.json"}));
    const auto trust = client.trust();
    EXPECT_THAT(trust.notices, testing::IsEmpty());
    EXPECT_THAT(trust.root->version, AnyOf(1, 2, 3));
    EXPECT_EQ(trust.floors.timestamp > 2, trust.root->version == 1) << "the floor goes with its key, and only with it";
    EXPECT_TRUE(client.refresh().ok());
    EXPECT_TRUE(client.file("root.json") == repository.metadata("3.root.json"));
    EXPECT_TRUE(client.file("timestamp.json") == repository.metadata("timestamp.json"));
    EXPECT_EQ(client.trust().set->targets->version, 2);
  }
};

TEST_F(FolderPowerCut, LeavesWhatTheWorkflowLeaves) {
  int cuts = 0;
  cut_everywhere([&] { ++cuts; });
  EXPECT_GT(cuts, 30);
}

}  // namespace
}  // namespace rota::client
