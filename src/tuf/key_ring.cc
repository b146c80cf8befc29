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

}  // namespace

Result<KeyRing> read_keys(const Json& json, Dialect dialect) {
  const Json* keys = json.find("keys");
  if (keys == nullptr || keys->if_object() == nullptr) return want_got("keys", "an object", form::described(keys));
  KeyRing ring;
  for (const auto& [id, object] : *keys->if_object()) {
    TRY(is_key_id(id, dialect));
    TRY(has_type(object));
    auto key = form::root_key(object, dialect);
    if (key.ok())
      ring.keys.emplace(KeyId{id}, std::move(key).value());
    else
      ring.unusable.emplace(KeyId{id}, key.error().what);
  }
  return ring;
}

}  // namespace rota::tuf
