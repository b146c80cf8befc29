#include "device/selection.h"

#include <gmock/gmock.h>

#include "device/device_for_test.h"

namespace rota::device {
namespace {

using namespace test;
using testing::HasSubstr;

tuf::Target signed_target(const TargetPlan& plan) { return {plan.name, {{"sha256", plan.hash}}, 0, plan.custom.is_null() ? "" : to_json(plan.custom)}; }

TEST(Candidates, SkipsEachBadOneWithAMessage) {  // DEV-27
  struct Row {
    const char* name;
    std::function<void(Json&)> change;
    const char* reason;
  };
  const Row rows[] = {
      {"010", [](Json& c) { c["version"] = "010"; }, "version"},
      {"11-beta", [](Json& c) { c["version"] = "11-beta"; }, "version"},
      {"no version", [](Json& c) { c.if_object()->erase("version"); }, "version"},
      {"too large", [](Json& c) { c["version"] = "99999999999"; }, "version"},
      {"app without uri", [](Json& c) { c["docker_compose_apps"]["a"]["x"] = "y"; }, "uri"},
      {"no custom", [](Json& c) { c = Json(); }, "custom"},
      {"binary", [](Json& c) { c["targetFormat"] = "BINARY"; }, "targetFormat"},
  };
  std::vector<tuf::Target> targets = {signed_target(target(9))};
  for (const Row& row : rows) {
    auto plan = target(100);
    plan.name = row.name;
    row.change(plan.custom);
    targets.push_back(signed_target(plan));
  }
  const auto candidates = candidates_for({"foo", {"main"}}, targets);
  ASSERT_EQ(candidates.targets.size(), 1u);
  EXPECT_EQ(candidates.targets[0].version, 9);
  ASSERT_EQ(candidates.skipped.size(), std::size(rows));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_THAT(candidates.skipped[i], HasSubstr(rows[i].name));
    EXPECT_THAT(candidates.skipped[i], HasSubstr(rows[i].reason));
  }
}

Candidates offered(const std::vector<int>& versions) {
  std::vector<tuf::Target> targets;
  for (const int version : versions) targets.push_back(signed_target(target(version)));
  return candidates_for({"foo", {}}, targets);
}

DeviceTarget device_target(int version) { return offered({version}).targets.at(0); }

TEST(Choose, TakesTheHighestByNumber) {
  const auto choice = choose(offered({10, 9}), {.current = device_target(9), .failing = {}, .previous_good = {}}, "");
  EXPECT_EQ(choice.kind, Choice::Kind::new_version);
  EXPECT_EQ(choice.target->version, 10);
}

TEST(Choose, NeverTakesAFailingOneUnlessAskedTo) {
  const History history{device_target(5), false, {device_target(7)}, {}};
  EXPECT_EQ(choose(offered({5, 7}), history, "").kind, Choice::Kind::none);
  EXPECT_EQ(choose(offered({5, 6, 7}), history, "").target->version, 6);
  EXPECT_EQ(choose(offered({5, 7}), history, "7").target->version, 7);
  EXPECT_EQ(choose(offered({5, 7}), history, "foo-lmp-7").target->version, 7);
}

TEST(Choose, GoesBackWhenTheCurrentOneFails) {
  const History history{device_target(7), true, {device_target(7)}, device_target(5)};
  const auto choice = choose(offered({5, 7}), history, "");
  EXPECT_EQ(choice.kind, Choice::Kind::roll_back);
  EXPECT_EQ(choice.target->version, 5);
  EXPECT_EQ(choose(offered({5, 7, 8}), history, "").kind, Choice::Kind::new_version);
}

TEST(Choose, StaysOnTheCurrentOneAmongEquals) {
  auto candidates = offered({5});
  auto twin = candidates.targets[0];
  twin.name = "aaa";
  candidates.targets.insert(candidates.targets.begin(), twin);
  const History history{device_target(5), false, {}, {}};
  EXPECT_EQ(choose(candidates, history, "").kind, Choice::Kind::none);
  EXPECT_EQ(choose(offered({5}), {twin, false, {}, {}}, "").kind, Choice::Kind::new_version) << "another name, same version";
}

}  // namespace
}  // namespace rota::device
