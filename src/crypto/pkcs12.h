// PKCS#12 files without a password (RFC 7292), as tools for TUF repositories write them, also with the ciphers of old.
// In:    the bytes of a file.
// Out:   PEM, ready for TlsClientOptions.
#pragma once

#include <string>

#include "crypto/secret.h"

namespace rota::crypto {

struct Pkcs12 {
  SecretBytes key_pem;          // empty: no key is in it
  std::string certificate_pem;  // the key's, then the others that came with a key
  std::string trusted_pem;      // the certificates of a file without a key
};

// bad_input: no such file, one with a password, a key that is not the certificate's, neither key nor certificate.
Result<Pkcs12> read_pkcs12(BytesView bytes);

}  // namespace rota::crypto
