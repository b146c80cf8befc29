#include "base/time.h"

#include <cstdio>

#include "base/bytes.h"

namespace rota {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

int digits(std::string_view text) {
  int value = 0;
  for (char c : text) value = value * 10 + (c - '0');
  return value;
}

bool has_shape(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != kShape[i]) return false;
  }
  return true;
}

Time end_of_month_clamped(Time now, int months) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const year_month_day date{today};
  auto moved = year_month_day{date.year() / date.month() / day{1}} + std::chrono::months(months);
  const auto last = year_month_day{moved.year() / moved.month() / std::chrono::last}.day();
  moved = moved.year() / moved.month() / std::min(date.day(), last);
  return sys_days{moved} + (now - today);
}

}  // namespace

std::string rfc3339(Time time) {
  const auto today = std::chrono::floor<std::chrono::days>(time);
  const year_month_day date{today};
  const std::chrono::hh_mm_ss clock{time - today};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

Result<Time> parse_rfc3339(std::string_view text) {
  const auto refuse = [&] { return bad_input("date '" + std::string(text.substr(0, 40)) + "': want YYYY-MM-DDTHH:MM:SSZ"); };
  if (!has_shape(text)) return refuse();
  const year_month_day date{year{digits(text.substr(0, 4))}, month{static_cast<unsigned>(digits(text.substr(5, 2)))},
                            day{static_cast<unsigned>(digits(text.substr(8, 2)))}};
  const int hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2)), second = digits(text.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return refuse();
  return sys_days{date} + std::chrono::hours(hour) + std::chrono::minutes(minute) + Seconds(second);
}

Result<Time> parse_instant(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return parse_rfc3339(text);
  const auto fraction = text.substr(dot + 1);
  if (fraction.size() < 2 || fraction.size() > 10 || fraction.back() != 'Z' ||
      fraction.substr(0, fraction.size() - 1).find_first_not_of("0123456789") != std::string_view::npos)
    return bad_input("date '" + std::string(text.substr(0, 40)) + "': want YYYY-MM-DDTHH:MM:SSZ");
  return parse_rfc3339(std::string(text.substr(0, dot)) + "Z");
}

std::string http_date(Time time) {
  static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto today = std::chrono::floor<std::chrono::days>(time);
  const year_month_day date{today};
  const std::string iso = rfc3339(time);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %s GMT", kDays[std::chrono::weekday{today}.c_encoding()],
                static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                static_cast<int>(date.year()), iso.substr(11, 8).c_str());
  return text;
}

Result<Time> after_period(Time now, std::string_view period) {
  const auto refuse = [&] { return bad_input("period '" + std::string(period.substr(0, 40)) + "': want for instance 1Y3M5D or 2W"); };
  constexpr std::string_view kUnits = "YMWD";
  long months = 0, day_count = 0;
  std::size_t next_unit = 0, at = 0;
  while (at < period.size()) {
    const bool negative = period[at] == '-';
    if (period[at] == '-' || period[at] == '+') ++at;
    const auto from = at;
    while (at < period.size() && period[at] >= '0' && period[at] <= '9') ++at;
    if (at == from || at - from > 6 || at == period.size()) return refuse();
    const long amount = (negative ? -1 : 1) * digits(period.substr(from, at - from));
    const auto unit = kUnits.find(static_cast<char>(period[at] & ~0x20));
    if (unit == std::string_view::npos || unit < next_unit) return refuse();
    next_unit = unit + 1;
    ++at;
    if (unit <= 1) months += amount * (unit == 0 ? 12 : 1);
    if (unit >= 2) day_count += amount * (unit == 2 ? 7 : 1);
  }
  if (next_unit == 0 || months > 12 * 5000 || months < -12 * 5000) return refuse();
  const Time moved = end_of_month_clamped(now, static_cast<int>(months)) + std::chrono::hours(24 * day_count);
  if (moved < Time{} || rfc3339(moved).size() != 20) return refuse();
  return moved;
}

Time SystemClock::now() const { return std::chrono::floor<Seconds>(std::chrono::system_clock::now()); }

}  // namespace rota
