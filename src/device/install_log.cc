#include "device/install_log.h"

namespace rota::device {
namespace {

// Columns name, hash, version, custom.
Result<DeviceTarget> target_of(const store::Row& row) {
  TRY_IN("stored target", parse_json(row.text(3), {.numbers = JsonRules::Numbers::any}));
  return DeviceTarget{row.text(0), row.text(1), row.integer(2), row.text(3)};
}

}  // namespace

Result<std::optional<DeviceTarget>> InstallLog::current() const {
  const auto rows = TRY(db_.query("SELECT name, hash, version, custom FROM installed WHERE state = 'current'"));
  if (rows.empty()) return std::optional<DeviceTarget>();
  return std::optional<DeviceTarget>(TRY(target_of(rows[0])));
}

Result<std::optional<Change>> InstallLog::change() const {
  const auto rows = TRY(db_.query("SELECT name, hash, version, custom, previous_hash, correlation_id, phase FROM change"));
  if (rows.empty()) return std::optional<Change>();
  const auto phase = rows[0].text(6) == "pending" ? Change::Phase::pending : Change::Phase::intent;
  auto target = TRY(target_of(rows[0]));
  return std::optional<Change>(Change{phase, std::move(target), rows[0].text(4), rows[0].text(5)});
}

Result<History> InstallLog::history() const {
  History out{DeviceTarget{.name = kInitialTarget, .hash = ""}, false, {}, {}};
  const auto rows = TRY(db_.query("SELECT name, hash, version, custom, state, failing FROM installed ORDER BY turn"));
  for (const auto& row : rows) {
    const auto target = TRY(target_of(row));
    const bool is_current = row.text(4) == "current", is_failing = row.integer(5) != 0;
    if (is_failing) out.failing.push_back(target);
    if (is_current) {
      out.current = target;
      out.current_failing = is_failing;
    } else if (!is_failing && !target.hash.empty()) {
      out.previous_good = target;
    }
  }
  return out;
}

Status InstallLog::note_running(const std::string& booted_hash) {
  return db_.transaction([&]() -> Status {
    const auto recorded = TRY(current());
    if (!recorded) return write_row(DeviceTarget{.name = kInitialTarget, .hash = booted_hash}, "current", 0);
    if (recorded->hash == booted_hash || TRY(change())) return {};
    return follow_what_runs(booted_hash);
  });
}

Status InstallLog::follow_what_runs(const std::string& booted_hash) {
  const auto last = TRY(db_.query("SELECT max(turn) FROM installed WHERE hash = ?", {booted_hash}));
  if (booted_hash.empty() || last[0].is_null(0)) return {};
  TRY(db_.execute("UPDATE installed SET state = 'earlier' WHERE state = 'current'"));
  TRY(db_.execute("UPDATE installed SET state = 'current' WHERE turn = ?", {last[0].integer(0)}));
  return {};
}

Status InstallLog::intend(const Change& change) { return write_change(change); }

Status InstallLog::intend_instead_of(const DeviceTarget& bad, const Change& change) {
  return db_.transaction([&]() -> Status {
    const auto running = TRY(current());
    TRY(write_row(bad, running && running->same_image(bad) ? "current" : "earlier", 1));
    TRY(clear_change());
    return write_change(change);
  });
}

Status InstallLog::drop_intent(const Event& said) {
  return db_.transaction([&]() -> Status {
    TRY(clear_change());
    return events_.add_within(said);
  });
}

Status InstallLog::pend(const Event& said) {
  return db_.transaction([&]() -> Status {
    TRY(db_.execute("UPDATE change SET phase = 'pending'"));
    return events_.add_within(said);
  });
}

Status InstallLog::confirm(const DeviceTarget& target, const Event& said) {
  return db_.transaction([&]() -> Status {
    TRY(db_.execute("UPDATE installed SET state = 'earlier' WHERE state = 'current'"));
    TRY(write_row(target, "current", 0));
    TRY(clear_change());
    return events_.add_within(said);
  });
}

Status InstallLog::fail(const Event& said) {
  return db_.transaction([&]() -> Status {
    const auto under_way = TRY(change());
    if (!under_way) return conflict("no change is under way");
    const auto running = TRY(current());
    const bool stays_current = running && running->same_image(under_way->target);
    TRY(write_row(under_way->target, stays_current ? "current" : "earlier", 1));
    TRY(clear_change());
    return events_.add_within(said);
  });
}

Status InstallLog::write_row(const DeviceTarget& target, const char* state, int failing) {
  TRY(
      db_.execute("INSERT OR REPLACE INTO installed (name, hash, version, custom, state, failing, turn) "
                  "VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM installed))",
                  {target.name, target.hash, target.version, target.custom, state, std::int64_t{failing}}));
  return {};
}

Status InstallLog::write_change(const Change& change) {
  const auto& target = change.target;
  TRY(db_.execute(
      "INSERT INTO change VALUES (1, 'intent', ?, ?, ?, ?, ?, ?)",
      {target.name, target.hash, target.version, target.custom, change.previous_hash, change.correlation_id}));
  return {};
}

Status InstallLog::clear_change() {
  TRY(db_.execute("DELETE FROM change"));
  return {};
}

}  // namespace rota::device
