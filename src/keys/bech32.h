// Bech32 (BIP 173) as the age format spells keys: no limit on the length, one case throughout.
#pragma once

#include <string>

#include "crypto/secret.h"

namespace rota::keys {

struct Bech32 {
  std::string prefix;  // lower case
  crypto::SecretBytes bytes;
};

// "age1…"; lower case.
crypto::SecretBytes bech32(std::string_view prefix, BytesView bytes);
// bad_input: a foreign character, mixed case, a wrong checksum, bits left over.
Result<Bech32> read_bech32(std::string_view text);

}  // namespace rota::keys
