#include "ceremony/edit.h"

#include <algorithm>
#include <set>

namespace rota::ceremony {
namespace {

using crypto::KeyType;
using crypto::PublicKey;
using tuf::KeyId;

constexpr std::int64_t kMaxThreshold = 1000;

// formats.md 11: devices know no other.
Status usable_by_devices(const PublicKey& key) {
  switch (key.type()) {
    case KeyType::ed25519: return {};
    case KeyType::ecdsa_p256: return bad_input("key type: devices cannot use a P-256 key in a root");
    case KeyType::ecdsa_p384: return bad_input("key type: devices cannot use a P-384 key in a root");
    case KeyType::rsa: break;
  }
  if (key.bits() == 2048 || key.bits() == 3072 || key.bits() == 4096) return {};
  return bad_input("RSA key in a root: want 2048, 3072 or 4096 bit, got " + std::to_string(key.bits()));
}

std::string joined(const std::vector<KeyId>& ids) {
  std::string text;
  for (const auto& id : ids) text.append(text.empty() ? "" : ", ").append(id.hex);
  return text;
}

}  // namespace

Result<RootEdit> RootEdit::of(Json body) {
  TRY_IN("root", tuf::read_root_body(body));
  return RootEdit(std::move(body));
}

Json& RootEdit::role_entry(tuf::Role role) { return body_["roles"][tuf::name_of(role)]; }

std::vector<KeyId> RootEdit::key_ids(tuf::Role role) const {
  std::vector<KeyId> ids;
  for (const Json& id : *body_.find("roles")->find(tuf::name_of(role))->find("keyids")->if_array())
    ids.push_back({*id.if_text()});
  return ids;
}

std::int64_t RootEdit::threshold(tuf::Role role) const {
  return *body_.find("roles")->find(tuf::name_of(role))->find("threshold")->if_int();
}

tuf::Version RootEdit::version() const { return *body_.find("version")->if_int(); }
Time RootEdit::expires() const { return parse_rfc3339(*body_.find("expires")->if_text()).value(); }

Result<KeyId> RootEdit::add_key(tuf::Role role, const PublicKey& key) {
  TRY(usable_by_devices(key));
  KeyId id = tuf::key_id(key);
  for (const auto& [known_id, json] : *body_["keys"].if_object())
    if (const auto known = tuf::public_key_from_json(json); known.ok() && *known == key) id.hex = known_id;
  const auto ids = key_ids(role);
  if (std::find(ids.begin(), ids.end(), id) != ids.end()) return id;
  if (body_["keys"].find(id.hex) == nullptr) body_["keys"][id.hex] = tuf::public_key_json(key);
  role_entry(role)["keyids"].push_back(id.hex);
  return id;
}

Status RootEdit::remove_key(tuf::Role role, const KeyId& id) {
  auto& ids = *role_entry(role)["keyids"].if_array();
  const auto at = std::find(ids.begin(), ids.end(), Json(id.hex));
  if (at == ids.end())
    return not_found("role " + std::string(tuf::name_of(role)) + ": has no key " + id.hex + "; its keys: " +
                     joined(key_ids(role)));
  ids.erase(at);
  drop_unused_keys();
  return {};
}

Result<KeyId> RootEdit::replace_key(tuf::Role role, const KeyId& old_id, const PublicKey& next) {
  TRY(usable_by_devices(next));
  TRY(remove_key(role, old_id));
  return add_key(role, next);
}

Status RootEdit::set_threshold(tuf::Role role, std::int64_t threshold) {
  if (threshold < 1 || threshold > kMaxThreshold)
    return bad_input("threshold of " + std::string(tuf::name_of(role)) + ": want 1 to 1000, got " +
                     std::to_string(threshold));
  role_entry(role)["threshold"] = Json(threshold);
  return {};
}

void RootEdit::set_version(tuf::Version version) { body_["version"] = Json(version); }
void RootEdit::set_expires(Time expires) { body_["expires"] = Json(rfc3339(expires)); }

std::vector<KeyId> RootEdit::drop_unused_keys() {
  std::set<std::string> used;
  for (const auto& [name, role] : *body_["roles"].if_object()) {
    const Json* ids = role.find("keyids");
    if (ids == nullptr || ids->if_array() == nullptr) continue;
    for (const Json& id : *ids->if_array())
      if (id.if_text() != nullptr) used.insert(*id.if_text());
  }
  std::vector<KeyId> dropped;
  auto& keys = *body_["keys"].if_object();
  for (const auto& [id, key] : keys)
    if (!used.contains(id)) dropped.push_back({id});
  Json* owners = body_.find("x-key-owners");
  for (const auto& id : dropped) {
    keys.erase(id.hex);
    if (owners != nullptr && owners->if_object() != nullptr) owners->if_object()->erase(id.hex);
  }
  return dropped;
}

void RootEdit::set_changelog(const Author& author, std::string_view message) {
  body_["x-changelog"] = Json(Json::Object{
      {"polis-id", author.polis_id}, {"message", std::string(message)}, {"timestamp", rfc3339(author.at)}});
}

void RootEdit::set_key_owner(const KeyId& id, const Author& author) {
  Json& owners = body_["x-key-owners"];
  if (owners.if_object() == nullptr) owners = Json(Json::Object{});
  owners[id.hex] = Json(Json::Object{{"polis-id", author.polis_id}, {"created-at", rfc3339(author.at)}});
}

Time renewed_expiry(Time current, Time now) { return std::max(current, now + days(365)); }

}  // namespace rota::ceremony
