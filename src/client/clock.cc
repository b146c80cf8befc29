#include "client/clock.h"

#include <algorithm>

#include "base/bytes.h"

namespace rota::client {

ClockReading trusted_time(Time clock, Time built, std::optional<Time> last_verified) {
  const Time floor = std::max(built, last_verified.value_or(Time()));
  if (clock >= floor) return {clock};
  return {floor, "clock: " + rfc3339(clock) + " is in the past; using " + rfc3339(floor)};
}

// "Nov 23 2026", as the compiler writes it.
Time build_time() {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::string_view date = __DATE__;
  const auto number = [](std::string_view text) { return static_cast<int>(decimal(trim(text)).value()); };
  const auto month = static_cast<unsigned>(kMonths.find(date.substr(0, 3)) / 3 + 1);
  return std::chrono::sys_days(std::chrono::year(number(date.substr(7))) / month / number(date.substr(4, 2)));
}

}  // namespace rota::client
