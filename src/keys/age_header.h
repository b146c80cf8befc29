// The header of an age v1 file, taken apart and put together; nothing here decides whether it is authentic.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace rota::keys {

struct AgeStanza {
  std::vector<std::string> words;  // type and arguments, at least the type
  Bytes body;
};

struct AgeHeader {
  Bytes text;  // what the MAC covers: up to and with "---"
  std::vector<AgeStanza> stanzas;
  Bytes mac;  // 32 bytes
  Bytes payload;
};

// True when it begins like an age file, in binary or in ASCII armour.
bool is_age(BytesView bytes);

// bad_input for anything but the exact form: at most 64 stanzas and 64 KiB of header, canonical base64 without padding in lines
// of 64 columns, a scrypt stanza alone. ASCII armour is taken off first.
Result<AgeHeader> read_age_header(BytesView bytes);
// Version line, stanzas, "---".
Bytes age_header_text(const std::vector<AgeStanza>& stanzas);

// Base64 without padding (RFC 4648 section 4 without '='); bad_input when it is not canonical.
std::string base64_bare(BytesView bytes);
Result<Bytes> unbase64_bare(std::string_view text);

}  // namespace rota::keys
