#include "base/bytes.h"

#include <gtest/gtest.h>

namespace rota {
namespace {

TEST(Hex, GoesBothWays) {
  EXPECT_EQ(hex(std::string("\x00\xab\xff", 3)), "00abff");
  EXPECT_EQ(unhex("00ABff").value(), std::string("\x00\xab\xff", 3));
  EXPECT_FALSE(unhex("abc").ok());
  EXPECT_FALSE(unhex("zz").ok());
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64(plain), coded);
    EXPECT_EQ(unbase64(coded).value(), plain);
  }
}

TEST(Base64, RefusesOtherSpellings) {
  for (const auto* text : {"Zg", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9v\n", "Zm8=Zm8=", "====", "Zm-v"})
    EXPECT_FALSE(unbase64(text).ok()) << text;
}

TEST(Crc32c, MatchesRfc3720) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789"));
}

TEST(Decimal, RefusesWhatIsNotPlain) {
  EXPECT_EQ(decimal("0").value(), 0);
  EXPECT_EQ(decimal("763").value(), 763);
  for (const auto* text : {"", "01", "-1", "+1", "1 ", "0x1", "99999999999999999999", "five"})
    EXPECT_FALSE(decimal(text).ok()) << text;
  EXPECT_FALSE(decimal("11", 10).ok());
}

TEST(Percent, DecodesOnce) {
  EXPECT_EQ(percent_decoded("a%2fb%25").value(), "a/b%");
  EXPECT_FALSE(percent_decoded("%2").ok());
  EXPECT_FALSE(percent_decoded("%zz").ok());
  EXPECT_EQ(percent_encoded("a/b c"), "a%2Fb%20c");
  EXPECT_EQ(percent_encoded("a/b", "/"), "a/b");
}

}  // namespace
}  // namespace rota
