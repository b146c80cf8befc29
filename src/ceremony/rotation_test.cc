#include "ceremony/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/rotation_scene.h"

namespace rota::ceremony {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Scene = sim::RotationScene;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();
const std::string kPath = "/home/owner/a.tgz";

TEST(Rotation, GoesFromRoot2To3AndKeepsTheOldArchive) {
  for (const bool layout_c : {false, true}) {
    Scene scene(layout_c ? sim::layout_c() : sim::layout_a());
    const auto settled = scene.rotate();
    ASSERT_TRUE(settled.ok()) << settled.error().what;
    EXPECT_EQ(settled->outcome, Settled::Outcome::rotated);
    EXPECT_EQ(scene.newest()->version, 3);
    EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
    EXPECT_EQ(settled->backup, kPath + ".bak");
    EXPECT_EQ(scene.bytes(kPath + ".bak"), scene.before);
    EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.bak"));
    EXPECT_TRUE(keys::Archive::read(scene.before)->kept_by(scene.archive_now()).ok());
    EXPECT_EQ(scene.files.facts(kPath)->mode, 0600u);
  }
}

TEST(Rotation, TenTimesInARowVerifiesFromRoot1AndAlwaysOpensTheNewest) {
  Scene scene;
  for (int n = 0; n < 10; ++n) {
    const auto settled = scene.rotate();
    ASSERT_TRUE(settled.ok()) << n << ": " << settled.error().what;
    EXPECT_EQ(scene.newest()->version, 3 + n);
    EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
    EXPECT_EQ(settled->backup, kPath + ".bak" + (n == 0 ? "" : "." + std::to_string(n)));
  }
}

TEST(Rotation, KeepsEveryMemberAndRoleItWasNotAskedToChange) {
  Scene scene;
  const auto plan = scene.plan().value();
  const auto& change = plan.changes.at(Stream::ci);
  const auto next = tuf::next_root(change.trusted, change.candidate).value();
  EXPECT_EQ(next->role(tuf::Role::targets), change.trusted->role(tuf::Role::targets));
  EXPECT_EQ(change.difference.roles.size(), 1u);
  EXPECT_THAT(change.difference.others, ElementsAre("x-changelog", "x-key-owners"));
  EXPECT_EQ(next->body.find("x-changelog")->text_or("message", ""), "Rotate");
}

TEST(Rotation, RenewsTheExpiryOrTakesTheOneAskedFor) {
  Scene scene;
  EXPECT_EQ(rfc3339(scene.plan()->expires), "2036-01-01T00:00:00Z");  // later than a year from now
  const Time asked = parse_rfc3339("2031-02-03T04:05:06Z").value();
  EXPECT_EQ(scene.plan({.expires = asked})->expires, asked);
  const auto too_soon = scene.plan({.expires = kNow + days(3)});
  ASSERT_FALSE(too_soon.ok());
  EXPECT_EQ(too_soon.error().fault, Fault::rejected);
}

TEST(Rotation, AcceptsAnExpiredRootWithAWarning) {
  auto roots =
      std::vector<Bytes>{sim::signed_root(sim::root_body({.root_keys = "2", .expires = "2029-01-01T00:00:00Z"}), "2")};
  Scene scene(sim::layout_c());
  scene.server = sim::Repository(roots, kNow);
  auto disk = scene.file.read().value();
  const auto trusted = tuf::anchor_root(roots[0]).value();
  const auto plan =
      plan_rotation(disk.archive, {{Stream::ci, trusted}}, {.message = "m", .factory = "acme", .now = kNow});
  ASSERT_TRUE(plan.ok()) << plan.error().what;
  EXPECT_THAT(plan->warnings.front(), HasSubstr("expired"));
  EXPECT_EQ(rfc3339(plan->expires), "2031-01-01T00:00:00Z");
}

TEST(Rotation, RotatesAKeyListedUnderAnIdOfAnotherTime) {
  Json body = sim::root_body({.root_keys = "2"});
  const std::string k1 = tuf::key_id(sim::key_of('2').public_key()).hex, k2(64, 'e');
  Json keys = *body.find("keys");
  keys[k2] = *keys.find(k1);
  keys.if_object()->erase(k1);
  body["keys"] = keys;
  body["roles"]["root"]["keyids"] = Json(Json::Array{Json(k2)});
  const tuf::KeySigner signer(sim::key_of('2'));
  const auto root = tuf::sign_envelope(body, {&signer}, {{tuf::KeyId{k2}, signer.public_key()}}).value();
  const auto plan =
      plan_rotation(sim::layout_c(), {{Stream::ci, tuf::anchor_root(root).value()}}, {.message = "m", .now = kNow});
  ASSERT_TRUE(plan.ok()) << plan.error().what;
  EXPECT_EQ(plan->old_id.hex, k2);
  const auto next = tuf::next_root(tuf::anchor_root(root).value(), plan->changes.at(Stream::ci).candidate).value();
  const auto& ids = next->role(tuf::Role::root).key_ids;
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(ids[0], tuf::key_id(next->keys.at(ids[0])));
}

TEST(Rotation, RefusesAnArchiveWithoutTheCurrentKey) {
  keys::Archive archive;
  sim::put_pair(archive, "tufrepo/keys/offline-root", '9');
  archive.put("tufrepo/roles/root.json", crypto::SecretBytes(Bytes(sim::new_factory_roots().back())));
  Scene scene(archive);
  const auto plan = scene.plan();
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().fault, Fault::io);
  EXPECT_THAT(plan.error().what, HasSubstr("holds no private key of root 2"));
}

TEST(Rotation, WantsAKeyIdWhenTheArchiveHoldsTwoActiveKeys) {
  const auto root = sim::signed_root(sim::root_body({.root_keys = "23"}), "2");
  auto archive = sim::layout_c();
  sim::put_pair(archive, "tufrepo/keys/second", '3');
  const NewestRoots newest{{Stream::ci, tuf::anchor_root(root).value()}};
  const auto unclear = plan_rotation(archive, newest, {.message = "m", .now = kNow});
  ASSERT_FALSE(unclear.ok());
  EXPECT_THAT(unclear.error().what, HasSubstr("2 active root keys"));
  const std::string id3 = tuf::key_id(sim::key_of('3').public_key()).hex;
  const auto clear = plan_rotation(archive, newest, {.key_id = id3, .message = "m", .now = kNow});
  ASSERT_TRUE(clear.ok()) << clear.error().what;
  EXPECT_EQ(clear->old_id.hex, id3);
  EXPECT_FALSE(plan_rotation(archive, newest, {.key_id = std::string(64, 'f'), .message = "m", .now = kNow}).ok());
}

TEST(Rotation, RefusesWhenOtherSignersAreNeeded) {
  const auto root = sim::signed_root(sim::root_body({.root_keys = "23", .root_threshold = 2}), "23");
  const auto plan =
      plan_rotation(sim::layout_c(), {{Stream::ci, tuf::anchor_root(root).value()}}, {.message = "m", .now = kNow});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().fault, Fault::rejected);
  EXPECT_THAT(plan.error().what, HasSubstr(tuf::key_id(sim::key_of('3').public_key()).brief()));
}

TEST(Rotation, MovesBothChainsInLockStep) {
  Scene scene;
  auto prod = sim::new_factory_roots();
  scene.server.add_production(prod);
  const auto settled = scene.rotate();
  ASSERT_TRUE(settled.ok()) << settled.error().what;
  EXPECT_EQ(scene.server.roots().size(), 3u);
  EXPECT_EQ(scene.server.production_roots().size(), 3u);
  EXPECT_EQ(settled->roots.size(), 2u);
}

TEST(Rotation, StopsBeforeAnyPostWhenTheDiskIsFullOrReadOnly) {
  for (const int which : {0, 1, 2}) {
    Scene scene;
    if (which == 0) scene.files.set_full(true);
    if (which == 1) scene.files.set_mode("/home/owner", 0500).value();
    if (which == 2) scene.files.set_mode(kPath, 0400).value();
    const auto settled = scene.rotate();
    ASSERT_FALSE(settled.ok());
    EXPECT_EQ(settled.error().fault, Fault::io) << settled.error().what;
    EXPECT_THAT(scene.server.requests(), IsEmpty());
    EXPECT_EQ(scene.bytes(kPath), scene.before);
    EXPECT_THAT(scene.names(), ElementsAre("a.tgz"));
  }
}

TEST(Rotation, StopsBeforeAnyPostWhenTheDiskFillsUpWhileWriting) {
  Scene scene;
  const auto disk = scene.file.read().value();
  const auto plan = scene.plan().value();
  scene.files.set_full(true);
  EXPECT_EQ(scene.rotation().prepare(plan, disk, {"keys rotate", "acme", "s"}).error().fault, Fault::io);
  EXPECT_EQ(scene.server.posts(), 0);
  EXPECT_THAT(scene.names(), ElementsAre("a.tgz"));
  EXPECT_EQ(scene.bytes(kPath), scene.before);
}

TEST(Rotation, RefusesLeftoversOfAnEarlierRun) {
  for (const char* leftover : {".tmp", ".journal"}) {
    Scene scene;
    ASSERT_TRUE(create_durable(scene.files, kPath + leftover, "x", 0600).ok());
    const auto settled = scene.rotate();
    ASSERT_FALSE(settled.ok());
    EXPECT_EQ(settled.error().fault, Fault::conflict);
    EXPECT_THAT(settled.error().hint, HasSubstr("--resume"));
    EXPECT_THAT(scene.server.requests(), IsEmpty());
  }
}

TEST(Rotation, RefusesAnArchiveThatAnotherCommandHolds) {
  Scene scene;
  const auto held = scene.file.lock().value();
  EXPECT_EQ(scene.rotate().error().fault, Fault::conflict);
}

}  // namespace
}  // namespace rota::ceremony
