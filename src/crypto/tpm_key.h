// Keys that a TPM 2.0 made and wrapped: files of theirs are of no use without that TPM. Through OpenSSL's provider for it
// (tpm2-openssl), which is told where the TPM is by TPM2OPENSSL_TCTI, else takes the machine's.
#pragma once

#include <functional>

#include "crypto/key.h"

namespace rota::crypto {

// Asked only for keys that were made with a PIN; `what` says of which.
using KeyPin = std::function<Result<SecretBytes>(std::string_view what)>;

// `pem`: a "TSS2 PRIVATE KEY". The TPM is looked for at the first signature.
std::shared_ptr<const HeldKey> tpm_key(std::string pem, KeyPin pin);

// A new key in this machine's TPM: RSA of 2048 bit or P-256, which is what every TPM has; bad_input for another type. An empty
// `pin`: whoever reaches the TPM and has the file may sign. io: no provider, no TPM.
Result<PrivateKey> new_tpm_key(KeyType type, const SecretBytes& pin, KeyPin ask);

}  // namespace rota::crypto
