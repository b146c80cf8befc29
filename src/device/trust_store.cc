#include "device/trust_store.h"

#include "device/rota_db.h"

namespace rota::device {
namespace {

constexpr const char* kClockFloor = "clock_floor";

std::string text_of(tuf::Role role) { return std::string(tuf::name_of(role)); }

tuf::FileBytes& file_of(tuf::Generation& generation, std::string_view role) {
  if (role == "timestamp") return generation.timestamp;
  return role == "snapshot" ? generation.snapshot : generation.targets;
}

tuf::Version& floor_of(tuf::Floors& floors, std::string_view role) {
  if (role == "timestamp") return floors.timestamp;
  return role == "snapshot" ? floors.snapshot : floors.targets;
}

}  // namespace

Result<std::vector<tuf::Version>> TrustStore::root_versions() {
  std::vector<tuf::Version> versions;
  for (const auto& row : TRY(db_.query("SELECT version FROM roots ORDER BY version"))) versions.push_back(row.integer(0));
  return versions;
}

Result<Bytes> TrustStore::root(tuf::Version version) {
  const auto rows = TRY(db_.query("SELECT bytes FROM roots WHERE version = ?", {version}));
  if (rows.empty()) return not_found("root " + std::to_string(version) + ": not stored");
  return rows[0].text(0);
}

Result<client::Stored> TrustStore::load() {
  client::Stored out;
  for (auto& row : TRY(db_.query("SELECT role, bytes FROM generation")))
    file_of(out.generation, row.text(0)) = row.take(1);
  for (const auto& row : TRY(db_.query("SELECT role, version FROM floors")))
    floor_of(out.floors, row.text(0)) = row.integer(1);
  for (const auto& row : TRY(db_.query("SELECT file, version FROM listed"))) out.floors.listed[row.text(0)] = row.integer(1);
  out.under = TRY(db_.query("SELECT coalesce(max(version), 0) FROM roots"))[0].integer(0);
  return out;
}

Status TrustStore::accept_roots(std::span<const client::AcceptedRoot> roots, const client::Stored& left) {
  return db_.transaction([&]() -> Status {
    for (const auto& [version, bytes] : roots)
      TRY(db_.execute("INSERT OR REPLACE INTO roots VALUES (?, ?)", {version, store::BlobView{bytes}}));
    TRY(clear_files(left.generation));
    return write_floors(left.floors);
  });
}

Status TrustStore::clear_files(const tuf::Generation& left) {
  const std::pair<tuf::Role, const tuf::FileBytes&> files[] = {{tuf::Role::timestamp, left.timestamp},
                                                               {tuf::Role::snapshot, left.snapshot},
                                                               {tuf::Role::targets, left.targets}};
  for (const auto& [role, bytes] : files)
    if (bytes.empty()) TRY(db_.execute("DELETE FROM generation WHERE role = ?", {text_of(role)}));
  return {};
}

// The file itself comes with its set.
Status TrustStore::accept(tuf::Role, const tuf::FileBytes&, const tuf::Floors& floors) {
  return db_.transaction([&] { return write_floors(floors); });
}

Status TrustStore::replace(const tuf::Generation& generation, const tuf::Floors& floors) {
  return db_.transaction([&]() -> Status {
    TRY(write_file(tuf::Role::timestamp, generation.timestamp));
    TRY(write_file(tuf::Role::snapshot, generation.snapshot));
    TRY(write_file(tuf::Role::targets, generation.targets));
    return write_floors(floors);
  });
}

Status TrustStore::write_file(tuf::Role role, BytesView bytes) {
  TRY(db_.execute("INSERT OR REPLACE INTO generation VALUES (?, ?)", {text_of(role), store::BlobView{bytes}}));
  return {};
}

Status TrustStore::write_floors(const tuf::Floors& floors) {
  const std::pair<tuf::Role, tuf::Version> rows[] = {{tuf::Role::timestamp, floors.timestamp},
                                                     {tuf::Role::snapshot, floors.snapshot},
                                                     {tuf::Role::targets, floors.targets}};
  for (const auto& [role, version] : rows)
    TRY(db_.execute("INSERT OR REPLACE INTO floors VALUES (?, ?)", {text_of(role), version}));
  TRY(db_.execute("DELETE FROM listed"));
  for (const auto& [file, version] : floors.listed) TRY(db_.execute("INSERT INTO listed VALUES (?, ?)", {file, version}));
  return {};
}

Result<Bytes> TrustStore::delegated(const std::string& role) {
  const auto rows = TRY(db_.query("SELECT bytes FROM delegated WHERE role = ?", {role}));
  if (rows.empty()) return not_found("role '" + role.substr(0, 80) + "': not stored");
  return rows[0].text(0);
}

Status TrustStore::keep_delegated(const std::string& role, BytesView bytes) {
  TRY(db_.execute("INSERT OR REPLACE INTO delegated VALUES (?, ?)", {role, store::BlobView{bytes}}));
  return {};
}

Result<std::optional<Time>> TrustStore::clock_floor() {
  const auto text = TRY(Facts(db_).get(kClockFloor));
  if (!text) return std::optional<Time>();
  return std::optional<Time>(TRY_IN("stored clock", parse_rfc3339(*text)));
}

Status TrustStore::set_clock_floor(Time time) { return Facts(db_).set(kClockFloor, rfc3339(time)); }

}  // namespace rota::device
