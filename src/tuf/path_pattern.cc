#include "tuf/path_pattern.h"

#include <algorithm>
#include <functional>

namespace rota::tuf {
namespace {

constexpr std::size_t kWord = 64;

// How many bytes the UTF-8 character has that `text` starts with; 0 when it starts with none.
std::size_t size_of_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  const auto rest = text.substr(1, size - 1);
  const bool whole = size <= text.size() && std::ranges::all_of(rest, [](char c) { return (c & 0xc0) == 0x80; });
  return whole ? size : 0;
}

// The code points of UTF-8; a byte that is part of none becomes a number that no code point has.
std::u32string characters(std::string_view text) {
  constexpr char32_t kStray = 0x110000;
  std::u32string out;
  while (!text.empty()) {
    const std::size_t size = size_of_character(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    char32_t character = size == 0 ? kStray + lead : size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t i = 1; i < size; ++i) character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
    out.push_back(character);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

// What stands between '[' and ']': "a-z0", or with '!' before it.
bool is_in_set(std::u32string_view set, char32_t character) {
  const bool negated = set.starts_with(U'!');
  if (negated) set.remove_prefix(1);
  bool found = false;
  while (!set.empty() && !found) {
    const bool range = set.size() > 2 && set[1] == U'-';
    found = set[0] <= character && character <= set[range ? 2 : 0];
    set.remove_prefix(range ? 3 : 1);
  }
  return found != negated;
}

// The set that `pattern` starts with, without its brackets; empty when it does not close before the next '/'.
std::u32string_view leading_set(std::u32string_view pattern) {
  const std::size_t first = pattern.substr(1).starts_with(U'!') ? 2 : 1;  // a ']' here is a member
  const std::size_t end = pattern.find_first_of(U"]/", first + (pattern.substr(first).starts_with(U']') ? 1 : 0));
  return end == pattern.npos || pattern[end] == U'/' ? std::u32string_view() : pattern.substr(1, end - 1);
}

}  // namespace

// All places of the path where the pattern may stand after what was taken of it.
class PathMatcher::Walk {
 public:
  Walk(const PathMatcher& path, std::size_t start) : path_(path), at_(path.open_.size()) {
    at_[start / kWord] = std::uint64_t{1} << start % kWord;
  }

  bool is_over() const {
    return std::ranges::all_of(at_, [](std::uint64_t word) { return word == 0; });
  }
  bool is_at_end() const { return (at_[path_.length_ / kWord] >> path_.length_ % kWord & 1) != 0; }

  // Takes the first wildcard or character; returns how many characters of the pattern that was.
  std::size_t take(std::u32string_view pattern) {
    if (pattern[0] == U'*') {
      spread();
      return 1;
    }
    if (pattern[0] == U'[') {
      const auto set = leading_set(pattern);
      step(set.empty() ? before(U'[') : before_any_of(set));
      return set.empty() ? 1 : set.size() + 2;
    }
    step(pattern[0] == U'?' ? path_.open_ : before(pattern[0]));
    return 1;
  }

 private:
  const Places& before(char32_t character) const {
    const auto found = path_.before_.find(character);
    return found == path_.before_.end() ? path_.nowhere_ : found->second;
  }

  Places before_any_of(std::u32string_view set) const {
    Places places = path_.nowhere_;
    for (const auto& [character, before] : path_.before_) {
      if (character == U'/' || !is_in_set(set, character)) continue;
      std::ranges::transform(places, before, places.begin(), std::bit_or<>());
    }
    return places;
  }

  // One character, from those of `places` where the walk is.
  void step(const Places& places) {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const std::uint64_t from = at_[i] & places[i];
      at_[i] = from << 1 | carry;
      carry = from >> (kWord - 1);
    }
  }

  // Any number of characters but '/': a bit added to the run of ones it stands in carries to the end of that run.
  void spread() {
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const std::uint64_t open = path_.open_[i];
      const std::uint64_t sum = open + (at_[i] & open);
      at_[i] |= open ^ (sum + carry);
      carry = sum < open || sum + carry < sum ? 1 : 0;
    }
  }

  const PathMatcher& path_;
  Places at_;
};

PathMatcher::PathMatcher(std::string_view path) : path_(path) {
  const std::u32string text = characters(path);
  nowhere_.resize(text.size() / kWord + 1);
  open_ = nowhere_;
  for (const char32_t character : text) {
    Places& before = before_.try_emplace(character, nowhere_).first->second;
    before[length_ / kWord] |= std::uint64_t{1} << length_ % kWord;
    if (character != U'/') open_[length_ / kWord] |= std::uint64_t{1} << length_ % kWord;
    ++length_;
  }
}

bool PathMatcher::matches(std::string_view pattern) const {
  const std::size_t wild = pattern.find_first_of("*?[");
  if (wild == pattern.npos) return pattern == path_;
  if (!path_.starts_with(pattern.substr(0, wild))) return false;
  Walk walk(*this, characters(pattern.substr(0, wild)).size());
  const std::u32string rest = characters(pattern.substr(wild));
  for (std::u32string_view left = rest; !left.empty() && !walk.is_over();) left.remove_prefix(walk.take(left));
  return walk.is_at_end();
}

}  // namespace rota::tuf
