#include "server/build_queue.h"

#include <algorithm>

#include "crypto/hash.h"
#include "server/run_log.h"

namespace rota::server {
namespace {

constexpr const char* kRunKeyColumns =
    "SELECT p.factory, p.name, b.number, r.name, r.id FROM ci_runs r JOIN ci_builds b ON b.id = r.build_id"
    " JOIN ci_projects p ON p.id = b.project_id ";

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }

RunKey run_key_of(const store::Row& row) { return {{row.text(0), row.text(1), row.integer(2)}, row.text(3)}; }

std::string joined(const std::vector<std::string>& tags) {
  std::string out;
  for (const auto& tag : tags) out += (out.empty() ? "" : " ") + tag;
  return out;
}

std::vector<std::string> tags_of(const std::string& text) {
  return text.empty() ? std::vector<std::string>{} : split(text, ' ');
}

}  // namespace

Result<std::string> BuildQueue::enrol(const Worker& worker) {
  auto key = crypto::random_hex(32);
  auto changed = TRY(db_.execute(
      "INSERT INTO ci_workers (name, factory, key_hash, host_tags, concurrency, cpu, mem, enabled, seen)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8) ON CONFLICT (name) DO UPDATE SET key_hash = ?3, host_tags = ?4,"
      " concurrency = ?5, cpu = ?6, mem = ?7, seen = ?8 WHERE factory = ?2",
      {worker.name, worker.factory, crypto::sha256_hex(key), joined(worker.host_tags), worker.concurrency, worker.cpu,
       worker.mem, seconds_of(clock_.now())}));
  if (changed == 0) return conflict("worker '" + worker.name + "': the name is taken");
  return key;
}

Result<Worker> BuildQueue::worker_of_key(std::string_view api_key) {
  auto rows = TRY(db_.query("SELECT name, factory, host_tags, concurrency, cpu, mem FROM ci_workers"
                            " WHERE key_hash = ? AND enabled = 1",
                            {crypto::sha256_hex(api_key)}));
  if (rows.empty()) return denied("worker: key not known, or the worker is disabled");
  const auto& row = rows[0];
  return Worker{row.text(0), row.text(1), tags_of(row.text(2)), row.integer(3), row.integer(4), row.integer(5)};
}

Result<std::optional<std::int64_t>> BuildQueue::oldest_for(const Worker& worker) {
  auto held = TRY(db_.query("SELECT count(*) FROM ci_runs WHERE worker = ? AND completed IS NULL AND status <> 'QUEUED'",
                            {worker.name}));
  if (held.at(0).integer(0) >= worker.concurrency) return std::nullopt;
  auto rows = TRY(db_.query("SELECT r.id, r.host_tag FROM ci_runs r JOIN ci_builds b ON b.id = r.build_id"
                            " JOIN ci_projects p ON p.id = b.project_id"
                            " WHERE r.completed IS NULL AND r.status = 'QUEUED' AND (?1 = '' OR p.factory = ?1) ORDER BY r.id",
                            {worker.factory}));
  for (const auto& row : rows) {
    const auto& tag = row.text(1);
    bool fits = tag.empty() || std::find(worker.host_tags.begin(), worker.host_tags.end(), tag) != worker.host_tags.end();
    if (fits) return row.integer(0);
  }
  return std::nullopt;
}

Result<std::optional<Leased>> BuildQueue::lease(const Worker& worker) {
  std::optional<Leased> out;
  auto take = [&]() -> Status {
    TRY(expire_in_transaction());
    auto id = TRY(oldest_for(worker));
    if (!id) return {};
    auto key = crypto::random_hex(32);
    auto now = seconds_of(clock_.now());
    TRY(db_.execute("UPDATE ci_runs SET worker = ?, lease_until = ?, attempts = attempts + 1, key_hash = ?,"
                    " started = coalesce(started, ?) WHERE id = ?",
                    {worker.name, now + kLease.count(), crypto::sha256_hex(key), now, *id}));
    TRY(builds_.move(*id, RunState::running, ""));
    auto run = run_key_of(TRY(db_.query(std::string(kRunKeyColumns) + "WHERE r.id = ?", {*id})).at(0));
    auto leased = TRY(builds_.run(run));
    auto build = TRY(builds_.build(run.build));
    out = Leased{run, std::move(leased), std::move(build), std::move(key)};
    return {};
  };
  TRY(db_.transaction(take));
  return out;
}

Result<std::vector<RunKey>> BuildQueue::heartbeat(const Worker& worker, const std::vector<RunKey>& active) {
  std::vector<RunKey> stop;
  auto renew = [&]() -> Status {
    TRY(expire_in_transaction());
    auto now = seconds_of(clock_.now());
    TRY(db_.execute("UPDATE ci_workers SET seen = ? WHERE name = ?", {now, worker.name}));
    for (const auto& key : active) {
      auto run = builds_.run(key);
      if (!run.ok() && run.error().fault != Fault::not_found) return run.error();
      bool held = run.ok() && run->worker == worker.name && !is_terminal(run->state) && run->state != RunState::queued;
      if (!held || run->state == RunState::cancelling) stop.push_back(key);
      if (held) TRY(db_.execute("UPDATE ci_runs SET lease_until = ? WHERE id = ?", {now + kLease.count(), run->id}));
    }
    return {};
  };
  TRY(db_.transaction(renew));
  return stop;
}

Status BuildQueue::expire() {
  return db_.transaction([this] { return expire_in_transaction(); });
}

Status BuildQueue::expire_in_transaction() {
  auto lost = TRY(db_.query("SELECT id, worker, attempts, status FROM ci_runs WHERE completed IS NULL AND status <> 'QUEUED'"
                            " AND lease_until <= ?",
                            {seconds_of(clock_.now())}));
  for (const auto& row : lost) {
    if (row.text(3) == name_of(RunState::cancelling)) TRY(builds_.move(row.integer(0), RunState::failed, "cancelled"));
    else TRY(give_up(row.integer(0), row.text(1), row.integer(2)));
  }
  return {};
}

// A key of a lost worker is worthless from here on: if it comes back, another has the run.
Status BuildQueue::give_up(std::int64_t run_id, const std::string& worker, std::int64_t attempts) {
  TRY(db_.execute("UPDATE ci_runs SET key_hash = NULL, lease_until = NULL, worker = '' WHERE id = ?", {run_id}));
  auto gone = "worker '" + worker + "' fell silent";
  if (attempts >= 2) return builds_.move(run_id, RunState::failed, gone + " twice");
  TRY(append_line(db_, run_id, "== " + gone + "; the run is queued again"));
  return builds_.move(run_id, RunState::queued, "");
}

Result<RunKey> BuildQueue::run_of_key(std::string_view run_key) {
  auto rows = TRY(db_.query(std::string(kRunKeyColumns) + "WHERE r.key_hash = ?", {crypto::sha256_hex(run_key)}));
  if (rows.empty()) return denied("run key: not known");
  return run_key_of(rows[0]);
}

}  // namespace rota::server
