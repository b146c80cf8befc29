#include "client/updater.h"

#include <gmock/gmock.h>

#include "client/repository_for_test.h"
#include "sim/memory_store.h"

namespace rota::client {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kDownloads = "/downloads";

class UpdaterTest : public testing::Test {
 protected:
  UpdaterTest() { make_folders(client.files, kDownloads, 0755).value(); }

  // Targets itself offers "plain"; A offers README.md and delegates team-a/* to release; B does the same for team-b/*.
  static SetPlan graph() {
    SetPlan plan;
    plan.targets = {.seeds = {2},
                    .targets = {{"plain", "plain bytes"}},
                    .delegates = {{"A", {21}, {"*.md", "team-a/*"}}, {"B", {22}, {"team-b/*"}}}};
    plan.delegated["A"] = {.seeds = {21}, .targets = {{"README.md", "by A"}}, .delegates = {{"release", {31}, {"team-a/*"}}}};
    plan.delegated["B"] = {.seeds = {22}, .delegates = {{"release", {32}, {"team-b/*"}}}};
    plan.delegated["release"] = {.seeds = {31}, .targets = {{"team-a/x", "good"}, {"team-b/x", "bad"}}};
    return plan;
  }
  Updater& updater(Updater::Options::TargetNames names = Updater::Options::TargetNames::hashed) {
    updater_.reset();
    store_.reset();
    store_ = FolderStore::open(client.files, kFolder, Seconds(0)).value();
    updater_ = Updater::open(repository, *store_, client.files,
                             {.metadata_url = kUrl, .targets_url = kTargetsUrl, .target_names = names, .now = kNow})
                   .value();
    return *updater_;
  }
  std::optional<std::string> content(const std::string& name) {
    auto bytes = client.files.read(std::string(kDownloads) + "/" + name, 1u << 24);
    return bytes.ok() ? std::optional(*bytes) : std::nullopt;
  }
  std::vector<std::string> downloads() { return client.files.list(kDownloads).value(); }
  tuf::Target target(const std::string& name, const Bytes& bytes) {
    tuf::Target target;
    target.name = name;
    target.length = static_cast<std::int64_t>(bytes.size());
    target.hashes["sha256"] = crypto::sha256_hex(bytes);
    return target;
  }

  Repository repository;
  Client client{repository};

 private:
  std::unique_ptr<FolderStore> store_;
  std::unique_ptr<Updater> updater_;
};

TEST_F(UpdaterTest, RefusesAStoreWithoutARoot) {
  sim::CrashFiles files;
  auto store = FolderStore::open(files, "/empty").value();
  const auto opened = Updater::open(repository, *store, files, {.metadata_url = kUrl, .now = kNow});
  EXPECT_EQ(opened.error().fault, Fault::rejected);
  EXPECT_THAT(repository.requests, IsEmpty());
}

TEST_F(UpdaterTest, RefreshesBeforeItSearches) {
  repository.publish(graph());
  const auto found = updater().find("plain").value();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->length, 11);
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"));
}

TEST_F(UpdaterTest, AsksForTheRolesOnTheWayOnceEach) {
  repository.publish(graph());
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  repository.requests.clear();
  EXPECT_EQ(one.find("README.md").value()->length, 4);
  EXPECT_THAT(repository.take_requests(), ElementsAre("1.A.json"));
  EXPECT_TRUE(one.find("team-a/x").value().has_value());
  EXPECT_THAT(repository.take_requests(), ElementsAre("1.release.json"));
  EXPECT_FALSE(one.find("nobody.md").value().has_value());
  EXPECT_THAT(repository.take_requests(), IsEmpty());
  auto& later = updater();
  EXPECT_TRUE(later.find("team-a/x").value().has_value());
  EXPECT_THAT(repository.requests, ElementsAre("2.root.json", "timestamp.json")) << "the rest is stored";
  EXPECT_EQ(client.file("release.json"), repository.metadata("1.release.json"));
}

TEST_F(UpdaterTest, BelievesARoleOnlyUnderTheDelegatorItWasReachedThrough) {
  repository.publish(graph());
  auto& one = updater();
  EXPECT_TRUE(one.find("team-a/x").value().has_value());
  const auto refused = one.find("team-b/x");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_EQ(updater().find("team-b/x").error().fault, Fault::rejected) << "also from the store";
}

TEST_F(UpdaterTest, KeepsNothingOfARoleThatIsRefused) {
  auto plan = graph();
  plan.delegated["A"].seeds = {29};
  repository.publish(plan);
  EXPECT_EQ(updater().find("README.md").error().fault, Fault::rejected);
  EXPECT_THAT(client.names(), testing::Not(testing::Contains("A.json")));
  plan.delegated["A"] = {.seeds = {21}, .version = 2, .targets = {{"README.md", "by A"}}, .expires = kPast};
  plan.timestamp = plan.snapshot = 2;
  repository.publish(plan);
  EXPECT_EQ(updater().find("README.md").error().fault, Fault::expired);
  EXPECT_THAT(client.names(), testing::Not(testing::Contains("A.json")));
}

TEST_F(UpdaterTest, DownloadsATargetAndDoesNotFetchItAgain) {
  repository.publish(graph());
  auto& one = updater();
  const auto found = one.find("team-a/x").value();
  repository.requests.clear();
  EXPECT_EQ(one.download(*found, kDownloads).value(), std::string(kDownloads) + "/team-a%2Fx");
  EXPECT_EQ(content("team-a%2Fx"), "good");
  EXPECT_THAT(repository.take_requests(), ElementsAre("team-a/" + crypto::sha256_hex("good") + ".x"));
  EXPECT_TRUE(one.download(*found, kDownloads).ok());
  EXPECT_THAT(repository.take_requests(), IsEmpty());
  EXPECT_THAT(downloads(), ElementsAre("team-a%2Fx"));
}

TEST_F(UpdaterTest, FetchesAgainWhatSomebodyChanged) {
  repository.publish(graph());
  auto& one = updater();
  const auto found = one.find("plain").value();
  for (const char* there : {"plain byteS", "plain", "plain bytes and more"}) {
    SCOPED_TRACE(there);
    ASSERT_TRUE(replace_file(client.files, std::string(kDownloads) + "/plain", there, 0644).ok());
    EXPECT_TRUE(one.download(*found, kDownloads).ok());
    EXPECT_EQ(content("plain"), "plain bytes");
  }
}

TEST_F(UpdaterTest, RefusesOtherBytesAndLeavesNothing) {
  repository.publish(graph());
  auto& one = updater();
  const auto found = one.find("plain").value();
  const std::string at = "targets/" + crypto::sha256_hex("plain bytes") + ".plain";
  for (const char* lie : {"plain byteS", "plain", "", "plain bytes and more"}) {
    SCOPED_TRACE(lie);
    repository.files[at] = lie;
    EXPECT_EQ(one.download(*found, kDownloads).error().fault, Fault::rejected);
    EXPECT_THAT(downloads(), IsEmpty());
  }
  repository.files[at] = "plain bytes";
  repository.cut_after = 4;
  EXPECT_EQ(one.download(*found, kDownloads).error().fault, Fault::unavailable);
  repository.files.erase(at);
  EXPECT_EQ(one.download(*found, kDownloads).error().fault, Fault::unavailable);
  EXPECT_THAT(downloads(), IsEmpty());
}

TEST_F(UpdaterTest, ChecksEveryKnownHashAndWantsOne) {
  repository.publish(graph());
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  auto asked = target("plain", "plain bytes");
  asked.hashes["sha512"] = std::string(128, '0');
  EXPECT_THAT(one.download(asked, kDownloads).error().what, HasSubstr("hash: want sha512"));
  asked.hashes = {{"sha512", hex(crypto::sha512("plain bytes"))}, {"md5", "0"}};
  repository.files["targets/" + asked.hashes["sha512"] + ".plain"] = "plain bytes";
  EXPECT_TRUE(one.download(asked, kDownloads).ok());
  asked.hashes = {{"md5", "0"}};
  EXPECT_EQ(one.download(asked, kDownloads).error().fault, Fault::rejected);
}

TEST_F(UpdaterTest, NeverLeavesTheFolder) {
  repository.publish(graph());
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  repository.requests.clear();
  for (const char* name : {"..", ".", "../escape", "a/../../escape", "a/.."}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(one.download(target(name, "x"), kDownloads).error().fault, Fault::rejected);
  }
  EXPECT_EQ(one.download(target("", "x"), kDownloads).error().fault, Fault::bad_input);
  EXPECT_EQ(one.download(target(std::string(300, 'x'), "x"), kDownloads).error().fault, Fault::bad_input);
  EXPECT_THAT(repository.requests, IsEmpty());
  EXPECT_THAT(downloads(), IsEmpty());
  repository.put_target("/etc/passwd", "x");
  EXPECT_EQ(one.download(target("/etc/passwd", "x"), kDownloads).value(), std::string(kDownloads) + "/%2Fetc%2Fpasswd");
}

TEST_F(UpdaterTest, AsksForThePlainNameWhereTheRepositoryHasIt) {
  repository.publish(graph());
  auto& one = updater(Updater::Options::TargetNames::plain);
  ASSERT_TRUE(one.refresh().ok());
  repository.files["targets/a b?#%20"] = "x";
  repository.requests.clear();
  EXPECT_FALSE(one.download(target("a b?#%20", "x"), kDownloads).ok());
  EXPECT_THAT(repository.requests, ElementsAre("a%20b%3F%23%20"));
}

TEST_F(UpdaterTest, TakesAFolderWithASlashAtItsEnd) {
  repository.publish(graph());
  auto store = FolderStore::open(client.files, "/slash", Seconds(0)).value();
  store->accept_roots(std::array{AcceptedRoot{1, repository.metadata("1.root.json")}}, {{}, {}, 1}).value();
  auto one = Updater::open(repository, *store, client.files,
                           {.metadata_url = std::string(kUrl) + "/", .targets_url = std::string(kTargetsUrl) + "/", .now = kNow})
                 .value();
  EXPECT_TRUE(one->download(*one->find("plain").value(), kDownloads).ok());
}

TEST_F(UpdaterTest, RefusesATargetAboveTheLimit) {
  repository.publish(graph());
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  repository.requests.clear();
  auto huge = target("plain", "plain bytes");
  huge.length = std::int64_t{1} << 50;
  EXPECT_EQ(one.download(huge, kDownloads).error().fault, Fault::rejected);
  EXPECT_THAT(repository.requests, IsEmpty());
}

TEST_F(UpdaterTest, TakesATargetOfExactlyTheLimit) {
  repository.publish(graph());
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  auto one = Updater::open(repository, *store, client.files,
                           {.metadata_url = kUrl, .targets_url = kTargetsUrl, .limits = {.target = 11}, .now = kNow})
                 .value();
  EXPECT_TRUE(one->download(*one->find("plain").value(), kDownloads).ok());
  EXPECT_EQ(one->download(target("README", "twelve bytes"), kDownloads).error().fault, Fault::rejected);
}

TEST_F(UpdaterTest, AsksForTheOtherNameOnlyWhereTheFirstIsNotThere) {
  repository.publish(graph());
  auto both = target("both", "bytes");
  crypto::Digest sha512(crypto::Digest::Algorithm::sha512);
  sha512.add("bytes");
  both.hashes["sha512"] = hex(sha512.finish());
  const std::string first = both.hashes["sha256"] + ".both", second = both.hashes["sha512"] + ".both";
  repository.files["targets/" + second] = "bytes";
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  repository.requests.clear();
  EXPECT_TRUE(one.download(both, kDownloads).ok());
  EXPECT_THAT(repository.take_requests(), ElementsAre(first, second));
  ASSERT_TRUE(client.files.remove(std::string(kDownloads) + "/both").ok());
  repository.statuses["targets/" + first] = 503;
  EXPECT_EQ(one.download(both, kDownloads).error().fault, Fault::unavailable);
  EXPECT_THAT(repository.take_requests(), ElementsAre(first));
}

TEST_F(UpdaterTest, AsksOnceForARoleThatAnotherDelegatorRefuses) {
  repository.publish(graph());
  auto& one = updater();
  EXPECT_TRUE(one.find("team-a/x").value().has_value());
  repository.requests.clear();
  EXPECT_EQ(one.find("team-b/x").error().fault, Fault::rejected);
  EXPECT_THAT(repository.take_requests(), testing::Not(testing::Contains("1.release.json")));
}

TEST_F(UpdaterTest, SaysWhatIsWrongWithARootInTheStore) {
  ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/root.json", "{}", 0644).ok());
  auto store = FolderStore::open(client.files, kFolder, Seconds(0)).value();
  const auto opened = Updater::open(repository, *store, client.files, {.metadata_url = kUrl, .now = kNow});
  EXPECT_THAT(opened.error().what, testing::StartsWith("root.json: "));
}

TEST_F(UpdaterTest, BeginsAnewWhatACutLeft) {
  const std::string part = std::string(kDownloads) + "/." + crypto::sha256_hex("plain").substr(0, 32) + ".part";
  repository.publish(graph());
  ASSERT_TRUE(client.files.create(part, "half of it", 0644).ok());
  auto& one = updater();
  EXPECT_TRUE(one.download(*one.find("plain").value(), kDownloads).ok());
  EXPECT_EQ(content("plain"), "plain bytes");
}

// A store that cannot be read is not one that holds nothing.
TEST_F(UpdaterTest, SaysWhenARolesFileCannotBeRead) {
  repository.publish(graph());
  sim::MemoryStore store(repository.metadata("1.root.json"));
  store.broken = io_error("the disk");
  auto one = Updater::open(repository, store, client.files, {.metadata_url = kUrl, .now = kNow}).value();
  EXPECT_EQ(one->find("README.md").error().fault, Fault::io);
  EXPECT_THAT(repository.requests, testing::Not(testing::Contains("1.A.json")));
}

TEST_F(UpdaterTest, AsksForThePlainNameWithoutConsistentSnapshots) {
  Json body = tuf::test::root_body(root_plan(2));
  body["consistent_snapshot"] = false;
  repository.metadata("2.root.json") = tuf::test::signed_file(body, {1}, tuf::Dialect::tuf);
  repository.publish(graph());
  for (const char* name : {"snapshot.json", "targets.json"})
    repository.metadata(name) = repository.metadata("1." + std::string(name));
  repository.files["targets/plain"] = "plain bytes";
  auto& one = updater();
  const auto plain = one.find("plain").value();
  repository.requests.clear();
  EXPECT_TRUE(one.download(*plain, kDownloads).ok());
  EXPECT_THAT(repository.requests, ElementsAre("plain"));
}

// Five minutes, and what the slowest line that is worth waiting for needs.
TEST_F(UpdaterTest, WaitsForATargetByItsLength) {
  repository.publish(graph());
  auto& one = updater();
  ASSERT_TRUE(one.refresh().ok());
  for (const auto& [length, wanted] : {std::pair(10'239, 300), {10'240, 301}, {1'024'000, 400}}) {
    const Bytes bytes(static_cast<std::size_t>(length), 'x');
    repository.put_target("big", bytes);
    EXPECT_TRUE(one.download(target("big", bytes), kDownloads).ok());
    EXPECT_EQ(repository.timeout, Seconds(wanted)) << length;
  }
}

TEST_F(UpdaterTest, DownloadsWholeOrNotAtAllWhateverThePowerDoes) {
  repository.publish(graph());
  ASSERT_TRUE(updater().refresh().ok());
  const Bytes bytes(5000, 'x');
  repository.put_target("big", bytes);
  for (int steps = 0;; ++steps) {
    SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
    auto& one = updater();
    if (content("big")) {
      ASSERT_TRUE(client.files.remove(std::string(kDownloads) + "/big").ok());
    }
    ASSERT_TRUE(client.files.sync_folder(kDownloads).ok());
    client.files.cut_after(steps);
    const bool done = one.download(target("big", bytes), kDownloads).ok();
    const bool was_cut = client.files.was_cut();
    EXPECT_EQ(done, !was_cut);
    client.files.restart();
    EXPECT_THAT(content("big").value_or(bytes), bytes);
    EXPECT_TRUE(updater().download(target("big", bytes), kDownloads).ok());
    EXPECT_THAT(downloads(), ElementsAre("big"));
    if (HasFailure() || !was_cut) break;
    ASSERT_LT(steps, 100);
  }
}

TEST_F(UpdaterTest, NeverBelievesAClockBehindTheLastGoodRefresh) {
  repository.publish(graph());
  ASSERT_TRUE(updater().refresh().ok());
  auto store = FolderStore::open(client.files, "/other", Seconds(0)).value();
  ASSERT_TRUE(store->set_clock_floor(parse_rfc3339("2100-07-01T00:00:00Z").value()).ok());
  store.reset();
  ASSERT_TRUE(replace_file(client.files, "/other/root.json", repository.metadata("1.root.json"), 0644).ok());
  store = FolderStore::open(client.files, "/other", Seconds(0)).value();
  auto late = Updater::open(repository, *store, client.files, {.metadata_url = kUrl, .now = kNow}).value();
  EXPECT_EQ(late->refresh().error().fault, Fault::expired);
}

}  // namespace
}  // namespace rota::client
