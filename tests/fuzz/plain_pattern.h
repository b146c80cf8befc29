// Path patterns a second time, the obvious way: what tuf::PathMatcher is held against. Slow on purpose.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rota::fuzz {

// The code points of UTF-8; nothing when it is not (RFC 3629: no overlong form, no surrogate, at most U+10FFFF).
inline std::optional<std::u32string> code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t point = size == 1 ? lead : lead & (0xffu >> (size + 1));
    if ((lead >= 0x80 && lead < 0xc0) || lead > 0xf7 || at + size > text.size()) return std::nullopt;
    for (std::size_t i = 1; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(text[at + i]);
      if ((byte & 0xc0) != 0x80) return std::nullopt;
      point = point << 6 | (byte & 0x3f);
    }
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[size] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return std::nullopt;
    out.push_back(point);
    at += size;
  }
  return out;
}

class PlainPattern {
 public:
  PlainPattern(std::u32string pattern, std::u32string path)
      : pattern_(std::move(pattern)),
        path_(std::move(path)),
        known_(pattern_.size() + 1, std::vector<int>(path_.size() + 1, -1)) {}

  bool matches() { return from(0, 0); }

 private:
  // Whether what follows `p` in the pattern matches what follows `s` in the path.
  bool from(std::size_t p, std::size_t s) {
    int& known = known_[p][s];
    if (known < 0) known = decided(p, s) ? 1 : 0;
    return known == 1;
  }

  bool decided(std::size_t p, std::size_t s) {
    if (p == pattern_.size()) return s == path_.size();
    const bool open = s < path_.size() && path_[s] != U'/';
    if (pattern_[p] == U'*') return from(p + 1, s) || (open && from(p, s + 1));
    if (pattern_[p] == U'?') return open && from(p + 1, s + 1);
    if (const std::size_t end = end_of_set(p); end != 0)
      return open && in_set(p + 1, end, path_[s]) && from(end + 1, s + 1);
    return s < path_.size() && pattern_[p] == path_[s] && from(p + 1, s + 1);
  }

  // Where the ']' is that closes the set beginning at `p`; 0 when there is no set.
  std::size_t end_of_set(std::size_t p) const {
    if (pattern_[p] != U'[') return 0;
    std::size_t at = p + 1;
    if (at < pattern_.size() && pattern_[at] == U'!') ++at;
    if (at < pattern_.size() && pattern_[at] == U']') ++at;
    while (at < pattern_.size() && pattern_[at] != U']' && pattern_[at] != U'/') ++at;
    return at < pattern_.size() && pattern_[at] == U']' ? at : 0;
  }

  bool in_set(std::size_t at, std::size_t end, char32_t c) const {
    const bool negated = pattern_[at] == U'!';
    if (negated) ++at;
    while (at < end) {
      const bool range = at + 2 < end && pattern_[at + 1] == U'-';
      const char32_t last = pattern_[range ? at + 2 : at];
      if (pattern_[at] <= c && c <= last) return !negated;
      at += range ? 3 : 1;
    }
    return negated;
  }

  std::u32string pattern_, path_;
  std::vector<std::vector<int>> known_;
};

}  // namespace rota::fuzz
