// The four roles in memory, one model for both dialects. Unknown members of a root live on in `body`, the raw tree.
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
#include "tuf/delegation.h"
#include "tuf/key.h"
#include "tuf/role_keys.h"
#include "tuf/wanted.h"

namespace rota::tuf {

enum class Role { root, targets, snapshot, timestamp };
std::string_view name_of(Role role);  // "root", …
std::optional<Role> role_named(std::string_view name);

using Version = std::int64_t;  // 1..2^31-1 (uptane), 1..2^53-1 (tuf)

struct Signature {
  KeyId key_id;
  std::string method;  // as written; empty in the tuf dialect
  Bytes bytes;         // decoded
  bool operator==(const Signature&) const = default;
};

// {"signatures":[…],"signed":{…}} taken apart, nothing believed yet.
struct Envelope {
  Json body;  // the value of "signed"
  std::vector<Signature> signatures;
  Dialect dialect = Dialect::uptane;
};

// Refuses (rejected): not strict JSON, a number that is no integer, longer than `max_bytes`, members missing or of the wrong
// type, one key id twice in `signatures` (formats.md 11.2). A signature of a method nobody knows is kept with that method, one
// whose spelling does not decode is kept without bytes; neither ever counts. The dialect is read from what is signed:
// `spec_version` makes it tuf.
Result<Envelope> parse_envelope(BytesView bytes, std::size_t max_bytes);

// Device limits (formats.md 11, device.md 5.2).
constexpr std::size_t kMaxRoot = 64 * 1024, kMaxTimestamp = 64 * 1024, kMaxSnapshot = 64 * 1024, kMaxTargets = 8u << 20;
constexpr std::size_t max_size(Role role) { return role == Role::targets ? kMaxTargets : kMaxRoot; }
// The longest file of a role that is read at all in a dialect (tuf: tuf-client.md 3).
std::size_t max_size(Role role, Dialect dialect);

struct Root {
  Version version = 0;
  Time expires;
  Dialect dialect = Dialect::uptane;
  std::map<KeyId, crypto::PublicKey> keys;  // those that can verify; others are ignored as if absent
  std::map<KeyId, std::string> unusable;    // the others, and why: unknown type, RSA of a size devices never verify, …
  std::map<Role, RoleKeys> roles;           // all four
  bool consistent_snapshot = false;         // TUF 3: files are named by version, targets by hash
  Json body;
  const RoleKeys& role(Role r) const { return roles.at(r); }
  // The distinct key material of a role.
  std::set<crypto::PublicKey> material(Role r) const;
};

struct FileMeta {
  Version version = 0;
  std::optional<std::int64_t> length = {};
  std::map<std::string, std::string> hashes = {};  // algorithm -> hex
};

struct Timestamp {
  Version version = 0;
  Time expires;
  FileMeta snapshot;
};

struct Snapshot {
  Version version = 0;
  Time expires;
  std::map<std::string, FileMeta> meta;  // "targets.json", …
};

struct Target {
  std::string name;
  std::map<std::string, std::string> hashes;  // algorithm -> lower-case hex
  std::int64_t length = 0;
  std::string custom;             // the JSON text of `custom` as it was signed, empty when absent
  std::string_view sha256() const;  // 64 lower-case hex digits, the OSTree commit for format OSTREE; empty: not listed
  Json custom_json() const;         // null when absent
  bool operator==(const Target&) const = default;
};

struct Targets {
  Version version = 0;
  Time expires;
  Dialect dialect = Dialect::uptane;
  std::vector<Target> targets;             // those that were asked for, by name
  std::size_t count = 0;                   // of all
  std::optional<Delegations> delegations;  // TUF 4.5
};

// Form only, no signature: `_type` (any case), version range, expires, types of members; a root also has all four roles
// with thresholds 1..1000 (tuf: from 1). Anything else: rejected, "root: version: want 1..2147483647, got 0".
Result<Root> read_root(const Envelope& envelope);
Result<Timestamp> read_timestamp(const Envelope& envelope);
Result<Snapshot> read_snapshot(const Envelope& envelope);
Result<Targets> read_targets(const Envelope& envelope, const Wanted& wanted = Wanted::all());
Result<Root> read_root_body(Json body);
// The same, of a root that follows `before`: keys that stand in both are decoded once.
Result<Root> read_root_body(Json body, const Root& before);

}  // namespace rota::tuf
