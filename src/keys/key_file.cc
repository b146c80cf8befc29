#include "keys/key_file.h"

#include "base/json.h"

namespace rota::keys {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::SecretBytes;

constexpr std::size_t kSeedDigits = 64;

const JsonRules kRules{.max_bytes = kMaxKeyFile};

constexpr std::string_view kHomes[] = {"pkcs11", "tpm2", "signer"};

// The value of keyval.<name> without leaving a copy behind; empty when there is none.
SecretBytes taken_text(Json& keyval, std::string_view name) {
  Json* member = keyval.find(name);
  if (member == nullptr || member->if_text() == nullptr) return {};
  return SecretBytes(std::move(*const_cast<std::string*>(member->if_text())));
}

Result<SecretBytes> secret_unhex(const SecretBytes& text) {
  auto bytes = unhex(text.reveal());
  if (!bytes) return bad_input("key file: private value: want hex digits");
  return SecretBytes(std::move(bytes).value());
}

Result<PrivateKey> ed25519_from(const SecretBytes& text) {
  if (text.size() != kSeedDigits && text.size() != 2 * kSeedDigits)
    return bad_input("key file: ED25519 private value: want 64 or 128 hex digits, got " + std::to_string(text.size()) +
                     " characters");
  const SecretBytes bytes = TRY(secret_unhex(text));
  auto key = TRY(PrivateKey::from_ed25519_seed(SecretBytes(Bytes(bytes.reveal().substr(0, 32)))));
  const BytesView second_half = bytes.reveal().substr(32);
  if (!second_half.empty() && hex(second_half) != key.public_key().ed25519_hex())
    return bad_input("key file: ED25519: the public half after the seed is of another key");
  return key;
}

Result<PrivateKey> rsa_from(const SecretBytes& pem) {
  auto key = TRY_IN("key file: RSA", PrivateKey::from_pem(pem));
  if (key.public_key().type() != KeyType::rsa) return bad_input("key file: RSA: the PEM is not an RSA key");
  return key;
}

Result<PrivateKey> p256_from(const SecretBytes& text) {
  const SecretBytes der = TRY(secret_unhex(text));
  Bytes pem = "-----BEGIN PRIVATE KEY-----\n";
  const SecretBytes body(base64(der.reveal()));
  for (std::size_t at = 0; at < body.size(); at += 64) pem.append(body.reveal().substr(at, 64)).push_back('\n');
  pem += "-----END PRIVATE KEY-----\n";
  auto key = TRY_IN("key file: ECPRIME256V1", PrivateKey::from_pem(SecretBytes(std::move(pem))));
  if (key.public_key().type() != KeyType::ecdsa_p256) return bad_input("key file: ECPRIME256V1: not a P-256 key");
  return key;
}

Result<PrivateKey> private_key_of_type(std::string_view type, const SecretBytes& value) {
  if (equals_ignoring_case(type, "ED25519")) return ed25519_from(value);
  if (equals_ignoring_case(type, "RSA")) return rsa_from(value);
  if (equals_ignoring_case(type, "ECPRIME256V1")) return p256_from(value);
  return bad_input("key file: keytype: want RSA, ED25519 or ECPRIME256V1, got '" + std::string(type.substr(0, 40)) +
                   "'");
}

// Their dialect has no name for the other curve.
Status fits_a_key_file(const PublicKey& key) {
  if (key.type() == KeyType::ecdsa_p384) return bad_input("key file: want RSA, ED25519 or ECPRIME256V1, got EC P-384");
  return {};
}

// Text of hex digits, of a PEM, a URI or a name: of all that could need an escape it has line ends, quotes and backslashes.
void append_json_text(Bytes& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

struct KeyFileParts {
  std::string_view half;  // "public", "private", or a home
  std::string_view value;
  std::string_view type;
};

// One buffer of sufficient size from the start, so that no copy of a secret is left behind by growth.
Bytes key_file_text(const KeyFileParts& parts, KeyFileForm form) {
  Bytes out;
  out.reserve(2 * parts.value.size() + 128);
  if (form == KeyFileForm::archive) {
    out.append("{\"keytype\":\"").append(parts.type).append("\",\"keyval\":{\"").append(parts.half).append("\":");
    append_json_text(out, parts.value);
    out += "}}";
    return out;
  }
  out.append("{\n  \"keyval\" : {\n    \"").append(parts.half).append("\" : ");
  append_json_text(out, parts.value);
  out.append("\n  },\n  \"keytype\" : \"").append(parts.type).append("\"\n}");
  return out;
}

SecretBytes private_value(const PrivateKey& key, KeyFileForm form) {
  if (key.public_key().type() == KeyType::rsa) return key.pkcs1_pem();
  if (key.public_key().type() != KeyType::ed25519) abort_with("keys: a P-256 private key is never written");
  const SecretBytes seed = key.ed25519_seed();
  Bytes digits = hex(seed.reveal());
  if (form == KeyFileForm::archive) return SecretBytes(std::move(digits));
  Bytes both;
  both.reserve(2 * kSeedDigits);
  both.append(digits).append(key.public_key().ed25519_hex());
  SecretBytes::wipe(digits);
  return SecretBytes(std::move(both));
}

}  // namespace

std::string_view key_type_name(KeyType type) {
  switch (type) {
    case KeyType::ed25519: return "ED25519";
    case KeyType::rsa: return "RSA";
    case KeyType::ecdsa_p256: return "ECPRIME256V1";
    case KeyType::ecdsa_p384: return "ECSECP384R1";
  }
  abort_with("keys: no such key type");
}

Result<PublicKey> read_public_key_file(BytesView bytes) {
  auto key = TRY(tuf::public_key_from_json(TRY_IN("key file", parse_json(bytes, kRules))));
  TRY(fits_a_key_file(key));
  return key;
}

Result<PrivateKey> read_private_key_file(const SecretBytes& bytes) {
  Json file = TRY_IN("key file", parse_json(bytes.reveal(), kRules));
  const std::string type = TRY_IN("key file", file.text("keytype"));
  TRY_IN("key file", file.object("keyval"));
  Json& keyval = *file.find("keyval");
  for (const auto home : kHomes)
    if (keyval.find(home) != nullptr)
      return bad_input("key file: the private key is not in it but lives elsewhere (" + std::string(home) + ")");
  const SecretBytes value = taken_text(keyval, "private");
  if (value.empty()) return bad_input("key file: keyval: want a private value");
  auto key = TRY(private_key_of_type(type, value));
  if (keyval.find("public") == nullptr) return key;
  const auto pub = TRY(tuf::public_key_from_json(file));
  if (!(pub == key.public_key())) return bad_input("key file: the public and the private value are of different keys");
  return key;
}

Result<std::optional<crypto::KeyReference>> reference_in(const SecretBytes& bytes) {
  Json file = TRY_IN("key file", parse_json(bytes.reveal(), kRules));
  std::optional<crypto::KeyReference> found;
  Json* const keyval = file.find("keyval");
  if (keyval == nullptr || keyval->if_object() == nullptr) return found;
  const SecretBytes value = taken_text(*keyval, "private");  // wiped, whatever else is there
  for (const auto home : kHomes) {
    const Json* text = keyval->find(home);
    if (text == nullptr) continue;
    if (text->if_text() == nullptr || text->if_text()->empty() || !value.empty() || found)
      return bad_input("key file: keyval: want one home of the key and nothing else");
    found = crypto::KeyReference{std::string(home), *text->if_text()};
  }
  return found;
}

Result<PrivateKey> read_key_pair(const KeyPairFiles& files) {
  auto pub = TRY_IN(files.pub_name, read_public_key_file(files.pub));
  if (files.homes != nullptr)
    if (const auto reference = TRY_IN(files.sec_name, reference_in(files.sec))) {
      auto held = TRY_IN(files.sec_name, files.homes->key(std::move(pub), *reference));
      return held;
    }
  auto key = TRY_IN(files.sec_name, read_private_key_file(files.sec));
  if (!(key.public_key() == pub))
    return bad_input("'" + files.sec_name + "' is not the private key of '" + files.pub_name + "'");
  return key;
}

Bytes public_key_file(const PublicKey& key, KeyFileForm form) {
  const Json json = tuf::public_key_json(key);
  const std::string value = json.find("keyval")->text_or("public", "");
  return key_file_text({"public", value, key_type_name(key.type())}, form);
}

SecretBytes private_key_file(const PrivateKey& key, KeyFileForm form) {
  const auto type = key_type_name(key.public_key().type());
  if (const auto* held = key.held_elsewhere()) {
    const auto reference = held->reference();
    return SecretBytes(key_file_text({reference.home, reference.text, type}, form));
  }
  const SecretBytes value = private_value(key, form);
  return SecretBytes(key_file_text({"private", value.reveal(), type}, form));
}

}  // namespace rota::keys
