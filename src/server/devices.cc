#include "server/devices.h"

#include "crypto/hash.h"
#include "server/device_rows.h"

namespace rota::server {
namespace {

constexpr Seconds kWriteEvery{60};
constexpr int kLookedAtOnce = 512;  // devices, while contacts wait

// Takes over what was said; true when that changed something.
template <typename T>
bool take(const std::optional<T>& said, T& stored) {
  if (!said || *said == stored) return false;
  stored = *said;
  return true;
}

tuf::Version& floor_of(tuf::Floors& floors, tuf::Role role) {
  switch (role) {
    case tuf::Role::timestamp:
      return floors.timestamp;
    case tuf::Role::snapshot:
      return floors.snapshot;
    case tuf::Role::targets:
      return floors.targets;
    case tuf::Role::root:
      break;
  }
  abort_with("floor_of: root has none");
}

}  // namespace

std::string_view name_of(RootSource source) {
  switch (source) {
    case RootSource::nothing:
      return "";
    case RootSource::request:
      return "request";
    case RootSource::statement:
      return "statement";
    case RootSource::event:
      return "event";
    case RootSource::fork:
      return "fork";
  }
  abort_with("name_of: not a RootSource");
}

Devices::Devices(store::Database& db, Writes& writes, Audit& audit, const Clock& clock)
    : db_(db), writes_(writes), audit_(audit), clock_(clock) {}

Status Devices::prepare() {
  TRY(prepare_device_tables(db_));
  return load();
}

Status Devices::load() {
  const std::unique_lock lock(mutex_);
  for (auto& device : TRY(read_devices(db_))) {
    const Time written = device.last_seen;
    const std::string uuid = device.uuid;
    insert(std::move(device));
    entries_[uuid].written = written;
  }
  denied_ = TRY(read_denied(db_));
  return {};
}

void Devices::insert(Device device) {
  by_name_[{device.factory, device.name}] = device.uuid;
  by_key_[device.spki] = device.uuid;
  if (!device.next_spki.empty()) by_key_[device.next_spki] = device.uuid;
  const std::string uuid = device.uuid;
  entries_[uuid] = Entry{std::move(device), Time{}, false};
}

void Devices::erase(const std::string& uuid) {
  const auto found = entries_.find(uuid);
  if (found == entries_.end()) return;
  const auto& device = found->second.device;
  by_name_.erase({device.factory, device.name});
  by_key_.erase(device.spki);
  by_key_.erase(device.next_spki);
  entries_.erase(found);
}

std::optional<Device> Devices::find(std::string_view uuid) const {
  const std::shared_lock lock(mutex_);
  const auto found = entries_.find(uuid);
  return found == entries_.end() ? std::nullopt : std::optional(found->second.device);
}

std::optional<Device> Devices::named(std::string_view factory, std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_name_.find({std::string(factory), std::string(name)});
  return found == by_name_.end() ? std::nullopt : std::optional(entries_.at(found->second).device);
}

std::vector<Device> Devices::all(std::string_view factory) const {
  const std::shared_lock lock(mutex_);
  std::vector<Device> devices;
  for (const auto& [uuid, entry] : entries_)
    if (factory.empty() || entry.device.factory == factory) devices.push_back(entry.device);
  return devices;
}

void Devices::each(std::string_view factory, const std::function<void(const Device&)>& look) const {
  std::string after;
  for (bool more = true; more;) {
    const std::shared_lock lock(mutex_);
    auto at = entries_.upper_bound(after);
    for (int left = kLookedAtOnce; left > 0 && at != entries_.end(); --left, ++at) {
      after = at->first;
      if (at->second.device.factory == factory) look(at->second.device);
    }
    more = at != entries_.end();
  }
}

bool Devices::knows_key(BytesView spki) const {
  const std::shared_lock lock(mutex_);
  return by_key_.contains(spki);
}

Status Devices::add(const Device& device, const IssuedCertificate& certificate) {
  const std::lock_guard registration(registration_);
  if (is_denied(device.uuid)) return denied("device '" + device.uuid + "': is on the denied list");
  if (find(device.uuid)) return conflict("device '" + device.uuid + "': is registered already");
  if (named(device.factory, device.name)) return conflict("device name '" + device.name + "': is taken");
  if (knows_key(device.spki)) return bad_input("csr: its key is registered already");
  TRY(writes_.now([&](store::Database& db) -> Status {
    TRY(insert_device(db, device));
    return insert_certificate(db, device, certificate);
  }));
  const std::unique_lock lock(mutex_);
  insert(device);
  return {};
}

Status Devices::deny(const std::string& uuid, const std::string& by) {
  const std::lock_guard registration(registration_);
  const auto device = find(uuid);
  if (!device) return not_found("device '" + uuid + "': does not exist");
  {
    const std::unique_lock lock(mutex_);
    denied_[uuid] = device->factory;
  }
  const Status stored = writes_.now([&](store::Database& db) -> Status {
    TRY(insert_denied(db, *device, clock_.now()));
    return erase_device(db, uuid);
  });
  const std::unique_lock lock(mutex_);
  if (!stored) {
    denied_.erase(uuid);
    return stored;
  }
  erase(uuid);
  audit_.add({device->factory, by, "device-denied", uuid, device->name});
  return {};
}

Status Devices::undeny(const std::string& uuid, const std::string& by) {
  const std::lock_guard registration(registration_);
  if (!is_denied(uuid)) return not_found("device '" + uuid + "': is not on the denied list");
  TRY(writes_.now([&](store::Database& db) { return erase_denied(db, uuid); }));
  const std::unique_lock lock(mutex_);
  audit_.add({denied_[uuid], by, "device-undenied", uuid});
  denied_.erase(uuid);
  return {};
}

std::optional<std::string> Devices::denied_factory(std::string_view uuid) const {
  const std::shared_lock lock(mutex_);
  const auto found = denied_.find(uuid);
  return found == denied_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> Devices::denied_of(std::string_view factory) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::string> uuids;
  for (const auto& [uuid, of] : denied_)
    if (factory.empty() || of == factory) uuids.push_back(uuid);
  return uuids;
}

Status Devices::meet(const Contact& contact, Enrolment enrolment) {
  {
    const std::shared_lock lock(mutex_);
    if (denied_.contains(contact.uuid)) return denied("device: is on the denied list");
    const auto found = entries_.find(contact.uuid);
    if (found != entries_.end() && found->second.device.factory == contact.factory &&
        found->second.device.spki == contact.spki)
      return {};
  }
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(contact.uuid);
  if (found == entries_.end()) return meet_stranger(contact, enrolment);
  if (found->second.device.factory != contact.factory) return denied("device: belongs to another factory");
  return meet_new_key(found->second, contact);
}

Status Devices::meet_stranger(const Contact& contact, Enrolment enrolment) {
  if (enrolment == Enrolment::off) return denied("device: is not registered");
  if (denied_.contains(contact.uuid)) return denied("device: is on the denied list");
  if (by_key_.contains(contact.spki)) return denied("device: its key belongs to another device");
  if (by_name_.contains({contact.factory, contact.uuid})) return denied("device: its name is taken");
  const Device device{.uuid = contact.uuid,
                      .factory = contact.factory,
                      .name = contact.uuid,
                      .owner = "",
                      .hardware_id = "",
                      .spki = Bytes(contact.spki),
                      .next_spki = {},
                      .created_at = clock_.now()};
  insert(device);
  writes_.later([device](store::Database& db) { return insert_device(db, device); });
  audit_.add(
      {device.factory, "device:" + device.uuid, "device-enrolled", device.uuid, crypto::sha256_hex(device.spki)});
  return {};
}

Status Devices::meet_new_key(Entry& entry, const Contact& contact) {
  auto& device = entry.device;
  if (device.spki == contact.spki) return {};
  if (device.next_spki.empty() || device.next_spki != contact.spki) {
    audit_.add_once({device.factory, "gateway", "alert:foreign-key", device.uuid, crypto::sha256_hex(contact.spki)});
    return denied("device: another key than the one registered");
  }
  by_key_.erase(device.spki);
  device.spki = std::exchange(device.next_spki, {});
  store_key(device);
  audit_.add(
      {device.factory, "device:" + device.uuid, "device-key-changed", device.uuid, crypto::sha256_hex(device.spki)});
  return {};
}

void Devices::store_key(const Device& device) {
  writes_.later([device](store::Database& db) { return update_key(db, device); });
}

Status Devices::announce_key(const std::string& uuid, BytesView spki) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(uuid);
  if (found == entries_.end()) return not_found("device: is not registered");
  auto& device = found->second.device;
  if (device.next_spki == spki) return {};
  if (!device.next_spki.empty()) return conflict("next_pubkey: another key is announced already");
  if (by_key_.contains(spki)) return bad_input("next_pubkey: belongs to a device already");
  device.next_spki = Bytes(spki);
  by_key_[device.next_spki] = uuid;
  store_key(device);
  audit_.add({device.factory, "device:" + uuid, "device-key-announced", uuid, crypto::sha256_hex(spki)});
  return {};
}

void Devices::check_in(const std::string& uuid, const CheckIn& said) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(uuid);
  if (found == entries_.end()) return;
  auto& [device, written, waiting] = found->second;
  bool changed = take(said.target, device.target);
  changed |= take(said.ostree_hash, device.ostree_hash);
  changed |= take(said.agent, device.agent);
  changed |= take(said.tags, device.tags);
  changed |= take(said.apps, device.apps);
  device.last_seen = clock_.now();
  if (changed || device.last_seen - written >= kWriteEvery) store_hot(found->second);
}

void Devices::note_root(const std::string& uuid, tuf::Version held, RootSource source) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(uuid);
  if (found == entries_.end()) return;
  auto& device = found->second.device;
  const bool stated = source == RootSource::statement || source == RootSource::fork;
  if (!stated && (held <= device.root_held || device.root_source == RootSource::fork)) return;
  if (device.root_held == held && device.root_source == source) return;
  if (device.root_held != held) device.root_since = clock_.now();
  device.root_held = held;
  device.root_source = source;
  store_hot(found->second);
}

Status Devices::give(const std::string& uuid, tuf::Role role, tuf::Version version) {
  const std::unique_lock lock(mutex_);
  const auto found = entries_.find(uuid);
  if (found == entries_.end()) return not_found("device: is not registered");
  auto& floor = floor_of(found->second.device.served, role);
  if (version < floor) return conflict("metadata: a higher version was given to this device before");
  if (version == floor) return {};
  floor = version;
  store_hot(found->second);
  return {};
}

void Devices::store_hot(Entry& entry) {
  if (entry.waiting) return;
  entry.waiting = true;
  writes_.later([this, uuid = entry.device.uuid](store::Database& db) { return write_hot(db, uuid); });
}

Status Devices::write_hot(store::Database& db, const std::string& uuid) {
  Device device;
  {
    const std::unique_lock lock(mutex_);
    const auto found = entries_.find(uuid);
    if (found == entries_.end()) return {};
    found->second.waiting = false;
    found->second.written = found->second.device.last_seen;
    device = found->second.device;
  }
  return store_check_in(db, device);
}

}  // namespace rota::server
