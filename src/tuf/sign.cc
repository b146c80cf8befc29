#include "tuf/sign.h"

namespace rota::tuf {
namespace {

KeyId id_of(const crypto::PublicKey& key, const std::map<KeyId, crypto::PublicKey>& known_ids, Dialect dialect) {
  for (const auto& [id, known] : known_ids) {
    if (known == key) return id;
  }
  return key_id(key, dialect);
}

}  // namespace

Result<Bytes> bytes_to_sign(const Json& body, Dialect dialect) {
  if (body.if_object() == nullptr) return bad_input("signed content: want an object");
  if (dialect == Dialect::tuf) {
    TRY(has_safe_integers(body));
    return canonical(body, CanonicalForm::olpc);
  }
  TRY(in_canonical_subset(body));
  return canonical(body, CanonicalForm::uptane);
}

Result<Json> signature_json(const Signer& signer, const KeyId& id, const Json& body, Dialect dialect) {
  const std::string_view method = method_of(signer.public_key().type());
  if (dialect == Dialect::uptane && method.empty())
    return bad_input("key " + id.brief() + ": want an Ed25519 or RSA key in the uptane dialect");
  const Bytes message = TRY(bytes_to_sign(body, dialect));
  const Bytes signature = TRY(signer.sign(message));
  Json json;
  json["keyid"] = id.hex;
  if (dialect == Dialect::uptane) json["method"] = method;
  json["sig"] = dialect == Dialect::uptane ? base64(signature) : hex(signature);
  return json;
}

Result<Bytes> sign_envelope(const Json& body, const std::vector<const Signer*>& signers,
                            const std::map<KeyId, crypto::PublicKey>& known_ids, Dialect dialect) {
  std::set<crypto::PublicKey> seen;
  Json::Array signatures;
  for (const Signer* signer : signers) {
    const KeyId id = id_of(signer->public_key(), known_ids, dialect);
    if (!seen.insert(signer->public_key()).second) return bad_input("signers: key " + id.brief() + " is given twice");
    signatures.push_back(TRY(signature_json(*signer, id, body, dialect)));
  }
  return envelope_bytes(body, Json(std::move(signatures)));
}

Bytes envelope_bytes(const Json& body, const Json& signatures) {
  return to_json(Json(Json::Object{{"signatures", signatures}, {"signed", body}}));
}

}  // namespace rota::tuf
