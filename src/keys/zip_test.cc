#include "keys/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rota::keys {
namespace {

using testing::HasSubstr;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();

Archive::Members two_members() {
  Archive::Members members;
  members.emplace("tufrepo.url", crypto::SecretBytes(std::string("https://api.sim/ota/repo/acme\n")));
  members.emplace("treehub.json", crypto::SecretBytes(std::string("{\"no_auth\":true}")));
  return members;
}

Bytes packed() {
  return Bytes(zipped_members(two_members(), kNow).value().reveal());
}

TEST(Zip, ReadsBackWhatItWrote) {
  const auto members = unzipped_members(packed());
  ASSERT_TRUE(members.ok()) << members.error().what;
  ASSERT_EQ(members->size(), 2u);
  for (const auto& [name, bytes] : two_members()) EXPECT_EQ(members->at(name).reveal(), bytes.reveal());
}

TEST(Zip, RefusesBytesCutAnywhere) {
  const Bytes whole = packed();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto members = unzipped_members(BytesView(whole).substr(0, length));
    ASSERT_FALSE(members.ok()) << length;
    EXPECT_EQ(members.error().fault, Fault::bad_input);
  }
}

TEST(Zip, NeverGivesOtherBytesForAName) {
  const auto honest = two_members();
  int refused = 0;
  for (std::size_t at = 0; at < packed().size(); ++at) {
    Bytes bytes = packed();
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const auto members = unzipped_members(bytes);
    refused += members.ok() ? 0 : 1;
    if (!members) continue;
    for (const auto& [name, content] : honest)
      EXPECT_TRUE(!members->contains(name) || members->at(name).reveal() == content.reveal()) << name << " at " << at;
  }
  EXPECT_GT(refused, 50);
}

TEST(Zip, RefusesUnsafeNames) {
  for (const std::string name : {"/etc/passwd", "../x", "a/../b", "a\nb"}) {
    Archive::Members members;
    members.emplace(name, crypto::SecretBytes(std::string("x")));
    EXPECT_FALSE(unzipped_members(zipped_members(members, kNow).value().reveal()).ok()) << name;
  }
}

TEST(Zip, StaysWithinItsLimits) {
  const Bytes bytes = packed();
  EXPECT_TRUE(unzipped_members(bytes, {.packed = bytes.size(), .member = 30, .unpacked = 46, .members = 2}).ok());
  EXPECT_FALSE(unzipped_members(bytes, {.packed = bytes.size() - 1}).ok());
  EXPECT_FALSE(unzipped_members(bytes, {.member = 29}).ok());
  EXPECT_FALSE(unzipped_members(bytes, {.unpacked = 45}).ok());
  EXPECT_THAT(unzipped_members(bytes, {.members = 1}).error().what, HasSubstr("more than 1 members"));
}

TEST(Zip, RefusesWhatIsNone) {
  for (const std::string bytes : {"", "PK", "PK not really", "\x1f\x8b\x08"})
    EXPECT_THAT(unzipped_members(bytes).error().what, HasSubstr("not a zip file"));
}

}  // namespace
}  // namespace rota::keys
