#include "ceremony/archive_keeping.h"

#include <gtest/gtest.h>

#include "sim/rotation_scene.h"

namespace rota::ceremony {
namespace {

using keys::AgeIdentity;
using keys::ArchiveUnlock;

const std::string kSealed = "/home/owner/a.tgz.age";

ArchiveUnlock with(const AgeIdentity& identity) {
  std::vector<AgeIdentity> identities;
  identities.push_back(AgeIdentity::parse(identity.text().reveal()).value());
  return ArchiveUnlock({}, std::move(identities));
}

// An owner and a deputy; the archive is sealed to both, the open one is gone.
struct SealedScene : sim::RotationScene {
  AgeIdentity owner = AgeIdentity::make(), deputy = AgeIdentity::make();
  ArchiveUnlock unlock = with(owner);
  keys::ArchiveFile sealed{files, kSealed, &unlock};

  SealedScene() {
    ArchiveUnlock nothing;
    seal_archive(file, nothing, {kSealed, {owner.recipient(), deputy.recipient()}}, now).value();
    files.remove(path).value();
  }

  Result<Settled> rotate_sealed() {
    const auto disk = TRY(sealed.read());
    const auto chain = TRY(believed_chain(source(), {.archive = &disk.archive}, {}));
    RotationWish wish;
    wish.now = now;
    wish.factory = "acme";
    const NewestRoots newest_roots{{Stream::ci, chain.back()}};
    const auto plan = TRY(plan_rotation(disk.archive, newest_roots, wish));
    Rotation change(sealed, source(), clock, [](std::string_view) {});
    TRY(change.prepare(plan, disk, {"keys rotate", "acme", std::string(sim::Repository::kServer)}));
    return change.settle();
  }
};

TEST(SealedArchive, IsRotatedWithoutEverBeingOnDiskInTheOpen) {
  SealedScene scene;
  const auto settled = scene.rotate_sealed();
  ASSERT_TRUE(settled.ok()) << settled.error().what;
  EXPECT_EQ(scene.newest()->version, 3);
  for (const auto& name : scene.names()) {
    if (!name.starts_with("a.tgz.age") || name.ends_with(".lock")) continue;
    EXPECT_TRUE(scene.bytes("/home/owner/" + name).starts_with("age-encryption.org/v1")) << name;
  }
}

TEST(SealedArchive, StaysSealedToEverybodyItWasSealedTo) {
  SealedScene scene;
  ASSERT_TRUE(scene.rotate_sealed().ok());
  ArchiveUnlock deputys = with(scene.deputy);
  const auto disk = keys::ArchiveFile(scene.files, kSealed, &deputys).read();
  ASSERT_TRUE(disk.ok()) << disk.error().what;
  EXPECT_TRUE(scene.opens_newest(disk->archive));
}

TEST(SealedArchive, IsOldOrNewAfterAPowerCutAtAnyStep) {
  int steps = 0;
  {
    SealedScene whole;
    const int before = whole.files.steps_taken();
    ASSERT_TRUE(whole.rotate_sealed().ok());
    steps = whole.files.steps_taken() - before;
  }
  ASSERT_GT(steps, 10);
  for (int step = 0; step < steps; ++step) {
    SealedScene scene;
    scene.files.cut_after(step);
    (void)scene.rotate_sealed();
    scene.files.restart();
    Rotation again(scene.sealed, scene.source(), scene.clock, [](std::string_view) {});
    const bool leftover = !scene.sealed.no_leftovers().ok();
    if (leftover) {
      ASSERT_TRUE(again.settle().ok()) << step;
    }
    const auto disk = scene.sealed.read();
    ASSERT_TRUE(disk.ok()) << step << disk.error().what;
    EXPECT_TRUE(scene.opens_newest(disk->archive)) << step;
  }
}

TEST(SealedArchive, IsRefusedAsDeniedWithoutTheKey) {
  SealedScene scene;
  const auto without = keys::ArchiveFile(scene.files, kSealed).read();
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().fault, Fault::denied);
  EXPECT_EQ(without.error().hint, "give --identity FILE");
  ArchiveUnlock strangers = with(AgeIdentity::make());
  EXPECT_EQ(keys::ArchiveFile(scene.files, kSealed, &strangers).read().error().fault, Fault::denied);
}

TEST(SealedArchive, OpensToTheArchiveItWas) {
  SealedScene scene;
  ASSERT_TRUE(open_archive(scene.sealed, scene.unlock, "/home/owner/open.tgz").ok());
  const auto open = keys::ArchiveFile(scene.files, "/home/owner/open.tgz").read();
  ASSERT_TRUE(open.ok());
  EXPECT_TRUE(sim::layout_a().kept_by(open->archive).ok());
  EXPECT_EQ(open_archive(keys::ArchiveFile(scene.files, "/home/owner/open.tgz"), scene.unlock, "/home/owner/x").error().what,
            "'/home/owner/open.tgz': is not sealed");
  EXPECT_EQ(open_archive(scene.sealed, scene.unlock, "/home/owner/open.tgz").error().fault, Fault::conflict);
}

TEST(ArchiveReport, NamesKeysAndTheirRolesAndNoSecret) {
  sim::RotationScene scene;
  const auto report = archive_report(scene.file, scene.file.read().value());
  ASSERT_TRUE(report.ok()) << report.error().what;
  EXPECT_EQ(report->text_or("sealed", ""), "no");
  EXPECT_EQ(report->find("pins")->find("ci")->integer_or("version", 0), 2);
  const std::string text = to_json(*report) + archive_text(*report);
  EXPECT_NE(text.find(R"("private":true,"pub":"tufrepo/keys/offline-root.pub","roles":["root"])"), std::string::npos) << text;
  EXPECT_EQ(text.find(hex(Bytes(32, '2'))), std::string::npos) << "the seed of the root key";
}

TEST(ArchiveIsWhole, RefusesAPrivateKeyOfAnotherKey) {
  sim::RotationScene scene;
  auto disk = scene.file.read().value();
  EXPECT_TRUE(archive_is_whole(disk).ok());
  disk.archive.put("tufrepo/keys/root.sec", disk.archive.find("tufrepo/keys/offline-root.sec")->copy());
  EXPECT_FALSE(archive_is_whole(disk).ok());
}

}  // namespace
}  // namespace rota::ceremony
