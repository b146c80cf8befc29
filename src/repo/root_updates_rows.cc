#include "repo/root_updates_rows.h"

namespace rota::repo {
namespace {

const std::vector<std::string> kTables = {R"(
CREATE TABLE root_updates (
  factory TEXT PRIMARY KEY REFERENCES factories(name),
  txid_sha256 TEXT NOT NULL,
  initiator TEXT NOT NULL,
  ci_root BLOB NOT NULL,
  production_root BLOB NOT NULL,
  tag_signatures TEXT NOT NULL,
  wave_signatures TEXT NOT NULL,
  made_keys TEXT NOT NULL,
  weaker INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_by TEXT NOT NULL,
  updated_at TEXT NOT NULL
);
CREATE TABLE root_updates_applied (
  factory TEXT NOT NULL REFERENCES factories(name),
  txid_sha256 TEXT NOT NULL,
  applied_at INTEGER NOT NULL,
  PRIMARY KEY (factory, txid_sha256)
);)"};

// An empty object for null, so that there is a text for it.
std::string text_of(const Json& json) {
  return json.is_null() ? "{}" : to_json(json);
}

}  // namespace

Status UpdatesRows::make_tables() {
  return db_.migrate(kTables);
}

Result<std::optional<UpdatesRow>> UpdatesRows::active(const std::string& factory) const {
  const auto rows = TRY(
      db_.query("SELECT txid_sha256, initiator, ci_root, production_root, tag_signatures, wave_signatures, made_keys, "
                "weaker, first_time, created_at, updated_by, updated_at FROM root_updates WHERE factory = ?",
                {factory}));
  if (rows.empty()) return std::optional<UpdatesRow>();
  const auto& from = rows[0];
  UpdatesRow row;
  row.txid_sha256 = from.text(0);
  row.initiator = from.text(1);
  row.ci_root = from.text(2);
  row.production_root = from.text(3);
  row.tag_signatures = TRY(parse_json(from.text(4)));
  row.wave_signatures = TRY(parse_json(from.text(5)));
  row.made_keys = TRY(parse_json(from.text(6)));
  row.weaker = from.integer(7) != 0;
  row.first_time = from.integer(8) != 0;
  row.created_at = from.text(9);
  row.updated_by = from.text(10);
  row.updated_at = from.text(11);
  return std::optional(std::move(row));
}

Status UpdatesRows::store(const std::string& factory, const UpdatesRow& row) {
  TRY(db_.execute(
      "INSERT OR REPLACE INTO root_updates (factory, txid_sha256, initiator, ci_root, production_root, "
      "tag_signatures, wave_signatures, made_keys, weaker, first_time, created_at, updated_by, updated_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {factory, row.txid_sha256, row.initiator, store::BlobView{row.ci_root}, store::BlobView{row.production_root},
       text_of(row.tag_signatures), text_of(row.wave_signatures), text_of(row.made_keys), std::int64_t{row.weaker},
       std::int64_t{row.first_time}, row.created_at, row.updated_by, row.updated_at}));
  return {};
}

Status UpdatesRows::end(const std::string& factory) {
  TRY(db_.execute("DELETE FROM root_updates WHERE factory = ?", {factory}));
  return {};
}

Status UpdatesRows::note_applied(const std::string& factory, const std::string& txid_sha256, Time now) {
  TRY(db_.execute("INSERT INTO root_updates_applied (factory, txid_sha256, applied_at) VALUES (?, ?, ?)",
                  {factory, txid_sha256, now.time_since_epoch().count()}));
  return {};
}

Result<bool> UpdatesRows::was_applied(const std::string& factory, const std::string& txid_sha256) const {
  return !TRY(db_.query("SELECT 1 FROM root_updates_applied WHERE factory = ? AND txid_sha256 = ?",
                        {factory, txid_sha256}))
              .empty();
}

}  // namespace rota::repo
