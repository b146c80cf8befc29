#include "client/folder_fetcher.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace rota::client {
namespace {

class FolderFetcherTest : public testing::Test {
 protected:
  FolderFetcherTest() {
    make_folders(files, folder + "/medium/targets/dir", 0755).value();
    put("/medium/1.root.json", "root");
    put("/medium/targets/dir/a b", "target");
    put("/medium/1.a%2Fb.json", "role");
    put("/medium/100%", "percent");
    put("/secret", "secret");
  }
  ~FolderFetcherTest() override { std::filesystem::remove_all(folder); }
  void put(const std::string& path, const Bytes& bytes) { create_durable(files, folder + path, bytes, 0644).value(); }
  Result<FetchReply> get(const std::string& path) { return fetcher.fetch({.url = "folder:" + path}); }

  static std::string made_folder() {
    std::string path = testing::TempDir() + "medium-XXXXXX";
    return mkdtemp(path.data());
  }
  std::string folder = made_folder();
  PosixFiles files;  // "." and ".." mean something to it
  FolderFetcher fetcher{files, "folder:", folder + "/medium"};
};

TEST_F(FolderFetcherTest, AnswersWithItsFiles) {
  EXPECT_EQ(get("/1.root.json")->body, "root");
  EXPECT_EQ(get("/targets/dir/a%20b")->body, "target");
  EXPECT_EQ(get("/1.a%2Fb.json")->body, "role") << "a role's name is never a path";
  EXPECT_EQ(get("/100%")->body, "percent");
  EXPECT_EQ(get("/2.root.json")->status, 404);
  EXPECT_EQ(get("/targets/dir")->status, 404);
}

TEST_F(FolderFetcherTest, NeverLeavesItsFolder) {
  for (const char* path : {"/../secret", "/%2E%2E/secret", "/targets/../../secret", "/..%2Fsecret", "//secret", "/", "/.",
                           "/1.root.json%00", "/targets/./dir/a b", "//1.root.json", "/./1.root.json", "/targets/../1.root.json",
                           "/targets/%2E%2E/1.root.json", "/targets//dir/a b"}) {
    SCOPED_TRACE(path);
    EXPECT_EQ(get(path)->status, 404);
  }
  EXPECT_EQ(fetcher.fetch({.url = "https://other/1.root.json"}).error().fault, Fault::rejected);
  EXPECT_EQ(fetcher.fetch({.method = "POST", .url = "folder:/1.root.json"}).error().fault, Fault::rejected);
}

TEST_F(FolderFetcherTest, KeepsToTheLimitAndStreams) {
  const Bytes large(1'000'000, 'x');
  put("/medium/large", large);
  EXPECT_EQ(fetcher.fetch({.url = "folder:/large", .max_body = 999'999}).error().fault, Fault::rejected);
  Bytes got;
  int pieces = 0;
  const auto take = [&](BytesView piece) { return got += piece, ++pieces, Status(); };
  const auto reply = fetcher.fetch({.url = "folder:/large", .max_body = 1'000'000, .sink = take});
  EXPECT_EQ(got, large);
  EXPECT_GT(pieces, 1);
  EXPECT_EQ(reply->body, "");
  for (const auto& [size, wanted] : {std::pair(0, 0), {1, 1}, {256 * 1024, 1}, {256 * 1024 + 1, 2}}) {
    const std::string name = "/of " + std::to_string(size);
    put("/medium" + name, Bytes(static_cast<std::size_t>(size), 'x'));
    pieces = 0;
    EXPECT_TRUE(fetcher.fetch({.url = "folder:" + name, .max_body = 1'000'000, .sink = take}).ok());
    EXPECT_EQ(pieces, wanted) << size;
  }
  const auto refuse = [&](BytesView) -> Status { return rejected("enough"); };
  EXPECT_EQ(fetcher.fetch({.url = "folder:/large", .max_body = 1'000'000, .sink = refuse}).error().what, "enough");
}

}  // namespace
}  // namespace rota::client
