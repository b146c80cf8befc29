#include "ceremony/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/rotation_scene.h"

namespace rota::ceremony {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Scene = sim::RotationScene;
using Mood = sim::Repository::Mood;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();
const std::string kPath = "/home/owner/a.tgz";

// What the server does with the one request that counts, and what must come of it.
struct Delivery {
  Mood mood;
  Fault fault;
  bool committed;
};

TEST(Rotation, ReadsBackWhatBecameOfALostAnswer) {
  const Delivery rows[] = {{Mood::cut_after_commit, Fault::unavailable, true},
                           {Mood::error_after_commit, Fault::unavailable, true},
                           {Mood::cut_before_commit, Fault::unavailable, false},
                           {Mood::error_before_commit, Fault::unavailable, false}};
  for (const auto& row : rows) {
    Scene scene;
    scene.server.set_mood(row.mood);
    const auto settled = scene.rotate();
    EXPECT_EQ(settled.ok(), row.committed);
    if (row.committed) {
      EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
      EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.bak"));
      continue;
    }
    EXPECT_EQ(settled.error().fault, row.fault);
    EXPECT_THAT(settled.error().hint, HasSubstr("--resume"));
    EXPECT_EQ(scene.bytes(kPath), scene.before);
    EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.journal", "a.tgz.tmp"));
    scene.server.set_mood(Mood::honest);
    ASSERT_TRUE(scene.resume().ok());
    EXPECT_EQ(scene.server.bodies_sent().size(), 2u);
    EXPECT_EQ(scene.server.bodies_sent()[0], scene.server.bodies_sent()[1]) << "a second new key";
    EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
  }
}

TEST(Resume, ChangesNothingWhileTheServerIsSilentOrRefuses) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  const auto names = scene.names();
  const auto journal = scene.bytes(scene.file.journal_path());
  for (const auto& [mood, fault] :
       {std::pair{Mood::silent, Fault::unavailable}, std::pair{Mood::refuse, Fault::denied}}) {
    scene.server.set_mood(mood);
    const auto settled = scene.resume();
    ASSERT_FALSE(settled.ok());
    EXPECT_EQ(settled.error().fault, fault);
    EXPECT_EQ(scene.names(), names);
    EXPECT_EQ(scene.bytes(scene.file.journal_path()), journal);
  }
}

TEST(Resume, StepsAsideForAnotherRootAndKeepsTheKey) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  scene.server.set_mood(Mood::honest);
  const auto other = sim::signed_root(sim::root_body({.version = 3, .root_keys = "7", .targets_keys = "to"}), "27");
  scene.server.publish(other);
  const auto settled = scene.resume();
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.error().fault, Fault::conflict);
  EXPECT_EQ(scene.bytes(kPath), scene.before);
  EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.unused-20300101T000000Z"));
  EXPECT_EQ(scene.server.roots().back(), other);
}

TEST(Resume, TakesNoUnverifiedRootForAnother) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  scene.server.set_mood(Mood::honest);
  const auto names = scene.names();
  scene.server.serve_instead(3, sim::signed_root(sim::root_body({.version = 3, .root_keys = "z"}), "z"));
  const auto settled = scene.resume();
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.error().fault, Fault::rejected);
  EXPECT_EQ(scene.names(), names);
}

TEST(Resume, RecognisesOursBelowANewerRoot) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  const auto ours = scene.server.bodies_sent().front();
  scene.server.set_mood(Mood::honest);
  scene.server.publish(ours);
  const auto plan = scene.file.read_next().value();
  const auto found = plan.archive.keys_among(tuf::anchor_root(ours).value()->material(tuf::Role::root));
  const tuf::KeySigner signer(plan.archive.private_key(found.at(0)).value());
  Json body = tuf::parse_envelope(ours, tuf::kMaxRoot)->body;
  body["version"] = Json(4);
  scene.server.publish(tuf::sign_envelope(body, {&signer}).value());
  const auto settled = scene.resume();
  ASSERT_TRUE(settled.ok()) << settled.error().what;
  EXPECT_EQ(scene.server.posts(), 1);
  EXPECT_TRUE(scene.opens_newest(scene.archive_now()));
}

TEST(Resume, UploadsProductionThatStayedBehind) {
  Scene scene;
  scene.server.add_production(sim::new_factory_roots());
  int posts = 0;
  scene.server.on_request([&](const FetchRequest& request) -> Status {
    if (request.method == "POST" && ++posts == 2) return unavailable("cut");
    return {};
  });
  ASSERT_FALSE(scene.rotate().ok());
  EXPECT_EQ(scene.server.roots().size(), 3u);
  EXPECT_EQ(scene.server.production_roots().size(), 2u);
  ASSERT_TRUE(scene.resume().ok());
  EXPECT_EQ(scene.server.production_roots().size(), 3u);
}

TEST(Resume, WaitsForATransactionThatSomebodyElseHasOpen) {
  Scene scene;
  scene.server.set_updates_answer(R"({"status":"STARTED"})");
  const auto settled = scene.rotate();
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.error().fault, Fault::conflict);
  EXPECT_EQ(scene.server.posts(), 0);
  scene.server.set_updates_answer(R"({"status":"NONE"})");
  EXPECT_TRUE(scene.resume().ok());
}

TEST(Resume, WithoutAJournalFindsThatNothingWasSent) {
  Scene scene;
  const auto plan = scene.plan().value();
  ASSERT_TRUE(scene.file.write_next(plan.next, scene.archive_now(), kNow).ok());
  const auto settled = scene.resume();
  ASSERT_TRUE(settled.ok());
  EXPECT_EQ(settled->outcome, Settled::Outcome::nothing_sent);
  EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.unused-20300101T000000Z"));
}

TEST(Resume, LeavesTheLeftoverOfAnotherToolAlone) {
  Scene scene;
  ASSERT_TRUE(create_durable(scene.files, kPath + ".tmp", sim::layout_c().packed(kNow)->reveal(), 0600).ok());
  const auto settled = scene.resume();
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.error().fault, Fault::conflict);
  EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.tmp"));
  EXPECT_TRUE(scene.abandon().ok());
}

TEST(Resume, RefusesAJournalOrArchiveThatWasTamperedWith) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  scene.server.set_mood(Mood::honest);
  const int posts = scene.server.posts();
  const auto good = scene.bytes(scene.file.next_path());
  ASSERT_TRUE(replace_file(scene.files, scene.file.next_path(), scene.before, 0600).ok());
  EXPECT_EQ(scene.resume().error().fault, Fault::io);
  ASSERT_TRUE(replace_file(scene.files, scene.file.next_path(), good, 0600).ok());
  ASSERT_TRUE(replace_file(scene.files, scene.file.journal_path(), "{}", 0600).ok());
  EXPECT_EQ(scene.resume().error().fault, Fault::io);
  EXPECT_EQ(scene.server.posts(), posts);
}

TEST(Abandon, SetsTheNewArchiveAsideWhenTheServerShowsTheOldRoot) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  scene.server.set_mood(Mood::silent);
  EXPECT_FALSE(scene.abandon().ok());
  scene.server.set_mood(Mood::honest);
  const auto settled = scene.abandon();
  ASSERT_TRUE(settled.ok()) << settled.error().what;
  EXPECT_THAT(scene.names(), ElementsAre("a.tgz", "a.tgz.unused-20300101T000000Z"));
  EXPECT_EQ(scene.bytes(kPath), scene.before);
}

TEST(Abandon, RefusesWhenTheServerHasOurRoot) {
  Scene scene;
  scene.server.set_mood(Mood::cut_before_commit);
  ASSERT_FALSE(scene.rotate().ok());
  scene.server.publish(scene.server.bodies_sent().front());
  scene.server.set_mood(Mood::honest);
  const auto settled = scene.abandon();
  ASSERT_FALSE(settled.ok());
  EXPECT_EQ(settled.error().fault, Fault::conflict);
  EXPECT_TRUE(scene.resume().ok());
}

}  // namespace
}  // namespace rota::ceremony
