// Who else may say what a target is (TUF 4.5, 5.6.7): delegated roles by path pattern or hash prefix, and succinct roles
// (hashed bins that share keys, TAP 15).
// In:    the `delegations` member of a targets file whose signatures were checked.
// Out:   Delegations; which roles speak for a target path, in order.
// Never: a role name or a target path used as a file name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tuf/key.h"
#include "tuf/role_keys.h"

namespace rota::tuf {

struct DelegatedRole {
  std::string name;  // any text but "" and those of the top-level roles: "../x" and one with NUL are names, not paths
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;               // patterns (path_pattern.h); empty when prefixes are given
  std::vector<std::string> path_hash_prefixes;  // of the SHA-256 of the target path: 1 to 64 lower-case hex digits
};

// 2^bit_length roles named "<name_prefix>-<bin>", all with the same keys and terminating. The bin is the leading bits
// of the SHA-256 of the target path, in lower-case hex of the width of the last bin's.
struct SuccinctRoles {
  RoleKeys keys;
  int bit_length = 0;  // 1..32
  std::string name_prefix;
};

struct Delegations {
  std::map<KeyId, crypto::PublicKey> keys;  // those that can verify
  std::map<KeyId, std::string> unusable;    // the others, and why
  std::vector<DelegatedRole> roles;         // in file order; empty when succinct
  std::optional<SuccinctRoles> succinct;
};

// Form only. rejected: members missing or of the wrong type (`terminating` too); a threshold below 1; a role
// with both or neither of paths and path_hash_prefixes; a prefix that is not 1 to 64 hex digits; a name given twice,
// empty or that of a top-level role; both or neither of roles and succinct_roles; bit_length outside 1..32. A key that
// can never verify is not a refusal, nor a key id that is not listed, nor fewer keys than the threshold: such a role
// can only not be met.
Result<Delegations> read_delegations(const Json& json, Dialect dialect);

// A role that speaks for a target: its name, quorum, and whether the search ends with it.
struct Speaker {
  std::string role;
  RoleKeys keys;
  bool terminating = false;
};
// Those of `delegations` that speak for `target_path`, in order.
std::vector<Speaker> speakers_for(const Delegations& delegations, std::string_view target_path);

}  // namespace rota::tuf
