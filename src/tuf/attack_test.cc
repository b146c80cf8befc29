// Attacks on a device that has seen timestamp 5, snapshot 5, targets 5 (TUF 1.5.2; tuf-client 4). Each is refused with
// its own reason, and what the device remembers is what it was.
#include <gtest/gtest.h>

#include <functional>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

// What a device trusts, and how it takes what a repository sends: the pure functions in the order of TUF 5.3-5.6.
class Device {
 public:
  Status follow(BytesView root_bytes) {
    auto next = TRY(next_root(root_, root_bytes));
    floors_ = floors_after(*root_, *next, floors_);
    root_ = std::move(next);
    return {};
  }

  Status refresh(const Generation& offered) {
    const auto set = TRY(verify_set(root_, floors_, offered, kNow));
    floors_.timestamp = set.timestamp->version;
    floors_.snapshot = set.snapshot->version;
    floors_.targets = set.targets->version;
    floors_.stored_timestamp = set.timestamp.trusted().raw();
    floors_.listed.clear();
    for (const auto& [name, file] : set.snapshot->meta) floors_.listed[name] = file.version;
    return {};
  }

  // Everything it remembers, to compare.
  std::string memory() const {
    std::string text = root_.raw().bytes() + floors_.stored_timestamp.bytes();
    for (const Version v : {floors_.timestamp, floors_.snapshot, floors_.targets}) text += " " + std::to_string(v);
    for (const auto& [name, version] : floors_.listed) text += " " + name + "=" + std::to_string(version);
    return text;
  }

 private:
  Trusted<Root> root_ = trusted_root();
  Floors floors_;
};

const SetPlan kSeen{.versions = {5, 5, 5}, .also_listed = {{"role1.json", 5}}};

Device device_at_five() {
  Device device;
  const auto first = device.refresh(generation(kSeen));
  if (!first.ok()) abort_with(first.error().what);
  return device;
}

SetPlan newer() {
  SetPlan plan = kSeen;
  plan.versions = {6, 6, 6};
  return plan;
}

// The newer set with one body changed, everything above it signed again with the right keys.
Generation forged(std::function<void(Json& targets, Json& snapshot, Json& timestamp)> change) {
  const SetPlan plan = newer();
  Json none;
  Json targets = targets_body(plan);
  Json ignored_snapshot = snapshot_body(plan, ""), ignored_timestamp = timestamp_body(plan, "");
  change(targets, ignored_snapshot, ignored_timestamp);
  Generation set;
  set.targets = signed_file(targets, plan.targets);
  Json snapshot = snapshot_body(plan, set.targets);
  Json ignored_targets = targets;
  change(ignored_targets, snapshot, ignored_timestamp);
  set.snapshot = signed_file(snapshot, plan.snapshot);
  Json timestamp = timestamp_body(plan, set.snapshot);
  Json ignored = snapshot;
  change(ignored_targets, ignored, timestamp);
  set.timestamp = signed_file(timestamp, plan.timestamp);
  return set;
}

Generation with_versions(Versions versions) {
  SetPlan plan = kSeen;
  plan.versions = versions;
  return generation(plan);
}

Generation signed_with(std::function<void(SetPlan&)> change) {
  SetPlan plan = newer();
  change(plan);
  return generation(plan);
}

Bytes one_bit_off(BytesView file) {
  Bytes bytes(file);
  bytes[bytes.size() / 2] ^= 1;
  return bytes;
}

Generation mixed(std::function<void(Generation&)> change) {
  Generation set = generation(newer());
  change(set);
  return set;
}

struct Attack {
  const char* name;
  Generation offered;
  const char* why;
  Fault fault = Fault::rejected;
};

std::vector<Attack> attacks() {
  const Generation seen = generation(kSeen);
  SetPlan other_target = newer();
  other_target.target_name = "bad-lmp-1";
  const Generation other = generation(other_target);
  const auto no_hashes = [](Json& meta) { meta.if_object()->erase("hashes"), meta.if_object()->erase("length"); };
  return {
      {"rollback of the timestamp", with_versions({4, 5, 5}), "timestamp: version: want at least 5, got 4"},
      {"rollback of the snapshot", with_versions({6, 4, 5}), "timestamp: version of snapshot: want at least 5, got 4"},
      {"rollback of the targets", with_versions({6, 6, 4}), "snapshot: meta: targets.json: want at least 5, got 4"},
      {"rollback of a listed file", signed_with([](SetPlan& p) { p.also_listed["role1.json"] = 4; }),
       "snapshot: meta: role1.json: want at least 5, got 4"},
      {"a listed file disappears", signed_with([](SetPlan& p) { p.also_listed.clear(); }),
       "snapshot: meta: role1.json: want at least 5, got nothing"},
      {"old snapshot under a new timestamp", mixed([&](Generation& g) { g.snapshot = seen.snapshot; }),
       "snapshot: hash"},
      {"old targets under a new snapshot", mixed([&](Generation& g) { g.targets = seen.targets; }), "targets: hash"},
      {"mix and match without hashes",
       [&] {
         Generation set = forged([&](Json&, Json& snapshot, Json& timestamp) {
           no_hashes(snapshot["meta"]["targets.json"]), no_hashes(timestamp["meta"]["snapshot.json"]);
         });
         set.targets = seen.targets;
         return set;
       }(),
       "targets: version: want 6, got 5"},
      {"old snapshot without hashes",
       [&] {
         Generation set = forged([&](Json&, Json&, Json& timestamp) { no_hashes(timestamp["meta"]["snapshot.json"]); });
         set.snapshot = seen.snapshot;
         return set;
       }(),
       "snapshot: version: want 6, got 5"},
      {"targets of another set", mixed([&](Generation& g) { g.targets = other.targets; }), "targets: hash"},
      {"a longer targets file", mixed([](Generation& g) { g.targets = g.targets.bytes() + " "; }), "targets: length: want"},
      {"arbitrary software", signed_with([](SetPlan& p) { p.targets = {9}; }), "unknown to root 1"},
      {"a snapshot of a stranger", signed_with([](SetPlan& p) { p.snapshot = {9}; }), "snapshot: 0 of 1 signatures"},
      {"a timestamp of a stranger", signed_with([](SetPlan& p) { p.timestamp = {9}; }), "timestamp: 0 of 1 signatures"},
      {"targets without a signature", signed_with([](SetPlan& p) { p.targets = {}; }), "targets: 0 of 1 signatures"},
      {"role confusion: snapshot as timestamp", mixed([](Generation& g) { g.timestamp = g.snapshot; }),
       "timestamp: _type"},
      {"role confusion: targets signed by the snapshot key", signed_with([](SetPlan& p) { p.targets = {3}; }),
       "not a key of targets"},
      {"role confusion: timestamp signed by the root key", signed_with([](SetPlan& p) { p.timestamp = {1}; }),
       "not a key of timestamp"},
      {"indefinite freeze", signed_with([](SetPlan& p) { p.expires = rfc3339(kNow); }), "timestamp: expires",
       Fault::expired},
      {"expired targets in a fresh set",
       forged([](Json& targets, Json&, Json&) { targets["expires"] = rfc3339(kNow - Seconds(1)); }), "targets: expires",
       Fault::expired},
      {"expired snapshot in a fresh set",
       forged([](Json&, Json& snapshot, Json&) { snapshot["expires"] = rfc3339(kNow - Seconds(1)); }),
       "snapshot: expires", Fault::expired},
      {"fast-forward beyond the last version",
       forged([](Json&, Json&, Json& timestamp) { timestamp["version"] = std::int64_t{1} << 40; }),
       "timestamp: version: want 1.."},
      {"endless timestamp", mixed([](Generation& g) { g.timestamp = g.timestamp.bytes() + Bytes(kMaxTimestamp, ' '); }), "timestamp: size"},
      {"endless targets", mixed([](Generation& g) { g.targets = g.targets.bytes() + Bytes(kMaxTargets, ' '); }), "targets: size"},
      {"an HTML page", mixed([](Generation& g) { g.timestamp = "<html><body>Welcome!</body></html>"; }),
       "timestamp: json"},
      {"an empty answer", mixed([](Generation& g) { g.targets = ""; }), "targets: json"},
      {"one bit of the targets", mixed([](Generation& g) { g.targets = one_bit_off(g.targets); }), "targets: "},
  };
}

TEST(Attacks, AreRefusedAndChangeNothing) {
  for (const Attack& attack : attacks()) {
    SCOPED_TRACE(attack.name);
    Device device = device_at_five();
    const std::string before = device.memory();
    const auto status = device.refresh(attack.offered);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().fault, attack.fault);
    EXPECT_NE(status.error().what.find(attack.why), std::string::npos) << status.error().what;
    EXPECT_EQ(device.memory(), before);
    EXPECT_TRUE(device.refresh(generation(newer())).ok());
  }
}

TEST(Attacks, AnEqualTimestampWithOtherBytesChangesNothing) {
  Device device = device_at_five();
  SetPlan plan = newer();
  plan.versions.timestamp = 5;
  const auto status = device.refresh(generation(plan));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().what.find("snapshot: hash"), std::string::npos) << status.error().what;
  EXPECT_TRUE(device.refresh(generation(kSeen)).ok());
}

// DEV-12: a root that keeps the keys leaves every floor in force.
TEST(Attacks, ReplayAfterARotationThatKeptTheKeysIsRefused) {
  Device device = device_at_five();
  ASSERT_TRUE(device.follow(root_file({.version = 2, .root = {{5}}}, {1, 5})).ok());
  const std::string before = device.memory();
  EXPECT_FALSE(device.refresh(with_versions({4, 4, 4})).ok());
  EXPECT_EQ(device.memory(), before);
}

// DEV-13: fast-forwarded under keys that a new root revokes.
TEST(Attacks, FastForwardIsRecoveredFromByNewKeys) {
  Device device = device_at_five();
  ASSERT_TRUE(device.refresh(with_versions({INT32_MAX, INT32_MAX, 6})).ok());
  SetPlan plan = newer();
  plan.versions = {7, 7, 7};
  EXPECT_FALSE(device.refresh(generation(plan)).ok());
  ASSERT_TRUE(device.follow(root_file({.version = 2, .snapshot = {{6}}, .timestamp = {{7}}})).ok());
  EXPECT_FALSE(device.refresh(generation(plan)).ok()) << "the revoked keys sign for nothing";
  plan.snapshot = {6};
  plan.timestamp = {7};
  const auto recovered = device.refresh(generation(plan));
  EXPECT_TRUE(recovered.ok()) << recovered.error().what;
}

TEST(Attacks, FastForwardOfTargetsIsRecoveredFromByANewTargetsKey) {
  Device device = device_at_five();
  ASSERT_TRUE(device.refresh(with_versions({6, 6, INT32_MAX})).ok());
  ASSERT_TRUE(device.follow(root_file({.version = 2, .targets = {{8}}})).ok());
  SetPlan plan = kSeen;
  plan.versions = {7, 7, 7};
  plan.targets = {8};
  const auto recovered = device.refresh(generation(plan));
  EXPECT_TRUE(recovered.ok()) << recovered.error().what;
}

struct RootAttack {
  const char* name;
  Bytes offered;
  const char* why;
};

TEST(Attacks, RootsAreRefusedAndChangeNothing) {
  Json twice = parse_json(root_file({.version = 2})).value();
  twice["signatures"].push_back((*twice.find("signatures")->if_array())[0]);
  const std::vector<RootAttack> rows = {
      {"skipped version", root_file({.version = 3}), "want 2, got 3"},
      {"repeated version", root_file({.version = 1}), "want 2, got 1"},
      {"only old keys", root_file({.version = 2, .root = {{5}}}, {1}), "by its own keys: 0 of 1"},
      {"only new keys", root_file({.version = 2, .root = {{5}}}, {5}), "by the keys of root 1: 0 of 1"},
      {"signed by a targets key", root_file({.version = 2}, {2}), "not a key of root"},
      {"one signature twice", to_json(twice), "occurs twice"},
      {"another repository's root", root_file({.version = 2, .root = {{11}}, .targets = {{12}}}), "unknown to root 1"},
      {"a targets file", generation().targets.bytes(), "root: _type: want Root, got 'Targets'"},
      {"too large", root_file({.version = 2}) + Bytes(kMaxRoot, ' '), "root: size"},
  };
  for (const RootAttack& attack : rows) {
    SCOPED_TRACE(attack.name);
    Device device = device_at_five();
    const std::string before = device.memory();
    const auto status = device.follow(attack.offered);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().fault, Fault::rejected);
    EXPECT_NE(status.error().what.find(attack.why), std::string::npos) << status.error().what;
    EXPECT_EQ(device.memory(), before);
  }
}

// DEV-16: threshold 2.
TEST(Attacks, KeyCompromiseBelowTheThresholdSignsNothing) {
  const auto root = trusted_root({.targets = {{2, 8}, 2}});
  EXPECT_TRUE(verify_set(root, {}, generation({.targets = {2, 8}}), kNow).ok());
  EXPECT_FALSE(verify_set(root, {}, generation({.targets = {2}}), kNow).ok());
}

}  // namespace
}  // namespace rota::tuf
