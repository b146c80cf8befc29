#include "ceremony/sign.h"

#include <set>

namespace rota::ceremony {
namespace {

using crypto::PublicKey;
using tuf::KeyId;
using tuf::Signer;

KeyId id_of(const PublicKey& key, const KnownIds& ids) {
  for (const auto& [id, known] : ids)
    if (known == key) return id;
  return tuf::key_id(key);
}

Result<tuf::Envelope> envelope_of(BytesView bytes) {
  return tuf::parse_envelope(bytes, tuf::kMaxTargets);
}

Json signature_object(const KeyId& id, const PublicKey& key, BytesView signature) {
  return Json(Json::Object{{"keyid", id.hex}, {"method", tuf::method_of(key.type())}, {"sig", base64(signature)}});
}

// The envelope's signatures that verify under a key of `ids` other than those of `replaced`, one per key.
Result<Json> kept_signatures(const tuf::Envelope& envelope, const KnownIds& ids, std::set<PublicKey> replaced) {
  const Bytes message = TRY(tuf::bytes_to_sign(envelope.body));
  Json kept{Json::Array{}};
  for (const auto& signature : envelope.signatures) {
    const auto at = ids.find(signature.key_id);
    if (at == ids.end() || replaced.contains(at->second)) continue;
    if (!at->second.verifies(crypto::scheme_of(at->second.type()), message, signature.bytes)) continue;
    replaced.insert(at->second);
    kept.push_back(signature_object(signature.key_id, at->second, signature.bytes));
  }
  return kept;
}

}  // namespace

KnownIds known_ids(const tuf::Root& trusted, const Json& body) {
  KnownIds ids;
  std::set<PublicKey> listed;
  if (const Json* keys = body.find("keys"); keys != nullptr && keys->if_object() != nullptr) {
    for (const auto& [id, json] : *keys->if_object()) {
      auto key = tuf::public_key_from_json(json);
      if (key.ok() && listed.insert(*key).second) ids.emplace(KeyId{id}, std::move(key).value());
    }
  }
  for (const auto& [id, key] : trusted.keys)
    if (listed.insert(key).second) ids.emplace(id, key);
  return ids;
}

Result<Bytes> sign_root(const Json& body, const std::vector<const Signer*>& signers, const KnownIds& ids) {
  std::vector<const Signer*> distinct;
  std::set<PublicKey> seen;
  for (const Signer* signer : signers)
    if (seen.insert(signer->public_key()).second) distinct.push_back(signer);
  return tuf::sign_envelope(body, distinct, ids);
}

Result<Bytes> append_signatures(BytesView bytes, const std::vector<const Signer*>& signers, const KnownIds& ids) {
  const auto envelope = TRY(envelope_of(bytes));
  std::set<PublicKey> materials;
  for (const Signer* signer : signers) materials.insert(signer->public_key());
  Json signatures = TRY(kept_signatures(envelope, ids, materials));
  for (const Signer* signer : signers) {
    if (materials.erase(signer->public_key()) == 0) continue;
    signatures.push_back(TRY(tuf::signature_json(*signer, id_of(signer->public_key(), ids), envelope.body)));
  }
  return tuf::envelope_bytes(envelope.body, signatures);
}

Result<Bytes> append_given(BytesView bytes, const std::vector<GivenSignature>& given, const KnownIds& ids) {
  const auto envelope = TRY(envelope_of(bytes));
  const Bytes message = TRY(tuf::bytes_to_sign(envelope.body));
  std::set<PublicKey> materials;
  for (const auto& one : given) {
    if (!one.key.verifies(crypto::scheme_of(one.key.type()), message, one.bytes))
      return rejected("signature of key " + id_of(one.key, ids).brief() + ": does not verify over what is signed");
    materials.insert(one.key);
  }
  Json signatures = TRY(kept_signatures(envelope, ids, materials));
  for (const auto& one : given)
    if (materials.erase(one.key) == 1) signatures.push_back(signature_object(id_of(one.key, ids), one.key, one.bytes));
  return tuf::envelope_bytes(envelope.body, signatures);
}

Result<Json> detached_signature(BytesView bytes, const Signer& signer, const KnownIds& ids) {
  const auto envelope = TRY(envelope_of(bytes));
  return tuf::signature_json(signer, id_of(signer.public_key(), ids), envelope.body);
}

}  // namespace rota::ceremony
