#include "tuf/canonical_reader.h"

#include <gtest/gtest.h>

#include "tuf/canonical.h"

namespace rota::tuf {
namespace {

using namespace std::string_literals;

// The value, when the reader accepts the whole of `text`.
std::optional<Json> read(std::string_view text) {
  CanonicalReader reader(text);
  auto value = reader.tree();
  return value && reader.at() == text.size() ? value : std::nullopt;
}

bool skips(std::string_view text) {
  CanonicalReader reader(text);
  return reader.skip() && reader.at() == text.size();
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
}

const Json kSample = Json(Json::Object{{"", Json(Json::Array{})},
                                       {"a\"b", Json(Json::Object{{"n", -7}, {"t", true}})},
                                       {"a\\b", nullptr},
                                       {"caf\xc3\xa9 \xf0\x9f\x98\x80", Json(Json::Array{Json(0), Json(false)})},
                                       {"long enough for two words of eight", "line\nend\ttab\r"},
                                       {"max", std::int64_t{999'999'999'999'999'999}}});

TEST(CanonicalReader, AcceptsWhatCanonicalWrites) {
  const std::string text = canonical(kSample);
  EXPECT_EQ(read(text), kSample);
  EXPECT_TRUE(skips(text));
  EXPECT_EQ(read(nested(64)), parse_json(nested(64)).value());
}

TEST(CanonicalReader, RefusesEveryOtherSpelling) {
  const std::string rows[] = {
      "", " {}", "{ }", "[1, 2]", "{\"a\": 1}", "[1 ]", "[1,]", "[,1]", "[1 2]", "{,}", "{\"a\":1,}", "{\"a\"}",
      "{\"a\":}", "{1:2}", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"ab\":1,\"a\":2}",
      "{\"\xc3\xa9\":1,\"z\":2}", "[\"\\/\"]", "[\"\\u0041\"]", "[\"\\b\"]", "[\"\\f\"]", "[\"\\x\"]", "[\"\\",
      "[\"\\\"]", "[\"a", "[\"tab\there\"]", "[\"\x01\"]", "[\"\n\"]", "[\"nul\0\"]"s, "[-0]", "[01]", "[-01]", "[00]",
      "[1.0]", "[1e0]", "[+1]", "[-]", "[1000000000000000000]", "[tru]", "[True]", "[nul]", "[NaN]", "['a']", "[1]//",
      "\xef\xbb\xbf[]", nested(65), "[", "{", "]", "}", "[}", "{\"a\":1]",
      // RFC 3629: not the shortest, surrogates, beyond the last one, cut short, alone
      "[\"\xc0\x80\"]", "[\"\xc1\xbf\"]", "[\"\xe0\x9f\xbf\"]", "[\"\xed\xa0\x80\"]", "[\"\xf0\x8f\xbf\xbf\"]",
      "[\"\xf4\x90\x80\x80\"]", "[\"\xf5\x80\x80\x80\"]", "[\"\xc3\"]", "[\"\xe2\x82\"]", "[\"\xf0\x9f\x98\"]",
      "[\"\x80\"]", "[\"\xff\"]", "[\"\xe2\x28\xa1\"]", "[\"\xf0\x28\x8c\xbc\"]", "[\"\xf0\x90\x28\xbc\"]"};
  for (const std::string& row : rows) {
    EXPECT_FALSE(read(row)) << row;
    EXPECT_FALSE(skips(row)) << row;
  }
}

TEST(CanonicalReader, AcceptsTheEdgesOfUtf8) {
  for (const char* text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe0\xbf\xbf", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\xbf\xbf\xbf", "\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(read("[\""s + text + "\"]"), Json(Json::Array{Json(text)})) << text;
}

// Each byte of a text replaced by every other byte: what is accepted is strict JSON, and canonical as it stands.
TEST(CanonicalReader, AcceptsNothingThatStrictJsonWouldNot) {
  const std::string good = canonical(kSample);
  int accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bent = good;
      bent[at] = static_cast<char>(byte);
      const auto value = read(bent);
      EXPECT_EQ(value.has_value(), skips(bent));
      if (!value) continue;
      ++accepted;
      const auto strict = parse_json(bent);
      ASSERT_TRUE(strict.ok()) << bent;
      EXPECT_EQ(*strict, *value) << bent;
      EXPECT_EQ(canonical(*value), bent);
    }
  }
  EXPECT_GT(accepted, 5000);
}

TEST(CanonicalReader, OrdersMembersByTheirUnescapedNames) {
  EXPECT_TRUE(read(R"({"\"":1,"#":2})"));
  EXPECT_FALSE(read(R"({"#":2,"\"":1})"));
  EXPECT_TRUE(read(R"({"[":1,"\\":2,"]":3})"));
  EXPECT_FALSE(read(R"({"\\":2,"[":1})"));
  EXPECT_TRUE(read(R"({"a":1,"a\n":2,"aa":3})"));
  EXPECT_FALSE(read(R"({"aa":3,"a\n":2})"));
  EXPECT_FALSE(read(R"({"a\n":2,"a\n":3})"));
}

TEST(CanonicalReader, TellsWhereTheCanonicalFormsDiffer) {
  const auto flags = [](std::string_view text) {
    CanonicalReader reader(text);
    EXPECT_TRUE(reader.skip()) << text;
    return std::pair(reader.has_white_escapes(), reader.has_non_ascii());
  };
  EXPECT_EQ(flags(R"(["plain \" \\"])"), std::pair(false, false));
  EXPECT_EQ(flags(R"(["a\nb"])"), std::pair(true, false));
  EXPECT_EQ(flags(R"(["a\rb"])"), std::pair(true, false));
  EXPECT_EQ(flags(R"({"a\tb":1})"), std::pair(true, false));
  EXPECT_EQ(flags("[\"caf\xc3\xa9\"]"), std::pair(false, true));
}

TEST(CanonicalReader, ReadsNothingOfWhatCouldFollowAFault) {
  for (const char* rest : {"7", "\"a\"", "[1]", "{\"a\":1}", "true"}) {
    CanonicalReader reader(rest);
    EXPECT_FALSE(reader.literal("x"));
    EXPECT_FALSE(reader.integer()) << rest;
    EXPECT_FALSE(reader.enter_object()) << rest;
    EXPECT_FALSE(reader.enter_array()) << rest;
    EXPECT_FALSE(reader.literal(rest[0])) << rest;
    EXPECT_EQ(reader.at(), 0u) << rest;
  }
}

TEST(CanonicalReader, CountsTheLevelsThatAreOpen) {
  std::string many = "[[]";
  for (int i = 0; i < 100; ++i) many += ",[{}]";
  EXPECT_TRUE(skips(many + "]"));
}

TEST(CanonicalReader, RemembersAnEscapeBeforeOtherCharacters) {
  EXPECT_EQ(read("[\"\\n\xc3\xa9\"]"), Json(Json::Array{Json("\n\xc3\xa9")}));
}

TEST(CanonicalReader, ReadsNothingMoreAfterAFault) {
  CanonicalReader reader("[1.5,2]");
  bool begun = false;
  EXPECT_TRUE(reader.enter_array());
  EXPECT_TRUE(reader.next_item(begun));
  EXPECT_TRUE(reader.integer());
  EXPECT_FALSE(reader.next_item(begun));
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.integer());
  EXPECT_EQ(reader.at(), 2u);
  EXPECT_FALSE(reader.text());
  EXPECT_FALSE(reader.skip());
  EXPECT_FALSE(reader.tree());
  EXPECT_FALSE(reader.enter_object());
}

}  // namespace
}  // namespace rota::tuf
