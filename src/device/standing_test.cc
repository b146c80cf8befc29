#include "device/standing.h"

#include <gtest/gtest.h>

namespace rota::device {
namespace {

constexpr auto kStands = BootFacts::RebootFlag::stands, kGone = BootFacts::RebootFlag::gone;

std::optional<Change> change(Change::Phase phase) { return Change{phase, {.name = "n", .hash = "new"}, "old", "id"}; }

TEST(Standing, IsATable) {
  struct Row {
    std::optional<Change> change;
    BootFacts facts;
    Standing want;
  };
  const auto intent = change(Change::Phase::intent), pending = change(Change::Phase::pending);
  const Row rows[] = {
      {std::nullopt, {"old", "old", kGone}, Standing::idle},    {std::nullopt, {"old", "old", kStands}, Standing::idle},
      {intent, {"old", "old", kGone}, Standing::not_deployed},  {intent, {"old", "old", kStands}, Standing::not_deployed},
      {intent, {"new", "old", kStands}, Standing::reboot_owed}, {intent, {"new", "new", kGone}, Standing::booted},
      {intent, {"new", "old", kGone}, Standing::rolled_back},   {pending, {"new", "old", kStands}, Standing::reboot_owed},
      {pending, {"new", "new", kGone}, Standing::booted},       {pending, {"new", "old", kGone}, Standing::rolled_back},
      {pending, {"old", "old", kGone}, Standing::rolled_back},  {pending, {"old", "old", kStands}, Standing::reboot_owed},
  };
  int number = 0;
  for (const Row& row : rows) EXPECT_EQ(standing_of(row.change, row.facts), row.want) << "row " << ++number;
}

TEST(StagedBooted, IsTheFirstDeploymentOnceTheFlagIsGone) {
  const auto pending = change(Change::Phase::pending);
  EXPECT_EQ(staged_booted("new", pending, kStands), "old");
  EXPECT_EQ(staged_booted("new", pending, kGone), "new");
  EXPECT_EQ(staged_booted("any", std::nullopt, kStands), "any");
}

}  // namespace
}  // namespace rota::device
