// Reading the raw tree of a role file: the pieces that read_* (first fault refuses) and admit (every fault is listed)
// share.
#pragma once

#include <span>

#include "tuf/metadata.h"

namespace rota::tuf::form {

inline constexpr Role kRoles[] = {Role::root, Role::targets, Role::snapshot, Role::timestamp};
// What a root of the uptane dialect may ask for (formats.md 11); TUF names no limit.
constexpr std::int64_t max_threshold(Dialect dialect) { return dialect == Dialect::uptane ? 1000 : INT32_MAX; }

// parse_envelope without its last rule: a key id may occur twice.
Result<Envelope> take_apart(BytesView bytes, std::size_t max_bytes);
// An item of `signatures`.
Result<Signature> signature_of(const Json& json, Dialect dialect);
// rejected when a key id occurs twice.
Status ids_once(const std::vector<Signature>& signatures);

// `spec_version` makes it tuf.
Dialect dialect_of(const Json& body);
std::string_view name_of(Dialect dialect);
// "Root" (uptane), "root" (tuf): as written in new metadata.
std::string type_name(Role role, Dialect dialect);
Version last_version(Dialect dialect);

// Each rejected with "<check>: want X, got Y"; the caller puts the file's name before it.
Status is_type(const Json& body, Role role);  // in any case
Status is_spec_1(const Json& body);           // tuf: any 1.x
Result<Version> version_of(const Json& object, Dialect dialect);
Result<Time> expires_of(const Json& body);
Result<RoleKeys> role_keys(const Json& role, Dialect dialect);
// The key object of a root: bad_input when it can never verify in this dialect.
Result<crypto::PublicKey> root_key(const Json& key, Dialect dialect);

// What a value is, for messages: "text", "7", "an array", "nothing" for nullptr.
std::string described(const Json* value);

}  // namespace rota::tuf::form
