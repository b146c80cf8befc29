#include "runner/log_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rota::runner {
namespace {

using testing::HasSubstr;
using testing::Not;

crypto::SecretBytes secret(std::string text) { return crypto::SecretBytes(std::move(text)); }

// What is shown of a log that comes in these pieces.
std::string shown_of(LogMask& mask, const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& piece : pieces) out += mask.add(piece);
  return out += mask.finish();
}

TEST(LogMask, HidesASecretWhereverTheChunksAreCut) {
  const std::string log = "before s3cr3t-value after s3cr3t-value\n";
  for (std::size_t cut = 0; cut <= log.size(); ++cut) {
    LogMask mask;
    mask.hide(secret("s3cr3t-value\n"));
    EXPECT_EQ(shown_of(mask, {log.substr(0, cut), log.substr(cut)}), "before *** after ***\n") << cut;
  }
}

TEST(LogMask, HidesASecretThatComesByteByByte) {
  LogMask mask;
  mask.hide(secret("hush"));
  std::vector<std::string> bytes;
  for (char c : std::string("a hush hus hush")) bytes.emplace_back(1, c);
  EXPECT_EQ(shown_of(mask, bytes), "a *** hus ***");
}

TEST(LogMask, HidesTheBase64FormToo) {
  for (const std::string value : {"s3cr3t-value", "s3cr3t-value!", "s3cr3t-value!!"}) {
    LogMask mask;
    mask.hide(secret(value));
    auto shown = shown_of(mask, {base64(value) + " " + base64(value + "\n") + " " + base64(value + "; more")});
    EXPECT_THAT(shown, Not(HasSubstr(base64(value).substr(0, 12)))) << shown;
  }
}

TEST(LogMask, HidesTheLongerOfTwoSecretsThatBeginAlike) {
  LogMask mask;
  mask.hide(secret("abcd"));
  mask.hide(secret("abcdefgh"));
  EXPECT_EQ(shown_of(mask, {"abcd", "efgh abcdxy"}), "*** ***xy");
}

TEST(LogMask, HidesEachLongLineOfASecretOfSeveral) {
  LogMask mask;
  mask.hide(secret("-----BEGIN KEY-----\nMC4CAQAwBQYDK2Vw\n-----END KEY-----\n"));
  EXPECT_EQ(shown_of(mask, {"line MC4CAQAwBQYDK2Vw\n"}), "line ***\n");
}

TEST(LogMask, ShowsEverythingWhenThereIsNoSecret) {
  LogMask mask;
  EXPECT_EQ(mask.add("plain"), "plain");
  EXPECT_EQ(mask.finish(), "");
}

TEST(LogMask, ShowsABeginningThatCameToNothing) {
  LogMask mask;
  mask.hide(secret("abcdef"));
  EXPECT_EQ(mask.add("xabc"), "x");
  EXPECT_EQ(mask.add("x"), "abcx");
  EXPECT_EQ(shown_of(mask, {"abc"}), "abc");
}

}  // namespace
}  // namespace rota::runner
