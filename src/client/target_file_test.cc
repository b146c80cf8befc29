#include "client/target_file.h"

#include <gtest/gtest.h>

#include "sim/crash_files.h"

namespace rota::client {
namespace {

tuf::Target target_of(BytesView bytes) {
  return {.name = "name", .hashes = {{"sha256", crypto::sha256_hex(bytes)}}, .length = static_cast<std::int64_t>(bytes.size()), .custom = {}};
}

TEST(TargetFilePath, IsOneNameInTheFolder) {
  const std::string longest(255, 'n');
  const std::pair<std::string, std::string> rows[] = {{"a/b", "d/a%2Fb"}, {".", "d/%2E"}, {"..", "d/%2E%2E"}, {"...", "d/..."},
                                                      {longest, "d/" + longest}};
  for (const auto& [target, path] : rows) EXPECT_EQ(target_file_path("d", target).value(), path);
  for (const std::string& target : {std::string(), longest + "n"})
    EXPECT_EQ(target_file_path("d", target).error().fault, Fault::bad_input);
}

TEST(TargetCheck, StopsAtTheFirstByteTooMany) {
  auto check = TargetCheck::of(target_of("abc")).value();
  EXPECT_TRUE(check.add("abc").ok());
  EXPECT_EQ(check.add("d").error().fault, Fault::rejected);
}

TEST(IsTarget, HoldsForAFileOfThoseBytesAlone) {
  sim::CrashFiles files;
  ASSERT_TRUE(files.make_folder("/d", 0755).ok());
  ASSERT_TRUE(files.create("/file", "abc", 0644).ok());
  EXPECT_TRUE(is_target(files, "/file", target_of("abc")).value());
  EXPECT_FALSE(is_target(files, "/file", target_of("abd")).value());
  EXPECT_FALSE(is_target(files, "/file", target_of("ab")).value());
  EXPECT_FALSE(is_target(files, "/d", target_of("")).value()) << "a folder";
  EXPECT_FALSE(is_target(files, "/nothing", target_of("")).value());
}

}  // namespace
}  // namespace rota::client
