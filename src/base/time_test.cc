#include "base/time.h"

#include <gtest/gtest.h>

namespace rota {
namespace {

TEST(Rfc3339, AcceptsRealDatesOnly) {
  for (const auto* text : {"2030-01-01T00:00:00Z", "2036-02-29T23:59:59Z"})
    EXPECT_EQ(rfc3339(parse_rfc3339(text).value()), text);
  for (const auto* text : {"2030-01-01T00:00:00.000Z", "2030-01-01T00:00:00+00:00", "2030-01-01 00:00:00Z",
                           "2030-1-1T0:0:0Z", "2030-01-01T00:00:00z", "2030-01-01T00:00Z", "2035-02-29T00:00:00Z",
                           "2030-13-01T00:00:00Z", "2030-01-01T24:00:00Z", "2030-01-01T23:59:60Z", ""})
    EXPECT_FALSE(parse_rfc3339(text).ok()) << text;
}

TEST(AfterPeriod, FollowsTheCalendar) {
  const struct { const char *now, *period, *result; } rows[] = {
      {"2030-01-31T10:00:00Z", "1M", "2030-02-28T10:00:00Z"},   {"2030-01-31T10:00:00Z", "1Y3M5D", "2031-05-05T10:00:00Z"},
      {"2028-02-29T00:00:00Z", "1Y", "2029-02-28T00:00:00Z"},   {"2030-12-31T23:59:59Z", "2W", "2031-01-14T23:59:59Z"},
      {"2030-03-15T00:00:00Z", "-1M", "2030-02-15T00:00:00Z"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(rfc3339(after_period(parse_rfc3339(row.now).value(), row.period).value()), row.result) << row.period;
  for (const auto* period : {"", "1", "Y", "1X", "1M1Y", "P1Y", "1 Y", "1.5Y"})
    EXPECT_FALSE(after_period(Time{}, period).ok()) << period;
}

TEST(HttpDate, MatchesRfc9110) {
  EXPECT_EQ(http_date(parse_rfc3339("1994-11-06T08:49:37Z").value()), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace rota
