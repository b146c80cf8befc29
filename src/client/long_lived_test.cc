// One client over many refreshes in one process, with each kind of store: what is in memory and what is stored move on together.
#include <gmock/gmock.h>

#include "client/repository_for_test.h"
#include "client/root_walk.h"
#include "sim/memory_store.h"
#include "sim/tuf_server.h"

namespace rota::client {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Keeps = TrustStore::Keeps;

class LongLived : public testing::TestWithParam<Keeps> {
 protected:
  LongLived() {
    repository.publish_root(root_plan());
    repository.publish(SetPlan());
    const Bytes root = repository.metadata("1.root.json");
    if (GetParam() == Keeps::files) {
      FolderStore::init(files, kFolder, root).value();
      store = FolderStore::open(files, kFolder).value();
    } else {
      store = std::make_unique<sim::MemoryStore>(root);
    }
    trust.emplace(reloaded());
  }
  Status refresh(Time now = kNow) {
    repository.requests.clear();
    auto wish = policy();
    wish.now = now;
    return client::refresh(repository, *store, *trust, wish);
  }
  Trust reloaded(Time now = kNow) { return load_trust(*store, {}, {now}).value(); }

  sim::CrashFiles files;  // outlives the store's lock on it
  Repository repository;
  std::unique_ptr<TrustStore> store;
  std::optional<Trust> trust;
};
INSTANTIATE_TEST_SUITE_P(Store, LongLived, testing::Values(Keeps::files, Keeps::sets),
                         [](const auto& keeps) { return keeps.param == Keeps::files ? "files" : "sets"; });

TEST_P(LongLived, AsksForTwoFilesWhenNothingIsNew) {
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(versions_of(*trust), (Versions{1, 1, 1, 1}));
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_EQ(trust->floors.stored_timestamp, trust->generation.timestamp);
  EXPECT_EQ(versions_of(reloaded()), (Versions{1, 1, 1, 1}));
  repository.publish({.timestamp = 2, .snapshot = 2});
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json", "2.snapshot.json"));
  EXPECT_EQ(versions_of(*trust), (Versions{1, 2, 2, 1}));
}

TEST_P(LongLived, NotesATimestampWhoseSnapshotIsNotThere) {
  ASSERT_TRUE(refresh().ok());
  repository.publish({.timestamp = 2, .snapshot = 5});
  repository.statuses["metadata/5.snapshot.json"] = 404;
  EXPECT_EQ(refresh().error().fault, Fault::unavailable);
  EXPECT_EQ(trust->set.has_value(), GetParam() == Keeps::sets) << "the old set is in use until the new one is whole";
  EXPECT_EQ(trust->generation.timestamp, reloaded().generation.timestamp);
  for (const Trust& held : {std::move(*trust), reloaded()}) {
    EXPECT_EQ(held.floors.timestamp, 2);
    EXPECT_EQ(held.floors.snapshot, 5);
    EXPECT_EQ(held.floors.stored_timestamp, held.generation.timestamp);
  }
  trust.emplace(reloaded());
  repository.publish({.timestamp = 3, .snapshot = 4});
  EXPECT_THAT(refresh().error().what, HasSubstr("want at least 5, got 4"));
  repository.publish({.timestamp = 3, .snapshot = 5});
  repository.statuses.clear();
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(versions_of(*trust), (Versions{1, 3, 5, 1}));
  EXPECT_EQ(versions_of(reloaded()), (Versions{1, 3, 5, 1}));
}

TEST_P(LongLived, GoesOnWithTheSameTimestampOnceItsSnapshotIsThere) {
  ASSERT_TRUE(refresh().ok());
  repository.publish({.timestamp = 2, .snapshot = 2});
  repository.statuses["metadata/2.snapshot.json"] = 503;
  EXPECT_FALSE(refresh().ok());
  repository.statuses.clear();
  ASSERT_TRUE(refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json", "2.snapshot.json"));
  EXPECT_EQ(versions_of(*trust), (Versions{1, 2, 2, 1}));
}

TEST_P(LongLived, NotesASnapshotWhoseTargetsAreNotThere) {
  ASSERT_TRUE(refresh().ok());
  repository.publish({.timestamp = 2, .snapshot = 2, .targets = {.seeds = {2}, .version = 2}});
  repository.statuses["metadata/2.targets.json"] = 404;
  EXPECT_EQ(refresh().error().fault, Fault::unavailable);
  EXPECT_EQ(trust->generation.timestamp, reloaded().generation.timestamp);
  EXPECT_EQ(trust->generation.snapshot, reloaded().generation.snapshot);
  EXPECT_EQ(trust->generation.targets, reloaded().generation.targets);
  for (const Trust& held : {std::move(*trust), reloaded()}) {
    EXPECT_EQ(held.floors.snapshot, 2);
    EXPECT_EQ(held.floors.listed, (std::map<std::string, tuf::Version>{{"targets.json", 2}}));
  }
  trust.emplace(reloaded());
  repository.publish({.timestamp = 3, .snapshot = 3});
  EXPECT_THAT(refresh().error().what, HasSubstr("targets.json"));
  repository.publish({.timestamp = 4, .snapshot = 4, .targets = {.seeds = {2}, .version = 2}});
  repository.statuses.clear();
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(versions_of(reloaded()), (Versions{1, 4, 4, 2}));
}

TEST_P(LongLived, UsesTheNewSetWhenTheOldOneHasExpired) {
  const Time later = kNow + days(300);
  const char* const fresh = "2101-06-01T00:00:00Z";
  ASSERT_TRUE(refresh().ok());
  trust.emplace(reloaded(later));
  ASSERT_TRUE(trust->expired.has_value());
  EXPECT_EQ(refresh(later).error().fault, Fault::expired);
  auto plan = root_plan(2);
  plan.expires = fresh;
  repository.publish_root(plan);
  repository.publish({.timestamp = 2, .snapshot = 2, .targets = {.seeds = {2}, .version = 2, .expires = fresh},
                      .timestamp_expires = fresh, .snapshot_expires = fresh});
  ASSERT_TRUE(refresh(later).ok());
  EXPECT_TRUE(trust->has_valid_set());
}

TEST_P(LongLived, TakesALengthOfNothingForWhatItSays) {
  Json timestamp = tuf::test::head(tuf::Role::timestamp, 1, kFresh, tuf::Dialect::tuf);
  timestamp["meta"]["snapshot.json"] = Json(Json::Object{{"version", 1}, {"length", 0}});
  repository.metadata("timestamp.json") = tuf::test::signed_file(timestamp, {4}, tuf::Dialect::tuf);
  EXPECT_THAT(refresh().error().what, HasSubstr("snapshot: length: want 0"));
}

// The floor of targets is of the uptane dialect alone: in the other the snapshot says what is too old.
TEST(TargetsFloor, IsOfTheUptaneDialect) {
  for (const auto dialect : {tuf::Dialect::uptane, tuf::Dialect::tuf}) {
    sim::TufServer server;
    auto plan = root_plan();
    plan.dialect = dialect;
    server.publish_root(plan);
    sim::TufServer::Set set;
    set.dialect = dialect;
    server.publish(set);
    auto wish = policy();
    wish.metadata_url = sim::TufServer::kMetadata;
    for (const Keeps keeps : {Keeps::files, Keeps::sets}) {
      sim::CrashFiles files;
      std::unique_ptr<TrustStore> store = std::make_unique<sim::MemoryStore>(tuf::test::root_file(plan));
      if (keeps == Keeps::files) {
        FolderStore::init(files, kFolder, tuf::test::root_file(plan)).value();
        store = FolderStore::open(files, kFolder).value();
      }
      auto trust = load_trust(*store, {}, wish.view()).value();
      ASSERT_TRUE(client::refresh(server, *store, trust, wish).ok());
      const tuf::Version floor = dialect == tuf::Dialect::uptane ? 5 : 0;
      EXPECT_EQ(trust.floors.targets, floor);
      EXPECT_EQ(load_trust(*store, {}, wish.view())->floors.targets, floor);
    }
  }
}

// Commits of roots.
class Commits : public testing::Test {
 protected:
  Commits() {
    put(1);
    store.emplace(repository.metadata("1.root.json"));
    trust.emplace(load_trust(*store, {}, {kNow}).value());
  }
  // A root file of exactly that many bytes.
  void put(tuf::Version version, std::size_t size = 32'768) {
    Json body = tuf::test::root_body(root_plan(version));
    body["x-note"] = "";
    const std::size_t without = tuf::test::signed_file(body, {1}, tuf::Dialect::tuf).size();
    body["x-note"] = std::string(size - without, 'x');
    repository.metadata(std::to_string(version) + ".root.json") = tuf::test::signed_file(body, {1}, tuf::Dialect::tuf);
  }
  Status walk(Limits limits = {}) {
    repository.requests.clear();
    store->commits.clear();
    return walk_roots(MetadataFolder(repository, kUrl), *store, *trust, limits);
  }
  Repository repository;
  std::optional<sim::MemoryStore> store;
  std::optional<Trust> trust;
};

TEST_F(Commits, AreOnePerRootThatIsAskedForAlone) {
  for (tuf::Version version = 2; version <= 4; ++version) put(version);
  ASSERT_TRUE(walk().ok());
  EXPECT_THAT(store->commits, ElementsAre(1, 1, 1));
  EXPECT_THAT(trust->unsaved, IsEmpty());
  ASSERT_TRUE(walk().ok());
  ASSERT_TRUE(save_chain(*store, *trust).ok());
  EXPECT_THAT(store->commits, IsEmpty()) << "nothing is owed";
}

TEST_F(Commits, OfAChainHoldNoMoreThanOneLargeRoot) {
  for (tuf::Version version = 2; version <= 7; ++version) put(version);
  put(8, 32'769);
  repository.publish_root_chain(3, 8);
  ASSERT_TRUE(walk().ok());
  EXPECT_THAT(store->commits, ElementsAre(1, 2, 2, 1, 1)) << "64 KiB at most";
  EXPECT_EQ(store->root_versions()->size(), 8u);
  EXPECT_EQ(store->load()->under, 8);
}

TEST_F(Commits, EndWhereTheWalkMustPause) {
  for (tuf::Version version = 2; version <= 4; ++version) put(version);
  EXPECT_EQ(walk({.roots_per_refresh = 2}).error().fault, Fault::unavailable);
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "3.root.json"));
  EXPECT_TRUE(walk({.roots_per_refresh = 2}).ok());
  EXPECT_EQ(trust->root->version, 4);
}

// A small file is soon there or not at all; a large one may take its time.
TEST(MetadataFolder, WaitsByTheLengthThatIsAllowed) {
  struct Clerk final : Fetcher {
    Result<FetchReply> fetch(const FetchRequest& request) override { return waited = request.timeout, FetchReply{404, {}, ""}; }
    Seconds waited{0};
  } clerk;
  const MetadataFolder folder(clerk, kUrl);
  for (const auto& [most, wanted] : {std::pair(1u, 15), {65'536u, 15}, {65'537u, 300}}) {
    EXPECT_EQ(folder.get("x", most).error().fault, Fault::not_found);
    EXPECT_EQ(clerk.waited, Seconds(wanted)) << most;
  }
}

TEST(FileNameIn, IsPlainInTheUptaneDialectWhateverItsRootSays) {
  Json body = tuf::test::root_body({});
  body["consistent_snapshot"] = true;
  EXPECT_EQ(file_name_in(tuf::read_root_body(body).value(), "targets", 3), "targets.json");
}

TEST(TrustFirst, OwesItsRootToTheStore) {
  sim::MemoryStore store;
  auto trust = trust_first(tuf::test::root_file(root_plan())).value();
  EXPECT_EQ(versions_of(trust), (Versions{1, 0, 0, 0}));
  EXPECT_FALSE(trust.has_valid_set());
  ASSERT_TRUE(save_chain(store, trust).ok());
  EXPECT_THAT(store.commits, ElementsAre(1));
  EXPECT_EQ(store.root(1).value(), tuf::test::root_file(root_plan()));
}

}  // namespace
}  // namespace rota::client
