// Keys as metadata and key files spell them (formats.md 4, 5).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/key.h"

namespace rota::tuf {

enum class Dialect { uptane, tuf };

struct KeyId {
  std::string hex;  // 64 hex digits, opaque; in the tuf dialect any text
  auto operator<=>(const KeyId&) const = default;
  // The first 12 characters, fit for a terminal whatever the id holds.
  std::string brief() const;
};

// K1: SHA-256 of the SubjectPublicKeyInfo DER. The only id Rota creates in the uptane dialect.
KeyId key_id(const crypto::PublicKey& key);
// K4: the TUF specification's id, for the tuf dialect.
KeyId key_id_tuf(const crypto::PublicKey& key);
KeyId key_id(const crypto::PublicKey& key, Dialect dialect);

// {"keytype":"ED25519","keyval":{"public":V}} (uptane) or with "scheme" (tuf). P-384 has no spelling in uptane: it is spelled
// as in tuf, and no reader of that dialect takes it.
Json public_key_json(const crypto::PublicKey& key, Dialect dialect = Dialect::uptane);
// Reads either dialect's key object, keytype in any case; a scheme, where given, must agree with the type:
//   ed25519                      ed25519              64 hex digits
//   rsa                          rsassa-pss-sha256    PEM, 2048 to 8192 bit
//   ecdsa, ecprime256v1          ecdsa-sha2-nistp256  PEM, or in hex the SubjectPublicKeyInfo or the uncompressed point
//   ecdsa                        ecdsa-sha2-nistp384  the same, of P-384
// The two EC schemes are read as keytype too. bad_input explains what is wrong; so does every other type and scheme, among
// them rsassa-pss-sha384 and rsa-pkcs1v15-sha256. What a root of the uptane dialect may hold is form.h's and admit.h's
// matter.
Result<crypto::PublicKey> public_key_from_json(const Json& json);

// The signature method of the uptane dialect for keys of that type; empty for a type that never signs there.
std::string_view method_of(crypto::KeyType type);
// The scheme of a method as written, in any case and with its reader's alias (formats.md 6). nullopt: nobody knows it.
std::optional<crypto::Scheme> scheme_of_method(std::string_view method);

}  // namespace rota::tuf
