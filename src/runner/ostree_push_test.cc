#include "runner/ostree_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/child.h"
#include "runner/server_for_test.h"

namespace rota::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// Real ostree, and a hub that remembers what it was sent.
class OstreePushTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-push-XXXXXX";
    folder_ = mkdtemp(name);
    fs::create_directories(folder_ + "/tree/usr/lib");
    for (int i = 0; i < 150; ++i) std::ofstream(folder_ + "/tree/usr/lib/f" + std::to_string(i)) << i;
    chmod((folder_ + "/tree/usr/lib/f1").c_str(), 04755);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<std::string> commit(const std::string& repo) {
    return commit_tree({folder_ + "/tree", "foo", "build 763", "763", "2026-09-30T08:12:41Z"}, folder_ + "/" + repo);
  }
  std::string command(std::vector<std::string> argv) {
    Command one;
    one.argv = std::move(argv);
    auto out = output_of(one);
    EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().what);
    return out.ok() ? *out : "";
  }

  std::string folder_;
};

TEST_F(OstreePushTest, TheSameTreeAtTheSameTimeIsTheSameCommit) {
  auto one = commit("one");
  ASSERT_TRUE(one.ok()) << one.error().what;
  EXPECT_EQ(*one, commit("two").value());
  auto listing = command({"ostree", "ls", "--repo=" + folder_ + "/one", *one, "/usr/lib/f1", "/usr/lib/f2"});
  EXPECT_THAT(listing, HasSubstr("-04755 0 0"));  // owned by root, whoever ran the job
  EXPECT_THAT(command({"ostree", "show", "--repo=" + folder_ + "/one", *one}), HasSubstr("2026-09-30 08:12:41"));
}

TEST_F(OstreePushTest, AsksInHundredsAndSendsOnlyWhatIsMissing) {
  ASSERT_TRUE(commit("repo").ok());
  auto run = test::a_run();
  std::string tar;
  std::size_t asked = 0;
  std::string missing;
  test::FakeServer server([&](const FetchRequest& request) -> Result<FetchReply> {
    EXPECT_THAT(request.url, HasSubstr("https://api/ota/ostreehub/acme/v2/repos/lmp"));
    if (request.method == "PUT") {
      tar = request.body;
      return FetchReply{200, {}, R"({"uploaded":2,"synced":2,"upload_synced":2,"sync_failed":0})"};
    }
    auto paths = parse_json(request.body).value();
    EXPECT_LE(paths.if_object()->size(), 100u);
    asked += paths.if_object()->size();
    if (missing.empty()) missing = paths.if_object()->begin()->first;
    Json answer = Json::Object{};
    if (const auto* crc = paths.find(missing)) answer[missing] = *crc;
    return FetchReply{200, {}, to_json(answer)};
  });
  RunLink link(server, run);
  auto pushed = push_repository(link, folder_ + "/repo");
  ASSERT_TRUE(pushed.ok()) << pushed.error().what;
  EXPECT_EQ(asked, pushed->files);
  EXPECT_GT(pushed->files, 150u);
  EXPECT_EQ(pushed->sent, 1u);
  std::ofstream(folder_ + "/sent.tar", std::ios::binary) << tar;
  EXPECT_EQ(command({"tar", "-tf", folder_ + "/sent.tar"}), missing + "\n./refs/heads/foo\n");
  EXPECT_THAT(tar, HasSubstr("FIO.ostree.CRC="));
}

TEST_F(OstreePushTest, RefusesAnUploadOfWhichSomethingWasRefused) {
  ASSERT_TRUE(commit("repo").ok());
  auto run = test::a_run();
  test::FakeServer server([](const FetchRequest& request) {
    return FetchReply{200, {}, request.method == "PUT" ? R"({"sync_failed":1})" : "{}"};
  });
  RunLink link(server, run);
  auto pushed = push_repository(link, folder_ + "/repo");
  ASSERT_FALSE(pushed.ok());
  EXPECT_EQ(pushed.error().fault, Fault::rejected);
}

TEST_F(OstreePushTest, RefusesATreeThatIsNotThere) {
  auto refused = commit_tree({folder_ + "/none", "foo", "s", "1", "2026-09-30T08:12:41Z"}, folder_ + "/repo");
  EXPECT_FALSE(refused.ok());
}

}  // namespace
}  // namespace rota::runner
