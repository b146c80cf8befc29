#include "tuf/metadata.h"

#include "tuf/form.h"
#include "tuf/key_ring.h"
#include "tuf/signed_file.h"

namespace rota::tuf {
namespace {

struct Head {
  Version version = 0;
  Time expires;
};

// What every role has. Errors name the check; the public functions put the file before it.
Result<Head> read_head(const Json& body, Role role) {
  const Dialect dialect = form::dialect_of(body);
  TRY(form::is_type(body, role));
  if (dialect == Dialect::tuf) TRY(form::is_spec_1(body));
  const Version version = TRY(form::version_of(body, dialect));
  const Time expires = TRY(form::expires_of(body));
  return Head{version, expires};
}

Result<const Json::Object*> object_of(const Json& body, std::string_view name) {
  const Json* member = body.find(name);
  if (member == nullptr || member->if_object() == nullptr) return want_got(name, "an object", form::described(member));
  return member->if_object();
}

// Required in the tuf dialect (TUF 4.3); the other knows one way to name files.
Result<bool> is_consistent(const Json& body, Dialect dialect) {
  const Json* member = body.find("consistent_snapshot");
  if (dialect == Dialect::uptane) return false;
  if (member == nullptr || member->if_bool() == nullptr)
    return want_got("consistent_snapshot", "true or false", form::described(member));
  return *member->if_bool();
}

Result<KeyRing> keys_of(const Json& body, Dialect dialect, const Root* before) {
  if (before == nullptr || before->dialect != dialect) return read_keys(body, dialect);
  return read_keys(body, dialect, before->body, before->keys);
}

Result<Root> root_from(Json body, const Root* before) {
  Root root;
  const Head head = TRY(read_head(body, Role::root));
  root.version = head.version;
  root.expires = head.expires;
  root.dialect = form::dialect_of(body);
  KeyRing ring = TRY(keys_of(body, root.dialect, before));
  root.keys = std::move(ring.keys);
  root.unusable = std::move(ring.unusable);
  TRY(object_of(body, "roles"));
  for (const Role role : form::kRoles) {
    const Json* keys = body.find("roles")->find(name_of(role));
    if (keys == nullptr) return rejected("roles: " + std::string(name_of(role)) + " is missing");
    root.roles.emplace(role, TRY_IN("roles: " + std::string(name_of(role)), form::role_keys(*keys, root.dialect)));
  }
  root.consistent_snapshot = TRY(is_consistent(body, root.dialect));
  root.body = std::move(body);
  return root;
}

Result<std::map<std::string, std::string>> read_hashes(const Json& object) {
  std::map<std::string, std::string> hashes;
  if (object.find("hashes") == nullptr) return hashes;
  for (const auto& [algorithm, digest] : *TRY(object_of(object, "hashes"))) {
    const auto* text = digest.if_text();
    const bool known_size = algorithm != "sha256" || (text != nullptr && is_sha256_hex(lower(*text)));
    if (text == nullptr || !known_size)
      return want_got("hashes: " + algorithm.substr(0, 20), "hex", form::described(&digest));
    hashes.emplace(algorithm, lower(*text));
  }
  return hashes;
}

Result<std::int64_t> read_length(const Json& length) {
  const auto* bytes = length.if_int();
  if (bytes == nullptr || *bytes < 0) return want_got("length", "bytes", form::described(&length));
  return *bytes;
}

Result<FileMeta> read_file_meta(const Json& json, Dialect dialect) {
  FileMeta meta;
  meta.version = TRY(form::version_of(json, dialect));
  if (const Json* length = json.find("length")) meta.length = TRY(read_length(*length));
  meta.hashes = TRY(read_hashes(json));
  return meta;
}

Result<Timestamp> timestamp_from(const Json& body) {
  const Head head = TRY(read_head(body, Role::timestamp));
  TRY(object_of(body, "meta"));
  const Json* snapshot = body.find("meta")->find("snapshot.json");
  if (snapshot == nullptr) return rejected("meta: snapshot.json is missing");
  FileMeta meta = TRY_IN("meta: snapshot.json", read_file_meta(*snapshot, form::dialect_of(body)));
  return Timestamp{head.version, head.expires, std::move(meta)};
}

Result<Snapshot> snapshot_from(const Json& body) {
  const Head head = TRY(read_head(body, Role::snapshot));
  std::map<std::string, FileMeta> meta;
  for (const auto& [name, file] : *TRY(object_of(body, "meta"))) {
    auto listed = read_file_meta(file, form::dialect_of(body));
    if (!listed.ok()) return listed.error().in("meta: " + name.substr(0, 80));
    meta.emplace_hint(meta.end(), name, *std::move(listed));
  }
  if (!meta.contains("targets.json")) return rejected("meta: targets.json is missing");
  return Snapshot{head.version, head.expires, std::move(meta)};
}

Result<Target> read_target(const std::string& name, const Json& json) {
  const Json* length = json.find("length");
  if (length == nullptr) return want_got("length", "bytes", "nothing");
  if (json.find("hashes") == nullptr) return want_got("hashes", "an object", "nothing");
  const auto hashes = TRY(read_hashes(json));
  const std::int64_t bytes = TRY(read_length(*length));
  const Json* custom = json.find("custom");
  return Target{name, hashes, bytes, custom == nullptr ? std::string() : to_json(*custom)};
}

Result<SignedFile::Entries> read_entries(const Json& body, const Wanted& wanted) {
  SignedFile::Entries entries;
  for (const auto& [name, json] : *TRY(object_of(body, "targets"))) {
    auto target = TRY_IN("target '" + name.substr(0, 80) + "'", read_target(name, json));
    if (wanted.wants(target)) entries.kept.push_back(std::move(target));
    ++entries.count;
  }
  return entries;
}

// Delegations are a matter of the tuf dialect; the other has them too, and no device looks at them.
Result<std::optional<Delegations>> delegations_of(const Json& body) {
  const Json* member = body.find("delegations");
  if (member == nullptr || form::dialect_of(body) == Dialect::uptane) return std::optional<Delegations>();
  return std::optional(TRY(read_delegations(*member, Dialect::tuf)));
}

Result<Targets> targets_from(const Json& body, std::optional<SignedFile::Entries> entries, const Wanted& wanted) {
  const Head head = TRY(read_head(body, Role::targets));
  if (!entries) entries = TRY(read_entries(body, wanted));
  Targets targets{head.version, head.expires, form::dialect_of(body), std::move(entries->kept), entries->count, {}};
  targets.delegations = TRY(delegations_of(body));
  return targets;
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::root:
      return "root";
    case Role::targets:
      return "targets";
    case Role::snapshot:
      return "snapshot";
    case Role::timestamp:
      return "timestamp";
  }
  abort_with("Role: not one of its values");
}

std::optional<Role> role_named(std::string_view name) {
  for (const Role role : form::kRoles) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

std::size_t max_size(Role role, Dialect dialect) {
  if (dialect == Dialect::uptane) return max_size(role);
  switch (role) {
    case Role::root:
      return 512 * 1024;
    case Role::timestamp:
      return 16 * 1024;
    case Role::snapshot:
      return 2u << 20;
    case Role::targets:
      return 8u << 20;
  }
  abort_with("Role: not one of its values");
}

std::set<crypto::PublicKey> Root::material(Role r) const {
  std::set<crypto::PublicKey> distinct;
  for (const KeyId& id : role(r).key_ids) {
    if (const auto key = keys.find(id); key != keys.end()) distinct.insert(key->second);
  }
  return distinct;
}

std::string_view Target::sha256() const {
  const auto found = hashes.find("sha256");
  return found == hashes.end() ? std::string_view() : found->second;
}

Json Target::custom_json() const {
  if (custom.empty()) return {};
  auto json = parse_json("[" + custom + "]", {.numbers = JsonRules::Numbers::any, .max_depth = 65}).value();
  return std::move(json.if_array()->front());
}

Result<Envelope> parse_envelope(BytesView bytes, std::size_t max_bytes) {
  Envelope envelope = TRY(form::take_apart(bytes, max_bytes));
  TRY(form::ids_once(envelope.signatures));
  return envelope;
}

Result<Root> read_root_body(Json body) {
  return TRY_IN("root", root_from(std::move(body), nullptr));
}
Result<Root> read_root_body(Json body, const Root& before) {
  return TRY_IN("root", root_from(std::move(body), &before));
}
Result<Root> read_root(const Envelope& envelope) {
  return read_root_body(envelope.body);
}
Result<Timestamp> read_timestamp(const Envelope& envelope) {
  return TRY_IN("timestamp", timestamp_from(envelope.body));
}
Result<Snapshot> read_snapshot(const Envelope& envelope) {
  return TRY_IN("snapshot", snapshot_from(envelope.body));
}
Result<Targets> read_targets(const Envelope& envelope, const Wanted& wanted) {
  return TRY_IN("targets", targets_from(envelope.body, std::nullopt, wanted));
}

Result<Timestamp> read_timestamp(const SignedFile& file) {
  return TRY_IN("timestamp", timestamp_from(file.body));
}
Result<Snapshot> read_snapshot(const SignedFile& file) {
  return TRY_IN("snapshot", snapshot_from(file.body));
}
Result<Targets> read_targets(SignedFile file, const Wanted& wanted) {
  return read_targets(file.body, std::move(file.entries), wanted);
}
Result<Targets> read_targets(const Json& body, std::optional<SignedFile::Entries> entries, const Wanted& wanted) {
  return TRY_IN("targets", targets_from(body, std::move(entries), wanted));
}

}  // namespace rota::tuf
