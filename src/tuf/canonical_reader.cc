#include "tuf/canonical_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace rota::tuf {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxDigits = 18;  // always within 64 bits

// Sixteen bytes at once, in whatever way the machine has for it.
using Lanes = signed char __attribute__((vector_size(16)));
constexpr std::size_t kLanes = sizeof(Lanes);

bool is_plain(char c) {
  const auto byte = static_cast<signed char>(c);  // below zero: not ASCII
  return byte >= 0x20 && byte != '"' && byte != '\\';
}

// Where the first byte from `at` on stands that text does not hold as it is; the end when there is none.
std::size_t end_of_plain(std::string_view text, std::size_t at) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; at + kLanes <= text.size(); at += kLanes) {
      Lanes bytes;
      std::memcpy(&bytes, text.data() + at, kLanes);
      const auto stops = (bytes < 0x20) | (bytes == '"') | (bytes == '\\');  // all ones where true
      std::uint64_t words[2];
      std::memcpy(words, &stops, kLanes);
      if (words[0] != 0) return at + static_cast<std::size_t>(std::countr_zero(words[0])) / 8;
      if (words[1] != 0) return at + 8 + static_cast<std::size_t>(std::countr_zero(words[1])) / 8;
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
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(raw.find('\\', at), raw.size());
    out.append(raw, at, end - at);
    if (end == raw.size()) return out;
    out.push_back(unescaped_of(raw[end + 1]));
    at = end + 2;
  }
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

const CanonicalReader::Text* CanonicalReader::next_member(Members& members) {
  if (leave('}')) return nullptr;
  if (members.begun && !literal(',')) return nullptr;
  const Text& before = members.names[members.turn];
  members.turn ^= 1;
  Text& name = members.names[members.turn];
  if (!read_text(name)) return nullptr;
  if (members.begun && !is_before(before, name)) fail();
  members.begun = true;
  return literal(':') ? &name : nullptr;
}

bool CanonicalReader::next_item(bool& begun) {
  if (!ok_ || leave(']')) return false;
  return !std::exchange(begun, true) || literal(',');
}

bool CanonicalReader::read_text(Text& text) {
  if (!literal('"')) return false;
  const std::size_t from = at_;
  bool escaped = false;
  for (at_ = end_of_plain(text_, at_); peek() != '"'; at_ = end_of_plain(text_, at_)) {
    escaped = escaped || peek() == '\\';
    if (!(peek() == '\\' ? escape() : utf8())) return false;
  }
  text.raw = {text_.data() + from, at_++ - from};
  text.escaped = escaped;
  return true;
}

std::optional<CanonicalReader::Text> CanonicalReader::text() {
  Text text;
  return read_text(text) ? std::optional(text) : std::nullopt;
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
    case '"': {
      Text unread;
      return read_text(unread);
    }
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
  while (const Text* name = next_member(members)) {
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
