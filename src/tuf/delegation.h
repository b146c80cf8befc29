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
  std::string name;
  RoleKeys keys;
  bool terminating = false;
  std::vector<std::string> paths;               // shell patterns; empty when prefixes are given
  std::vector<std::string> path_hash_prefixes;  // lower-case hex
};

// 2^bit_length roles named "<name_prefix>-<bin, zero-padded hex>", all with the same keys.
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

// rejected: wrong types; a role with both or neither of paths and path_hash_prefixes; a prefix that is no hex; a name given
// twice, empty or that of a top-level role; both or neither of roles and succinct_roles; bit_length outside 1..32.
Result<Delegations> read_delegations(const Json& json, Dialect dialect);

// A role that speaks for a target: its name, quorum, and whether the search ends with it.
struct Speaker {
  std::string role;
  RoleKeys keys;
  bool terminating = false;
};
// Those of `delegations` that speak for `target_path`, in order.
std::vector<Speaker> speakers_for(const Delegations& delegations, std::string_view target_path);

// True when the shell pattern matches: '*' and '?' do not match '/', '[…]' and '\' have no meaning beyond what TUF 4.5 gives
// them. Linear in pattern + path.
bool matches_pattern(std::string_view pattern, std::string_view path);

}  // namespace rota::tuf
