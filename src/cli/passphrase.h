// Passphrases from people; never from arguments or the environment.
#pragma once

#include <string_view>

#include "crypto/secret.h"

namespace rota::cli {

// Asks at the controlling terminal without echo, "<prompt>: ". denied when there is no terminal or nothing was typed.
Result<crypto::SecretBytes> asked_passphrase(std::string_view prompt);
// The same for the PIN of a token or TPM; `what` is whose.
Result<crypto::SecretBytes> asked_pin(std::string_view what);
// A passphrase, twice; denied when the two differ.
Result<crypto::SecretBytes> new_passphrase(std::string_view prompt);

}  // namespace rota::cli
