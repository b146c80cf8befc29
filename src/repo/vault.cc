#include "repo/vault.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repo/first_archive.h"

namespace rota::repo {
namespace {

const std::vector<std::string> kTables = {R"(
CREATE TABLE online_keys (
  factory TEXT NOT NULL REFERENCES factories(name),
  role TEXT NOT NULL,
  key_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'active')),
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (factory, role, key_id)
);
CREATE TABLE first_root_keys (
  factory TEXT NOT NULL REFERENCES factories(name),
  key_id TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER,  -- null: held
  PRIMARY KEY (factory, key_id)
);
CREATE TABLE first_archives (
  factory TEXT PRIMARY KEY REFERENCES factories(name),
  sha256 TEXT NOT NULL,
  sealed BLOB,  -- null: confirmed and erased
  created_at INTEGER NOT NULL
);)"};

std::int64_t unix_time(Time time) {
  return time.time_since_epoch().count();
}

std::string context_of(const std::string& factory, std::string_view place, std::string_view id) {
  return factory + "/" + std::string(place) + "/" + std::string(id);
}

std::string_view name_of(OnlineKey::State state) {
  switch (state) {
    case OnlineKey::State::waiting:
      return "waiting";
    case OnlineKey::State::active:
      return "active";
  }
  abort_with("OnlineKey: not one of its states");
}

bool lists(const tuf::Root& root, const crypto::PublicKey& key) {
  for (const auto& [role, keys] : root.roles) {
    if (root.material(role).contains(key)) return true;
  }
  return false;
}

}  // namespace

Status Vault::make_tables() {
  return db_.migrate(kTables);
}

Result<crypto::PrivateKey> Vault::open_key(const std::string& context, BytesView sealed) const {
  const auto pem = crypto::unseal(seal_key_, context, sealed);
  if (!pem)
    return denied("key " + context + ": the seal key does not open it", "start with the seal key of this data folder");
  return crypto::PrivateKey::from_pem(*pem);
}

Status Vault::check_seal_key() const {
  for (const auto& row : TRY(db_.query("SELECT DISTINCT factory FROM online_keys"))) TRY(online(row.text(0)));
  return {};
}

Status Vault::add_online(const std::string& factory, const OnlineKey& key, const crypto::PrivateKey& secret, Time now) {
  const std::string role(tuf::name_of(key.role));
  const Bytes sealed = crypto::seal(seal_key_, context_of(factory, role, key.id.hex), secret.pkcs8_pem().reveal());
  TRY(db_.execute(
      "INSERT INTO online_keys (factory, role, key_id, state, sealed, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      {factory, role, key.id.hex, std::string(name_of(key.state)), store::Blob{sealed}, unix_time(now)}));
  return {};
}

Result<std::vector<OnlineKey>> Vault::online(const std::string& factory) const {
  std::vector<OnlineKey> keys;
  const auto rows = TRY(db_.query(
      "SELECT role, key_id, state, sealed FROM online_keys WHERE factory = ? ORDER BY role, rowid", {factory}));
  for (const auto& row : rows) {
    const auto role = tuf::role_named(row.text(0));
    if (!role) return io_error("factory '" + factory + "': a key of the unknown role '" + row.text(0) + "'");
    auto secret = TRY(open_key(context_of(factory, row.text(0), row.text(1)), row.text(3)));
    const auto state = row.text(2) == "active" ? OnlineKey::State::active : OnlineKey::State::waiting;
    keys.push_back({*role, tuf::KeyId{row.text(1)}, state, tuf::KeySigner(std::move(secret))});
  }
  return keys;
}

Status Vault::follow(const std::string& factory, const std::vector<const tuf::Root*>& roots) {
  for (const OnlineKey& key : TRY(online(factory))) {
    const bool listed =
        std::ranges::any_of(roots, [&](const tuf::Root* root) { return lists(*root, key.signer.public_key()); });
    const std::vector<store::Value> place = {factory, std::string(tuf::name_of(key.role)), key.id.hex};
    const std::string here = " WHERE factory = ? AND role = ? AND key_id = ?";
    if (listed) TRY(db_.execute("UPDATE online_keys SET state = 'active'" + here, place));
    if (!listed && key.state == OnlineKey::State::active) TRY(db_.execute("DELETE FROM online_keys" + here, place));
  }
  return {};
}

Status Vault::drop_waiting(const std::string& factory, tuf::Role role, const tuf::KeyId& id) {
  const auto dropped = TRY(
      db_.execute("DELETE FROM online_keys WHERE factory = ? AND role = ? AND key_id = ? AND state = 'waiting'",
                  {factory, std::string(tuf::name_of(role)), id.hex}));
  return dropped == 1 ? Status() : not_found("factory '" + factory + "': no key " + id.brief() + " waits");
}

Status Vault::add_first_root(const std::string& factory, const crypto::PrivateKey& secret, Time now) {
  const std::string id = tuf::key_id(secret.public_key()).hex;
  const Bytes sealed = crypto::seal(seal_key_, context_of(factory, "first-root", id), secret.pkcs8_pem().reveal());
  TRY(db_.execute("INSERT INTO first_root_keys (factory, key_id, sealed, created_at) VALUES (?, ?, ?, ?)",
                  {factory, id, store::Blob{sealed}, unix_time(now)}));
  return {};
}

Result<crypto::PrivateKey> Vault::first_root(const std::string& factory, const tuf::KeyId& id) const {
  const auto rows = TRY(db_.query(
      "SELECT sealed FROM first_root_keys WHERE factory = ? AND key_id = ? AND retired_at IS NULL", {factory, id.hex}));
  if (rows.empty()) return not_found("factory '" + factory + "': root key " + id.brief());
  return open_key(context_of(factory, "first-root", id.hex), rows[0].text(0));
}

Status Vault::retire_first_root(const std::string& factory, const tuf::KeyId& id, Time now) {
  const auto retired = TRY(
      db_.execute("UPDATE first_root_keys SET retired_at = ? WHERE factory = ? AND key_id = ? AND retired_at IS NULL",
                  {unix_time(now), factory, id.hex}));
  if (retired == 0) return not_found("factory '" + factory + "': root key " + id.brief());
  return {};
}

Status Vault::retire_first_roots(const std::string& factory, Time now) {
  TRY(db_.execute("UPDATE first_root_keys SET retired_at = ? WHERE factory = ? AND retired_at IS NULL",
                  {unix_time(now), factory}));
  return {};
}

Result<tuf::KeyId> Vault::first_root_with_file(const std::string& factory, std::string_view sha256_hex) const {
  for (const auto& row : TRY(db_.query("SELECT key_id, sealed FROM first_root_keys WHERE factory = ?", {factory}))) {
    const auto key = TRY(open_key(context_of(factory, "first-root", row.text(0)), row.text(1)));
    const auto file = private_key_file(key);
    if (crypto::constant_time_equal(crypto::sha256_hex(file.reveal()), sha256_hex)) return tuf::KeyId{row.text(0)};
  }
  return not_found("factory '" + factory + "': no first root key has this digest");
}

Status Vault::erase_first_roots_not_in(const std::string& factory, const tuf::Root& root) {
  std::set<std::string> listed;
  for (const auto& key : root.material(tuf::Role::root)) listed.insert(tuf::key_id(key).hex);
  for (const auto& row : TRY(db_.query("SELECT key_id FROM first_root_keys WHERE factory = ?", {factory}))) {
    if (listed.contains(row.text(0))) continue;
    TRY(erase_archive(factory));
    TRY(db_.execute("DELETE FROM first_root_keys WHERE factory = ? AND key_id = ?", {factory, row.text(0)}));
  }
  return {};
}

Status Vault::erase_retired(const std::string& factory, Time until) {
  const auto erased =
      TRY(db_.execute("DELETE FROM first_root_keys WHERE factory = ? AND retired_at < ?", {factory, unix_time(until)}));
  return erased == 0 ? Status() : erase_archive(factory);
}

Status Vault::erase_archive(const std::string& factory) {
  TRY(db_.execute("UPDATE first_archives SET sealed = NULL WHERE factory = ?", {factory}));
  return {};
}

Status Vault::put_archive(const std::string& factory, BytesView archive, Time now) {
  const Bytes sealed = crypto::seal(seal_key_, context_of(factory, "first-archive", ""), archive);
  TRY(db_.execute("INSERT INTO first_archives (factory, sha256, sealed, created_at) VALUES (?, ?, ?, ?)",
                  {factory, crypto::sha256_hex(archive), store::Blob{sealed}, unix_time(now)}));
  return {};
}

Result<crypto::SecretBytes> Vault::archive(const std::string& factory) const {
  const auto rows = TRY(
      db_.query("SELECT sealed FROM first_archives a WHERE factory = ? AND sealed IS NOT NULL AND NOT EXISTS "
                "(SELECT 1 FROM first_root_keys k WHERE k.factory = a.factory AND k.retired_at IS NOT NULL)",
                {factory}));
  if (rows.empty()) return not_found("factory '" + factory + "': the first archive was handed over");
  return crypto::unseal(seal_key_, context_of(factory, "first-archive", ""), rows[0].text(0));
}

Status Vault::confirm_archive(const std::string& factory, std::string_view sha256_hex, Time now) {
  const auto rows = TRY(db_.query("SELECT sha256 FROM first_archives WHERE factory = ?", {factory}));
  if (rows.empty()) return not_found("factory '" + factory + "': no first archive");
  if (!crypto::constant_time_equal(rows[0].text(0), sha256_hex))
    return conflict("first archive of '" + factory + "': its sha256 is another one", "download it again");
  TRY(erase_archive(factory));
  return retire_first_roots(factory, now);
}

}  // namespace rota::repo
