#include "repo/ledger.h"

#include "crypto/hash.h"

namespace rota::repo {
namespace {

const std::vector<std::string> kTables = {R"(
CREATE TABLE factories (
  name TEXT PRIMARY KEY,
  repo_id TEXT NOT NULL UNIQUE,
  dialect TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  generation INTEGER NOT NULL  -- the one that is served
) WITHOUT ROWID;
CREATE TABLE role_files (
  factory TEXT NOT NULL REFERENCES factories(name),
  role TEXT NOT NULL,
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, role, version)
);
CREATE TABLE generations (
  factory TEXT NOT NULL REFERENCES factories(name),
  number INTEGER NOT NULL,
  root INTEGER NOT NULL,
  targets INTEGER NOT NULL,
  snapshot INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, number)
) WITHOUT ROWID;)",
                                          R"(
CREATE TABLE staged_roots (
  factory TEXT NOT NULL REFERENCES factories(name),
  stream TEXT NOT NULL,
  bytes BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, stream)
);)",
                                          R"(
CREATE TABLE production_roots (
  factory TEXT NOT NULL REFERENCES factories(name),
  version INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  bytes BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, version)
);)"};

std::int64_t unix_time(Time time) {
  return time.time_since_epoch().count();
}

}  // namespace

Status Ledger::make_tables() {
  return db_.migrate(kTables);
}

Result<std::vector<std::string>> Ledger::factories() const {
  std::vector<std::string> names;
  for (const auto& row : TRY(db_.query("SELECT name FROM factories ORDER BY name"))) names.push_back(row.text(0));
  return names;
}

Result<LedgerEntry> Ledger::entry(const std::string& factory) const {
  const auto rows = TRY(db_.query("SELECT repo_id, generation FROM factories WHERE name = ?", {factory}));
  if (rows.empty()) return not_found("factory '" + factory + "'");
  LedgerEntry entry{rows[0].text(0), rows[0].integer(1), {}, {}};
  entry.roots = TRY(roots(factory));
  for (auto& row : TRY(db_.query("SELECT version, bytes FROM production_roots WHERE factory = ?", {factory})))
    entry.production_roots[row.integer(0)] = row.take(1);
  entry.files.targets = TRY(served(factory, tuf::Role::targets, entry.generation));
  entry.files.snapshot = TRY(served(factory, tuf::Role::snapshot, entry.generation));
  entry.files.timestamp = TRY(served(factory, tuf::Role::timestamp, entry.generation));
  return entry;
}

Result<std::vector<Bytes>> Ledger::roots(const std::string& factory) const {
  const auto rows = TRY(db_.query(
      "SELECT version, bytes FROM role_files WHERE factory = ? AND role = 'root' ORDER BY version", {factory}));
  std::vector<Bytes> roots;
  for (const auto& row : rows) {
    roots.push_back(row.text(1));
    if (row.integer(0) != static_cast<std::int64_t>(roots.size()))
      return io_error("factory '" + factory + "': root " + std::to_string(roots.size()) + " is missing");
  }
  return roots;
}

Result<Bytes> Ledger::served(const std::string& factory, tuf::Role role, std::int64_t generation) const {
  const std::string name(tuf::name_of(role));
  const auto rows =
      TRY(db_.query("SELECT f.bytes, f.sha256 FROM generations g JOIN role_files f ON f.factory = g.factory "
                    "AND f.role = ? AND f.version = g." +
                        name + " WHERE g.factory = ? AND g.number = ?",
                    {name, factory, generation}));
  const std::string what = "factory '" + factory + "': " + name + " of generation " + std::to_string(generation);
  if (rows.empty()) return io_error(what + " is missing");
  if (crypto::sha256_hex(rows[0].text(0)) != rows[0].text(1)) return io_error(what + " is damaged");
  return rows[0].text(0);
}

Status Ledger::add_factory(const std::string& factory, const std::string& repo_id, Time now) {
  TRY(db_.execute(
      "INSERT INTO factories (name, repo_id, dialect, created_at, generation) VALUES (?, ?, 'uptane', ?, 0)",
      {factory, repo_id, unix_time(now)}));
  return {};
}

Status Ledger::add_file(const std::string& factory, const LedgerFile& file, Time now) {
  TRY(db_.execute(
      "INSERT INTO role_files (factory, role, version, sha256, bytes, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      {factory, std::string(tuf::name_of(file.role)), file.version, crypto::sha256_hex(file.bytes),
       store::Blob{Bytes(file.bytes)}, unix_time(now)}));
  return {};
}

Status Ledger::sign_again(const std::string& factory, const LedgerFile& file) {
  const std::string role(tuf::name_of(file.role));
  const auto changed = TRY(
      db_.execute("UPDATE role_files SET sha256 = ?, bytes = ? WHERE factory = ? AND role = ? AND version = ?",
                  {crypto::sha256_hex(file.bytes), store::BlobView{file.bytes}, factory, role, file.version}));
  if (changed != 1) return not_found("factory '" + factory + "': " + role + " " + std::to_string(file.version));
  return {};
}

Status Ledger::add_production_root(const std::string& factory, tuf::Version version, BytesView bytes, Time now) {
  TRY(db_.execute("INSERT INTO production_roots (factory, version, sha256, bytes, created_at) VALUES (?, ?, ?, ?, ?)",
                  {factory, version, crypto::sha256_hex(bytes), store::BlobView{bytes}, unix_time(now)}));
  return {};
}

Status Ledger::stage_root(const std::string& factory, BytesView root, Time now) {
  TRY(db_.execute("INSERT OR REPLACE INTO staged_roots (factory, stream, bytes, created_at) VALUES (?, 'ci', ?, ?)",
                  {factory, store::BlobView{root}, unix_time(now)}));
  return {};
}

Result<std::optional<Bytes>> Ledger::staged_root(const std::string& factory) const {
  auto rows = TRY(db_.query("SELECT bytes FROM staged_roots WHERE factory = ? AND stream = 'ci'", {factory}));
  return rows.empty() ? std::optional<Bytes>() : std::optional(rows[0].take(0));
}

Status Ledger::drop_staged_root(const std::string& factory) {
  TRY(db_.execute("DELETE FROM staged_roots WHERE factory = ? AND stream = 'ci'", {factory}));
  return {};
}

Status Ledger::point_to(const std::string& factory, std::int64_t number,
                        const std::map<tuf::Role, tuf::Version>& versions, Time now) {
  TRY(
      db_.execute("INSERT INTO generations (factory, number, root, targets, snapshot, timestamp, created_at) VALUES "
                  "(?, ?, ?, ?, ?, ?, ?)",
                  {factory, number, versions.at(tuf::Role::root), versions.at(tuf::Role::targets),
                   versions.at(tuf::Role::snapshot), versions.at(tuf::Role::timestamp), unix_time(now)}));
  const auto moved = TRY(db_.execute("UPDATE factories SET generation = ? WHERE name = ? AND generation = ?",
                                     {number, factory, number - 1}));
  if (moved != 1) return conflict("factory '" + factory + "': generation " + std::to_string(number) + " came too late");
  return {};
}

Status Ledger::forget(const std::string& factory, Time until) {
  TRY(
      db_.execute("DELETE FROM generations WHERE factory = ?1 AND created_at < ?2 AND number < "
                  "(SELECT generation FROM factories WHERE name = ?1)",
                  {factory, unix_time(until)}));
  for (const std::string role : {"targets", "snapshot", "timestamp"}) {
    TRY(
        db_.execute("DELETE FROM role_files WHERE factory = ?1 AND role = ?2 AND created_at < ?3 AND version NOT IN "
                    "(SELECT " +
                        role + " FROM generations WHERE factory = ?1)",
                    {factory, role, unix_time(until)}));
  }
  return {};
}

}  // namespace rota::repo
