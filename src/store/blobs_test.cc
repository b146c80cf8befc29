#include "store/blobs.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

namespace rota::store {
namespace {

using testing::ElementsAre;

class FolderBlobs : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    blobs_ = open_folder_blobs(folder_ + "/blobs").value();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_ = testing::TempDir() + "blobs-XXXXXX";
  std::unique_ptr<Blobs> blobs_;
  PosixFiles files_;
};

TEST_F(FolderBlobs, GivesBackWhatWasPut) {
  ASSERT_TRUE(blobs_->put("a/b.c+d_e-f", "bytes"));
  EXPECT_EQ(blobs_->get("a/b.c+d_e-f", 5).value(), "bytes");
  ASSERT_TRUE(blobs_->put("a/b.c+d_e-f", "other"));
  EXPECT_EQ(blobs_->get("a/b.c+d_e-f", 5).value(), "other");
  EXPECT_TRUE(blobs_->has("a/b.c+d_e-f").value());
  EXPECT_EQ(files_.read(blobs_->path_of("a/b.c+d_e-f").value(), 5).value(), "other");
}

TEST_F(FolderBlobs, CopiesAFile) {
  const Bytes large(700'001, 'x');
  ASSERT_TRUE(files_.create(folder_ + "/source", large, 0600));
  ASSERT_TRUE(blobs_->put_file("large", folder_ + "/source"));
  EXPECT_EQ(blobs_->get("large", large.size()).value(), large);
  EXPECT_EQ(blobs_->put_file("none", folder_ + "/nothing").error().fault, Fault::not_found);
  EXPECT_FALSE(blobs_->has("none").value());
}

TEST_F(FolderBlobs, JoinsFilesInTheOrderGiven) {
  ASSERT_TRUE(blobs_->put("parts/1", "one "));
  ASSERT_TRUE(blobs_->put("parts/2", "two"));
  const std::string first = blobs_->path_of("parts/1").value(), second = blobs_->path_of("parts/2").value();
  ASSERT_TRUE(blobs_->put_files("whole", {first, second, first}));
  EXPECT_EQ(blobs_->get("whole", 64).value(), "one twoone ");
  EXPECT_EQ(blobs_->put_files("whole", {first, folder_ + "/nothing"}).error().fault, Fault::not_found);
  EXPECT_EQ(blobs_->get("whole", 64).value(), "one twoone ") << "half of it replaces nothing";
}

TEST_F(FolderBlobs, RefusesAKeyOutsideTheGrammar) {
  ASSERT_TRUE(files_.create(folder_ + "/outside", "x", 0600));
  const std::string keys[] = {"",
                              "/",
                              "a/",
                              "/a",
                              "a//b",
                              ".",
                              "..",
                              "../outside",
                              "a/../../outside",
                              "a b",
                              "~incoming",
                              "a\\b",
                              "%2e%2e",
                              std::string("a\0b", 3),
                              "\xc3\xa9",
                              std::string(513, 'a')};
  for (const std::string& key : keys) {
    EXPECT_EQ(blobs_->put(key, "x").error().fault, Fault::bad_input) << key;
    EXPECT_EQ(blobs_->get(key, 9).error().fault, Fault::bad_input) << key;
    EXPECT_EQ(blobs_->has(key).error().fault, Fault::bad_input) << key;
    EXPECT_EQ(blobs_->remove(key).error().fault, Fault::bad_input) << key;
    EXPECT_EQ(blobs_->path_of(key).error().fault, Fault::bad_input) << key;
  }
}

TEST_F(FolderBlobs, SaysWhatIsNotThere) {
  ASSERT_TRUE(blobs_->put("a/b", "x"));
  for (const char* key : {"none", "a", "a/none", "a/b/c"}) {
    EXPECT_FALSE(blobs_->has(key).value()) << key;
    EXPECT_EQ(blobs_->get(key, 9).error().fault, Fault::not_found) << key;
    EXPECT_EQ(blobs_->remove(key).error().fault, Fault::not_found) << key;
    EXPECT_EQ(blobs_->path_of(key).error().fault, Fault::not_found) << key;
  }
}

TEST_F(FolderBlobs, RefusesABlobLongerThanTheReaderWants) {
  ASSERT_TRUE(blobs_->put("k", "12345"));
  EXPECT_EQ(blobs_->get("k", 4).error().fault, Fault::bad_input);
}

TEST_F(FolderBlobs, ListsKeysByPrefix) {
  for (const char* key : {"a/1", "a/2/x", "ab/3", "b"}) ASSERT_TRUE(blobs_->put(key, "x"));
  EXPECT_THAT(blobs_->list("").value(), ElementsAre("a/1", "a/2/x", "ab/3", "b"));
  EXPECT_THAT(blobs_->list("a").value(), ElementsAre("a/1", "a/2/x", "ab/3"));
  EXPECT_THAT(blobs_->list("a/").value(), ElementsAre("a/1", "a/2/x"));
  EXPECT_THAT(blobs_->list("a/2").value(), ElementsAre("a/2/x"));
  EXPECT_THAT(blobs_->list("none/").value(), ElementsAre());
  ASSERT_TRUE(blobs_->remove("a/1"));
  EXPECT_THAT(blobs_->list("a/").value(), ElementsAre("a/2/x"));
}

TEST_F(FolderBlobs, LetsManyWriteTheSameKey) {
  const auto write = [&](char c) {
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(blobs_->put("k", Bytes(10'000, c)));
  };
  std::thread other(write, 'a');
  write('b');
  other.join();
  const Bytes last = blobs_->get("k", 10'000).value();
  EXPECT_EQ(last, Bytes(10'000, last[0])) << "one of the two, never a mixture";
}

TEST_F(FolderBlobs, ForgetsWhatAPowerCutLeftHalfWritten) {
  ASSERT_TRUE(blobs_->put("k", "x"));
  ASSERT_TRUE(files_.create(folder_ + "/blobs/~incoming/half", "x", 0600));
  blobs_ = open_folder_blobs(folder_ + "/blobs").value();
  EXPECT_TRUE(files_.list(folder_ + "/blobs/~incoming").value().empty());
  EXPECT_THAT(blobs_->list("").value(), ElementsAre("k"));
}

}  // namespace
}  // namespace rota::store
