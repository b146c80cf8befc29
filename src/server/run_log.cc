#include "server/run_log.h"

namespace rota::server {
namespace {

struct LogState {
  std::int64_t size = 0;
  bool finished = false;
};

Result<LogState> state_of_log(store::Database& db, std::int64_t run_id) {
  auto rows = TRY(db.query("SELECT log_size, completed FROM ci_runs WHERE id = ?", {run_id}));
  if (rows.empty()) return not_found("run " + std::to_string(run_id) + ": does not exist");
  return LogState{rows[0].integer(0), !rows[0].is_null(1)};
}

Status put(store::Database& db, const LogSpan& at, BytesView bytes) {
  if (bytes.empty()) return {};
  TRY(db.execute("INSERT INTO ci_log (run_id, at, bytes) VALUES (?, ?, ?)",
                 {at.run_id, at.offset, store::Blob{Bytes(bytes)}}));
  TRY(db.execute("UPDATE ci_runs SET log_size = ? WHERE id = ?",
                 {at.offset + static_cast<std::int64_t>(bytes.size()), at.run_id}));
  return {};
}

}  // namespace

Result<Appended> append_log(store::Database& db, const LogSpan& at, BytesView bytes) {
  Appended out;
  auto work = [&]() -> Status {
    auto log = TRY(state_of_log(db, at.run_id));
    auto end = at.offset + static_cast<std::int64_t>(bytes.size());
    out.size = log.size;
    out.how = log.finished ? Appended::How::finished : at.offset > log.size ? Appended::How::gap : Appended::How::stored;
    if (out.how != Appended::How::stored || end <= log.size) return {};
    if (end > kMaxLog) return rejected("log: want at most " + std::to_string(kMaxLog) + " bytes");
    out.size = end;
    return put(db, {at.run_id, log.size}, bytes.substr(static_cast<std::size_t>(log.size - at.offset)));
  };
  TRY(db.transaction(work));
  return out;
}

Status append_line(store::Database& db, std::int64_t run_id, const std::string& line) {
  auto log = TRY(state_of_log(db, run_id));
  return put(db, {run_id, log.size}, line + "\n");
}

Result<Bytes> read_log(store::Database& db, const LogSpan& from, std::int64_t max) {
  auto rows = TRY(db.query("SELECT at, bytes FROM ci_log WHERE run_id = ?1 AND at + length(bytes) > ?2 AND at < ?3 ORDER BY at",
                           {from.run_id, from.offset, from.offset + max}));
  Bytes out;
  for (const auto& row : rows) {
    BytesView bytes = row.text(1);
    if (row.integer(0) < from.offset) bytes.remove_prefix(static_cast<std::size_t>(from.offset - row.integer(0)));
    out += bytes;
  }
  if (out.size() > static_cast<std::size_t>(max)) out.resize(static_cast<std::size_t>(max));
  return out;
}

}  // namespace rota::server
