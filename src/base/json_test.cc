#include "base/json.h"

#include <gtest/gtest.h>

namespace rota {
namespace {

TEST(ParseJson, AcceptsAndSortsMembers) {
  const auto json = parse_json(R"( {"b":[1,-2,null,true,false,"x\n"],"a":{"c":{}}} )");
  ASSERT_TRUE(json.ok()) << json.error().what;
  EXPECT_EQ(to_json(*json), R"({"a":{"c":{}},"b":[1,-2,null,true,false,"x\n"]})");
}

class Refused : public testing::TestWithParam<std::string> {};

TEST_P(Refused, IsBadInput) {
  const auto json = parse_json(GetParam());
  ASSERT_FALSE(json.ok()) << to_json(*json);
  EXPECT_EQ(json.error().fault, Fault::bad_input);
}

INSTANTIATE_TEST_SUITE_P(ParseJson, Refused,
                         testing::Values("", " ", "1", "\"s\"", "null", "{", "[1,]", "{\"a\":1,}", "{\"a\":1}x",
                                         "{\"a\":1}{\"a\":1}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
                                         "{\"a\":1.0}", "{\"a\":1e3}", "{\"a\":-0}", "{\"a\":01}", "{\"a\":+1}",
                                         "{\"a\":NaN}", "{\"a\":nulx}", "{\"a\":truex}", "{\"a\":1 /*c*/}", "{'a':1}",
                                         "{\"a\":18446744073709551616}", "{\"a\":\"\\x41\"}", "{\"a\":\"\\ud800\"}",
                                         "{\"a\":\"x\ty\"}", "\xEF\xBB\xBF{}", "{\"a\":\"\xff\"}", "{\"a\" 1}",
                                         "[1 2]", "{\"a\":12x}", "[-]", "[\"a\"\"b\"]", "{\"a\":1]"));

TEST(ParseJson, RefusesNestingDeeperThan64) {
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')).ok());
  EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')).ok());
  EXPECT_FALSE(parse_json(std::string(30000, '[')).ok());
}

TEST(ParseJson, RefusesMoreValuesThanItsRulesAllow) {
  const JsonRules few{.max_values = 4};
  EXPECT_TRUE(parse_json(R"({"a":[1,2]})", few).ok());
  EXPECT_FALSE(parse_json(R"({"a":[1,2,3]})", few).ok());
  EXPECT_FALSE(parse_json("[[],[],[],[]]", few).ok());
}

TEST(ParseJson, TakesLittleMemoryForMillionsOfTinyValues) {
  std::string many = "[";
  for (int i = 0; i < 2'000'000; ++i) many += "[],";
  many.back() = ']';
  const auto json = parse_json(many);
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().fault, Fault::bad_input);
}

TEST(ParseJson, KeepsOtherNumbersAsWrittenWhereAllowed) {
  const JsonRules any{.numbers = JsonRules::Numbers::any};
  const auto json = parse_json(R"({"a":1.50,"b":1e3,"c":-0,"d":18446744073709551616,"e":3})", any);
  ASSERT_TRUE(json.ok()) << json.error().what;
  EXPECT_EQ(to_json(*json), R"({"a":1.50,"b":1e3,"c":-0,"d":18446744073709551616,"e":3})");
}

TEST(PrettyJson, HasTwoSpacesALevel) {
  Json json;
  json["a"] = 1;
  json["b"]["c"] = "d";
  EXPECT_EQ(to_pretty_json(json), "{\n  \"a\" : 1,\n  \"b\" : {\n    \"c\" : \"d\"\n  }\n}\n");
}

}  // namespace
}  // namespace rota
