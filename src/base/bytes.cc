#include "base/bytes.h"

#include <algorithm>
#include <array>

namespace rota {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr unsigned char byte_of(char c) { return static_cast<unsigned char>(c); }

// What each character stands for in an alphabet; -1 for the others.
constexpr std::array<std::int8_t, 256> values_in(std::string_view alphabet) {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) values[byte_of(alphabet[i])] = static_cast<std::int8_t>(i);
  return values;
}
constexpr auto kBase64Values = values_in(kBase64);
constexpr auto kHexValues = [] {
  auto values = values_in(kHexDigits);
  for (int i = 10; i < 16; ++i) values[static_cast<std::size_t>('A' + i - 10)] = static_cast<std::int8_t>(i);
  return values;
}();
int hex_value(char c) { return kHexValues[byte_of(c)]; }

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
    table[i] = crc;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string hex(BytesView bytes) {
  std::string out(bytes.size() * 2, '\0');
  auto to = out.begin();
  for (char c : bytes) {
    *to++ = kHexDigits[byte_of(c) >> 4];
    *to++ = kHexDigits[byte_of(c) & 15];
  }
  return out;
}

Result<Bytes> unhex(std::string_view text) {
  if (text.size() % 2 != 0) return bad_input("hex: odd number of digits");
  Bytes out(text.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return bad_input("hex: a character that is not a hex digit");
    out[i] = static_cast<char>(high * 16 + low);
  }
  return out;
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of(kHexDigits) == std::string_view::npos;
}

std::string base64(BytesView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? byte_of(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(k <= have ? kBase64[group >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

Result<Bytes> unbase64(std::string_view text) {
  if (text.size() % 4 != 0) return bad_input("base64: length is not a multiple of four");
  Bytes out(text.size() / 4 * 3, '\0');
  auto to = out.begin();
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t pad = !last ? 0 : text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k >= 4 - pad ? 0 : kBase64Values[byte_of(text[i + k])];
      if (value < 0) return bad_input("base64: a character outside the alphabet");
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    if ((pad == 1 && (group & 0xff)) || (pad == 2 && (group & 0xffff)))
      return bad_input("base64: trailing bits are not zero");
    for (std::size_t k = 0; k < 3 - pad; ++k) *to++ = static_cast<char>(group >> (16 - 8 * k) & 0xff);
  }
  out.resize(static_cast<std::size_t>(to - out.begin()));
  return out;
}

std::uint32_t crc32c(BytesView bytes, std::uint32_t crc) {
  crc = ~crc;
  for (char c : bytes) crc = kCrcTable[(crc ^ byte_of(c)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0;;) {
    const auto to = text.find(separator, from);
    parts.emplace_back(text.substr(from, to == std::string_view::npos ? to : to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower_of(c);
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower_of(x) == lower_of(y); });
}

Result<std::int64_t> decimal(std::string_view text, std::int64_t max) {
  if (text.empty() || text.size() > 19 || text.find_first_not_of("0123456789") != std::string_view::npos)
    return bad_input("'" + std::string(text.substr(0, 40)) + "' is not a decimal number");
  if (text.size() > 1 && text[0] == '0') return bad_input("'" + std::string(text) + "' has a leading zero");
  std::uint64_t value = 0;
  for (char c : text) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  if (value > static_cast<std::uint64_t>(max)) return bad_input("'" + std::string(text) + "' is too large");
  return static_cast<std::int64_t>(value);
}

Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return bad_input("url: a cut percent escape");
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return bad_input("url: a broken percent escape");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

std::string percent_encoded(std::string_view text, std::string_view keep) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  std::string out;
  for (char c : text) {
    if (kPlain.find(c) != std::string_view::npos || keep.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    out.push_back('%');
    out.push_back("0123456789ABCDEF"[byte_of(c) >> 4]);
    out.push_back("0123456789ABCDEF"[byte_of(c) & 15]);
  }
  return out;
}

}  // namespace rota
