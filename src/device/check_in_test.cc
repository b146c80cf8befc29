#include "device/check_in.h"

#include <gmock/gmock.h>

#include "device/device_for_test.h"
#include "tuf/root_chain.h"

namespace rota::device {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;

// A device that has seen the first set (roots 1, versions 5).
class Refresh : public testing::Test {
 protected:
  Refresh() { device.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5}); }
  void settle() {
    ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
    before = device.held();
    device.server.requests.clear();
    device.server.events.clear();
  }
  // Rolls to root 2 whose roles `change` alters; signed by both root keys.
  void rotate(const std::function<void(RootPlan&)>& change) {
    auto plan = root_plan(2);
    change(plan);
    device.server.publish_root(plan);
  }
  // The set and the roots are those of before, and the floors but for what was accepted on the way.
  void expect_kept(const std::map<std::string, std::int64_t>& raised = {}) {
    for (const auto& [role, version] : raised) before.floors[role] = version;
    EXPECT_EQ(device.held(), before);
  }
  Device device;
  Device::Held before;  // at the end of settle()
};

TEST_F(Refresh, ListsBothTargetsAndSelectsTheHighest) {  // DEV-1
  const auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::new_version);
  EXPECT_THAT(names_in(report), ElementsAre("foo-lmp-1", "foo-lmp-2"));
  EXPECT_EQ(report.json.if_array()->at(1).find("selected")->if_bool() != nullptr, true);
  EXPECT_EQ(report.json.if_array()->at(0).find("selected"), nullptr);
}

TEST_F(Refresh, AsksForTwoFilesWhenNothingIsNew) {  // DEV-1
  settle();
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(device.server.metadata_requests(), ElementsAre("2.root.json", "timestamp.json"));
  EXPECT_TRUE(device.server.events.empty());
}

TEST_F(Refresh, RefusesAFlippedByteAndStoresNothingOfIt) {  // DEV-2
  device.server.files["/repo/targets.json"].back() ^= 1;
  const auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected);
  EXPECT_THAT(names_in(report), ElementsAre());
  EXPECT_EQ(device.list().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_THAT(device.held().files, ElementsAre(Key("root 1")));
}

TEST_F(Refresh, KeepsTheStoredSetWhenANewOneIsTampered) {  // DEV-3
  settle();
  device.server.publish({.timestamp = 6, .snapshot = 6, .targets = 6, .offers = {target(9)}});
  device.server.files["/repo/targets.json"].back() ^= 1;
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_rejected_store_kept);
  expect_kept({{"timestamp", 6}, {"snapshot", 6}, {"targets.json", 6}});
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
  EXPECT_EQ(device.pull().outcome.exit, Exit::ok);
  EXPECT_EQ(device.install().outcome.exit, Exit::reboot_needed);
}

TEST_F(Refresh, RefusesForeignKeysAndReportsIt) {  // DEV-4
  settle();
  device.server.publish(
      {.timestamp = 6, .snapshot = 6, .targets = 6, .timestamp_keys = {14}, .snapshot_keys = {13}, .targets_keys = {12}});
  const auto report = device.update();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
  EXPECT_THAT(why(report), HasSubstr("unknown to root 1"));
  expect_kept();
  EXPECT_EQ(device.sysroot.pulls, 0);
  ASSERT_THAT(device.server.event_types(), ElementsAre("MetadataUpdateCompleted"));
  EXPECT_EQ(device.server.events[0].find("event")->boolean("success").value(), false);
}

TEST_F(Refresh, RefusesARootThatOneSideDidNotSign) {  // DEV-5
  struct Row {
    const char* name;
    Seeds signers;
    tuf::Version version;
    const char* reason;
  };
  for (const Row& row : {Row{"new key only", {5}, 2, "root 2 by the keys of root 1: 0 of 1"},
                         Row{"old key only", {1}, 2, "root 2 by its own keys: 0 of 1"},
                         Row{"version 5", {1, 5}, 5, "root: version: want 2, got 5"}}) {
    SCOPED_TRACE(row.name);
    auto plan = root_plan(row.version);
    plan.root.seeds = {5};
    device.server.files["/repo/2.root.json"] = tuf::test::root_file(plan, row.signers);
    const auto report = device.check();
    EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected);
    EXPECT_THAT(why(report), HasSubstr(row.reason));
    EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 1);
    EXPECT_THAT(device.held().files, ElementsAre(Key("root 1")));
  }
}

TEST_F(Refresh, FollowsARotationAndKeepsBothRoots) {  // DEV-6
  settle();
  auto plan = root_plan(2);
  plan.root.seeds = {5};
  plan.timestamp.seeds = {6};
  device.server.files["/repo/2.root.json"] = tuf::test::root_file(plan, {1, 5});
  device.server.publish({.timestamp = 1, .snapshot = 5, .targets = 5, .timestamp_keys = {6}});
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 2);
  auto db = open_rota_db_to_read(device.files, device.folder + "/sota").value();
  EXPECT_EQ(db->query("SELECT version FROM roots").value().size(), 2u);
}

TEST_F(Refresh, WantsOnlyTheLastRootUnexpired) {  // DEV-7
  auto expired = root_plan();
  expired.expires = kPast;
  device.provision(expired);
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_expired);
  EXPECT_THAT(device.held().files, ElementsAre(Key("root 1")));
  device.server.publish_root(root_plan(2));
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
}

TEST_F(Refresh, NeverTakesAFailureForAbsence) {  // DEV-8
  device.server.answer_with("/repo/2.root.json", 500);
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.server.metadata_requests().size(), 3u);  // tried again twice
  EXPECT_EQ(device.pauses, 2);
  device.server.mend();
  settle();
  for (const int status : {500, 503, 204, 301, 429}) {
    SCOPED_TRACE(status);
    device.server.answer_with("/repo/2.root.json", status);
    EXPECT_EQ(device.check().outcome.exit, Exit::ok_from_store);
    expect_kept();
  }
  device.server.answer_with("/repo/2.root.json", 403);
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
}

TEST_F(Refresh, GoesOnFromTheStoreWhenTheServerIsSilent) {
  settle();
  device.server.break_connections(Fault::unavailable);
  EXPECT_EQ(device.check().outcome.exit, Exit::ok_from_store);
  expect_kept();
  device.server.break_connections(Fault::denied);
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.update().outcome.exit, Exit::metadata_not_fetched);
}

TEST_F(Refresh, RefusesEveryRoleThatGoesBack) {  // DEV-9, 10, 11
  struct Row {
    const char* name;
    SetPlan plan;
    const char* reason;
    std::map<std::string, std::int64_t> raised = {};
  };
  const Row rows[] = {
      {"timestamp", {.timestamp = 4, .snapshot = 5, .targets = 5}, "timestamp: version: want at least 5, got 4"},
      {"snapshot", {.timestamp = 6, .snapshot = 4, .targets = 5}, "timestamp: version of snapshot: want at least 5, got 4"},
      {"targets",
       {.timestamp = 6, .snapshot = 6, .targets = 4},
       "snapshot: meta: targets.json: want at least 5, got 4",
       {{"timestamp", 6}, {"snapshot", 6}}},
      {"targets without hashes",
       {.timestamp = 6, .snapshot = 6, .targets = 4, .hashes = SetPlan::Hashes::left_out},
       "snapshot: meta: targets.json: want at least 5, got 4",
       {{"timestamp", 6}, {"snapshot", 6}}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Device fresh;
    fresh.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5});
    ASSERT_EQ(fresh.check().outcome.exit, Exit::new_version);
    auto held = fresh.held();
    for (const auto& [role, version] : row.raised) held.floors[role] = version;
    fresh.server.publish(row.plan);
    const auto report = fresh.check();
    EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
    EXPECT_THAT(why(report), HasSubstr(row.reason));
    EXPECT_EQ(fresh.held(), held);
  }
}

TEST_F(Refresh, RefusesAnOldSetAfterARotationThatKeptTheKeys) {  // DEV-12
  settle();
  rotate([](RootPlan&) {});
  device.server.publish({.timestamp = 3, .snapshot = 3, .targets = 3});
  const auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
  EXPECT_THAT(why(report), HasSubstr("timestamp: version: want at least 5, got 3"));
  before.files["root 2"] = tuf::test::root_file(root_plan(2));
  expect_kept();
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 2);
}

TEST_F(Refresh, RecoversFromAFastForwardOnceTheKeysAreRevoked) {  // DEV-13
  constexpr tuf::Version kMax = 2147483647;
  device.server.publish({.timestamp = kMax, .snapshot = kMax, .targets = 5});
  settle();
  rotate([](RootPlan& plan) {
    plan.timestamp.seeds = {6};
    plan.snapshot.seeds = {7};
  });
  device.server.publish(
      {.timestamp = 2, .snapshot = 2, .targets = 6, .timestamp_keys = {6}, .snapshot_keys = {7}, .offers = {target(3)}});
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-3"));
}

TEST_F(Refresh, KeepsTheOldSetWhileANewOneIsIncomplete) {  // DEV-14
  settle();
  device.server.publish({.timestamp = 6, .snapshot = 6, .targets = 6, .offers = {target(9)}});
  device.server.answer_with("/repo/snapshot.json", 404);
  const std::string sota = device.folder + "/sota", cut = device.folder + "/cut";
  device.server.when_asked = [&](const std::string& path) {
    if (path == "/repo/snapshot.json" && !std::filesystem::exists(cut)) std::filesystem::copy(sota, cut);
  };
  EXPECT_EQ(device.check().outcome.exit, Exit::ok_from_store);
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
  expect_kept({{"timestamp", 6}, {"snapshot", 6}});
  std::filesystem::remove_all(sota);  // the power went at that moment
  std::filesystem::rename(cut, sota);
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
  expect_kept();
  device.server.mend();
  device.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5});
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_rejected_store_kept) << "the floor rose with the timestamp";
}

TEST_F(Refresh, RefusesExpiredMetadataAndKeepsTheStore) {  // DEV-15
  device.server.publish({.timestamp_expires = kPast});
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_expired);
  device.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5});
  settle();
  struct Row {
    const char* name;
    SetPlan plan;
    std::map<std::string, std::int64_t> raised;
  };
  for (const Row& row :
       {Row{"timestamp", {.timestamp = 6, .snapshot = 5, .targets = 5, .timestamp_expires = kPast}, {}},
        Row{"snapshot",
            {.timestamp = 6, .snapshot = 6, .targets = 5, .snapshot_expires = kPast},
            {{"timestamp", 6}, {"snapshot", 6}}},
        Row{"targets",
            {.timestamp = 7, .snapshot = 7, .targets = 6, .targets_expires = kPast},
            {{"timestamp", 7}, {"snapshot", 7}, {"targets.json", 6}}}}) {
    SCOPED_TRACE(row.name);
    device.server.publish(row.plan);
    const auto report = device.check();
    EXPECT_EQ(report.outcome.exit, Exit::metadata_expired);
    EXPECT_THAT(why(report), HasSubstr(std::string(row.name) + ": expires: want after"));
    EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
    expect_kept(row.raised);
  }
}

TEST_F(Refresh, CountsKeysNotSignatures) {  // DEV-16
  auto plan = root_plan();
  plan.targets = {{2, 8}, 2};
  device.provision(plan);
  struct Row {
    const char* name;
    Seeds signers;
    Exit exit;
  };
  for (const Row& row : {Row{"one of two", {2}, Exit::metadata_rejected}, Row{"both", {2, 8}, Exit::new_version}}) {
    SCOPED_TRACE(row.name);
    device.server.publish({.targets_keys = row.signers});
    EXPECT_EQ(device.check().outcome.exit, row.exit);
  }
}

TEST_F(Refresh, RefusesWhatIsNoMetadata) {  // DEV-21
  settle();
  const SetPlan next{.timestamp = 6, .snapshot = 6, .targets = 6, .hashes = SetPlan::Hashes::left_out};
  device.server.publish(next);
  const std::pair<std::string, std::map<std::string, std::int64_t>> files[] = {
      {"timestamp", {}},
      {"snapshot", {{"timestamp", 6}, {"snapshot", 6}}},
      {"targets", {{"timestamp", 6}, {"snapshot", 6}, {"targets.json", 6}}},
  };
  for (const auto& [role, raised] : files) {
    const std::string path = "/repo/" + role + ".json", good = device.server.files[path];
    const auto with = [&](std::string_view from, std::string_view to) {
      std::string text = good;
      return text.replace(text.rfind(from), from.size(), to);
    };
    struct Row {
      std::string body;
      const char* reason;
    };
    const Row rows[] = {
        {with("\"version\":6", "\"version\":6,\"version\":6"), "json"},
        {good + "x", "json"},
        {"/* */" + good, "json"},
        {std::string(30'000, '['), "json"},
        {"<html><body>Please log in</body></html>", "json"},
        {with("\"version\":6", "\"version\":\"1\""), "version"},
        {with("\"version\":6", "\"version\":1099511627776"), "version"},
        {"", "json"},
    };
    for (const Row& row : rows) {
      SCOPED_TRACE(role + ": " + row.body.substr(0, 60));
      device.server.files[path] = row.body;
      const auto report = device.check();
      EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
      EXPECT_THAT(why(report), HasSubstr(role + ": " + row.reason));
      EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
      expect_kept(raised);
    }
    device.server.files[path] = good;
  }
}

TEST_F(Refresh, StopsAtTheLimits) {  // DEV-22
  settle();
  device.server.files["/repo/timestamp.json"] = std::string(70 * 1024, ' ');
  auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
  EXPECT_THAT(why(report), HasSubstr("want at most 65536 bytes, got more"));
  expect_kept();
  device.server.publish({.timestamp = 6, .snapshot = 6, .targets = 6, .hashes = SetPlan::Hashes::left_out});
  device.server.files["/repo/targets.json"] = std::string(9 << 20, ' ');
  report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected_store_kept);
  EXPECT_THAT(why(report), HasSubstr("want at most 8388608 bytes, got more"));
  expect_kept({{"timestamp", 6}, {"snapshot", 6}, {"targets.json", 6}});
}

TEST_F(Refresh, WalksAHundredRootsAndTakesUpABrokenWalk) {  // DEV-24
  for (int version = 2; version <= 100; ++version) device.server.publish_root(root_plan(version));
  device.server.answer_with("/repo/51.root.json", 500);
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 50);
  device.server.mend();
  device.server.requests.clear();
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.server.metadata_requests().front(), "51.root.json");
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 100);
}

TEST_F(Refresh, TakesAHundredRootsInThreeRequests) {
  Bytes& chain = device.server.files["/repo/3.root-chain"];
  for (int version = 2; version <= 100; ++version) {
    device.server.publish_root(root_plan(version));
    if (version > 2) chain += tuf::root_chain_frame(device.server.files["/repo/" + std::to_string(version) + ".root.json"]);
  }
  device.server.newest_root = "100";
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(device.server.metadata_requests(), ElementsAre("2.root.json", "3.root-chain", "101.root.json",
                                                             "timestamp.json", "snapshot.json", "targets.json"));
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 100);
}

TEST_F(Refresh, GoesOnAtTheNextCheckAfterTooManyRoots) {
  device.config.set("tuf", "max_roots_per_check", "4");
  for (int version = 2; version <= 7; ++version) device.server.publish_root(root_plan(version));
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
}

TEST_F(Refresh, NeedsAProvisionedRoot) {  // DEV-49
  std::filesystem::remove(device.folder + "/tuf/ci/1.root.json");
  const auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected);
  EXPECT_THAT(report.outcome.why->hint, HasSubstr(device.folder + "/tuf/ci/"));
  device.config.set("tuf", "trust_on_first_use", "on");
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
}

TEST_F(Refresh, NeverPassesOverADamagedProvisionedRoot) {  // DEV-49
  device.config.set("tuf", "trust_on_first_use", "on");
  device.provision("1.root.json", "{}");
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_rejected);
  device.provision("1.root.json", tuf::test::root_file(root_plan(2)));
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_rejected);
}

TEST_F(Refresh, WantsProvisionedRootsWithoutAGap) {
  device.provision(root_plan(3));
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_rejected);
  device.provision(root_plan(2));
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.server.metadata_requests().front(), "4.root.json");
}

TEST_F(Refresh, FetchesAnewWhatWasDamagedOnDisk) {
  rotate([](RootPlan&) {});
  settle();
  auto db = open_rota_db(device.files, device.folder + "/sota").value();
  ASSERT_TRUE(db->execute("UPDATE roots SET bytes = x'7b7d' WHERE version = 2").ok());
  ASSERT_TRUE(db->execute("UPDATE generation SET bytes = x'7b7d' WHERE role = 'targets'").ok());
  db.reset();
  EXPECT_EQ(device.list().outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(device.notices, Contains(HasSubstr("stored root 2")));
  EXPECT_EQ(device.status().json.find("trust")->integer("root").value(), 2);
}

TEST_F(Refresh, NeverBelievesAClockBehindTheLastGoodRefresh) {  // DEV-51
  settle();
  for (const char* time : {"1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z"}) {
    SCOPED_TRACE(time);
    device.clock.set(parse_rfc3339(time).value());
    EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
    EXPECT_THAT(device.notices, Contains(HasSubstr("clock")));
  }
  device.clock.set(parse_rfc3339("2138-01-01T00:00:00Z").value());
  EXPECT_EQ(device.check().outcome.exit, Exit::metadata_expired);
  device.clock.set(kNow);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
}

}  // namespace
}  // namespace rota::device
