// X25519 (RFC 7748): a secret that two sides share.
#pragma once

#include "crypto/secret.h"

namespace rota::crypto {

// 32 random bytes.
SecretBytes new_x25519_key();
// 32 bytes. bad_input for a key of another size.
Result<Bytes> x25519_public(const SecretBytes& key);
// 32 bytes. bad_input for other sizes; rejected when the other side's point makes the result all zero (RFC 7748 6.1).
Result<SecretBytes> x25519_shared(const SecretBytes& key, BytesView other_public);

}  // namespace rota::crypto
