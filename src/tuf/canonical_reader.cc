#include "tuf/canonical_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace rota::tuf {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxDigits = 18;  // always within 64 bits

constexpr std::uint64_t every_byte(unsigned char byte) {
  return 0x0101010101010101u * byte;
}

// The high bit of each byte of `word` that is zero; bits above the lowest one set may be wrong.
constexpr std::uint64_t zero_bytes(std::uint64_t word) {
  return (word - every_byte(1)) & ~word & every_byte(0x80);
}

bool is_plain(char c) {
  return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80;
}

// Where the first byte from `at` on stands that text does not hold as it is; the end when there is none. Eight at a time.
std::size_t end_of_plain(std::string_view text, std::size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      const std::uint64_t control = (word - every_byte(0x20)) & ~word & every_byte(0x80);
      const std::uint64_t stops = control | zero_bytes(word ^ every_byte('"')) | zero_bytes(word ^ every_byte('\\')) |
                                  (word & every_byte(0x80));
      if (stops != 0) return at + static_cast<std::size_t>(std::countr_zero(stops)) / 8;
    }
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

bool is_before(const CanonicalReader::Text& a, const CanonicalReader::Text& b) {
  if (a.escaped || b.escaped) return a.unescaped() < b.unescaped();
  if (a.raw.empty() || b.raw.empty() || a.raw.front() == b.raw.front()) return a.raw < b.raw;
  return static_cast<unsigned char>(a.raw.front()) < static_cast<unsigned char>(b.raw.front());
}

char unescaped_of(char c) {
  return c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
}

// RFC 3629 4: how many bytes a lead byte promises, and the range of the next one. 0: no lead byte.
struct Sequence {
  int more;
  unsigned char low, high;
};
Sequence sequence_of(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {1, 0x80, 0xbf};
  if (lead == 0xe0) return {2, 0xa0, 0xbf};
  if (lead == 0xed) return {2, 0x80, 0x9f};  // no surrogates
  if (lead >= 0xe1 && lead <= 0xef) return {2, 0x80, 0xbf};
  if (lead == 0xf0) return {3, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return {3, 0x80, 0xbf};
  if (lead == 0xf4) return {3, 0x80, 0x8f};
  return {0, 0, 0};
}

}  // namespace

std::string CanonicalReader::Text::unescaped() const {
  if (!escaped) return std::string(raw);
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t end = std::min(raw.find('\\', at), raw.size());
    out.append(raw, at, end - at);
    if (end < raw.size()) out.push_back(unescaped_of(raw[end + 1]));
    at = end + 2;
  }
  return out;
}

bool CanonicalReader::literal(std::string_view exactly) {
  if (!ok_ || !text_.substr(at_).starts_with(exactly)) return fail();
  at_ += exactly.size();
  return true;
}

bool CanonicalReader::enter(char bracket) {
  if (!ok_ || peek() != bracket || ++depth_ > kMaxDepth) return fail();
  ++at_;
  return true;
}

bool CanonicalReader::leave(char bracket) {
  if (peek() != bracket) return false;
  ++at_;
  --depth_;
  return true;
}

bool CanonicalReader::enter_object() {
  return enter('{');
}
bool CanonicalReader::enter_array() {
  return enter('[');
}

std::optional<CanonicalReader::Text> CanonicalReader::next_member(Members& members) {
  if (!ok_ || leave('}')) return std::nullopt;
  if (members.begun && !literal(',')) return std::nullopt;
  const auto name = text();
  if (!name) return std::nullopt;
  if (members.begun && !is_before(members.last, *name)) fail();
  members = {*name, true};
  return literal(':') ? name : std::nullopt;
}

bool CanonicalReader::next_item(bool& begun) {
  if (!ok_ || leave(']')) return false;
  return !std::exchange(begun, true) || literal(',');
}

std::optional<CanonicalReader::Text> CanonicalReader::text() {
  if (!literal('"')) return std::nullopt;
  const std::size_t from = at_;
  bool escaped = false;
  for (at_ = end_of_plain(text_, at_); peek() != '"'; at_ = end_of_plain(text_, at_)) {
    escaped = escaped || peek() == '\\';
    if (!(peek() == '\\' ? escape() : utf8())) return std::nullopt;
  }
  return Text{text_.substr(from, at_++ - from), escaped};
}

// A backslash stands here.
bool CanonicalReader::escape() {
  const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  const bool white = c == 'n' || c == 'r' || c == 't';
  if (!white && c != '"' && c != '\\') return fail();
  white_escapes_ = white_escapes_ || white;
  at_ += 2;
  return true;
}

bool CanonicalReader::utf8() {
  const auto byte = [&](std::size_t i) { return i < text_.size() ? static_cast<unsigned char>(text_[i]) : '\0'; };
  const Sequence want = sequence_of(byte(at_));
  if (want.more == 0) return fail();
  if (byte(at_ + 1) < want.low || byte(at_ + 1) > want.high) return fail();
  for (int i = 2; i <= want.more; ++i) {
    if ((byte(at_ + static_cast<std::size_t>(i)) & 0xc0) != 0x80) return fail();
  }
  at_ += static_cast<std::size_t>(want.more) + 1;
  non_ascii_ = true;
  return true;
}

std::optional<std::int64_t> CanonicalReader::integer() {
  const std::size_t from = at_, digits = peek() == '-' ? from + 1 : from;
  std::size_t end = digits;
  while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') ++end;
  const std::string_view plain = text_.substr(digits, end - digits);
  const bool zero_first = plain.starts_with('0') && (plain.size() > 1 || digits != from);
  std::int64_t value = 0;
  if (!ok_ || plain.empty() || plain.size() > kMaxDigits || zero_first) return fail(), std::nullopt;
  std::from_chars(text_.data() + from, text_.data() + end, value);
  at_ = end;
  return value;
}

bool CanonicalReader::skip() {
  switch (peek()) {
    case '"':
      return text().has_value();
    case '{': {
      Members members;
      enter_object();
      while (next_member(members)) skip();
      return ok_;
    }
    case '[': {
      bool begun = false;
      enter_array();
      while (next_item(begun)) skip();
      return ok_;
    }
    case 't':
      return literal("true");
    case 'f':
      return literal("false");
    case 'n':
      return literal("null");
    default:
      return integer().has_value();
  }
}

std::optional<Json> CanonicalReader::tree() {
  switch (peek()) {
    case '"': {
      const auto value = text();
      return value ? std::optional<Json>(value->unescaped()) : std::nullopt;
    }
    case '{':
      return object();
    case '[':
      return array();
    case 't':
      return literal("true") ? std::optional<Json>(true) : std::nullopt;
    case 'f':
      return literal("false") ? std::optional<Json>(false) : std::nullopt;
    case 'n':
      return literal("null") ? std::optional<Json>(nullptr) : std::nullopt;
    default: {
      const auto value = integer();
      return value ? std::optional<Json>(*value) : std::nullopt;
    }
  }
}

std::optional<Json> CanonicalReader::object() {
  Json::Object out;
  Members members;
  enter_object();
  while (const auto name = next_member(members)) {
    auto value = tree();
    if (!value) return std::nullopt;
    out.emplace_hint(out.end(), name->unescaped(), *std::move(value));
  }
  return ok_ ? std::optional<Json>(std::move(out)) : std::nullopt;
}

std::optional<Json> CanonicalReader::array() {
  Json::Array out;
  bool begun = false;
  enter_array();
  while (next_item(begun)) {
    auto value = tree();
    if (!value) return std::nullopt;
    out.push_back(*std::move(value));
  }
  return ok_ ? std::optional<Json>(std::move(out)) : std::nullopt;
}

}  // namespace rota::tuf
