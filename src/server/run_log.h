// What a run said: bytes by offset, appended once however often they are sent (ci.md 5, G5).
#pragma once

#include <string>

#include "server/builds.h"

namespace rota::server {

constexpr std::size_t kMaxLogChunk = 1 << 20;
constexpr std::int64_t kMaxLog = 64 << 20;  // of one run

struct LogSpan {
  std::int64_t run_id = 0, offset = 0;
};

struct Appended {
  enum class How { stored, gap, finished };  // gap: bytes before `offset` are missing; finished: the run is over
  How how = How::stored;
  std::int64_t size = 0;  // of the log now
};

// The part of `bytes` that is not there yet. rejected: over kMaxLog. One transaction.
Result<Appended> append_log(store::Database& db, const LogSpan& at, BytesView bytes);
// A line of the server's own; inside the caller's transaction.
Status append_line(store::Database& db, std::int64_t run_id, const std::string& line);
// From `offset` on, at most `max` bytes.
Result<Bytes> read_log(store::Database& db, const LogSpan& from, std::int64_t max);

}  // namespace rota::server
