#include "server/builds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "server/build_queue.h"
#include "server/run_log.h"

namespace rota::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kTwoRuns = R"(
triggers:
- {name: main, type: push, refs: [refs/heads/main], runs: [{name: one, script: s}, {name: two, script: s, host-tag: arm}]}
scripts: {s: "true"}
)";
constexpr const char* kChain = R"(
triggers:
- name: main
  type: push
  refs: [refs/heads/main]
  runs: [{name: build, script: s, triggers: [{name: publish, run-names: "publish-{name}"}]}]
- {name: publish, runs: [{name: publish, script: s}]}
scripts: {s: "true"}
)";

class BuildsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-builds-XXXXXX";
    folder_ = mkdtemp(name);
    db_ = store::Database::open(folder_ + "/db").value();
    builds_.emplace(*db_, clock_);
    queue_.emplace(*db_, clock_);
    ASSERT_TRUE(builds_->prepare().ok());
    ASSERT_TRUE(builds_->need_project("acme", "foo", 763).ok());
  }
  void TearDown() override {
    db_.reset();
    std::filesystem::remove_all(folder_);
  }

  BuildKey create(const char* definition, const std::string& trigger = "main") {
    NewBuild build{"acme", "foo", trigger, "push", {"foo-os", "refs/heads/main", "a1", ""}, {}, definition};
    return builds_->create(build).value();
  }
  Worker worker(const std::string& name) {
    Worker out{name, "acme", {"arm"}, 4};
    EXPECT_TRUE(queue_->enrol(out).ok());
    return out;
  }
  BuildState state(const BuildKey& key) { return builds_->build(key)->state; }
  RunState run_state(const RunKey& key) { return builds_->run(key)->state; }

  std::string folder_;
  FixedClock clock_{Time(Seconds(1'700'000'000))};
  std::unique_ptr<store::Database> db_;
  std::optional<Builds> builds_;
  std::optional<BuildQueue> queue_;
};

TEST_F(BuildsTest, NumbersGrowFromTheFirstBuildOfTheProject) {
  EXPECT_EQ(create(kTwoRuns).number, 763);
  EXPECT_EQ(create(kTwoRuns).number, 764);
  ASSERT_TRUE(builds_->need_project("acme", "bar", 800).ok());
  EXPECT_EQ(builds_->create({"acme", "bar", "main", "", {}, {}, kTwoRuns})->number, 800);
  EXPECT_EQ(create(kTwoRuns).number, 765);
}

TEST_F(BuildsTest, RefusesAFirstBuildThatWasPassed) {
  create(kTwoRuns);
  auto lowered = builds_->need_project("acme", "foo", 700);
  ASSERT_FALSE(lowered.ok());
  EXPECT_EQ(lowered.error().fault, Fault::conflict);
  EXPECT_TRUE(builds_->need_project("acme", "foo", 900).ok());
  EXPECT_EQ(create(kTwoRuns).number, 900);
}

TEST_F(BuildsTest, ABrokenFileMakesAFailedBuildWithTheMessage) {
  auto build = builds_->build(create("triggers: ["));
  EXPECT_EQ(build->state, BuildState::failed);
  EXPECT_THAT(build->message, HasSubstr("ci.yml: line 1"));
  EXPECT_TRUE(build->completed);
  EXPECT_THAT(builds_->runs(*build).value(), IsEmpty());
}

TEST_F(BuildsTest, ARolledBackInsertUsesNoNumber) {
  auto failed = db_->transaction([&]() -> Status {
    EXPECT_EQ(builds_->insert({"acme", "foo", "main", "", {}, {}, kTwoRuns})->number, 763);
    return conflict("cut");
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(create(kTwoRuns).number, 763);
}

TEST_F(BuildsTest, LeasesOldestFirstAndOnlyToFittingWorkers) {
  auto key = create(kTwoRuns);
  Worker plain{"plain", "acme", {}, 4}, other{"other", "umbrella", {"arm"}, 4};
  ASSERT_TRUE(queue_->enrol(plain).ok() && queue_->enrol(other).ok());
  EXPECT_FALSE(queue_->lease(other)->has_value());
  auto first = queue_->lease(plain).value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key.run, "one");
  EXPECT_EQ(first->run.state, RunState::running);
  EXPECT_FALSE(queue_->lease(plain)->has_value());  // the other wants host-tag arm
  EXPECT_EQ(queue_->lease(worker("w")).value()->key.run, "two");
  EXPECT_EQ(state(key), BuildState::running);
}

TEST_F(BuildsTest, GivesNoWorkerMoreThanItCanCarry) {
  create(kTwoRuns);
  Worker one{"one", "", {"arm"}, 1};
  ASSERT_TRUE(queue_->enrol(one).ok());
  EXPECT_TRUE(queue_->lease(one)->has_value());
  EXPECT_FALSE(queue_->lease(one)->has_value());
}

TEST_F(BuildsTest, ExactlyOneWorkerGetsARun) {
  for (int i = 0; i < 20; ++i) create(kChain);
  Worker a = worker("a"), b = worker("b");
  a.concurrency = b.concurrency = 100;
  std::vector<std::string> by_a, by_b;
  auto take = [&](const Worker& who, std::vector<std::string>& out) {
    for (auto leased = queue_->lease(who); leased.ok() && *leased; leased = queue_->lease(who))
      out.push_back((*leased)->key.text());
  };
  std::thread first(take, a, std::ref(by_a)), second(take, b, std::ref(by_b));
  first.join();
  second.join();
  std::set<std::string> all(by_a.begin(), by_a.end());
  all.insert(by_b.begin(), by_b.end());
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(by_a.size() + by_b.size(), 20u);
}

TEST_F(BuildsTest, ALostRunIsPutBackOnceThenFails) {
  auto key = create(kChain);
  auto w = worker("w");
  auto first = queue_->lease(w).value();
  clock_.pass(kLease);
  auto second = queue_->lease(w).value();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->key.text(), first->key.text());
  EXPECT_FALSE(queue_->run_of_key(first->run_key).ok());  // the lost worker's key is worthless
  EXPECT_EQ(queue_->run_of_key(second->run_key)->text(), second->key.text());
  EXPECT_THAT(read_log(*db_, {second->run.id, 0}, 1000).value(), HasSubstr("fell silent"));
  clock_.pass(kLease);
  EXPECT_FALSE(queue_->lease(w)->has_value());
  EXPECT_EQ(run_state(first->key), RunState::failed);
  EXPECT_EQ(state(key), BuildState::failed);
}

TEST_F(BuildsTest, AHeartbeatKeepsTheLease) {
  create(kChain);
  auto w = worker("w");
  auto leased = queue_->lease(w).value();
  for (int i = 0; i < 5; ++i) {
    clock_.pass(kLease - Seconds(1));
    EXPECT_THAT(queue_->heartbeat(w, {leased->key}).value(), IsEmpty());
  }
  EXPECT_EQ(run_state(leased->key), RunState::running);
}

TEST_F(BuildsTest, TerminalStatesNeverChange) {
  auto key = create(kTwoRuns);
  RunKey one{key, "one"};
  ASSERT_TRUE(queue_->lease(worker("w")).ok());
  ASSERT_TRUE(builds_->report(one, RunState::passed, "done").ok());
  EXPECT_TRUE(builds_->report(one, RunState::passed, "done").ok());
  for (auto state : {RunState::failed, RunState::running, RunState::uploading}) {
    auto changed = builds_->report(one, state, "");
    ASSERT_FALSE(changed.ok());
    EXPECT_EQ(changed.error().fault, Fault::conflict);
  }
  EXPECT_EQ(run_state(one), RunState::passed);
  EXPECT_EQ(state(key), BuildState::running);
}

TEST_F(BuildsTest, ABuildFailsWhenARunFails) {
  auto key = create(kTwoRuns);
  ASSERT_TRUE(builds_->report({key, "one"}, RunState::failed, "exit status 1").ok());
  EXPECT_EQ(state(key), BuildState::running_with_failures);
  ASSERT_TRUE(builds_->report({key, "two"}, RunState::passed, "").ok());
  EXPECT_EQ(state(key), BuildState::failed);
}

TEST_F(BuildsTest, APassedRunQueuesItsFollowUps) {
  auto key = create(kChain);
  ASSERT_TRUE(builds_->report({key, "build"}, RunState::passed, "").ok());
  EXPECT_EQ(run_state({key, "publish-build"}), RunState::queued);
  EXPECT_EQ(state(key), BuildState::running);
  ASSERT_TRUE(builds_->report({key, "publish-build"}, RunState::passed, "").ok());
  EXPECT_EQ(state(key), BuildState::passed);
}

TEST_F(BuildsTest, CancelFailsWhatIsQueuedAndTellsTheWorker) {
  auto key = create(kTwoRuns);
  Worker w{"w", "acme", {}, 1};
  ASSERT_TRUE(queue_->enrol(w).ok());
  auto leased = queue_->lease(w).value();
  ASSERT_TRUE(builds_->cancel(key).ok());
  EXPECT_EQ(run_state({key, "two"}), RunState::failed);
  EXPECT_EQ(state(key), BuildState::cancelling);
  auto stop = queue_->heartbeat(w, {leased->key}).value();
  ASSERT_EQ(stop.size(), 1u);
  ASSERT_TRUE(builds_->report(leased->key, RunState::failed, "cancelled").ok());
  EXPECT_EQ(state(key), BuildState::failed);
  auto again = builds_->cancel(key);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().fault, Fault::conflict);
}

TEST_F(BuildsTest, ListsNewestFirstInPages) {
  for (int i = 0; i < 5; ++i) create(kTwoRuns);
  auto page = builds_->list("acme", "foo", {2, 1}).value();
  EXPECT_EQ(page.total, 5);
  ASSERT_EQ(page.builds.size(), 2u);
  EXPECT_EQ(page.builds[0].key.number, 765);
  EXPECT_EQ(builds_->newest("acme", "foo")->key.number, 767);
  EXPECT_EQ(builds_->build({"acme", "foo", 1}).error().fault, Fault::not_found);
}

TEST_F(BuildsTest, ALogAcceptsEachByteOnce) {
  auto key = create(kTwoRuns);
  auto id = builds_->run({key, "one"})->id;
  EXPECT_EQ(append_log(*db_, {id, 0}, "hello ")->size, 6);
  EXPECT_EQ(append_log(*db_, {id, 0}, "hello ")->size, 6);       // repeated
  EXPECT_EQ(append_log(*db_, {id, 3}, "lo world")->size, 11);    // overlapping
  EXPECT_EQ(append_log(*db_, {id, 20}, "x")->how, Appended::How::gap);
  EXPECT_EQ(read_log(*db_, {id, 0}, 100).value(), "hello world");
  EXPECT_EQ(read_log(*db_, {id, 4}, 5).value(), "o wor");
  ASSERT_TRUE(builds_->report({key, "one"}, RunState::passed, "").ok());
  EXPECT_EQ(append_log(*db_, {id, 11}, "!")->how, Appended::How::finished);
}

TEST_F(BuildsTest, AWorkerOfAnotherFactoryCannotTakeAName) {
  worker("w");
  auto taken = queue_->enrol({"w", "umbrella", {}, 1});
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().fault, Fault::conflict);
}

}  // namespace
}  // namespace rota::server
