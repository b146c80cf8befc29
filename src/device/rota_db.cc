#include "device/rota_db.h"

namespace rota::device {
namespace {

const std::vector<std::string> kSchema = {
    "CREATE TABLE roots (version INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TABLE generation (role TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE floors (role TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE listed (file TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    // state: current (0 or 1 row) or earlier. `turn` orders them by when they reached it.
    "CREATE TABLE installed (name TEXT NOT NULL, hash TEXT NOT NULL, version INTEGER NOT NULL, custom TEXT NOT NULL,"
    " state TEXT NOT NULL, failing INTEGER NOT NULL, turn INTEGER NOT NULL, PRIMARY KEY (name, hash)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX one_current ON installed (state) WHERE state = 'current';"
    // phase: intent or pending.
    "CREATE TABLE change (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), phase TEXT NOT NULL, name TEXT NOT NULL,"
    " hash TEXT NOT NULL, version INTEGER NOT NULL, custom TEXT NOT NULL, previous_hash TEXT NOT NULL,"
    " correlation_id TEXT NOT NULL);"
    "CREATE TABLE events (turn INTEGER PRIMARY KEY AUTOINCREMENT, json TEXT NOT NULL);",
    // Delegated targets of the tuf dialect, by role.
    "CREATE TABLE delegated (role TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;",
};

Result<std::unique_ptr<store::Database>> open_with_schema(const std::string& path) {
  auto db = TRY(store::Database::open(path));
  TRY_IN(path, db->migrate(kSchema));
  return db;
}

Status check_folder(Files& files, const std::string& folder) {
  const FileFacts facts = TRY(files.facts(folder));
  if (facts.kind != FileFacts::Kind::folder) return bad_input("store '" + folder + "': want a folder");
  if ((facts.mode & 022u) != 0) return bad_input("store '" + folder + "': others may write to it", "chmod go-w " + folder);
  return {};
}

}  // namespace

Result<std::unique_ptr<store::Database>> open_rota_db(Files& files, const std::string& folder) {
  if (!TRY(files.facts(folder)).exists()) TRY(make_folders(files, folder, 0700));
  TRY(check_folder(files, folder));
  return open_with_schema(folder + "/rota.db");
}

Result<std::unique_ptr<store::Database>> open_rota_db_to_read(Files& files, const std::string& folder) {
  const std::string path = folder + "/rota.db";
  if (!TRY(files.facts(path)).exists()) return not_found("store '" + path + "': not made yet", "run: rota-device check");
  TRY(check_folder(files, folder));
  return open_with_schema(path);
}

Result<std::optional<std::string>> Facts::get(const std::string& name) const {
  const auto rows = TRY(db_.query("SELECT value FROM facts WHERE name = ?", {name}));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional<std::string>(rows[0].text(0));
}

Status Facts::set(const std::string& name, const std::string& value) {
  TRY(db_.execute("INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", {name, value}));
  return {};
}

}  // namespace rota::device
