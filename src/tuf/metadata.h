// The four roles in memory, one model for both dialects. Unknown members live on in `body`, the raw tree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "tuf/canonical.h"
#include "tuf/key.h"

namespace rota::tuf {

enum class Role { root, targets, snapshot, timestamp };
std::string_view name_of(Role role);  // "root", …
std::optional<Role> role_named(std::string_view name);

using Version = std::int64_t;  // 1..2^31-1 (uptane), 1..2^53-1 (tuf)

struct Signature {
  KeyId key_id;
  std::string method;  // as written; empty in the tuf dialect
  Bytes bytes;         // decoded
};

// {"signatures":[…],"signed":{…}} taken apart, nothing believed yet.
struct Envelope {
  Bytes raw;  // as received
  Json body;  // the value of "signed"
  std::vector<Signature> signatures;
  Dialect dialect = Dialect::uptane;
};

// Refuses (rejected): not strict JSON, longer than `max_bytes`, members missing or of the wrong type. A signature of a
// method nobody knows is kept with that method and never counts.
Result<Envelope> parse_envelope(BytesView bytes, std::size_t max_bytes);

// Device limits (formats.md 11, device.md 5.2).
constexpr std::size_t kMaxRoot = 64 * 1024, kMaxTimestamp = 64 * 1024, kMaxSnapshot = 64 * 1024, kMaxTargets = 8u << 20;
constexpr std::size_t max_size(Role role) { return role == Role::targets ? kMaxTargets : kMaxRoot; }

struct RoleKeys {
  std::vector<KeyId> key_ids;  // in file order
  std::int64_t threshold = 0;
  bool operator==(const RoleKeys&) const = default;
};

struct Root {
  Version version = 0;
  Time expires;
  Dialect dialect = Dialect::uptane;
  std::map<KeyId, crypto::PublicKey> keys;  // those of a known type; others are ignored as if absent
  std::map<Role, RoleKeys> roles;
  Json body;
  const RoleKeys& role(Role r) const { return roles.at(r); }
  // The distinct key material of a role.
  std::set<crypto::PublicKey> material(Role r) const;
};

struct FileMeta {
  Version version = 0;
  std::optional<std::int64_t> length;
  std::map<std::string, std::string> hashes;  // algorithm -> hex
};

struct Timestamp {
  Version version = 0;
  Time expires;
  FileMeta snapshot;
  Json body;
};

struct Snapshot {
  Version version = 0;
  Time expires;
  std::map<std::string, FileMeta> meta;  // "targets.json", …
  Json body;
};

struct Target {
  std::string name;
  std::string sha256;  // hex; the OSTree commit for format OSTREE
  std::int64_t length = 0;
  Json custom;         // null when absent
};

struct Targets {
  Version version = 0;
  Time expires;
  std::vector<Target> targets;  // by name
  Json body;
};

// Form only, no signature: `_type`, version range, expires, types of members (rejected otherwise).
Result<Root> read_root(const Envelope& envelope);
Result<Timestamp> read_timestamp(const Envelope& envelope);
Result<Snapshot> read_snapshot(const Envelope& envelope);
Result<Targets> read_targets(const Envelope& envelope);
Result<Root> read_root_body(const Json& body);

}  // namespace rota::tuf
