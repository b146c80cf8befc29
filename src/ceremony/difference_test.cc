#include "ceremony/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/roots.h"

namespace rota::ceremony {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string id(char seed) { return tuf::key_id(sim::key_of(seed).public_key()).hex; }

TEST(Difference, OfARootToItselfIsEmpty) {
  const auto body = sim::root_body({});
  EXPECT_TRUE(difference(body, body).empty());
  EXPECT_TRUE(lines(difference(body, body)).empty());
}

TEST(Difference, SaysKeysThresholdsExpiryAndVersionPerRole) {
  const auto before = sim::root_body({.version = 2, .root_keys = "2", .targets_keys = "to", .targets_threshold = 2});
  const auto after = sim::root_body({.version = 3,
                                     .root_keys = "3",
                                     .targets_keys = "to",
                                     .targets_threshold = 1,
                                     .expires = "2037-01-01T00:00:00Z"});
  EXPECT_THAT(
      lines(difference(before, after)),
      ElementsAre("version: 2 -> 3", "expires: 2036-01-01T00:00:00Z -> 2037-01-01T00:00:00Z",
                  "root: - " + id('2') + " ED25519", "root: + " + id('3') + " ED25519", "targets: threshold 2 -> 1"));
}

TEST(Difference, NamesAKeyThatHidesBehindAnOldId) {
  const auto before = sim::root_body({});
  Json after = before;
  after["keys"][id('1')] = tuf::public_key_json(sim::key_of('z').public_key());
  EXPECT_THAT(lines(difference(before, after)), ElementsAre("changed: keys/" + id('1')));
}

TEST(Difference, NamesEveryOtherMember) {
  const auto before = sim::root_body({});
  Json after = before;
  after["x-changelog"]["message"] = "m";
  after["consistent_snapshot"] = Json(true);
  after["roles"]["remote-sessions"]["keyids"] = Json(Json::Array{Json(id('1'))});
  after["roles"]["root"]["x-note"] = "n";
  const auto said = lines(difference(before, after));
  EXPECT_THAT(said, Contains("changed: x-changelog"));
  EXPECT_THAT(said, Contains("changed: consistent_snapshot"));
  EXPECT_THAT(said, Contains("remote-sessions: + " + id('1') + " ED25519"));
  EXPECT_THAT(said, Contains("changed: roles/root"));
}

TEST(Difference, ReordersAreSaid) {
  const auto before = sim::root_body({.targets_keys = "to"});
  const auto after = sim::root_body({.targets_keys = "ot"});
  EXPECT_THAT(lines(difference(before, after)), ElementsAre("changed: roles/targets"));
}

TEST(Difference, TakesWhatIsNoRootAtAll) {
  const auto before = sim::root_body({});
  EXPECT_FALSE(difference(before, parse_json("{}").value()).empty());
  EXPECT_FALSE(difference(before, parse_json(R"({"roles":3,"keys":[]})").value()).empty());
}

TEST(Difference, AsJsonHasStableNames) {
  const auto before = sim::root_body({.root_keys = "1"});
  const auto after = sim::root_body({.version = 2, .root_keys = "2"});
  const Json json = to_json(difference(before, after));
  EXPECT_EQ(rota::to_json(*json.find("version")), "[1,2]");
  EXPECT_EQ(rota::to_json(*json.find("roles")->find("root")->find("added")),
            R"([{"keyid":")" + id('2') + R"(","keytype":"ED25519"}])");
}

}  // namespace
}  // namespace rota::ceremony
