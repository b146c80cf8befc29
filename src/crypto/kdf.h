// Keys from other secrets.
#pragma once

#include <cstdint>

#include "crypto/secret.h"

namespace rota::crypto {

// HKDF with SHA-256 (RFC 5869), 32 bytes.
SecretBytes hkdf_sha256(const SecretBytes& secret, BytesView salt, BytesView info);

// HMAC with SHA-256 (RFC 2104), 32 bytes.
Bytes hmac_sha256(const SecretBytes& key, BytesView message);

// scrypt (RFC 7914) with N = 2^log2_n, r = 8, p = 1, 32 bytes; takes 2^log2_n KiB of memory meanwhile. rejected for log2_n
// outside 1..22; io when the memory is not to be had.
Result<SecretBytes> scrypt(const SecretBytes& passphrase, BytesView salt, int log2_n);

// True when both are equal; the time taken tells nothing but their lengths.
bool same_bytes(BytesView a, BytesView b);

}  // namespace rota::crypto
