// Keys as metadata and key files spell them (formats.md 4, 5).
#pragma once

#include <compare>
#include <string>

#include "base/json.h"
#include "crypto/key.h"

namespace rota::tuf {

enum class Dialect { uptane, tuf };

struct KeyId {
  std::string hex;  // 64 hex digits, opaque
  auto operator<=>(const KeyId&) const = default;
  std::string brief() const { return hex.substr(0, 12); }
};

// K1: SHA-256 of the SubjectPublicKeyInfo DER. The only id Rota creates in the uptane dialect.
KeyId key_id(const crypto::PublicKey& key);
// K4: the TUF specification's id, for the tuf dialect.
KeyId key_id_tuf(const crypto::PublicKey& key);
KeyId key_id(const crypto::PublicKey& key, Dialect dialect);

// {"keytype":"ED25519","keyval":{"public":V}} (uptane) or with "scheme" (tuf).
Json public_key_json(const crypto::PublicKey& key, Dialect dialect = Dialect::uptane);
// Reads either dialect's key object, keytype in any case. bad_input explains what is wrong.
Result<crypto::PublicKey> public_key_from_json(const Json& json);

}  // namespace rota::tuf
