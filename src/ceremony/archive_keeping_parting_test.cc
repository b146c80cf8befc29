// Prune, split and drill.
#include "ceremony/archive_keeping_parting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ceremony/archive_keeping.h"
#include "ceremony/drill.h"
#include "sim/rotation_scene.h"

namespace rota::ceremony {
namespace {

using keys::AgeIdentity;
using keys::Archive;
using keys::ArchiveUnlock;
using sim::key_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const std::string kSecond = "/home/owner/second.tgz";

tuf::Trusted<tuf::Root> root_two() {
  return verify_chain(sim::new_factory_roots())->back();
}
Chain other_root() {
  return verify_chain({sim::signed_root(sim::root_body({.version = 3, .root_keys = "9"}), "9")}).value();
}

struct PartingScene : sim::RotationScene {
  explicit PartingScene(const Archive& archive = sim::layout_a()) : RotationScene(archive) {}
  ArchiveUnlock unlock = {};
  keys::ArchiveFile opened{files, path, &unlock};

  Result<Parted> part(const Parting& parting) { return part_archive(opened, unlock, parting, kSecond, now); }
  Result<Parted> prune() { return part(TRY(prune_parting(TRY(opened.read()).archive, nullptr))); }
};

TEST(Prune, TakesWhatALayoutAArchiveNeedsNotAtHand) {
  const auto parting = prune_parting(sim::layout_a(), nullptr).value();
  EXPECT_THAT(parting.leaving,
              UnorderedElementsAre("tufrepo/keys/offline-targets.pub", "tufrepo/keys/offline-targets.sec",
                                   "tufrepo/keys/root.pub", "tufrepo/keys/root.sec", "tufrepo/config.json",
                                   "tufrepo/credentials.zip"));
  EXPECT_EQ(parting.said.size(), 4u);
}

TEST(Prune, KeepsAKeyThatARootInTheMakingWaitsFor) {
  sim::RotationScene scene;
  const auto next = scene.plan().value().next.copy();
  const auto parting = prune_parting(next, nullptr).value();
  for (const auto& name : parting.leaving) EXPECT_EQ(name.find("fioctl-root-"), std::string::npos) << name;
  for (const auto& name : parting.leaving) EXPECT_EQ(name.find("offline-root"), std::string::npos) << name;
}

TEST(Prune, TakesTheOldKeyOnceTheNewestRootHasAnother) {
  sim::RotationScene scene;
  ASSERT_TRUE(scene.rotate().ok());
  const auto archive = scene.archive_now();
  const Chain newest{scene.newest()};
  const auto parting = prune_parting(archive, &newest).value();
  EXPECT_THAT(parting.leaving, testing::Contains("tufrepo/keys/offline-root.sec"));
  for (const auto& name : parting.leaving) EXPECT_EQ(name.find("fioctl-root-"), std::string::npos) << name;
}

TEST(Prune, RefusesWithoutARootAndWhenNoKeyWouldBeLeft) {
  EXPECT_EQ(prune_parting(sim::layout_c(), nullptr).error().hint, "give --trusted-root with the newest root");
  const auto strange = other_root();
  EXPECT_EQ(prune_parting(sim::layout_c(), &strange).error().what, "no private key would be left in the archive");
}

Archive two_roles() {
  Archive archive = sim::layout_c();
  archive.add_key(keys::new_key_member("targets", key_of('o').public_key()), key_of('o')).value();
  archive.put("tufrepo/rota/trusted.root.json", crypto::SecretBytes(Bytes(sim::new_factory_roots().back())));
  return archive;
}

TEST(Split, TakesTheKeysOfOneRoleAndSharesThePin) {
  const auto parting = split_parting(two_roles(), tuf::Role::targets).value();
  const std::string name = keys::new_key_member("targets", key_of('o').public_key());
  EXPECT_THAT(parting.leaving, UnorderedElementsAre(name + ".pub", name + ".sec"));
  EXPECT_THAT(parting.shared, ElementsAre("tufrepo/rota/trusted.root.json"));
}

TEST(Split, RefusesWhenThereIsNothingToTakeOrNothingWouldBeLeft) {
  EXPECT_EQ(split_parting(sim::layout_c(), tuf::Role::targets).error().what,
            "the archive holds no private key that is of the role targets alone");
  EXPECT_EQ(split_parting(sim::layout_c(), tuf::Role::root).error().what,
            "no private key would be left in the archive");
}

TEST(PartArchive, LosesNothingBetweenTheTwo) {
  PartingScene scene;
  const auto before = scene.archive_now();
  const auto parted = scene.prune();
  ASSERT_TRUE(parted.ok()) << parted.error().what;
  const auto first = scene.archive_now();
  const auto second = keys::ArchiveFile(scene.files, kSecond).read().value().archive;
  for (const auto& [name, bytes] : before.members()) {
    const auto* kept = first.find(name) != nullptr ? first.find(name) : second.find(name);
    ASSERT_NE(kept, nullptr) << name;
    EXPECT_EQ(kept->reveal(), bytes.reveal()) << name;
  }
  EXPECT_EQ(first.find("tufrepo/config.json"), nullptr);
  EXPECT_TRUE(scene.opens_newest(first));
  EXPECT_EQ(scene.bytes(parted->backup), scene.before);
  EXPECT_EQ(scene.files.facts(kSecond)->mode, 0600u);
  EXPECT_THAT(prune_parting(first, nullptr)->leaving, IsEmpty());
}

TEST(PartArchive, LeavesAnotherFileAndAnotherChangeAlone) {
  PartingScene taken;
  create_durable(taken.files, kSecond, "mine", 0600).value();
  EXPECT_EQ(taken.prune().error().fault, Fault::conflict);
  EXPECT_EQ(taken.bytes(kSecond), "mine");
  EXPECT_EQ(taken.bytes(taken.path), taken.before);

  PartingScene busy;
  create_durable(busy.files, busy.opened.next_path(), sim::layout_c().packed(busy.now).value().reveal(), 0600).value();
  EXPECT_EQ(busy.prune().error().fault, Fault::conflict);
  EXPECT_EQ(busy.bytes(busy.path), busy.before);

  PartingScene rotating;
  create_durable(rotating.files, rotating.opened.journal_path(), "{}", 0600).value();
  EXPECT_EQ(rotating.prune().error().fault, Fault::conflict);
}

TEST(PartArchive, IsFinishedByTheSameCallAfterAPowerCutAtAnyStep) {
  int steps = 0;
  {
    PartingScene whole;
    const int before = whole.files.steps_taken();
    ASSERT_TRUE(whole.prune().ok());
    steps = whole.files.steps_taken() - before;
  }
  ASSERT_GT(steps, 10);
  for (int cut = 0; cut < steps; ++cut) {
    SCOPED_TRACE("cut after step " + std::to_string(cut));
    PartingScene scene;
    scene.files.cut_after(cut);
    (void)scene.prune();
    scene.files.restart();
    ASSERT_TRUE(scene.opens_newest(scene.archive_now())) << "the archive is there, old or new, at once";
    const auto again = prune_parting(scene.archive_now(), nullptr).value();
    if (!again.empty()) {
      const auto parted = scene.part(again);
      ASSERT_TRUE(parted.ok()) << parted.error().what;
    }
    EXPECT_EQ(scene.archive_now().find("tufrepo/config.json"), nullptr);
    EXPECT_NE(keys::ArchiveFile(scene.files, kSecond).read().value().archive.find("tufrepo/keys/root.sec"), nullptr);
    EXPECT_FALSE(scene.opened.has_next().value());
    EXPECT_EQ(scene.bytes(scene.path + ".bak"), scene.before);
  }
}

TEST(PartArchive, KeepsBothPartsOfASealedArchiveSealed) {
  PartingScene scene;
  const auto owner = AgeIdentity::make(), deputy = AgeIdentity::make();
  const std::string sealed = "/home/owner/s.tgz.age", second = "/home/owner/s2.tgz.age";
  ArchiveUnlock nothing;
  seal_archive(scene.file, nothing, {sealed, {owner.recipient(), deputy.recipient()}}, scene.now).value();
  std::vector<AgeIdentity> identities;
  identities.push_back(AgeIdentity::parse(owner.text().reveal()).value());
  ArchiveUnlock unlock({}, std::move(identities));
  const keys::ArchiveFile file(scene.files, sealed, &unlock);
  const auto parting = prune_parting(file.read().value().archive, nullptr).value();
  ASSERT_TRUE(part_archive(file, unlock, parting, second, scene.now).ok());
  for (const auto& name : scene.names()) {
    if (!name.starts_with("s")) continue;
    EXPECT_TRUE(scene.bytes("/home/owner/" + name).starts_with("age-encryption.org/v1")) << name;
  }
  std::vector<AgeIdentity> others;
  others.push_back(AgeIdentity::parse(deputy.text().reveal()).value());
  ArchiveUnlock deputys({}, std::move(others));
  EXPECT_TRUE(keys::ArchiveFile(scene.files, second, &deputys).read().ok()) << "sealed to the deputy as well";
}

// -- the drill
// --------------------------------------------------------------------------------------------------------------
Result<Drill> drill_of(const Archive& archive, const tuf::Trusted<tuf::Root>& root) {
  const keys::ArchiveOnDisk disk{archive.copy(), std::string(64, 'a'), 1, 0600};
  return drilled(disk, "/home/owner/a.tgz", root, parse_rfc3339("2030-01-01T00:00:00Z").value());
}
Bytes bytes_of(const Drill& drill) {
  return to_json(drill.result);
}

TEST(Drill, PassesWithAKeyOfTheNewestRootAndIsCheckedAgainstIt) {
  const auto drill = drill_of(two_roles(), root_two());
  ASSERT_TRUE(drill.ok()) << drill.error().what;
  EXPECT_TRUE(drill->passed);
  EXPECT_EQ(drill->result.find("signatures")->if_array()->size(), 2u) << "the root key and the targets key";
  const auto body = read_drill(bytes_of(*drill), root_two());
  ASSERT_TRUE(body.ok()) << body.error().what;
  EXPECT_EQ(body->text_or("at", ""), "2030-01-01T00:00:00Z");
}

TEST(Drill, SignsAnotherNonceEachTime) {
  const auto nonce = [](const Drill& drill) { return drill.result.find("signed")->text_or("nonce", ""); };
  const auto one = drill_of(sim::layout_c(), root_two()).value(), other = drill_of(sim::layout_c(), root_two()).value();
  EXPECT_EQ(nonce(one).size(), 64u);
  EXPECT_NE(nonce(one), nonce(other));
}

TEST(Drill, FailsWithKeysThatTheRootDoesNotName) {
  const auto drill = drill_of(sim::layout_c(), other_root().back()).value();
  EXPECT_FALSE(drill.passed);
  EXPECT_FALSE(read_drill(bytes_of(drill), other_root().back()).ok());
}

TEST(Drill, FailsWithAPublicHalfAlone) {
  const Archive whole = sim::layout_c();
  Archive archive;
  for (const auto& [name, bytes] : whole.members())
    if (name.ends_with(".pub")) archive.put(name, bytes.copy());
  EXPECT_FALSE(drill_of(archive, root_two())->passed);
}

TEST(Drill, RefusesAPairThatDoesNotFit) {
  Archive archive = sim::layout_c();
  archive.put(keys::new_key_member("root", key_of('2').public_key()) + ".sec",
              keys::private_key_file(key_of('3'), keys::KeyFileForm::archive));
  EXPECT_FALSE(drill_of(archive, root_two()).ok());
}

TEST(ReadDrill, RefusesAnyChange) {
  const Json good = drill_of(sim::layout_c(), root_two())->result;
  const auto refuses = [&](const std::function<void(Json&)>& spoil) {
    Json bad = good;
    spoil(bad);
    return !read_drill(to_json(bad), root_two()).ok();
  };
  EXPECT_TRUE(read_drill(to_json(good), root_two()).ok());
  for (const auto& [name, value] : *good.find("signed")->if_object())
    EXPECT_TRUE(refuses([&name](Json& bad) { bad["signed"][name] = "1"; })) << name;
  EXPECT_TRUE(refuses([](Json& bad) { bad["signatures"] = Json(Json::Array{}); }));
  EXPECT_FALSE(read_drill(to_json(good), other_root().back()).ok()) << "another root";
  EXPECT_FALSE(read_drill(sim::new_factory_roots().back(), root_two()).ok()) << "a root is no drill";
}

TEST(FileDrill, NeverWritesOverAnEarlierOne) {
  sim::RotationScene scene;
  const auto drill = drill_of(sim::layout_c(), root_two()).value();
  EXPECT_EQ(file_drill(scene.files, scene.path, drill, scene.now).value(), scene.path + ".drill-20300101T000000Z.json");
  EXPECT_EQ(file_drill(scene.files, scene.path, drill, scene.now).value(),
            scene.path + ".drill-20300101T000000Z.1.json");
  EXPECT_EQ(scene.files.facts(scene.path + ".drill-20300101T000000Z.json")->mode, 0600u);
}

}  // namespace
}  // namespace rota::ceremony
