// Instants, calendar periods and the door to the clock. One reading per update cycle; time is a parameter everywhere else.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rota {

using Time = std::chrono::sys_seconds;  // UTC, second precision
using Seconds = std::chrono::seconds;

constexpr Seconds days(int n) { return std::chrono::hours(24 * n); }

// "YYYY-MM-DDTHH:MM:SSZ", 20 characters: the only form of `expires` in TUF metadata.
std::string rfc3339(Time time);
// Reads exactly that form, a real date, no leap second (formats.md 8). Anything else: bad_input.
Result<Time> parse_rfc3339(std::string_view text);
// Reads RFC 3339 / ISO 8601 in UTC as people write it: a fraction of a second is cut off.
Result<Time> parse_instant(std::string_view text);

// RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(Time time);

// `now` plus an ISO 8601 period without its leading P ("1Y3M5D", "2W", "-1M"): years and months first, the day clamped to
// the end of the month, then weeks and days. bad_input when the text is not a period.
Result<Time> after_period(Time now, std::string_view period);

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override;
};

// A clock that stands still until told: for tests and simulations.
class FixedClock final : public Clock {
 public:
  explicit FixedClock(Time time) : time_(time) {}
  Time now() const override { return time_; }
  void set(Time time) { time_ = time; }
  void pass(Seconds by) { time_ += by; }

 private:
  Time time_;
};

}  // namespace rota
