#include "client/folder_store.h"

#include <filesystem>

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
using Lost = sim::CrashFiles::Lost;
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

TEST_F(FolderStoreTest, NamesALongRoleByItsHash) {
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  const std::string longest(240, 'r'), longer(241, 'r');
  ASSERT_TRUE(store->keep_delegated(longest, "x").ok());
  ASSERT_TRUE(store->keep_delegated(longer, "y").ok());
  EXPECT_THAT(client.names(),
              testing::UnorderedElementsAre(longest + ".json", crypto::sha256_hex(longer) + ".json", "root.json"));
}

TEST_F(FolderStoreTest, TakesNoOtherFileOfItsHistoryForARoot) {
  repository.publish_roots(3);
  ASSERT_TRUE(client.refresh().ok());
  for (const char* name : {"123", "0.root.json", "x.root.json", "-1.root.json", ".root.json", "4.root.json.new~"})
    ASSERT_TRUE(client.files.create(std::string(kFolder) + "/history/" + name, "x", 0644).ok());
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  EXPECT_THAT(store->root_versions().value(), ElementsAre(1, 2, 3));
}

TEST_F(FolderStoreTest, WritesOverWhatACutLeft) {
  repository.publish_roots(2);
  ASSERT_TRUE(client.files.create(std::string(kFolder) + "/history/2.root.json.new~", "x", 0644).ok());
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_EQ(client.file("history/2.root.json"), repository.metadata("2.root.json"));
}

TEST_F(FolderStoreTest, ShowsNoRootThatIsGone) {
  repository.publish_roots(2);
  ASSERT_TRUE(client.refresh().ok());
  ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/history/2.root.json", "", 0644).ok());
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  ASSERT_TRUE(store->accept_roots({}, {{}, {}, 2}).ok());
  EXPECT_EQ(client.file("root.json"), repository.metadata("2.root.json"));
}

// Nor after a power cut that lost the removals alone.
TEST_F(FolderStoreTest, ShowsNoRootBesideAFileThatItClears) {
  repository.publish_roots(2);
  const Bytes next = std::exchange(repository.metadata("2.root.json"), Bytes());
  repository.files.erase("metadata/2.root.json");
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
    Client one(repository);
    ASSERT_TRUE(one.refresh().ok());
    auto store = FolderStore::open(one.files, kFolder, Seconds(0)).value();
    Stored left = store->load().value();
    left.generation.timestamp = left.generation.snapshot = {};
    left.under = 2;
    one.files.cut_after(steps);
    const bool done = store->accept_roots(std::array{AcceptedRoot{2, next}}, left).ok();
    store.reset();
    one.files.restart(Lost::removals);
    if (one.file("root.json") == next) {
      EXPECT_THAT(one.names(), ElementsAre("root.json", "targets.json"));
    }
    if (done || HasFailure()) break;
  }
}

// A cut between the history and root.json.
TEST_F(FolderStoreTest, KeepsTheSetUnderARootThatWasNotShownYet) {
  repository.publish_roots(2);
  ASSERT_TRUE(client.refresh().ok());
  const std::string root = std::string(kFolder) + "/root.json";
  ASSERT_TRUE(replace_file(client.files, root, repository.metadata("1.root.json"), 0644).ok());
  const auto trust = client.trust();
  EXPECT_EQ(trust.root->version, 2);
  EXPECT_TRUE(trust.has_valid_set());
}

TEST_F(FolderStoreTest, SpeaksOfTheRootThatItShowedLast) {
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  ASSERT_EQ(store->load()->under, 1);
  repository.publish_roots(2);
  ASSERT_TRUE(store->accept_roots(std::array{AcceptedRoot{2, repository.metadata("2.root.json")}}, {{}, {}, 2}).ok());
  EXPECT_EQ(store->load()->under, 2);
}

TEST_F(FolderStoreTest, ReadsTheOnlyRootAtOnce) {
  EXPECT_EQ(FolderStore::open(client.files, kFolder).value()->root(1).value(), repository.metadata("1.root.json"));
}

// What cannot be read is not taken for what is not there.
TEST_F(FolderStoreTest, SaysWhenTheDiskFails) {
  std::string folder = testing::TempDir() + "store-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  PosixFiles files;
  for (const char* name : {"timestamp.json", "root.json", "history/clock", "a.json"}) {
    SCOPED_TRACE(name);
    const std::string path = folder + "/" + name;
    ASSERT_TRUE(FolderStore::init(files, folder, repository.metadata("1.root.json")).ok());
    auto store = FolderStore::open(files, folder).value();
    ASSERT_TRUE(store->accept_roots(std::array{AcceptedRoot{1, repository.metadata("1.root.json")}}, {{}, {}, 1}).ok());
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);  // reading it fails
    store.reset();
    store = FolderStore::open(files, folder).value();
    EXPECT_EQ(store->load().ok(), std::string_view(name) == "a.json" || std::string_view(name) == "history/clock");
    EXPECT_EQ(store->clock_floor().ok(), std::string_view(name) != "history/clock");
    EXPECT_EQ(store->delegated("a").error().fault, std::string_view(name) == "a.json" ? Fault::io : Fault::not_found);
    std::filesystem::remove(path);
  }
  std::filesystem::remove_all(folder);
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
  ASSERT_TRUE(FolderStore::open(client.files, kFolder).value()->set_clock_floor(kNow).ok());
  ASSERT_TRUE(client.files.create(std::string(kFolder) + "/notes.txt", "mine", 0644).ok());
  ASSERT_TRUE(FolderStore::init(client.files, kFolder, root).ok());
  EXPECT_THAT(client.names(), ElementsAre("root.json"));
  EXPECT_EQ(client.file("notes.txt"), "mine");
  EXPECT_EQ(client.trust().root->version, 7);
  EXPECT_EQ(FolderStore::open(client.files, kFolder).value()->clock_floor().value(), std::nullopt);
}

// At any power cut it is still the old repository, shorter perhaps, or the new one and nothing else.
TEST_F(FolderStoreTest, InitMixesNoTwoRepositoriesWhereverItIsCut) {
  repository.publish_roots(3);
  auto plan = root_plan(7);
  plan.root.seeds = {9};
  const Bytes next = tuf::test::root_file(plan);
  for (int cut = 0;; ++cut) {  // each step twice: all is lost that was not synced, or the removals alone
    SCOPED_TRACE("cut after " + std::to_string(cut / 2) + " steps");
    Client old(repository);
    ASSERT_TRUE(old.refresh().ok());
    old.files.cut_after(cut / 2);
    const bool done = FolderStore::init(old.files, kFolder, next).ok();
    old.files.restart(cut % 2 == 0 ? Lost::everything : Lost::removals);
    if (old.file("root.json") == next) {
      EXPECT_THAT(old.names(), ElementsAre("root.json"));
      EXPECT_EQ(old.everything().size(), 1u);
    } else {
      EXPECT_FALSE(done);
      EXPECT_THAT(old.trust().root->version, AnyOf(1, 2, 3));
    }
    if (done || HasFailure()) break;
  }
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
  void cut_everywhere(Lost lost, const std::function<void()>& look) {
    for (int steps = 0;; ++steps) {
      SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
      Repository repository;
      Client client(repository);
      begin(repository, client);
      client.files.cut_after(steps);
      const bool done = client.refresh().ok();
      const bool was_cut = client.files.was_cut();
      EXPECT_EQ(done, !was_cut);
      client.files.restart(lost);
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
  for (const Lost lost : {Lost::everything, Lost::removals}) {
    int cuts = 0;
    cut_everywhere(lost, [&] { ++cuts; });
    EXPECT_GT(cuts, 30);
  }
}

}  // namespace
}  // namespace rota::client
