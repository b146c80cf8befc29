#include "server/device_rows.h"

#include "crypto/hash.h"

namespace rota::server {
namespace {

std::int64_t stamp(Time time) {
  return time.time_since_epoch().count();
}
Time instant(std::int64_t stamp) {
  return Time(Seconds(stamp));
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::vector<std::string> separated(const std::string& text) {
  return text.empty() ? std::vector<std::string>() : split(text, ',');
}

constexpr const char* kTables =
    "CREATE TABLE devices (uuid TEXT PRIMARY KEY, factory TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,"
    " hardware_id TEXT NOT NULL, spki BLOB NOT NULL, next_spki BLOB NOT NULL, created_at INTEGER NOT NULL,"
    " UNIQUE (factory, name)) WITHOUT ROWID; "
    "CREATE TABLE check_ins (device TEXT PRIMARY KEY, last_seen INTEGER NOT NULL, target TEXT NOT NULL,"
    " ostree_hash TEXT NOT NULL, tags TEXT NOT NULL, apps TEXT NOT NULL, agent TEXT NOT NULL, root_held INTEGER NOT "
    "NULL,"
    " root_source INTEGER NOT NULL, timestamp_given INTEGER NOT NULL, snapshot_given INTEGER NOT NULL,"
    " targets_given INTEGER NOT NULL) WITHOUT ROWID; "
    "CREATE TABLE denied_devices (uuid TEXT PRIMARY KEY, factory TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID; "
    "CREATE TABLE device_certificates (serial TEXT PRIMARY KEY, device TEXT NOT NULL, factory TEXT NOT NULL,"
    " key_sha256 TEXT NOT NULL, issued_at INTEGER NOT NULL, not_after INTEGER NOT NULL) WITHOUT ROWID; "
    "CREATE TABLE device_reports (device TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (device, kind)) WITHOUT ROWID; "
    "CREATE TABLE apps_states (device TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (device, id)) WITHOUT ROWID; "
    "CREATE TABLE events (device TEXT NOT NULL, id TEXT NOT NULL, correlation_id TEXT NOT NULL, received_at INTEGER "
    "NOT NULL,"
    " device_time INTEGER NOT NULL, type TEXT NOT NULL, target TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT "
    "NULL,"
    " arrival INTEGER NOT NULL, PRIMARY KEY (device, id)) WITHOUT ROWID; "
    "CREATE INDEX events_by_arrival ON events (device, arrival); "
    "CREATE INDEX events_by_correlation ON events (device, correlation_id, device_time); "
    "CREATE INDEX events_by_age ON events (received_at)";

constexpr const char* kRootSince = "ALTER TABLE check_ins ADD COLUMN root_since INTEGER NOT NULL DEFAULT 0";

RootSource root_source_of(std::int64_t stored) {
  for (const auto source : {RootSource::request, RootSource::statement, RootSource::event, RootSource::fork})
    if (static_cast<std::int64_t>(source) == stored) return source;
  return RootSource::nothing;
}

// Takes over the columns of check_ins after the device's own eight.
void take_check_in(Device& device, const store::Row& row) {
  if (row.is_null(8)) return;
  device.last_seen = instant(row.integer(8));
  device.target = row.text(9);
  device.ostree_hash = row.text(10);
  device.tags = separated(row.text(11));
  device.apps = separated(row.text(12));
  device.agent = row.text(13);
  device.root_held = row.integer(14);
  device.root_source = root_source_of(row.integer(15));
  device.root_since = instant(row.integer(19));
  device.served = {.timestamp = row.integer(16), .snapshot = row.integer(17), .targets = row.integer(18), .listed = {}};
}

}  // namespace

Status prepare_device_tables(store::Database& db) {
  return db.migrate({kTables, kRootSince});
}

Result<std::vector<Device>> read_devices(store::Database& db) {
  const auto rows =
      TRY(db.query("SELECT uuid, factory, name, owner, hardware_id, spki, next_spki, created_at, last_seen, target, "
                   "ostree_hash, tags,"
                   " apps, agent, root_held, root_source, timestamp_given, snapshot_given, targets_given,"
                   " root_since FROM devices LEFT JOIN check_ins ON check_ins.device = devices.uuid"));
  std::vector<Device> devices;
  for (const auto& row : rows) {
    devices.push_back({.uuid = row.text(0),
                       .factory = row.text(1),
                       .name = row.text(2),
                       .owner = row.text(3),
                       .hardware_id = row.text(4),
                       .spki = row.text(5),
                       .next_spki = row.text(6),
                       .created_at = instant(row.integer(7))});
    take_check_in(devices.back(), row);
  }
  return devices;
}

Result<std::map<std::string, std::string, std::less<>>> read_denied(store::Database& db) {
  std::map<std::string, std::string, std::less<>> denied;
  for (const auto& row : TRY(db.query("SELECT uuid, factory FROM denied_devices"))) denied[row.text(0)] = row.text(1);
  return denied;
}

Status insert_device(store::Database& db, const Device& device) {
  TRY(
      db.execute("INSERT INTO devices (uuid, factory, name, owner, hardware_id, spki, next_spki, created_at)"
                 " VALUES (?,?,?,?,?,?,?,?)",
                 {device.uuid, device.factory, device.name, device.owner, device.hardware_id, store::Blob{device.spki},
                  store::Blob{device.next_spki}, stamp(device.created_at)}));
  return {};
}

Status insert_certificate(store::Database& db, const Device& device, const IssuedCertificate& certificate) {
  TRY(
      db.execute("INSERT INTO device_certificates (serial, device, factory, key_sha256, issued_at, not_after)"
                 " VALUES (?,?,?,?,?,?)",
                 {certificate.serial, device.uuid, device.factory, crypto::sha256_hex(device.spki),
                  stamp(device.created_at), stamp(certificate.not_after)}));
  return {};
}

Status erase_device(store::Database& db, const std::string& uuid) {
  for (const char* table : {"check_ins", "device_certificates", "device_reports", "apps_states", "events"})
    TRY(db.execute(std::string("DELETE FROM ") + table + " WHERE device = ?", {uuid}));
  TRY(db.execute("DELETE FROM devices WHERE uuid = ?", {uuid}));
  return {};
}

Status update_key(store::Database& db, const Device& device) {
  TRY(db.execute("UPDATE devices SET spki = ?, next_spki = ? WHERE uuid = ?",
                 {store::Blob{device.spki}, store::Blob{device.next_spki}, device.uuid}));
  return {};
}

Status store_check_in(store::Database& db, const Device& device) {
  TRY(db.execute(
      "INSERT OR REPLACE INTO check_ins (device, last_seen, target, ostree_hash, tags, apps, agent, root_held,"
      " root_source, timestamp_given, snapshot_given, targets_given, root_since) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
      {device.uuid, stamp(device.last_seen), device.target, device.ostree_hash, joined(device.tags),
       joined(device.apps), device.agent, device.root_held, static_cast<std::int64_t>(device.root_source),
       device.served.timestamp, device.served.snapshot, device.served.targets, stamp(device.root_since)}));
  return {};
}

Status insert_denied(store::Database& db, const Device& device, Time at) {
  TRY(db.execute("INSERT OR REPLACE INTO denied_devices (uuid, factory, at) VALUES (?,?,?)",
                 {device.uuid, device.factory, stamp(at)}));
  return {};
}

Status erase_denied(store::Database& db, const std::string& uuid) {
  TRY(db.execute("DELETE FROM denied_devices WHERE uuid = ?", {uuid}));
  return {};
}

}  // namespace rota::server
