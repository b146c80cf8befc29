// Delegations: what is read is within the promised ranges, and who speaks for a path is who a plain reading says. The
// input is
// {"path":…,"delegations":…}.
#include <algorithm>
#include <cstdio>
#include <set>

#include "crypto/hash.h"
#include "json_mutation.h"
#include "must_hold.h"
#include "plain_pattern.h"
#include "tuf/delegation.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(0)

namespace {

void in_range(const RoleKeys& keys) {
  must_hold(keys.threshold >= 1 && keys.threshold <= INT32_MAX, "thresholds are in range");
}

void holds_its_promise(const Delegations& delegations) {
  must_hold(!delegations.succinct || delegations.roles.empty(), "roles or succinct roles, not both");
  for (const auto& [id, why] : delegations.unusable)
    must_hold(!why.empty() && !delegations.keys.contains(id), "a key is usable or it is not");
  std::set<std::string> names;
  for (const DelegatedRole& role : delegations.roles) {
    in_range(role.keys);
    must_hold(names.insert(role.name).second && !role.name.empty(), "names are given once");
    must_hold(role.paths.empty() || role.path_hash_prefixes.empty(), "paths or prefixes, not both");
  }
  for (const char* top : {"root", "targets", "snapshot", "timestamp"})
    must_hold(!names.contains(top), "no name is a top-level role's");
  if (!delegations.succinct) return;
  in_range(delegations.succinct->keys);
  must_hold(delegations.succinct->bit_length >= 1 && delegations.succinct->bit_length <= 32, "bins are in range");
}

bool says(const DelegatedRole& role, const std::string& path) {
  const std::string digest = crypto::sha256_hex(path);
  const auto matches = [&](const std::string& pattern) {
    return fuzz::PlainPattern(*fuzz::code_points(pattern), *fuzz::code_points(path)).matches();
  };
  const auto begins = [&](const std::string& prefix) { return digest.substr(0, prefix.size()) == prefix; };
  return std::ranges::any_of(role.paths, matches) || std::ranges::any_of(role.path_hash_prefixes, begins);
}

// TAP 15: the first bit_length bits of the digest, bit by bit.
std::string bin(const SuccinctRoles& roles, const std::string& path) {
  const Bytes digest = unhex(crypto::sha256_hex(path)).value();
  std::uint64_t number = 0;
  for (int i = 0; i < roles.bit_length; ++i)
    number = number * 2 + ((static_cast<unsigned char>(digest[static_cast<std::size_t>(i) / 8]) >> (7 - i % 8)) & 1u);
  char text[20];
  std::snprintf(text, sizeof text, "%0*llx", (roles.bit_length + 3) / 4, static_cast<unsigned long long>(number));
  return roles.name_prefix + "-" + text;
}

std::vector<std::string> who_should(const Delegations& delegations, const std::string& path) {
  if (delegations.succinct) return {bin(*delegations.succinct, path)};
  std::vector<std::string> names;
  for (const DelegatedRole& role : delegations.roles) {
    if (says(role, path)) names.push_back(role.name);
  }
  return names;
}

void try_delegations(const Json& json, const std::string& path, Dialect dialect) {
  const auto delegations = read_delegations(json, dialect);
  if (!delegations.ok()) return must_hold(delegations.error().fault == Fault::rejected, "form is refused as rejected");
  holds_its_promise(*delegations);
  std::vector<std::string> names;
  for (const Speaker& speaker : speakers_for(*delegations, path)) {
    names.push_back(speaker.role);
    in_range(speaker.keys);
  }
  must_hold(names == who_should(*delegations, path), "those speak who should, in order");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const auto input = parse_json({reinterpret_cast<const char*>(bytes), std::min<std::size_t>(size, 8192)});
  if (!input.ok() || input->find("delegations") == nullptr) return 0;
  const std::string path = input->text_or("path", "");
  for (const Dialect dialect : {Dialect::uptane, Dialect::tuf})
    try_delegations(*input->find("delegations"), path, dialect);
  return 0;
}
