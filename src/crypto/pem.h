// PEM (RFC 7468, the lax reading): text around the blocks is skipped, lines may end in CRLF, the last line end may
// lack. Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.h"

namespace rota::crypto {

struct PemBlock {
  std::string label;
  SecretBytes der;
};

// All blocks of `text`, at least one. bad_input for more than 1 MiB of text, broken base64, a block without its end,
// headers inside a block (a passphrase) or no block at all.
Result<std::vector<PemBlock>> pem_blocks(std::string_view text);
// The bytes of the one block `text` holds; bad_input when there are more, or its label is another.
Result<SecretBytes> only_pem_block(std::string_view text, std::string_view label);

// 64 columns, LF, final LF.
SecretBytes secret_pem_text(std::string_view label, BytesView der);
std::string pem_text(std::string_view label, BytesView der);

}  // namespace rota::crypto
