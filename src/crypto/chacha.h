// ChaCha20-Poly1305 (RFC 8439 2.8) without associated data.
#pragma once

#include "crypto/secret.h"

namespace rota::crypto {

constexpr std::size_t kChachaTag = 16;

// Ciphertext and tag. `key` is 32 bytes, `nonce` 12; other sizes abort. A nonce is used once with a key.
Bytes chacha_sealed(const SecretBytes& key, BytesView nonce, BytesView plain);
// rejected when one bit of it, the key or the nonce differs.
Result<SecretBytes> chacha_opened(const SecretBytes& key, BytesView nonce, BytesView sealed);

}  // namespace rota::crypto
