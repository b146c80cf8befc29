// Canonical JSON: the bytes that signatures and checksums cover (formats.md 7).
#pragma once

#include <string>

#include "base/json.h"

namespace rota::tuf {

enum class CanonicalForm {
  uptane,       // '"' '\' LF CR TAB escaped, everything else raw; equals all clients' forms on the subset
  device,       // as uptane, other control characters and non-ASCII as \uXXXX (surrogate pairs): what libaktualizr prints
  olpc,         // TUF specification: only '"' and '\' escaped
};

// Keys sorted by byte value, no white space, no final newline.
std::string canonical(const Json& value, CanonicalForm form = CanonicalForm::uptane);

// Ok when every string is 0x20-0x7E, LF, CR, TAB and every number an integer of magnitude <= 2^53-1: what Rota signs and
// admits. bad_input names the member otherwise.
Status in_canonical_subset(const Json& value);
// The half of it that the tuf dialect keeps: every number an integer of magnitude <= 2^53-1, any text.
Status has_safe_integers(const Json& value);

}  // namespace rota::tuf
