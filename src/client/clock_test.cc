#include "client/clock.h"

#include <gtest/gtest.h>

namespace rota::client {
namespace {

Time at(const char* text) { return parse_rfc3339(text).value(); }

TEST(TrustedTime, NeverGoesBehindTheBuildOrTheLastGoodRefresh) {
  const Time built = at("2026-01-01T00:00:00Z");
  struct Row {
    const char *clock, *verified, *now;
  };
  const Row rows[] = {
      {"2026-06-01T00:00:00Z", "", "2026-06-01T00:00:00Z"},
      {"2026-06-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"},
      {"1970-01-01T00:00:00Z", "", "2026-01-01T00:00:00Z"},
      {"1970-01-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"},
      {"2026-04-30T23:59:59Z", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"},
      {"2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"},
      {"2026-03-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-03-01T00:00:00Z"},
      {"2138-01-01T00:00:00Z", "2026-05-01T00:00:00Z", "2138-01-01T00:00:00Z"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.clock);
    const auto verified = *row.verified == '\0' ? std::nullopt : std::optional(at(row.verified));
    const auto reading = trusted_time(at(row.clock), built, verified);
    EXPECT_EQ(rfc3339(reading.now), row.now);
    EXPECT_EQ(reading.notice.empty(), rfc3339(reading.now) == row.clock);
  }
}

TEST(BuildTime, IsAPlausibleDay) {
  EXPECT_GE(build_time(), at("2026-01-01T00:00:00Z"));
  EXPECT_LE(build_time(), SystemClock().now() + days(1));
}

}  // namespace
}  // namespace rota::client
