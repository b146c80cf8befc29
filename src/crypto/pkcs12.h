// PKCS#12 files without a password (RFC 7292), as tools for TUF repositories write them, also with the ciphers of old.
// In:    the bytes of a file; what is to be in one.
// Out:   PEM, ready for TlsClientOptions; the bytes of a file.
#pragma once

#include <string>

#include "crypto/x509.h"

namespace rota::crypto {

struct Pkcs12 {
  SecretBytes key_pem;          // empty: no key is in it
  std::string certificate_pem;  // the key's, then the others that came with a key
  std::string trusted_pem;      // the certificates of a file without a key
};

// bad_input: no such file, one with a password, a key that is not the certificate's, neither key nor certificate.
Result<Pkcs12> read_pkcs12(BytesView bytes);

// A key with its certificate, and the certificates of those who issued it (PEM, perhaps none).
SecretBytes write_pkcs12(const PrivateKey& key, const Certificate& certificate, const std::string& issuers_pem);
// Certificates to trust, PEM, and no key.
Result<Bytes> write_trusted_pkcs12(const std::string& trusted_pem);

}  // namespace rota::crypto
