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

Result<StoredTrust> TrustStore::load() const {
  StoredTrust out;
  for (const auto& row : TRY(db_.query("SELECT version, bytes FROM roots"))) out.roots[row.integer(0)] = row.text(1);
  for (const auto& row : TRY(db_.query("SELECT role, bytes FROM generation")))
    file_of(out.generation, row.text(0)) = row.text(1);
  for (const auto& row : TRY(db_.query("SELECT role, version FROM floors")))
    floor_of(out.floors, row.text(0)) = row.integer(1);
  for (const auto& row : TRY(db_.query("SELECT file, version FROM listed"))) out.floors.listed[row.text(0)] = row.integer(1);
  out.floors.stored_timestamp = out.generation.timestamp;
  return out;
}

Status TrustStore::accept_root(const tuf::Root& root, BytesView bytes, const tuf::Floors& floors) {
  return db_.transaction([&]() -> Status {
    TRY(db_.execute("INSERT OR REPLACE INTO roots VALUES (?, ?)", {root.version, store::Blob{Bytes(bytes)}}));
    if (floors.stored_timestamp.empty()) TRY(db_.execute("DELETE FROM generation WHERE role IN ('timestamp', 'snapshot')"));
    if (floors.targets == 0) TRY(db_.execute("DELETE FROM generation WHERE role = 'targets'"));
    return write_floors(floors);
  });
}

Status TrustStore::drop_roots_above(tuf::Version version) {
  TRY(db_.execute("DELETE FROM roots WHERE version > ?", {version}));
  return {};
}

Status TrustStore::raise(const tuf::Floors& floors) {
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
  TRY(db_.execute("INSERT OR REPLACE INTO generation VALUES (?, ?)", {text_of(role), store::Blob{Bytes(bytes)}}));
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

Result<std::optional<Time>> TrustStore::clock_floor() const {
  const auto text = TRY(Facts(db_).get(kClockFloor));
  if (!text) return std::optional<Time>();
  return std::optional<Time>(TRY_IN("stored clock", parse_rfc3339(*text)));
}

Status TrustStore::set_clock_floor(Time time) { return Facts(db_).set(kClockFloor, rfc3339(time)); }

}  // namespace rota::device
