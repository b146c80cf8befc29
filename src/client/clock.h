// The time every expiry of one update is judged by: one reading (TUF 5.1), and never one that is known to be wrong.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace rota::client {

struct ClockReading {
  Time now;
  std::string notice = {};  // says that the clock was behind, if it was
};

// The clock, but never earlier than this program was built, nor than the last time at which a refresh succeeded: a clock that
// was set back would take expired metadata for fresh. A clock that is ahead is believed; it can only refuse.
ClockReading trusted_time(Time clock, Time built, std::optional<Time> last_verified);

// The day this library was built (SOURCE_DATE_EPOCH decides in a reproducible build).
Time build_time();

}  // namespace rota::client
