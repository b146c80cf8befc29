#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace rota {
namespace {

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-files-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    for (const auto& name : files_.list(folder_).value()) ASSERT_TRUE(files_.remove(folder_ + "/" + name).ok());
    ASSERT_EQ(rmdir(folder_.c_str()), 0);
  }
  PosixFiles files_;
  std::string folder_;
};

TEST_F(FilesTest, CreateRefusesAnExistingFile) {
  ASSERT_TRUE(create_durable(files_, folder_ + "/a", "one", 0600).ok());
  const auto again = create_durable(files_, folder_ + "/a", "two", 0600);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().fault, Fault::conflict);
  EXPECT_EQ(files_.read(folder_ + "/a", 10).value(), "one");
  EXPECT_EQ(files_.facts(folder_ + "/a")->mode, 0600u);
}

TEST_F(FilesTest, ReplaceLeavesNoTemporaryFile) {
  ASSERT_TRUE(replace_file(files_, folder_ + "/a", "one", 0644).ok());
  ASSERT_TRUE(replace_file(files_, folder_ + "/a", "two", 0600).ok());
  EXPECT_EQ(files_.read(folder_ + "/a", 10).value(), "two");
  EXPECT_EQ(files_.list(folder_).value(), std::vector<std::string>{"a"});
}

TEST_F(FilesTest, ReadRefusesMoreThanTheLimit) {
  ASSERT_TRUE(create_durable(files_, folder_ + "/a", "12345", 0600).ok());
  EXPECT_TRUE(files_.read(folder_ + "/a", 5).ok());
  EXPECT_EQ(files_.read(folder_ + "/a", 4).error().fault, Fault::bad_input);
  EXPECT_EQ(files_.read(folder_ + "/b", 4).error().fault, Fault::not_found);
}

TEST_F(FilesTest, ReadsAFileThatDoesNotSayHowLongItIs) {
  const std::string pipe = folder_ + "/pipe", text(200'000, 'x');  // a pipe holds 64 KiB at a time
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::size_t max : {text.size(), text.size() - 1}) {
    std::thread writer([&] { std::ofstream(pipe) << text; });
    const auto read = files_.read(pipe, max);
    writer.join();
    if (max == text.size())
      EXPECT_EQ(read.value(), text);
    else
      EXPECT_EQ(read.error().fault, Fault::bad_input);
  }
}

TEST_F(FilesTest, GrowsAndIsReadInPieces) {
  const std::string path = folder_ + "/a";
  EXPECT_EQ(files_.append(path, "x").error().fault, Fault::not_found);
  ASSERT_TRUE(files_.create(path, "012", 0600).ok());
  ASSERT_TRUE(files_.append(path, "3456789").ok());
  EXPECT_EQ(files_.read_part(path, 0, 4).value(), "0123");
  EXPECT_EQ(files_.read_part(path, 8, 4).value(), "89");
  EXPECT_EQ(files_.read_part(path, 10, 4).value(), "");
  EXPECT_EQ(files_.read_part(folder_ + "/b", 0, 4).error().fault, Fault::not_found);
}

TEST_F(FilesTest, ALockIsHeldByOne) {
  auto first = files_.lock(folder_ + "/lock", Seconds(0));
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(files_.lock(folder_ + "/lock", Seconds(0)).error().fault, Fault::conflict);
  first.value().reset();
  EXPECT_TRUE(files_.lock(folder_ + "/lock", Seconds(0)).ok());
}

}  // namespace
}  // namespace rota
