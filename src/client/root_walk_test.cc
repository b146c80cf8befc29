#include "client/root_walk.h"

#include <gmock/gmock.h>

#include "client/repository_for_test.h"

namespace rota::client {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

class RootWalkTest : public testing::Test {
 protected:
  RootWalkTest() { repository.publish(SetPlan()); }
  tuf::Version held() { return client.trust().root->version; }
  std::vector<std::string> root_requests() {
    std::vector<std::string> found;
    for (const auto& request : repository.take_requests())
      if (request.find("root") != std::string::npos) found.push_back(request);
    return found;
  }
  Repository repository;
  Client client{repository};
};

TEST_F(RootWalkTest, AsksOneByOneUntilThereIsNone) {
  repository.publish_roots(4);
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(root_requests(), ElementsAre("2.root.json", "3.root.json", "4.root.json", "5.root.json"));
  EXPECT_EQ(client.file("root.json"), repository.metadata("4.root.json"));
  EXPECT_EQ(client.file("history/2.root.json"), repository.metadata("2.root.json"));
  EXPECT_EQ(held(), 4);
}

TEST_F(RootWalkTest, TakesTheRestInOneFileWhereThereIsOne) {
  repository.publish_roots(100);
  repository.publish_root_chain(3, 100);
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(root_requests(), ElementsAre("2.root.json", "3.root-chain", "101.root.json"));
  EXPECT_EQ(held(), 100);
  EXPECT_EQ(client.file("history/57.root.json"), repository.metadata("57.root.json"));
}

TEST_F(RootWalkTest, DoesNotAskForTheFileForOneRootMore) {
  repository.publish_roots(3);
  repository.publish_root_chain(3, 3);
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(root_requests(), ElementsAre("2.root.json", "3.root.json", "4.root.json"));
}

TEST_F(RootWalkTest, BelievesNoHeaderThatIsNoVersion) {
  repository.publish_roots(5);
  for (const char* text : {"", "-1", "1e9", "99999999999999999999", "5, 5"}) {
    Repository other = repository;
    other.newest_root = text;
    Client fresh(other);
    EXPECT_TRUE(fresh.refresh().ok()) << text;
    EXPECT_EQ(fresh.trust().root->version, 5) << text;
  }
}

TEST_F(RootWalkTest, GoesOneByOneWhenTheFileIsNotThere) {
  repository.publish_roots(5);
  repository.newest_root = "5";
  for (const int status : {404, 403, 500}) {
    SCOPED_TRACE(status);
    repository.statuses["metadata/3.root-chain"] = status;
    Client fresh(repository);
    ASSERT_TRUE(fresh.refresh().ok());
    EXPECT_THAT(root_requests(),
                ElementsAre("2.root.json", "3.root-chain", "3.root.json", "4.root.json", "5.root.json", "6.root.json"));
  }
}

TEST_F(RootWalkTest, GoesOnAloneWhereTheFileBreaksOff) {
  repository.publish_roots(20);
  repository.publish_root_chain(3, 20);
  repository.cut_after = repository.metadata("3.root-chain").size() / 2;
  ASSERT_TRUE(client.refresh().ok());
  const auto requests = root_requests();
  EXPECT_LT(requests.size(), 15u);
  EXPECT_EQ(requests.back(), "21.root.json");
  EXPECT_EQ(held(), 20);
}

TEST_F(RootWalkTest, KeepsWhatWasAcceptedBeforeARefusal) {
  repository.publish_roots(100);
  const Bytes good = repository.metadata("90.root.json");
  auto plan = root_plan(90);
  plan.root.seeds = {9};
  repository.metadata("90.root.json") = tuf::test::root_file(plan);
  repository.publish_root_chain(3, 100);
  const auto refused = client.refresh();
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr("3.root-chain: 90.root.json: "));
  EXPECT_EQ(held(), 89);
  repository.metadata("90.root.json") = good;
  repository.publish_root_chain(91, 100);
  repository.requests.clear();
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(root_requests(), ElementsAre("90.root.json", "91.root-chain", "101.root.json"));
}

TEST_F(RootWalkTest, RefusesAFileThatSkipsARoot) {
  repository.publish_roots(10);
  repository.publish_root_chain(4, 10);
  std::swap(repository.metadata("3.root-chain"), repository.metadata("4.root-chain"));
  EXPECT_EQ(client.refresh().error().fault, Fault::rejected);
  EXPECT_EQ(held(), 2);
}

TEST_F(RootWalkTest, StopsAtTheLimitAndGoesOnFromThere) {
  repository.publish_roots(30);
  for (const char* newest : {"", "30"}) {
    SCOPED_TRACE(newest);
    Client fresh(repository);
    repository.publish_root_chain(3, 30);
    repository.newest_root = newest;
    const auto stopped = fresh.refresh({.roots_per_refresh = 12});
    EXPECT_EQ(stopped.error().fault, Fault::unavailable);
    EXPECT_THAT(stopped.error().hint, HasSubstr("root 13"));
    EXPECT_EQ(fresh.trust().root->version, 13);
    EXPECT_EQ(fresh.refresh({.roots_per_refresh = 12}).error().fault, Fault::unavailable);
    EXPECT_TRUE(fresh.refresh({.roots_per_refresh = 12}).ok());
    EXPECT_EQ(fresh.trust().root->version, 30);
  }
}

TEST_F(RootWalkTest, WritesABatchAtATime) {
  repository.publish_roots(200);
  const auto steps_of = [&](Repository& from) {
    Client fresh(from);
    const int before = fresh.files.steps_taken();
    EXPECT_TRUE(fresh.refresh().ok());
    return fresh.files.steps_taken() - before;
  };
  const int alone = steps_of(repository);
  repository.publish_root_chain(3, 200);
  EXPECT_LT(steps_of(repository), alone / 2);
}

TEST_F(RootWalkTest, TakesUpAChainThatWasDamagedOnDisk) {
  repository.publish_roots(6);
  ASSERT_TRUE(client.refresh().ok());
  ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/history/3.root.json", "{}", 0644).ok());
  const auto trust = client.trust();
  EXPECT_EQ(trust.root->version, 2);
  EXPECT_THAT(trust.notices, ElementsAre(HasSubstr("stored root 3")));
  repository.requests.clear();
  repository.publish({.timestamp = 2});
  ASSERT_TRUE(client.refresh().ok());
  EXPECT_THAT(repository.requests, ElementsAre("3.root.json", "4.root.json", "5.root.json", "6.root.json", "7.root.json",
                                               "timestamp.json"));
  EXPECT_EQ(held(), 6);
}

TEST_F(RootWalkTest, KeepsItsFloorsOverADamagedRoot) {
  repository.publish_roots(6);
  repository.publish({.timestamp = 9});
  ASSERT_TRUE(client.refresh().ok());
  ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/history/3.root.json", "{}", 0644).ok());
  repository.publish({.timestamp = 8});
  EXPECT_THAT(client.refresh().error().what, HasSubstr("timestamp: version: want at least 9, got 8"));
}

TEST_F(RootWalkTest, RefusesARepositoryThatForgotTheRootsItHeld) {
  repository.publish_roots(6);
  ASSERT_TRUE(client.refresh().ok());
  ASSERT_TRUE(replace_file(client.files, std::string(kFolder) + "/history/3.root.json", "{}", 0644).ok());
  repository.statuses["metadata/5.root.json"] = 404;
  const auto refused = client.refresh();
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr("want at least root 6"));
}

}  // namespace
}  // namespace rota::client
