// The registry of devices: in memory for the gateway, in the database for the next start.
// In:    registrations, contacts over mutual TLS, check-ins.
// Out:   who may go on; what each device last said; which versions it was given.
// Never: a second key for a known device unless announced; a lower metadata version than a device was given before.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/time.h"
#include "server/audit.h"
#include "server/check_in.h"
#include "server/writes.h"
#include "tuf/verify.h"

namespace rota::server {

// How the gateway knows which root a device holds (gateway.md 3.4). fork: it states a root that was never published here.
enum class RootSource { nothing, request, statement, event, fork };
std::string_view name_of(RootSource source);

struct Device {
  std::string uuid, factory, name, owner = {}, hardware_id = {};
  Bytes spki = {};       // of its certificate
  Bytes next_spki = {};  // announced; empty: none
  Time created_at = {};
  // What it last said (gateway.md 2).
  std::string target = "unknown", ostree_hash = {}, agent = {};
  std::vector<std::string> tags = {}, apps = {};
  Time last_seen = {};
  tuf::Version root_held = 0;
  RootSource root_source = RootSource::nothing;
  Time root_since = {};     // when it was first known to hold that root
  tuf::Floors served = {};  // the highest version given to it, per role
};

// A certificate made for a device.
struct IssuedCertificate {
  std::string serial;
  Time not_after;
};

// Somebody at the door, with a certificate that its factory's CA has issued.
struct Contact {
  std::string uuid, factory;
  BytesView spki;
};

enum class Enrolment { off, on_contact };

// Threads may share it. Look-ups and contacts never wait for the disk.
class Devices {
 public:
  Devices(store::Database& db, Writes& writes, Audit& audit, const Clock& clock);
  // Makes the tables, reads every device. Called once, before anything else.
  Status prepare();

  std::optional<Device> find(std::string_view uuid) const;
  std::optional<Device> named(std::string_view factory, std::string_view name) const;
  std::vector<Device> all(std::string_view factory) const;  // by uuid; an empty factory means all
  // Each device of the factory, by uuid. `look` runs under the lock that contacts wait for, but for few devices at a time;
  // those that come or go meanwhile may be left out.
  void each(std::string_view factory, const std::function<void(const Device&)>& look) const;
  bool knows_key(BytesView spki) const;

  // Durable when this returns. conflict: uuid or name taken, key registered; denied: uuid on the denied list.
  Status add(const Device& device, const IssuedCertificate& certificate);
  // On the denied list, its data erased; contacts are refused from now on.
  Status deny(const std::string& uuid, const std::string& by);
  // not_found: was not denied. The device must register anew.
  Status undeny(const std::string& uuid, const std::string& by);
  bool is_denied(std::string_view uuid) const { return denied_factory(uuid).has_value(); }
  std::optional<std::string> denied_factory(std::string_view uuid) const;  // nullopt: not denied
  std::vector<std::string> denied_of(std::string_view factory) const;

  // denied unless the device is known with this key. An unknown one is enrolled with `on_contact`; the first contact
  // under an announced key makes it the key; another key is an alert.
  Status meet(const Contact& contact, Enrolment enrolment);
  // Stored soon, unless nothing changed and the last write is younger than 60 s; last_seen is now.
  void check_in(const std::string& uuid, const CheckIn& said);
  // gateway.md 9. bad_input: the key of another device, or its present one; conflict: another key is pending.
  Status announce_key(const std::string& uuid, BytesView spki);

  // Written when it changes something. A request or an event only ever raises the version; a statement sets it, and a
  // fork stays until the next statement.
  void note_root(const std::string& uuid, tuf::Version held, RootSource source);
  // Before a version is given to a device. conflict: it was given a higher one before.
  Status give(const std::string& uuid, tuf::Role role, tuf::Version version);

 private:
  struct Entry {
    Device device;
    Time written;          // of the hot row
    bool waiting = false;  // a write of the hot row is queued
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  Status load();
  Status meet_stranger(const Contact& contact, Enrolment enrolment);
  Status meet_new_key(Entry& entry, const Contact& contact);
  void insert(Device device);           // under the unique lock
  void erase(const std::string& uuid);  // under the unique lock
  void store_key(const Device& device);
  void store_hot(Entry& entry);  // under the unique lock
  Status write_hot(store::Database& db, const std::string& uuid);

  store::Database& db_;
  Writes& writes_;
  Audit& audit_;
  const Clock& clock_;
  mutable std::shared_mutex mutex_;
  std::mutex registration_;  // one registration, denial at a time; taken before mutex_
  Entries entries_;
  std::map<std::pair<std::string, std::string>, std::string> by_name_;  // factory, name -> uuid
  std::map<Bytes, std::string, std::less<>> by_key_;                    // spki -> uuid
  std::map<std::string, std::string, std::less<>> denied_;              // uuid -> factory
};

}  // namespace rota::server
