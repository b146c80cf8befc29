#include "client/refresh.h"

#include <gmock/gmock.h>

#include "client/repository_for_test.h"

namespace rota::client {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RefreshTest : public testing::Test {
 protected:
  RefreshTest() { repository.publish(SetPlan()); }
  void settle() {
    ASSERT_TRUE(client.refresh().ok());
    repository.requests.clear();
  }
  Repository repository;
  Client client{repository};
};

TEST_F(RefreshTest, AsksForWhatTheWorkflowNeedsAndKeepsItByteForByte) {
  repository.metadata("timestamp.json") += " ";
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"));
  EXPECT_THAT(client.names(), ElementsAre("root.json", "snapshot.json", "targets.json", "timestamp.json"));
  EXPECT_EQ(client.file("root.json"), repository.metadata("1.root.json"));
  EXPECT_EQ(client.file("timestamp.json"), repository.metadata("timestamp.json"));
  EXPECT_EQ(client.file("snapshot.json"), repository.metadata("1.snapshot.json"));
  EXPECT_EQ(client.file("targets.json"), repository.metadata("1.targets.json"));
}

TEST_F(RefreshTest, AsksForTwoFilesWhenNothingIsNew) {
  settle();
  const auto before = client.everything();
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_EQ(client.everything(), before);
}

TEST_F(RefreshTest, AsksOnlyForWhatIsNew) {
  settle();
  repository.publish({.timestamp = 2});
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.take_requests(), ElementsAre("2.root.json", "timestamp.json"));
  repository.publish({.timestamp = 3, .snapshot = 2});
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.take_requests(), ElementsAre("2.root.json", "timestamp.json", "2.snapshot.json"));
}

TEST_F(RefreshTest, AsksForPlainNamesWithoutConsistentSnapshots) {
  Json body = tuf::test::root_body(root_plan(2));
  body["consistent_snapshot"] = false;
  repository.metadata("2.root.json") = tuf::test::signed_file(body, {1}, tuf::Dialect::tuf);
  repository.metadata("snapshot.json") = repository.metadata("1.snapshot.json");
  repository.metadata("targets.json") = repository.metadata("1.targets.json");
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.requests,
              ElementsAre("2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json"));
}

TEST_F(RefreshTest, KeepsEachFileAsSoonAsItIsAcceptedAndNothingThatIsRefused) {
  struct Row {
    const char* name;
    SetPlan plan;
    std::vector<std::string> kept;
  };
  const Row rows[] = {
      {"timestamp", {.timestamp_keys = {14}}, {"root.json"}},
      {"snapshot", {.snapshot_keys = {13}}, {"root.json", "timestamp.json"}},
      {"targets", {.targets = {.seeds = {12}}}, {"root.json", "snapshot.json", "timestamp.json"}},
      {"expired timestamp", {.timestamp_expires = kPast}, {"root.json"}},
      {"expired snapshot", {.snapshot_expires = kPast}, {"root.json", "timestamp.json"}},
      {"expired targets", {.targets = {.seeds = {2}, .expires = kPast}}, {"root.json", "snapshot.json", "timestamp.json"}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Repository other;
    Client fresh(other);
    other.publish(row.plan);
    EXPECT_FALSE(fresh.refresh().ok());
    EXPECT_EQ(fresh.names(), row.kept);
  }
}

TEST_F(RefreshTest, LeavesTheStoreByteIdenticalWhenTheFirstNewFileIsRefused) {
  settle();
  const auto before = client.everything();
  struct Row {
    const char* name;
    SetPlan plan;
    Fault fault;
  };
  const Row rows[] = {
      {"foreign key", {.timestamp = 2, .timestamp_keys = {14}}, Fault::rejected},
      {"expired", {.timestamp = 2, .timestamp_expires = kPast}, Fault::expired},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    repository.publish(row.plan);
    EXPECT_EQ(client.refresh().error().fault, row.fault);
    EXPECT_EQ(client.everything(), before);
  }
}

TEST_F(RefreshTest, KeepsTheStoredTimestampForAnEqualVersion) {
  settle();
  const auto before = client.everything();
  repository.publish({.timestamp = 1, .snapshot = 100});
  EXPECT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_EQ(client.everything(), before);
}

TEST_F(RefreshTest, UpdatesFromStoredFilesThatHaveExpired) {
  settle();
  repository.publish({.timestamp = 3,
                      .snapshot = 3,
                      .targets = {.seeds = {2}, .version = 3, .expires = "2101-06-01T00:00:00Z"},
                      .timestamp_expires = "2101-06-01T00:00:00Z",
                      .snapshot_expires = "2101-06-01T00:00:00Z"});
  auto plan = root_plan(2);
  plan.expires = "2101-06-01T00:00:00Z";
  repository.publish_root(plan);
  const Time later = kNow + days(300);
  EXPECT_TRUE(client.refresh_at(later).ok());
  repository.publish({.timestamp = 2, .timestamp_expires = "2101-06-01T00:00:00Z"});
  EXPECT_THAT(client.refresh_at(later).error().what, HasSubstr("timestamp: version: want at least 3, got 2"));
}

TEST_F(RefreshTest, RefusesASnapshotBelowTheOneThatAnEarlierTimestampNamed) {  // TUF 5.4.3.2
  settle();
  repository.publish({.timestamp = 2, .snapshot = 5});
  repository.statuses["metadata/5.snapshot.json"] = 404;
  EXPECT_EQ(client.refresh().error().fault, Fault::unavailable);
  repository.publish({.timestamp = 3, .snapshot = 4});
  EXPECT_THAT(client.refresh().error().what, HasSubstr("version of snapshot: want at least 5, got 4"));
}

TEST_F(RefreshTest, RecoversFromFastForwardedTargetsWithNewSnapshotKeys) {  // TUF 5.3.11
  repository.publish({.snapshot = 100, .targets = {.seeds = {2}, .version = 100}});
  settle();
  auto plan = root_plan(2);
  plan.snapshot.seeds = {7};
  repository.publish_root(plan);
  repository.publish({.timestamp = 2, .snapshot = 1, .targets = {.seeds = {2}, .version = 1}, .snapshot_keys = {7}});
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_EQ(client.trust().set->targets->version, 1);
}

TEST_F(RefreshTest, RefusesAReplayAfterARotationThatKeptTheKeys) {
  repository.publish({.timestamp = 5, .snapshot = 5, .targets = {.seeds = {2}, .version = 5}});
  settle();
  repository.publish_root(root_plan(2));
  repository.publish({.timestamp = 4, .snapshot = 5, .targets = {.seeds = {2}, .version = 5}});
  EXPECT_EQ(client.refresh().error().fault, Fault::rejected);
  EXPECT_EQ(client.trust().root->version, 2);
  EXPECT_EQ(client.trust().set->timestamp->version, 5);
}

TEST_F(RefreshTest, NeverTakesAFailureForAbsence) {
  settle();
  const auto before = client.everything();
  for (const int status : {204, 301, 304, 400, 401, 403, 410, 429, 500, 503}) {
    SCOPED_TRACE(status);
    repository.statuses["metadata/2.root.json"] = status;
    const Fault fault = client.refresh().error().fault;
    EXPECT_EQ(fault, status == 401 || status == 403 ? Fault::denied : Fault::unavailable);
    EXPECT_THAT(repository.take_requests(), ElementsAre("2.root.json"));
  }
  EXPECT_EQ(client.everything(), before);
}

TEST_F(RefreshTest, KeepsAnExpiredRootAndGoesNoFurther) {  // TUF 5.3.8, 5.3.10
  settle();
  auto plan = root_plan(2);
  plan.expires = kPast;
  repository.publish_root(plan);
  EXPECT_EQ(client.refresh().error().fault, Fault::expired);
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "3.root.json"));
  EXPECT_EQ(client.file("root.json"), repository.metadata("2.root.json"));
  repository.publish_root(root_plan(3));
  EXPECT_TRUE(client.refresh().ok());
}

TEST_F(RefreshTest, NeverAsksForMoreThanItMayHave) {
  repository.metadata("timestamp.json") = Bytes(20'000, ' ');
  EXPECT_EQ(client.refresh().error().fault, Fault::rejected);
  repository.publish({});
  EXPECT_EQ(client.refresh({.timestamp = 100}).error().fault, Fault::rejected);
  repository.metadata("1.snapshot.json") += " ";
  EXPECT_THAT(client.refresh().error().what, HasSubstr("longer than asked for")) << "the timestamp gives the length";
}

TEST_F(RefreshTest, DropsStoredFilesThatNoLongerVerify) {
  settle();
  for (const char* name : {"timestamp.json", "snapshot.json", "targets.json"}) {
    SCOPED_TRACE(name);
    const Bytes whole = client.file(name);
    Bytes edited = whole;
    edited.replace(edited.find("2100"), 4, "2199");
    ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/" + name, edited, 0644).ok());
    const Trust trust = client.trust();
    EXPECT_FALSE(trust.set.has_value());
    EXPECT_FALSE(trust.expired.has_value());
    EXPECT_THAT(trust.notices, ElementsAre(HasSubstr("left out")));
    EXPECT_EQ(trust.floors.stored_timestamp, trust.generation.timestamp);
    EXPECT_TRUE(client.refresh().ok());
    EXPECT_EQ(client.file(name), whole);
  }
}

TEST_F(RefreshTest, SaysWhatChanged) {
  EXPECT_EQ(difference({1, 0, 0, 0}, {1, 5, 5, 5}), "timestamp: 0 -> 5; snapshot: 0 -> 5; targets: 0 -> 5");
  EXPECT_EQ(difference({1, 5, 5, 5}, {2, 5, 5, 5}), "root: 1 -> 2");
  EXPECT_EQ(difference({1, 5, 5, 5}, {1, 5, 5, 5}), "");
}

}  // namespace
}  // namespace rota::client
