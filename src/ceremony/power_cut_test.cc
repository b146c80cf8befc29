#include "ceremony/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/rotation_scene.h"

namespace rota::ceremony {
namespace {

using Scene = sim::RotationScene;
using Mood = sim::Repository::Mood;

const std::string kPath = "/home/owner/a.tgz";

// No root of the server may name a root key whose private half is nowhere on the owner's machine.
void expect_no_lost_key(Scene& scene) {
  if (scene.opens_newest(scene.archive_now())) return;
  const auto next = scene.file.read_next();
  ASSERT_TRUE(next.ok()) << next.error().what;
  EXPECT_TRUE(scene.opens_newest(next->archive)) << "the server's root key is in no archive";
}

void expect_whole(Scene& scene, const std::string& where) {
  SCOPED_TRACE(where);
  expect_no_lost_key(scene);
  const auto settled = scene.resume();
  ASSERT_TRUE(settled.ok()) << settled.error().what;
  const bool rotated = scene.newest()->version == 3;
  EXPECT_EQ(scene.bytes(kPath) == scene.before, !rotated) << "old on one side, new on the other";
  EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
  EXPECT_TRUE(keys::Archive::read(scene.before)->kept_by(scene.archive_now()).ok());
  for (const auto& name : scene.names()) EXPECT_FALSE(name.ends_with(".tmp") || name.ends_with(".journal")) << name;
}

// fioctl.md B4: the power goes after each step on the file system.
TEST(PowerCut, AfterEveryFileStepLeavesOldOrNewOnBothSides) {
  int steps = 0;
  {
    Scene scene;
    const int start = scene.files.steps_taken();
    ASSERT_TRUE(scene.rotate().ok());
    steps = scene.files.steps_taken() - start;
  }
  ASSERT_GT(steps, 20);
  for (int cut = 0; cut < steps; ++cut) {
    Scene scene;
    scene.files.cut_after(cut);
    EXPECT_FALSE(scene.rotate().ok());
    ASSERT_TRUE(scene.files.was_cut());
    scene.files.restart();
    expect_whole(scene, "cut after file step " + std::to_string(cut));
  }
}

// The same, before and after each request.
TEST(PowerCut, AroundEveryRequestLeavesOldOrNewOnBothSides) {
  std::size_t requests = 0;
  {
    Scene scene;
    ASSERT_TRUE(scene.rotate().ok());
    requests = scene.server.requests().size();
  }
  for (std::size_t cut = 0; cut < requests; ++cut) {
    for (const bool lands : {false, true}) {
      Scene scene;
      std::size_t seen = 0;
      scene.server.on_request([&](const FetchRequest&) -> Status {
        if (scene.files.was_cut()) return unavailable("the power is gone");
        if (seen++ != cut) return {};
        scene.files.cut_after(0);
        EXPECT_FALSE(scene.files.sync_folder("/").ok());
        if (!lands) return unavailable("the power is gone");
        return {};
      });
      const auto settled = scene.rotate();
      EXPECT_FALSE(settled.ok());
      scene.files.restart();
      scene.server.on_request([](const FetchRequest&) -> Status { return {}; });
      expect_whole(scene, "cut at request " + std::to_string(cut) + (lands ? ", which landed" : ""));
    }
  }
}

// And during --resume itself.
TEST(PowerCut, DuringResumeLeavesOldOrNewOnBothSides) {
  for (const Mood mood : {Mood::cut_before_commit, Mood::silent}) {
    for (int cut = 0;; ++cut) {
      Scene scene;
      scene.server.set_mood(Mood::cut_before_commit);
      ASSERT_FALSE(scene.rotate().ok());
      if (mood == Mood::silent) scene.server.publish(scene.server.bodies_sent().front());
      scene.server.set_mood(Mood::honest);
      scene.files.cut_after(cut);
      if (scene.resume().ok()) break;
      scene.files.restart();
      expect_whole(scene, "resume cut after file step " + std::to_string(cut));
    }
  }
}

}  // namespace
}  // namespace rota::ceremony
