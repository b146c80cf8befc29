#include "keys/bech32.h"

#include <cstdint>

namespace rota::keys {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksum = 6;

std::uint32_t polymod(std::uint32_t checksum, std::uint32_t value) {
  constexpr std::uint32_t kGenerator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = checksum >> 25;
  checksum = ((checksum & 0x1ffffff) << 5) ^ value;
  for (int bit = 0; bit < 5; ++bit) checksum ^= ((top >> bit) & 1) != 0 ? kGenerator[bit] : 0;
  return checksum;
}

std::uint32_t prefix_checksum(std::string_view prefix) {
  std::uint32_t checksum = 1;
  for (const char c : prefix) checksum = polymod(checksum, static_cast<unsigned char>(c) >> 5);
  checksum = polymod(checksum, 0);
  for (const char c : prefix) checksum = polymod(checksum, static_cast<unsigned char>(c) & 31);
  return checksum;
}

// Groups of `from` bits as groups of `to` bits; the last one is filled with zeros.
Bytes regrouped(BytesView groups, int from, int to) {
  Bytes out;
  out.reserve(groups.size() * static_cast<std::size_t>(from) / static_cast<std::size_t>(to) + 1);
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : groups) {
    held = (held << from) | static_cast<unsigned char>(c);
    for (bits += from; bits >= to; bits -= to) out.push_back(static_cast<char>((held >> (bits - to)) & ((1u << to) - 1)));
    held &= (1u << bits) - 1;
  }
  if (bits > 0 && to < from) out.push_back(static_cast<char>((held << (to - bits)) & ((1u << to) - 1)));
  const bool whole = to < from || (bits < from && held == 0);
  return whole ? out : Bytes();
}

Error unreadable(const std::string& why) { return bad_input("bech32: " + why); }

}  // namespace

crypto::SecretBytes bech32(std::string_view prefix, BytesView bytes) {
  Bytes values = regrouped(bytes, 8, 5);
  std::uint32_t checksum = prefix_checksum(prefix);
  Bytes text = std::string(prefix) + "1";
  for (const char value : values) {
    checksum = polymod(checksum, static_cast<unsigned char>(value));
    text.push_back(kAlphabet[static_cast<unsigned char>(value)]);
  }
  for (std::size_t i = 0; i < kChecksum; ++i) checksum = polymod(checksum, 0);
  checksum ^= 1;
  for (std::size_t i = 0; i < kChecksum; ++i) text.push_back(kAlphabet[(checksum >> (5 * (kChecksum - 1 - i))) & 31]);
  crypto::SecretBytes::wipe(values);
  return crypto::SecretBytes(std::move(text));
}

Result<Bech32> read_bech32(std::string_view text) {
  const crypto::SecretBytes lowered{lower(text)};
  const std::string_view small = lowered.reveal();
  bool has_upper = false, has_lower = false;
  for (const char c : text) {
    has_upper = has_upper || (c >= 'A' && c <= 'Z');
    has_lower = has_lower || (c >= 'a' && c <= 'z');
  }
  if (has_upper && has_lower) return unreadable("upper and lower case mixed");
  const auto separator = small.rfind('1');
  if (separator == std::string_view::npos || separator == 0 || separator + 1 + kChecksum > small.size())
    return unreadable("no prefix or too short");
  const std::string_view prefix = small.substr(0, separator);
  std::uint32_t checksum = prefix_checksum(prefix);
  Bytes values;
  values.reserve(text.size());  // grown, it would leave copies behind
  for (const char c : small.substr(separator + 1)) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return unreadable("a character that does not belong there");
    checksum = polymod(checksum, static_cast<std::uint32_t>(value));
    values.push_back(static_cast<char>(value));
  }
  values.resize(values.size() - kChecksum);
  Bytes bytes = regrouped(values, 5, 8);
  const bool leftover = bytes.empty() && !values.empty();
  crypto::SecretBytes::wipe(values);
  crypto::SecretBytes secret(std::move(bytes));
  if (checksum != 1) return unreadable("the checksum does not fit: a typing error?");
  if (leftover) return unreadable("bits left over");
  return Bech32{std::string(prefix), std::move(secret)};
}

}  // namespace rota::keys
