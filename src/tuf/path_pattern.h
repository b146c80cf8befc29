// Path patterns of delegations (TUF 4.5, PATHPATTERN): the shell's patterns, part by part between '/'.
// In:    a target path, then any number of patterns.
// Out:   whether a pattern matches the whole path.
// Never: a '/' matched by a wildcard; a place of the path tried twice: the time is the pattern's length times a 64th of
//        the path's, whatever they hold.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rota::tuf {

// One path, prepared for many patterns. In a pattern
//   '*'   is any run of characters but '/', also none;
//   '?'   is one character but '/';
//   '[ab]', '[a-z]', '[!a]' are one character of a set or not of it, never '/'; a '[' without its ']' in the same part
//         is itself. TUF 4.5 names '*' and '?' and points to glob(7), which has sets, and the reference client reads
//         them; a client that did not would let a later delegation speak where an earlier one was meant to.
// Every other character is itself, '\' too, and upper case is not lower case. A character is a code point; a byte that is
// not UTF-8 is one of its own.
class PathMatcher {
 public:
  explicit PathMatcher(std::string_view path);
  bool matches(std::string_view pattern) const;

 private:
  using Places = std::vector<std::uint64_t>;  // bit i: the place before character i of the path, or at its end
  class Walk;
  std::string path_;
  std::size_t length_ = 0;  // in characters
  Places open_;             // before any character but '/'
  Places nowhere_;
  std::map<char32_t, Places> before_;
};

}  // namespace rota::tuf
