#include "tuf/canonical.h"

#include <gtest/gtest.h>

namespace rota::tuf {
namespace {

Json parsed(std::string_view text) {
  return parse_json(text, {.numbers = JsonRules::Numbers::any}).value();
}

struct Forms {
  const char *input, *uptane, *device, *olpc;
};

class Canonical : public testing::TestWithParam<Forms> {};

TEST_P(Canonical, FormsDifferWhereTheyShould) {
  const Json json = parsed(GetParam().input);
  EXPECT_EQ(canonical(json, CanonicalForm::uptane), GetParam().uptane);
  EXPECT_EQ(canonical(json, CanonicalForm::device), GetParam().device);
  EXPECT_EQ(canonical(json, CanonicalForm::olpc), GetParam().olpc);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Canonical,
    testing::Values(Forms{R"({ "b" : 1 , "a" : [ true , null , false , -5 ] })", R"({"a":[true,null,false,-5],"b":1})",
                          R"({"a":[true,null,false,-5],"b":1})", R"({"a":[true,null,false,-5],"b":1})"},
                    Forms{R"(["\n\r\t"])", R"(["\n\r\t"])", R"(["\n\r\t"])", "[\"\n\r\t\"]"},
                    Forms{R"(["\"\\/"])", R"(["\"\\/"])", R"(["\"\\/"])", R"(["\"\\/"])"},
                    Forms{R"(["\b\f\u0001\u001f\u007f"])", "[\"\b\f\x01\x1f\x7f\"]", "[\"\\b\\f\\u0001\\u001f\x7f\"]",
                          "[\"\b\f\x01\x1f\x7f\"]"},
                    Forms{R"({"é":"日本"})", R"({"é":"日本"})", R"({"\u00e9":"\u65e5\u672c"})", R"({"é":"日本"})"},
                    Forms{R"(["\ud83d\ude00"])", R"(["😀"])", R"(["\ud83d\ude00"])", R"(["😀"])"},
                    Forms{R"({"n":184467440737095516160})", R"({"n":184467440737095516160})",
                          R"({"n":184467440737095516160})", R"({"n":184467440737095516160})"},
                    Forms{R"([{},[],""])", R"([{},[],""])", R"([{},[],""])", R"([{},[],""])"}));

TEST(Canonical, EscapesTheFirstBeyondAsciiInTheDeviceForm) {
  EXPECT_EQ(canonical(Json("\x7f\xc2\x80\u0122"), CanonicalForm::device), "\"\x7f\\u0080\\u0122\"");
}

TEST(Canonical, EndsWithATextThatIsCutInsideACharacter) {
  EXPECT_EQ(canonical(Json("a\xe2\x82"), CanonicalForm::device), "\"a\\u0082\"");
  EXPECT_EQ(canonical(Json("\xf0"), CanonicalForm::device), "\"\\u0000\"");
}

TEST(Canonical, SortsMembersBeyondTheBasicPlaneByCodePoint) {
  EXPECT_EQ(canonical(parsed("{\"\U0001F600\":1,\"\uFF5E\":2}"), CanonicalForm::olpc),
            "{\"\uFF5E\":2,\"\U0001F600\":1}");
}

TEST(InCanonicalSubset, NamesTheMemberItRefuses) {
  const auto status = in_canonical_subset(parsed(R"({"targets":{"foo":{"custom":{"tags":["a","b\u0000"]}}}})"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().fault, Fault::bad_input);
  EXPECT_EQ(status.error().what, "targets.foo.custom.tags[1]: want printable ASCII, line ends and tabs only");
}

TEST(InCanonicalSubset, RefusesIntegersThatClientsRound) {
  EXPECT_TRUE(in_canonical_subset(parsed("[9007199254740991,-9007199254740991]")).ok());
  EXPECT_FALSE(in_canonical_subset(parsed("[9007199254740992]")).ok());
  EXPECT_FALSE(in_canonical_subset(parsed("[-9007199254740992]")).ok());
  EXPECT_FALSE(in_canonical_subset(parsed("[18446744073709551616]")).ok());
}

TEST(HasSafeIntegers, AcceptsAnyTextAndRefusesTheSameNumbers) {
  EXPECT_TRUE(has_safe_integers(parsed(R"({"é":"\u0001"})")).ok());
  EXPECT_FALSE(has_safe_integers(parsed("[9007199254740992]")).ok());
}

}  // namespace
}  // namespace rota::tuf
