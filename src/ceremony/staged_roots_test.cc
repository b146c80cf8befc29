#include "ceremony/staged_roots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/owner_archive.h"

namespace rota::ceremony {
namespace {

using testing::HasSubstr;

std::string id_of(char seed) { return tuf::key_id(sim::key_of(seed).public_key()).hex; }

TEST(NotTheOwners, RefusesAnOnlineKeyThatTheOwnerHolds) {
  const auto archive = sim::layout_a();  // the owner's targets key is 'o'
  EXPECT_TRUE(not_the_owners(archive, id_of('t')).ok());
  const auto lie = not_the_owners(archive, id_of('o'));
  ASSERT_FALSE(lie.ok());
  EXPECT_EQ(lie.error().fault, Fault::rejected);
  EXPECT_THAT(lie.error().what, HasSubstr("it is the owner's: 'tufrepo/keys/offline-targets.pub'"));
}

TEST(NotTheOwners, AcceptsAKeyThatOthersMadeOrWhoseSecretIsElsewhere) {
  keys::Archive archive;
  sim::put_pair(archive, "tufrepo/keys/targets", 't');  // the service's, as archives of layout A hold it
  archive.put("tufrepo/keys/offline-targets.pub", sim::layout_a().find("tufrepo/keys/offline-targets.pub")->copy());
  EXPECT_TRUE(not_the_owners(archive, id_of('t')).ok());
  EXPECT_TRUE(not_the_owners(archive, id_of('o')).ok());
}

}  // namespace
}  // namespace rota::ceremony
