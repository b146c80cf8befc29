#include "tuf/path_pattern.h"

#include <gtest/gtest.h>

namespace rota::tuf {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
  return PathMatcher(path).matches(pattern);
}

TEST(PathMatcher, ReadsThePatternsOfTheSpecification) {  // TUF 4.5 and its examples
  struct Case {
    const char *pattern, *path;
    bool matches;
  };
  const Case cases[] = {
      {"targets/*.tgz", "targets/foo.tgz", true},
      {"targets/*.tgz", "targets/bar.tgz", true},
      {"targets/*.tgz", "targets/foo.txt", false},
      {"foo-version-?.tgz", "foo-version-2.tgz", true},
      {"foo-version-?.tgz", "foo-version-a.tgz", true},
      {"foo-version-?.tgz", "foo-version-alpha.tgz", false},
      {"*.tgz", "foo.tgz", true},
      {"*.tgz", "targets/foo.tgz", false},
      {"foo.tgz", "foo.tgz", true},
      {"foo.tgz", "foo.tgz2", false},
      {"foo.tgz", "targets/foo.tgz", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "a", true},
      {"*", "a/b", false},
      {"*/*", "a/b", true},
      {"*/*", "a/b/c", false},
      {"*/b", "/b", true},
      {"a/*", "a/", true},
      {"a*", "a/", false},
      {"?", "", false},
      {"?", "/", false},
      {"a?b", "a/b", false},
      {"a??", "abc", true},
      {"a??", "ab", false},
      {"*?", "a", true},
      {"*?", "", false},
      {"**", "a/b", false},
      {"a*b*c", "axxbyyc", true},
      {"a*b*c", "axxbyy", false},
      {"*ab", "aab", true},
      {"*.doc", "README.DOC", false},
      {"*/../b", "a/../b", true},
      {"*b", "a", false},
      {"a*", "b", false},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(c.pattern, c.path), c.matches) << c.pattern << " against " << c.path;
}

TEST(PathMatcher, ReadsSetsAsTheShellDoes) {
  struct Case {
    const char *pattern, *path;
    bool matches;
  };
  const Case cases[] = {
      {"v[12]", "v1", true},   {"v[12]", "v3", false},   {"v[12]", "v12", false},   {"v[0-9].x", "v7.x", true},
      {"v[0-9]", "va", false}, {"v[!0-9]", "va", true},  {"v[!0-9]", "v7", false},  {"v[!0-9]", "v/", false},
      {"a[/]b", "a/b", false}, {"a[/]b", "a[/]b", true}, {"a[.-0]b", "a/b", false}, {"a[!x]b", "a/b", false},
      {"a[]]b", "a]b", true},  {"a[!]]b", "axb", true},  {"a[!]]b", "a]b", false},  {"a[b", "a[b", true},
      {"a[]", "a[]", true},    {"a[!]", "a[!]", true},   {"a[b/]", "a[b/]", true},  {"a[b/]", "ab/]", false},
      {"[!a]", "!", true},     {"[+-]", "A", false},     {"[acz]", "b", false},     {"[-a]", "-", true},
      {"[a-]", "-", true},     {"[c-a]", "b", false},    {"[a-ce]", "b", true},     {"[a-ce]", "e", true},
      {"[a-ce]", "-", false},  {"[*]", "*", true},       {"[*]", "x", false},       {"[?]x*", "?xy", true},
      {"[", "[", true},        {"[!", "[!", true},       {"*[0-9]", "a/1", false},  {"\\*", "\\x", true},
      {"\\*", "*", false},     {"\\", "\\", true},
  };
  for (const Case& c : cases) EXPECT_EQ(matches(c.pattern, c.path), c.matches) << c.pattern << " against " << c.path;
}

TEST(PathMatcher, CountsCodePointsNotBytes) {
  EXPECT_TRUE(matches("foo-?.tgz", "foo-\u00e9.tgz"));
  for (const char* first_and_last : {"\u0080", "\u07ff", "\u0800", "\u20ac", "\uffff", "\U00010000", "\U0010ffff"})
    EXPECT_TRUE(matches("?", first_and_last)) << first_and_last;
  EXPECT_TRUE(matches("?", "\U0001f600"));
  EXPECT_FALSE(matches("??", "\u00e9"));
  EXPECT_TRUE(matches("\u00e9*", "\u00e9tat"));
  EXPECT_TRUE(matches("[\u00e0-\u00ff]", "\u00e9"));
  EXPECT_FALSE(matches("[\u00e0-\u00ff]", "e"));
  EXPECT_FALSE(matches("*\u00e9", "\u00c9"));
}

TEST(PathMatcher, TakesAPathThatIsNotUtf8ByTheByte) {
  for (const std::string path : {"\xff", "\xc3", "\xe2\x82", "\x80", "\xf5\x80\x80\x80", "\xc0\xaf"}) {
    EXPECT_TRUE(matches("*", path)) << path.size();
    EXPECT_FALSE(matches("[\u0001-\U0010ffff]", path)) << path.size();
    EXPECT_FALSE(matches("*/", path)) << path.size();
  }
  EXPECT_TRUE(matches("?", "\xff"));
  EXPECT_TRUE(matches("??", "\xe2\x82"));
  EXPECT_TRUE(matches("??", "\xc3("));
  EXPECT_TRUE(matches("????", "\xf5\x80\x80\x80"));
}

TEST(PathMatcher, TakesNulForACharacter) {
  const std::string path("a\0b", 3);
  EXPECT_TRUE(matches("a?b", path));
  EXPECT_TRUE(matches("a*", path));
  EXPECT_FALSE(matches("a*", std::string("\0a", 2)));
  EXPECT_FALSE(matches("a", path));
}

// Where one of the places of the path ends in a word of the machine and the next begins in another.
TEST(PathMatcher, IsTheSameAtEveryLength) {
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string path(size, 'a');
    EXPECT_TRUE(matches("*", path)) << size;
    EXPECT_TRUE(matches(path + "*", path)) << size;
    EXPECT_TRUE(matches("*" + path, path)) << size;
    EXPECT_TRUE(matches(std::string(size, '?'), path)) << size;
    EXPECT_FALSE(matches(std::string(size + 1, '?'), path)) << size;
    EXPECT_FALSE(matches("*" + path + "a", path)) << size;
    EXPECT_TRUE(matches("*/*", path + "/" + path)) << size;
    EXPECT_FALSE(matches("*", path + "/" + path)) << size;
    EXPECT_FALSE(matches("*b", path + "/b")) << size;
    EXPECT_TRUE(matches("*a*a/?*" + path, "aaaa/b" + path)) << size;
  }
}

// Every way to match, the slow and obvious one.
bool matches_slowly(std::string_view pattern, std::string_view path) {
  if (pattern.empty()) return path.empty();
  const bool one = !path.empty() && path[0] != '/';
  if (pattern[0] == '*')
    return matches_slowly(pattern.substr(1), path) || (one && matches_slowly(pattern, path.substr(1)));
  if (path.empty() || (pattern[0] == '?' ? !one : pattern[0] != path[0])) return false;
  return matches_slowly(pattern.substr(1), path.substr(1));
}

std::string word_of(std::string_view alphabet, std::size_t number) {
  std::string word;
  for (; number > 0; number /= alphabet.size() + 1)
    word.push_back(alphabet[number % (alphabet.size() + 1) % alphabet.size()]);
  return word;
}

TEST(PathMatcher, AgreesWithTheSlowWayOnEveryShortPatternAndPath) {
  std::size_t matched = 0;
  for (std::size_t p = 0; p < 256; ++p) {
    const std::string path = word_of("ab/", p);
    const PathMatcher matcher(path);
    for (std::size_t i = 0; i < 7776; ++i) {
      const std::string pattern = word_of("ab/*?", i);
      const bool want = matches_slowly(pattern, path);
      matched += want ? 1 : 0;
      ASSERT_EQ(matcher.matches(pattern), want) << pattern << " against " << path;
    }
  }
  EXPECT_GT(matched, 1000u);
}

// A matcher that tries again after each '*' takes 2^n steps for the first and n^2 for the others: with these lengths
// neither comes to an end while anybody waits.
TEST(PathMatcher, NeedsNoSecondTryForPatternsMadeToBeSlow) {
  constexpr std::size_t kLong = 1'000'000;
  const std::string path(200, 'a');
  const PathMatcher matcher(path);
  std::string stars;
  while (stars.size() < kLong) stars += "*a";
  EXPECT_FALSE(matcher.matches(stars + "b"));
  EXPECT_FALSE(matcher.matches(std::string(kLong, '*') + "b"));
  EXPECT_FALSE(matcher.matches("*" + std::string(kLong, 'a') + "b"));
  EXPECT_FALSE(matcher.matches("*" + std::string(kLong, '[')));
  EXPECT_FALSE(matcher.matches("*" + std::string(kLong, '?')));
  EXPECT_TRUE(matcher.matches(std::string(kLong, '*')));
}

}  // namespace
}  // namespace rota::tuf
