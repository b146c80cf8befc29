#include "ceremony/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/roots.h"

namespace rota::ceremony {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();

tuf::KeyId id(char seed) { return tuf::key_id(sim::key_of(seed).public_key()); }
tuf::Trusted<tuf::Root> trusted_root() { return tuf::anchor_root(sim::signed_root(sim::root_body({}), "1")).value(); }

TEST(CheckStep, FindsNothingMissingInAGoodRotation) {
  const auto candidate = sim::signed_root(sim::root_body({.version = 2, .root_keys = "2"}), "12");
  const auto check = check_step(trusted_root(), candidate, kNow).value();
  EXPECT_TRUE(check.signed_enough());
  EXPECT_THAT(missing_lines(trusted_root(), candidate, {}), IsEmpty());
  EXPECT_TRUE(publishable(trusted_root(), candidate, kNow, {}).ok());
}

TEST(MissingLines, NameTheKeyAndTheFileThatCouldSign) {
  const auto candidate = sim::signed_root(sim::root_body({.version = 2, .root_keys = "2"}), "2");
  EXPECT_THAT(missing_lines(trusted_root(), candidate, {{"keys/old.sec", sim::key_of('1').public_key()}}),
              ElementsAre("root 2 needs 1 more signature by the keys of root 1; missing: " + id('1').brief() +
                          " ('keys/old.sec' can sign)"));
}

TEST(MissingLines, CoverBothQuorums) {
  const auto candidate = sim::signed_root(sim::root_body({.version = 2, .root_keys = "23", .root_threshold = 2}), "2");
  EXPECT_THAT(
      missing_lines(trusted_root(), candidate, {}),
      ElementsAre(HasSubstr("by the keys of root 1"), HasSubstr("by the keys of root 2; missing: " + id('3').brief())));
}

TEST(Publishable, RefusesWithEveryReason) {
  const auto candidate =
      sim::signed_root(sim::root_body({.version = 4, .root_keys = "2", .expires = "2030-01-02T00:00:00Z"}), "2");
  const auto status = publishable(trusted_root(), candidate, kNow, {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().fault, Fault::rejected);
  for (const auto& reason : {std::string("version"), std::string("expires"), id('1').brief()})
    EXPECT_THAT(status.error().what, HasSubstr(reason));
}

TEST(Publishable, NeedsALoweredThresholdToBeAllowedByName) {
  const auto body = sim::root_body({.root_keys = "12", .root_threshold = 2});
  const auto trusted = tuf::anchor_root(sim::signed_root(body, "12")).value();
  const auto candidate = sim::signed_root(sim::root_body({.version = 2, .root_keys = "12"}), "12");
  EXPECT_FALSE(publishable(trusted, candidate, kNow, {}).ok());
  EXPECT_TRUE(publishable(trusted, candidate, kNow, {.names = {"lower-threshold"}}).ok());
  const auto check = check_step(trusted, candidate, kNow).value();
  EXPECT_THAT(finding_lines(check), Contains(HasSubstr("needs --allow lower-threshold: ")));
}

TEST(CheckStep, RefusesWhatIsNoRoot) { EXPECT_FALSE(check_step(trusted_root(), "hello", kNow).ok()); }

}  // namespace
}  // namespace rota::ceremony
