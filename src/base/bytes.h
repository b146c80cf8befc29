// Byte strings and their spellings. Bytes are std::string; secrets are crypto::SecretBytes, never this.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rota {

using Bytes = std::string;
using BytesView = std::string_view;

// Lower-case hex; two digits a byte.
std::string hex(BytesView bytes);
// Reads hex of either case. Refuses an odd length or another character (bad_input).
Result<Bytes> unhex(std::string_view text);
// True for exactly 64 lower-case hex digits: a SHA-256, a key id, an OSTree commit.
bool is_sha256_hex(std::string_view text);

// Standard alphabet with padding (RFC 4648 section 4).
std::string base64(BytesView bytes);
// Refuses missing padding, white space, foreign characters and non-zero trailing bits (bad_input).
Result<Bytes> unbase64(std::string_view text);

// CRC-32C (Castagnoli, RFC 3720 B.4) of `bytes`, continuing from `crc` (0 to start).
std::uint32_t crc32c(BytesView bytes, std::uint32_t crc = 0);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

// A decimal number without sign or leading zero, at most `max`; anything else is bad_input.
Result<std::int64_t> decimal(std::string_view text, std::int64_t max = INT64_MAX);

// Percent-decoding of a URL part, exactly once; bad_input for a broken escape.
Result<std::string> percent_decoded(std::string_view text);
// Percent-encodes all but A-Z a-z 0-9 - _ . ~ and the characters of `keep`.
std::string percent_encoded(std::string_view text, std::string_view keep = "");

}  // namespace rota
