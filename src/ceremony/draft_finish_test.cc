#include "ceremony/draft_finish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ceremony/ceremony_for_test.h"
#include "sim/crash_files.h"
#include "sim/repository.h"

namespace rota::ceremony {
namespace {

using namespace for_test;
using sim::Repository;
using testing::HasSubstr;
using Mood = Repository::Mood;

const std::string kDraft = "/home/owner/next.draft", kTranscript = kDraft + ".transcript";

// A draft on the disk of the one who finishes it, and the factory's server.
struct FinishScene {
  sim::CrashFiles files = {};
  Repository server{custodian_roots(), kNow};
  FixedClock clock{kNow};
  DraftFile file{files, kDraft};
  tuf::Allowed allowed = {};

  explicit FinishScene(std::string_view signers = "AB", const DraftWish& wish = dave_for_carol()) {
    make_folders(files, "/home/owner", 0700).value();
    file.write(signed_by_keys(draft_of(wish), signers).value()).value();
    server.on_request([this](const FetchRequest&) -> Status {
      if (files.was_cut()) return unavailable("the power is gone");
      return {};
    });
  }

  RootSource source() { return {&server, std::string(Repository::kBase)}; }
  Result<Transcript> finish() {
    const auto chain = TRY(walk_roots(source(), custodians().front()));
    const auto draft = TRY(file.read());
    return finish_on(source(), {file, draft, clock, kTranscript, allowed}, chain);
  }
  Result<Transcript> carry(const std::string& output) {
    const auto draft = TRY(file.read());
    return finish_carried({file, draft, clock, kTranscript, allowed}, output);
  }
  bool there(const std::string& path) { return files.facts(path)->exists(); }
  tuf::Version newest() { return static_cast<tuf::Version>(server.roots().size()); }
  // The server's root, the transcript and what lies beside it agree, after a run that went through.
  void expect_whole(const std::string& where) {
    SCOPED_TRACE(where);
    const auto done = finish();
    ASSERT_TRUE(done.ok()) << done.error().what;
    ASSERT_EQ(newest(), 3);
    const auto transcript = read_transcript(files.read(kTranscript, 1u << 22).value());
    ASSERT_TRUE(transcript.ok()) << transcript.error().what;
    EXPECT_EQ(BytesView(transcript->root.raw()), BytesView(server.roots().back()));
    EXPECT_FALSE(there(file.journal_path()));
  }
};

TEST(FinishOn, PublishesTheRootAndWritesTheTranscript) {
  FinishScene scene;
  scene.expect_whole("at once");
  EXPECT_EQ(scene.server.posts(), 1);
  EXPECT_TRUE(tuf::next_root(custodians().back(), scene.server.roots().back()).ok());
}

TEST(FinishOn, SendsNothingASecondTime) {
  FinishScene scene;
  ASSERT_TRUE(scene.finish().ok());
  const Bytes transcript = scene.files.read(kTranscript, 1u << 22).value();
  scene.clock.pass(days(1));
  ASSERT_TRUE(scene.finish().ok());
  EXPECT_EQ(scene.server.posts(), 1);
  EXPECT_EQ(scene.files.read(kTranscript, 1u << 22).value(), transcript);
}

TEST(FinishOn, RefusesWhenSignaturesAreMissing) {
  for (const char* signers : {"A", "AD", "D", "AC"}) {
    FinishScene scene(signers);
    const auto refused = scene.finish();
    ASSERT_FALSE(refused.ok()) << signers;
    EXPECT_EQ(refused.error().fault, Fault::rejected) << signers;
    EXPECT_THAT(refused.error().what, HasSubstr("root 3 needs")) << signers;
    EXPECT_EQ(scene.server.posts(), 0);
    EXPECT_FALSE(scene.there(kTranscript) || scene.there(scene.file.journal_path()));
  }
}

TEST(FinishOn, RefusesAWeakerRootUnlessAllowed) {
  DraftWish lower = dave_for_carol();
  lower.thresholds = {{tuf::Role::root, 1}};
  FinishScene scene("AB", lower);
  EXPECT_THAT(scene.finish().error().what, HasSubstr("lowered from 2 to 1"));
  EXPECT_EQ(scene.server.posts(), 0);
}

TEST(FinishOn, RefusesAStaleDraftAndAnotherFactory) {
  FinishScene stale;
  stale.server.publish(sim::signed_root(sim::root_body({.version = 3, .root_keys = "AB"}), "AB"));
  const auto late = stale.finish();
  EXPECT_EQ(late.error().fault, Fault::conflict);
  EXPECT_THAT(late.error().what, HasSubstr("published by somebody else"));
  EXPECT_EQ(stale.server.posts(), 0);

  FinishScene foreign;
  foreign.server = Repository(sim::new_factory_roots(), kNow);
  const auto chain = walk_roots(foreign.source(), tuf::anchor_root(sim::new_factory_roots()[0]).value()).value();
  const auto draft = foreign.file.read().value();
  const auto elsewhere = finish_on(foreign.source(), {foreign.file, draft, foreign.clock, kTranscript}, chain);
  EXPECT_EQ(elsewhere.error().fault, Fault::rejected);
  EXPECT_EQ(foreign.server.posts(), 0);
}

TEST(FinishOn, PublishesADraftOfTheProductionChainThere) {
  DraftWish wish = dave_for_carol();
  wish.stream = Stream::prod;
  FinishScene scene("AB", wish);
  scene.server.add_production(custodian_roots());
  scene.server.publish(checked_with("AB").candidate);  // production is never ahead of ci
  RootSource prod = scene.source();
  prod.stream = Stream::prod;
  const auto draft = scene.file.read().value();
  const auto done = finish_on(prod, {scene.file, draft, scene.clock, kTranscript}, custodians());
  ASSERT_TRUE(done.ok()) << done.error().what;
  EXPECT_EQ(scene.server.production_roots().size(), 3u);
  EXPECT_EQ(scene.server.posts(), 1);
  EXPECT_EQ(finish_on(scene.source(), {scene.file, draft, scene.clock, kTranscript}, custodians()).error().fault,
            Fault::bad_input);
}

TEST(FinishOn, RefusesWhileATransactionIsOpen) {
  FinishScene busy;
  busy.server.set_updates_answer(R"({"status":"STARTED"})");
  EXPECT_EQ(busy.finish().error().fault, Fault::conflict);
  EXPECT_EQ(busy.server.posts(), 0);
}

TEST(FinishOn, LeavesAnotherTranscriptAlone) {
  FinishScene scene;
  create_durable(scene.files, kTranscript, "mine", 0600).value();
  EXPECT_EQ(scene.finish().error().fault, Fault::conflict);
  EXPECT_EQ(scene.files.read(kTranscript, 100).value(), "mine");
}

struct MoodCase {
  Mood mood;
  Fault fault;
  bool published;
};
class FinishInMood : public testing::TestWithParam<MoodCase> {};

TEST_P(FinishInMood, IsSettledByRunningItAgain) {
  FinishScene scene;
  const auto chain = walk_roots(scene.source(), custodians().front()).value();
  const auto draft = scene.file.read().value();
  scene.server.set_mood(GetParam().mood);
  const auto done = finish_on(scene.source(), {scene.file, draft, scene.clock, kTranscript}, chain);
  EXPECT_EQ(done.ok(), GetParam().published);
  EXPECT_EQ(done.ok() ? GetParam().fault : done.error().fault, GetParam().fault);
  scene.server.set_mood(Mood::honest);
  scene.expect_whole("again");
}

INSTANTIATE_TEST_SUITE_P(Moods, FinishInMood,
                         testing::Values(MoodCase{Mood::silent, Fault::unavailable, false},
                                         MoodCase{Mood::refuse, Fault::denied, false},
                                         MoodCase{Mood::stage, Fault::conflict, false},
                                         MoodCase{Mood::cut_before_commit, Fault::unavailable, false},
                                         MoodCase{Mood::error_before_commit, Fault::unavailable, false},
                                         MoodCase{Mood::cut_after_commit, Fault::unavailable, true},
                                         MoodCase{Mood::error_after_commit, Fault::unavailable, true}));

TEST(FinishOn, IsWholeAfterAPowerCutAtAnyFileStep) {
  int steps = 0;
  {
    FinishScene whole;
    const int before = whole.files.steps_taken();
    ASSERT_TRUE(whole.finish().ok());
    steps = whole.files.steps_taken() - before;
  }
  ASSERT_GT(steps, 8);
  for (int cut = 0; cut < steps; ++cut) {
    FinishScene scene;
    scene.files.cut_after(cut);
    EXPECT_FALSE(scene.finish().ok());
    scene.files.restart();
    scene.expect_whole("cut after file step " + std::to_string(cut));
  }
}

TEST(FinishOn, KeepsTheDraftFromChangingWhileItIsUnderWay) {
  FinishScene scene;
  scene.server.set_mood(Mood::error_before_commit);
  const auto chain = custodians();
  const auto draft = scene.file.read().value();
  EXPECT_FALSE(finish_on(scene.source(), {scene.file, draft, scene.clock, kTranscript}, chain).ok());
  EXPECT_EQ(scene.file.no_journal().error().fault, Fault::conflict);
  scene.file.write(signed_by_keys(draft.draft, "D").value()).value();
  scene.server.set_mood(Mood::honest);
  EXPECT_EQ(scene.finish().error().fault, Fault::io) << "it is not the file that was sent";
}

TEST(FinishCarried, WritesTheRootForAnotherMachine) {
  FinishScene scene;
  const auto done = scene.carry("/home/owner/3.root.json");
  ASSERT_TRUE(done.ok()) << done.error().what;
  EXPECT_TRUE(tuf::next_root(custodians().back(), scene.files.read("/home/owner/3.root.json", 1u << 20).value()).ok());
  EXPECT_EQ(scene.server.posts(), 0);
  EXPECT_TRUE(scene.carry("/home/owner/3.root.json").ok()) << "the same file again";
  create_durable(scene.files, "/home/owner/other", "mine", 0600).value();
  EXPECT_EQ(scene.carry("/home/owner/other").error().fault, Fault::conflict);
}

// -- the transcript
// -------------------------------------------------------------------------------------------------------
Transcript transcript() {
  const auto draft = checked_with("ABD");
  return transcript_of(draft, draft.candidate, {.how = Ending::How::published, .server = "https://api.sim", .at = kNow})
      .value();
}

TEST(Transcript, SaysWhoSignedWhat) {
  const Json json = transcript_json(transcript());
  const Json* signatures = json.find("signatures");
  ASSERT_EQ(signatures->if_array()->size(), 3u);
  std::map<std::string, std::size_t> counts;
  for (const Json& one : *signatures->if_array()) {
    EXPECT_EQ(one.text_or("signed-at", ""), rfc3339(kNow));
    counts[one.text_or("owner", "")] = one.find("counts-for")->if_array()->size();
  }
  EXPECT_EQ(counts, (std::map<std::string, std::size_t>{{"alice", 2}, {"bob", 2}, {"dave", 1}}));
  EXPECT_TRUE(read_transcript(transcript_bytes(transcript())).ok());
}

// All but when and where it was finished, which only the finisher knows.
TEST(Transcript, RefusesAnyChangeButOfWhenAndWhereItWasFinished) {
  const Json good = transcript_json(transcript());
  for (const auto& path : leaves_of(good)) {
    Json bad = good;
    change(at(bad, path));
    const bool said_by_the_finisher = path == Path{"server"};
    EXPECT_EQ(read_transcript(tuf::canonical(bad)).ok(), said_by_the_finisher) << text_of(path);
  }
  Json later = good;
  later["finished-at"] = rfc3339(kNow + days(1));
  EXPECT_TRUE(read_transcript(tuf::canonical(later)).ok());
  Json more = good;
  more["extra"] = "x";
  EXPECT_FALSE(read_transcript(tuf::canonical(more)).ok());
}

TEST(Transcript, RefusesARootWithoutBothThresholds) {
  const auto draft = checked_with("A");
  EXPECT_FALSE(transcript_of(draft, draft.candidate, {}).ok());
  const auto enough = checked_with("AB");
  EXPECT_FALSE(
      transcript_of(enough, sim::signed_root(sim::root_body({.version = 3, .root_keys = "AB"}), "AB"), {}).ok());
}

TEST(Transcript, BelongsToTheChainItWasMadeIn) {
  const auto made = transcript();
  EXPECT_TRUE(belongs_to(made, custodians()).ok());
  EXPECT_TRUE(belongs_to(made, {custodians().front()}).ok());
  EXPECT_TRUE(belongs_to(made, {made.root}).ok());
  const auto forged =
      verify_chain({custodian_roots()[0], sim::signed_root(sim::root_body({.version = 2, .root_keys = "M"}), "1M")})
          .value();
  EXPECT_EQ(belongs_to(made, {forged.back()}).error().fault, Fault::rejected);
  EXPECT_EQ(belongs_to(made, forged).error().fault, Fault::rejected) << "one root agrees, another does not";
  const auto far = verify_chain({sim::signed_root(sim::root_body({.version = 9}), "1")}).value();
  EXPECT_EQ(belongs_to(made, far).error().fault, Fault::bad_input);
}

}  // namespace
}  // namespace rota::ceremony
