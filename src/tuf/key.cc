#include "tuf/key.h"

#include "crypto/hash.h"
#include "tuf/canonical.h"

namespace rota::tuf {
namespace {

using crypto::KeyType;
using crypto::PublicKey;

constexpr std::string_view kEcdsaScheme = "ecdsa-sha2-nistp256";

struct Spelling {
  std::string_view uptane, tuf, scheme;
};

Spelling spelling_of(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return {"ED25519", "ed25519", "ed25519"};
    case KeyType::rsa:
      return {"RSA", "rsa", "rsassa-pss-sha256"};
    case KeyType::ecdsa_p256:
      return {"ECPRIME256V1", "ecdsa", kEcdsaScheme};
  }
  abort_with("KeyType: not one of its values");
}

std::optional<KeyType> type_named(std::string_view name) {
  if (equals_ignoring_case(name, "ed25519")) return KeyType::ed25519;
  if (equals_ignoring_case(name, "rsa")) return KeyType::rsa;
  if (equals_ignoring_case(name, "ecprime256v1") || equals_ignoring_case(name, "ecdsa") ||
      equals_ignoring_case(name, kEcdsaScheme))
    return KeyType::ecdsa_p256;
  return std::nullopt;
}

Result<PublicKey> from_spki_hex(std::string_view text) {
  return PublicKey::from_spki_der(TRY(unhex(text)));
}

Result<PublicKey> ed25519_from(std::string_view text) {
  if (text.size() == 64) return PublicKey::from_ed25519_hex(text);
  const auto other = from_spki_hex(text);
  if (other.ok() && other->type() == KeyType::ecdsa_p256)
    return bad_input("ED25519 key: want 32 bytes, got the SubjectPublicKeyInfo of an EC P-256 key",
                     "files made before 2019 may carry the wrong label; make a new Ed25519 key");
  return bad_input("ED25519 key: want 64 hex digits (32 bytes), got " + std::to_string(text.size()) + " characters");
}

Result<PublicKey> public_key_of(KeyType type, std::string_view text) {
  if (type == KeyType::ed25519) return ed25519_from(text);
  const bool pem = text.find("-----BEGIN") != std::string_view::npos;
  auto key = TRY(pem || type == KeyType::rsa ? PublicKey::from_pem(text) : from_spki_hex(text));
  if (key.type() != type)
    return bad_input("key: want " + std::string(spelling_of(type).uptane) + ", got " +
                     std::string(spelling_of(key.type()).uptane));
  return key;
}

}  // namespace

std::string KeyId::brief() const {
  std::string shown = hex.substr(0, 12);
  for (char& c : shown) {
    if (c < 0x21 || c > 0x7e) c = '?';
  }
  return shown;
}

KeyId key_id(const PublicKey& key) {
  return {crypto::sha256_hex(key.spki_der())};
}

KeyId key_id_tuf(const PublicKey& key) {
  return {crypto::sha256_hex(canonical(public_key_json(key, Dialect::tuf), CanonicalForm::olpc))};
}

KeyId key_id(const PublicKey& key, Dialect dialect) {
  return dialect == Dialect::uptane ? key_id(key) : key_id_tuf(key);
}

Json public_key_json(const PublicKey& key, Dialect dialect) {
  const Spelling spelling = spelling_of(key.type());
  const bool uptane_ec = dialect == Dialect::uptane && key.type() == KeyType::ecdsa_p256;
  Json json;
  json["keytype"] = dialect == Dialect::uptane ? spelling.uptane : spelling.tuf;
  if (dialect == Dialect::tuf) json["scheme"] = spelling.scheme;
  json["keyval"]["public"] = key.type() == KeyType::ed25519 ? key.ed25519_hex()
                             : uptane_ec                    ? hex(key.spki_der())
                                                            : key.pem();
  return json;
}

Result<PublicKey> public_key_from_json(const Json& json) {
  const std::string name = TRY(json.text("keytype"));
  const auto type = type_named(name);
  if (!type) return bad_input("keytype: want RSA or ED25519, got '" + name.substr(0, 40) + "'");
  if (const Json* scheme = json.find("scheme")) {
    const auto* text = scheme->if_text();
    if (text == nullptr || *text != spelling_of(*type).scheme)
      return bad_input("scheme: want " + std::string(spelling_of(*type).scheme) + " for a key of type " + name);
  }
  const Json* value = json.find("keyval");
  if (value == nullptr) return bad_input("'keyval': want an object");
  return public_key_of(*type, TRY(value->text("public")));
}

std::string_view method_of(KeyType type) {
  return type == KeyType::ecdsa_p256 ? std::string_view() : spelling_of(type).scheme;
}

std::optional<crypto::Scheme> scheme_of_method(std::string_view method) {
  if (equals_ignoring_case(method, "ed25519")) return crypto::Scheme::ed25519;
  if (equals_ignoring_case(method, "rsassa-pss-sha256") || equals_ignoring_case(method, "rsassa-pss"))
    return crypto::Scheme::rsassa_pss_sha256;
  if (equals_ignoring_case(method, kEcdsaScheme)) return crypto::Scheme::ecdsa_sha256;
  return std::nullopt;
}

}  // namespace rota::tuf
