#include "tuf/key.h"

#include "crypto/hash.h"
#include "tuf/canonical.h"

namespace rota::tuf {
namespace {

using crypto::KeyType;
using crypto::PublicKey;

constexpr std::string_view kP256Scheme = "ecdsa-sha2-nistp256", kP384Scheme = "ecdsa-sha2-nistp384";

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
      return {"ECPRIME256V1", "ecdsa", kP256Scheme};
    case KeyType::ecdsa_p384:
      return {"", "ecdsa", kP384Scheme};
  }
  abort_with("KeyType: not one of its values");
}

std::string name_of(KeyType type) {
  const Spelling spelling = spelling_of(type);
  return std::string(spelling.uptane.empty() ? spelling.scheme : spelling.uptane);
}

// What a file may say, and the key it is then. The first of a keytype is the one without a scheme.
struct Wording {
  std::string_view keytype, scheme;
  KeyType type;
};
constexpr Wording kWordings[] = {
    {"ed25519", "ed25519", KeyType::ed25519},      {"rsa", "rsassa-pss-sha256", KeyType::rsa},
    {"ecdsa", kP256Scheme, KeyType::ecdsa_p256},   {"ecdsa", kP384Scheme, KeyType::ecdsa_p384},
    {kP256Scheme, kP256Scheme, KeyType::ecdsa_p256}, {kP384Scheme, kP384Scheme, KeyType::ecdsa_p384},
    {"ecprime256v1", kP256Scheme, KeyType::ecdsa_p256},
};

Result<KeyType> type_of(const std::string& name, const Json* scheme) {
  const Wording* nearest = nullptr;
  for (const Wording& wording : kWordings) {
    if (!equals_ignoring_case(name, wording.keytype)) continue;
    if (scheme == nullptr) return wording.type;
    if (scheme->if_text() != nullptr && *scheme->if_text() == wording.scheme) return wording.type;
    if (nearest == nullptr) nearest = &wording;
  }
  if (nearest == nullptr) return bad_input("keytype: want RSA or ED25519, got '" + name.substr(0, 40) + "'");
  return bad_input("scheme: want " + std::string(nearest->scheme) + " for a key of type " + name);
}

Result<PublicKey> ed25519_from(std::string_view text) {
  if (text.size() == 64) return PublicKey::from_ed25519_hex(text);
  const auto der = unhex(text);
  const auto other = der.ok() ? PublicKey::from_spki_der(*der) : Result<PublicKey>(der.error());
  if (other.ok() && other->type() == KeyType::ecdsa_p256)
    return bad_input("ED25519 key: want 32 bytes, got the SubjectPublicKeyInfo of an EC P-256 key",
                     "files made before 2019 may carry the wrong label; make a new Ed25519 key");
  return bad_input("ED25519 key: want 64 hex digits (32 bytes), got " + std::to_string(text.size()) + " characters");
}

bool is_pem(std::string_view text) { return text.find("-----BEGIN") != std::string_view::npos; }

// PEM as TUF 4.3 has it, or in hex its DER (uptane) or the point alone (the first roots of public repositories).
Result<PublicKey> ec_from(KeyType type, std::string_view text) {
  if (is_pem(text)) return PublicKey::from_pem(text);
  const Bytes raw = TRY(unhex(text));
  return raw.starts_with('\x04') ? PublicKey::from_ec_point(type, raw) : PublicKey::from_spki_der(raw);
}

Result<PublicKey> public_key_of(KeyType type, std::string_view text) {
  if (type == KeyType::ed25519) return ed25519_from(text);
  auto key = TRY(type == KeyType::rsa ? PublicKey::from_pem(text) : ec_from(type, text));
  if (key.type() != type) return bad_input("key: want " + name_of(type) + ", got " + name_of(key.type()));
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
  const bool in_uptane = dialect == Dialect::uptane && !spelling.uptane.empty();
  Json json;
  json["keytype"] = in_uptane ? spelling.uptane : spelling.tuf;
  if (!in_uptane) json["scheme"] = spelling.scheme;
  json["keyval"]["public"] = key.type() == KeyType::ed25519 ? key.ed25519_hex()
                             : uptane_ec                    ? hex(key.spki_der())
                                                            : key.pem();
  return json;
}

Result<PublicKey> public_key_from_json(const Json& json) {
  const std::string name = TRY(json.text("keytype"));
  const KeyType type = TRY(type_of(name, json.find("scheme")));
  const Json* value = json.find("keyval");
  if (value == nullptr) return bad_input("'keyval': want an object");
  return public_key_of(type, TRY(value->text("public")));
}

std::string_view method_of(KeyType type) {
  const bool signs = type == KeyType::ed25519 || type == KeyType::rsa;
  return signs ? spelling_of(type).scheme : std::string_view();
}

std::optional<crypto::Scheme> scheme_of_method(std::string_view method) {
  if (equals_ignoring_case(method, "ed25519")) return crypto::Scheme::ed25519;
  if (equals_ignoring_case(method, "rsassa-pss-sha256") || equals_ignoring_case(method, "rsassa-pss"))
    return crypto::Scheme::rsassa_pss_sha256;
  if (equals_ignoring_case(method, kP256Scheme)) return crypto::Scheme::ecdsa_sha256;
  return std::nullopt;
}

}  // namespace rota::tuf
