#include "tuf/delegation.h"

#include <algorithm>

#include "crypto/hash.h"
#include "tuf/form.h"
#include "tuf/key_ring.h"
#include "tuf/path_pattern.h"

namespace rota::tuf {
namespace {

constexpr std::size_t kDigestDigits = 64;

Result<std::string> text_of(const Json& json, std::string_view name) {
  const Json* member = json.find(name);
  if (member == nullptr || member->if_text() == nullptr) return want_got(name, "text", form::described(member));
  return *member->if_text();
}

Result<const Json::Array*> items_of(const Json& list, std::string_view name) {
  if (list.if_array() == nullptr) return want_got(name, "an array", form::described(&list));
  return list.if_array();
}

Result<std::vector<std::string>> texts_of(const Json& list, std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& item : *TRY(items_of(list, name))) {
    if (item.if_text() == nullptr) return want_got(name, "texts", form::described(&item));
    texts.push_back(*item.if_text());
  }
  return texts;
}

Result<std::vector<std::string>> prefixes_of(const Json& list) {
  auto prefixes = TRY(texts_of(list, "path_hash_prefixes"));
  for (std::string& prefix : prefixes) {
    prefix = lower(prefix);
    const bool is_hex = prefix.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (prefix.empty() || prefix.size() > kDigestDigits || !is_hex)
      return want_got("path_hash_prefixes", "1 to 64 hex digits", "'" + KeyId{prefix}.brief() + "'");
  }
  return prefixes;
}

// Anything but what would pass for a top-level role.
Result<std::string> name_of_role(const Json& json) {
  std::string name = TRY(text_of(json, "name"));
  if (name.empty()) return rejected("name: is empty");
  if (role_named(name)) return rejected("name: '" + name + "' is a top-level role");
  return name;
}

Result<bool> terminating_of(const Json& json) {
  const Json* member = json.find("terminating");
  if (member == nullptr || member->if_bool() == nullptr)
    return want_got("terminating", "true or false", form::described(member));
  return *member->if_bool();
}

Result<DelegatedRole> read_role(const Json& json, Dialect dialect) {
  DelegatedRole role;
  role.name = TRY(name_of_role(json));
  role.keys = TRY(form::role_keys(json, dialect));
  role.terminating = TRY(terminating_of(json));
  const Json *paths = json.find("paths"), *prefixes = json.find("path_hash_prefixes");
  if (paths != nullptr && prefixes != nullptr) return rejected("want one of paths and path_hash_prefixes, got both");
  if (paths == nullptr && prefixes == nullptr) return rejected("want one of paths and path_hash_prefixes, got neither");
  if (paths != nullptr) role.paths = TRY(texts_of(*paths, "paths"));
  if (prefixes != nullptr) role.path_hash_prefixes = TRY(prefixes_of(*prefixes));
  return role;
}

Status names_differ(const std::vector<DelegatedRole>& roles) {
  std::vector<std::string_view> names;
  for (const DelegatedRole& role : roles) names.push_back(role.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::adjacent_find(names);
  if (twice != names.end()) return rejected("roles: '" + KeyId{std::string(*twice)}.brief() + "' is given twice");
  return {};
}

Result<std::vector<DelegatedRole>> read_roles(const Json& list, Dialect dialect) {
  std::vector<DelegatedRole> roles;
  for (const Json& item : *TRY(items_of(list, "roles")))
    roles.push_back(TRY_IN("roles: " + std::to_string(roles.size()), read_role(item, dialect)));
  TRY(names_differ(roles));
  return roles;
}

Result<SuccinctRoles> read_succinct(const Json& json, Dialect dialect) {
  SuccinctRoles roles;
  roles.keys = TRY(form::role_keys(json, dialect));
  const Json* bits = json.find("bit_length");
  if (bits == nullptr || bits->if_int() == nullptr || *bits->if_int() < 1 || *bits->if_int() > 32)
    return want_got("bit_length", "1..32", form::described(bits));
  roles.bit_length = static_cast<int>(*bits->if_int());
  roles.name_prefix = TRY(text_of(json, "name_prefix"));
  return roles;
}

Result<Delegations> delegations_from(const Json& json, Dialect dialect) {
  Delegations delegations;
  auto ring = TRY(read_keys(json, dialect));
  delegations.keys = std::move(ring.keys);
  delegations.unusable = std::move(ring.unusable);
  const Json *roles = json.find("roles"), *succinct = json.find("succinct_roles");
  if (roles != nullptr && succinct != nullptr) return rejected("want one of roles and succinct_roles, got both");
  if (roles == nullptr && succinct == nullptr) return rejected("want one of roles and succinct_roles, got neither");
  if (roles != nullptr) delegations.roles = TRY(read_roles(*roles, dialect));
  if (succinct != nullptr) delegations.succinct = TRY_IN("succinct_roles", read_succinct(*succinct, dialect));
  return delegations;
}

std::string bin_of(const SuccinctRoles& roles, std::string_view digest) {
  const std::size_t width = (static_cast<std::size_t>(roles.bit_length) + 3) / 4;
  const auto leading = std::stoull(std::string(digest.substr(0, 8)), nullptr, 16) >> (32 - roles.bit_length);
  std::string bin;
  for (std::size_t i = width; i-- > 0;) bin.push_back("0123456789abcdef"[leading >> 4 * i & 15]);
  return roles.name_prefix + "-" + bin;
}

bool speaks_for(const DelegatedRole& role, const PathMatcher& path, std::string_view digest) {
  return std::ranges::any_of(role.paths, [&](const std::string& pattern) { return path.matches(pattern); }) ||
         std::ranges::any_of(role.path_hash_prefixes,
                             [&](const std::string& prefix) { return digest.starts_with(prefix); });
}

}  // namespace

Result<Delegations> read_delegations(const Json& json, Dialect dialect) {
  return TRY_IN("delegations", delegations_from(json, dialect));
}

std::vector<Speaker> speakers_for(const Delegations& delegations, std::string_view target_path) {
  const std::string digest = crypto::sha256_hex(target_path);
  if (delegations.succinct) return {{bin_of(*delegations.succinct, digest), delegations.succinct->keys, true}};
  std::vector<Speaker> speakers;
  const PathMatcher path(target_path);
  for (const DelegatedRole& role : delegations.roles) {
    if (speaks_for(role, path, digest)) speakers.push_back({role.name, role.keys, role.terminating});
  }
  return speakers;
}

}  // namespace rota::tuf
