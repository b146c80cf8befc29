#include "tuf/form.h"

namespace rota::tuf::form {
namespace {

// Strict JSON with integers of any length; fractions, exponents and -0 have no agreed canonical form.
Status integers_only(const Json& value) {
  if (const auto* number = value.if_number()) {
    if (number->text.find_first_of(".eE") != std::string::npos || number->text == "-0")
      return rejected("json: '" + number->text.substr(0, 40) + "' is not a plain integer");
  }
  if (const auto* items = value.if_array()) {
    for (const Json& item : *items) TRY(integers_only(item));
  }
  if (const auto* members = value.if_object()) {
    for (const auto& [name, member] : *members) TRY(integers_only(member));
  }
  return {};
}

Result<Json> strict_json(BytesView bytes, std::size_t max_bytes) {
  if (bytes.size() > max_bytes)
    return want_got("size", "at most " + std::to_string(max_bytes) + " bytes", std::to_string(bytes.size()));
  auto json = parse_json(bytes, {.numbers = JsonRules::Numbers::any, .max_bytes = max_bytes});
  if (!json.ok()) return rejected(json.error().what);
  TRY(integers_only(*json));
  return json;
}

// Bytes of a signature as the dialect spells it; empty, so that it never verifies, when it is not spelled so.
Bytes decoded(const std::string& text, Dialect dialect) {
  auto bytes = dialect == Dialect::uptane ? unbase64(text) : unhex(text);
  return bytes.ok() ? std::move(bytes).value() : Bytes();
}

}  // namespace

Result<Signature> signature_of(const Json& json, Dialect dialect) {
  const Json *id = json.find("keyid"), *method = json.find("method"), *sig = json.find("sig");
  if (id == nullptr || id->if_text() == nullptr) return want_got("signatures: keyid", "text", described(id));
  if (sig == nullptr || sig->if_text() == nullptr) return want_got("signatures: sig", "text", described(sig));
  Signature signature{.key_id = {*id->if_text()}, .method = {}, .bytes = decoded(*sig->if_text(), dialect)};
  if (dialect == Dialect::tuf) return signature;
  if (method == nullptr || method->if_text() == nullptr)
    return want_got("signatures: method", "text", described(method));
  signature.method = *method->if_text();
  return signature;
}

Result<Envelope> take_apart(BytesView bytes, std::size_t max_bytes) {
  Json json = TRY(strict_json(bytes, max_bytes));
  Json* body = json.find("signed");
  const Json* signatures = json.find("signatures");
  if (body == nullptr || body->if_object() == nullptr) return want_got("signed", "an object", described(body));
  if (signatures == nullptr || signatures->if_array() == nullptr)
    return want_got("signatures", "an array", described(signatures));
  Envelope envelope{.body = {}, .signatures = {}, .dialect = dialect_of(*body)};
  for (const Json& signature : *signatures->if_array())
    envelope.signatures.push_back(TRY(signature_of(signature, envelope.dialect)));
  envelope.body = std::move(*body);
  return envelope;
}

Status ids_once(const std::vector<Signature>& signatures) {
  std::set<KeyId> seen;
  for (const Signature& signature : signatures) {
    if (!seen.insert(signature.key_id).second)
      return rejected("signatures: key id " + signature.key_id.brief() + " occurs twice");
  }
  return {};
}

Dialect dialect_of(const Json& body) {
  return body.find("spec_version") == nullptr ? Dialect::uptane : Dialect::tuf;
}

std::string_view name_of(Dialect dialect) {
  return dialect == Dialect::uptane ? "uptane" : "tuf";
}

std::string type_name(Role role, Dialect dialect) {
  std::string name(tuf::name_of(role));
  if (dialect == Dialect::uptane) name[0] = static_cast<char>(name[0] - 'a' + 'A');
  return name;
}

Version last_version(Dialect dialect) {
  return dialect == Dialect::uptane ? Version{INT32_MAX} : (Version{1} << 53) - 1;
}

Status is_type(const Json& body, Role role) {
  const Json* type = body.find("_type");
  const auto* text = type == nullptr ? nullptr : type->if_text();
  if (text == nullptr || !equals_ignoring_case(*text, tuf::name_of(role)))
    return want_got("_type", type_name(role, dialect_of(body)), described(type));
  return {};
}

Status is_spec_1(const Json& body) {
  const Json* version = body.find("spec_version");
  const auto* text = version == nullptr ? nullptr : version->if_text();
  const bool is_1 = text != nullptr && text->starts_with("1.") && text->size() > 2 &&
                    text->find_first_not_of("0123456789.") == std::string::npos;
  if (!is_1) return want_got("spec_version", "1.x", described(version));
  return {};
}

Result<Version> version_of(const Json& object, Dialect dialect) {
  const Json* member = object.find("version");
  const auto* version = member == nullptr ? nullptr : member->if_int();
  if (version == nullptr || *version < 1 || *version > last_version(dialect))
    return want_got("version", "1.." + std::to_string(last_version(dialect)), described(member));
  return *version;
}

Result<Time> expires_of(const Json& body) {
  const Json* member = body.find("expires");
  const auto* text = member == nullptr ? nullptr : member->if_text();
  auto time = parse_rfc3339(text == nullptr ? std::string_view() : *text);
  if (!time.ok()) return want_got("expires", "a date YYYY-MM-DDTHH:MM:SSZ", described(member));
  return time;
}

Result<RoleKeys> role_keys(const Json& role, Dialect dialect) {
  const Json *ids = role.find("keyids"), *threshold = role.find("threshold");
  if (ids == nullptr || ids->if_array() == nullptr) return want_got("keyids", "an array", described(ids));
  const auto* wanted = threshold == nullptr ? nullptr : threshold->if_int();
  if (wanted == nullptr || *wanted < 1 || *wanted > max_threshold(dialect))
    return want_got("threshold", "1.." + std::to_string(max_threshold(dialect)), described(threshold));
  RoleKeys keys{.key_ids = {}, .threshold = *wanted};
  for (const Json& id : *ids->if_array()) {
    if (id.if_text() == nullptr) return want_got("keyids", "texts", described(&id));
    keys.key_ids.push_back({*id.if_text()});
  }
  return keys;
}

Result<crypto::PublicKey> root_key(const Json& json, Dialect dialect) {
  auto key = TRY(public_key_from_json(json));
  if (dialect == Dialect::tuf && json.find("scheme") == nullptr) return bad_input("scheme: missing");
  if (dialect == Dialect::uptane && key.type() == crypto::KeyType::ecdsa_p384)
    return bad_input("key type: want RSA or ED25519, got EC P-384");
  const bool rsa = key.type() == crypto::KeyType::rsa;
  if (dialect == Dialect::uptane && rsa && key.bits() != 2048 && key.bits() != 3072 && key.bits() != 4096)
    return bad_input("RSA size: want 2048, 3072 or 4096 bit, got " + std::to_string(key.bits()));
  return key;
}

std::string described(const Json* value) {
  if (value == nullptr) return "nothing";
  if (const auto* text = value->if_text()) {
    std::string shown = text->substr(0, 60);
    for (char& c : shown) {
      if (c < 0x20 || c > 0x7e) c = '?';
    }
    return "'" + shown + "'";
  }
  if (const auto* number = value->if_int()) return std::to_string(*number);
  if (value->if_number() != nullptr) return "a number out of range";
  if (value->if_array() != nullptr) return "an array";
  if (value->if_object() != nullptr) return "an object";
  return value->is_null() ? "null" : "a boolean";
}

}  // namespace rota::tuf::form
