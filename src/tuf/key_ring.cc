#include "tuf/key_ring.h"

#include "tuf/form.h"

namespace rota::tuf {
namespace {

Status is_key_id(std::string_view text, Dialect dialect) {
  if (text.empty()) return want_got("keys", "ids that are not empty", "nothing");
  if (dialect == Dialect::uptane && !is_sha256_hex(lower(text)))
    return want_got("keys", "ids of 64 hex digits", KeyId{std::string(text)}.brief());
  return {};
}

Status has_type(const Json& key) {
  const Json* type = key.find("keytype");
  if (type == nullptr || type->if_text() == nullptr) return want_got("keys: keytype", "text", form::described(type));
  return {};
}

// The key that stood in `before` as the same object; those that are `known` stand there.
const crypto::PublicKey* kept_key(const KeyId& id, const Json& object, const Json& before,
                                  const std::map<KeyId, crypto::PublicKey>& known) {
  const auto key = known.find(id);
  return key != known.end() && *before.find("keys")->find(id.hex) == object ? &key->second : nullptr;
}

}  // namespace

Result<KeyRing> read_keys(const Json& json, Dialect dialect) {
  return read_keys(json, dialect, {}, {});
}

Result<KeyRing> read_keys(const Json& json, Dialect dialect, const Json& before,
                          const std::map<KeyId, crypto::PublicKey>& known) {
  const Json* keys = json.find("keys");
  if (keys == nullptr || keys->if_object() == nullptr) return want_got("keys", "an object", form::described(keys));
  KeyRing ring;
  for (const auto& [hex, object] : *keys->if_object()) {
    const KeyId id{hex};
    TRY(is_key_id(hex, dialect));
    TRY(has_type(object));
    if (const auto* kept = kept_key(id, object, before, known)) {
      ring.keys.emplace(id, *kept);
      continue;
    }
    auto key = form::root_key(object, dialect);
    if (key.ok())
      ring.keys.emplace(id, std::move(key).value());
    else
      ring.unusable.emplace(id, key.error().what);
  }
  return ring;
}

}  // namespace rota::tuf
