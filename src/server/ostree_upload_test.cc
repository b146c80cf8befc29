#include "server/ostree_upload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/child.h"

namespace rota::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Entry {
  std::string name, bytes;
  std::optional<std::uint32_t> crc;
  char type = '0';
};

std::string header(const std::string& name, std::size_t size, char type) {
  std::string block(512, '\0');
  auto put = [&block](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  char number[32];
  put(0, name.substr(0, 100));
  put(100, "0000644");
  std::snprintf(number, sizeof number, "%011zo", size);
  put(124, number);
  put(148, "        ");
  block[156] = type;
  put(257, "ustar");
  block[262] = '\0';
  put(263, "00");
  unsigned sum = 0;
  for (unsigned char c : block) sum += c;
  std::snprintf(number, sizeof number, "%06o", sum);
  put(148, std::string(number) + '\0' + ' ');
  return block;
}

std::string padded(std::string bytes) { return bytes + std::string((512 - bytes.size() % 512) % 512, '\0'); }

std::string pax_record(const std::string& key, const std::string& value) {
  auto rest = " " + key + "=" + value + "\n";
  auto length = rest.size() + 2;
  if (std::to_string(length).size() != 2) length = rest.size() + std::to_string(rest.size() + 3).size();
  return std::to_string(length) + rest;
}

std::string tar_of(const std::vector<Entry>& entries) {
  std::string out;
  for (const auto& each : entries) {
    std::string pax = each.crc ? pax_record("FIO.ostree.CRC", std::to_string(*each.crc)) : "";
    if (!pax.empty()) out += header("pax", pax.size(), 'x') + padded(pax);
    out += header(each.name, each.bytes.size(), each.type) + padded(each.bytes);
  }
  return out + std::string(1024, '\0');
}

Entry with_crc(const std::string& name, const std::string& bytes) { return {name, bytes, crc32c(bytes)}; }

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A real archive repository made by ostree, and an empty one to upload to.
class OstreeUploadTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-ostree-XXXXXX";
    folder_ = mkdtemp(name);
    for (const char* repo : {"theirs", "ours"}) ostree({"init", "--mode=archive", "--repo=" + folder_ + "/" + repo});
    make_tree(folder_ + "/tree");
    commit_ = std::string(trim(ostree({"commit", "--repo=" + folder_ + "/theirs", "--tree=dir=" + folder_ + "/tree",
                                       "--owner-uid=0", "--owner-gid=0", "-b", "foo", "-s", "a tree"})));
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string ostree(std::vector<std::string> arguments) {
    Command command;
    command.argv = {"ostree"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    auto out = output_of(command);
    EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().what);
    return out.ok() ? *out : "";
  }

  static void make_tree(const std::string& tree) {
    fs::create_directories(tree + "/usr/lib/modules/6.1");
    fs::create_directories(tree + "/usr/empty folder");
    std::ofstream(tree + "/usr/lib/os-release") << "ID=foo\n";
    std::ofstream(tree + "/usr/lib/empty");
    std::ofstream(tree + "/usr/lib/big", std::ios::binary) << std::string(1 << 20, 'x') << std::string(300'000, '\7');
    fs::create_symlink("../os-release", tree + "/usr/lib/modules/release");
    fs::create_symlink(std::string(230, 'l'), tree + "/usr/lib/long-link");
    for (int i = 0; i < 60; ++i) std::ofstream(tree + "/usr/lib/modules/6.1/m" + std::to_string(i)) << i;
    chmod((tree + "/usr/lib/os-release").c_str(), 0600);
  }

  std::vector<Entry> whole_repo() {
    std::vector<Entry> out;
    for (const auto& file : fs::recursive_directory_iterator(folder_ + "/theirs/objects"))
      if (file.is_regular_file())
        out.push_back(with_crc("./" + fs::relative(file.path(), folder_ + "/theirs").string(), bytes_of(file.path())));
    out.push_back(with_crc("./refs/heads/foo", commit_ + "\n"));
    return out;
  }

  Result<UploadCounts> upload(const std::string& tar) {
    std::ofstream(folder_ + "/upload.tar", std::ios::binary) << tar;
    return unpack_upload(repo(), folder_ + "/upload.tar");
  }
  OstreeRepo& repo() { return repo_.emplace(files_, folder_ + "/ours"); }
  std::size_t objects_here() {
    std::size_t n = 0;
    for (const auto& file : fs::recursive_directory_iterator(folder_ + "/ours/objects")) n += file.is_regular_file();
    return n;
  }
  std::size_t temporaries() {
    std::size_t n = 0;
    for (const auto& file : fs::directory_iterator(folder_ + "/ours/tmp")) n += file.is_regular_file();
    return n;
  }

  PosixFiles files_;
  std::string folder_, commit_;
  std::optional<OstreeRepo> repo_;
};

TEST_F(OstreeUploadTest, AcceptsEveryObjectOfARealRepository) {
  auto entries = whole_repo();
  auto counts = upload(tar_of(entries));
  ASSERT_TRUE(counts.ok()) << counts.error().what;
  EXPECT_EQ(counts->received, static_cast<std::int64_t>(entries.size()));
  EXPECT_EQ(counts->present, counts->received);
  EXPECT_EQ(counts->stored, counts->received);
  EXPECT_EQ(counts->failed, 0);
  EXPECT_TRUE(repo().is_whole(commit_).ok());
  EXPECT_EQ(repo().ref("foo").value(), commit_);
  ostree({"fsck", "--repo=" + folder_ + "/ours"});
  EXPECT_EQ(temporaries(), 0u);
}

TEST_F(OstreeUploadTest, AcceptsTheSameUploadAgain) {
  auto tar = tar_of(whole_repo());
  ASSERT_TRUE(upload(tar).ok());
  auto again = upload(tar);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->present, again->received);
  EXPECT_EQ(again->stored, 1);  // the ref
}

TEST_F(OstreeUploadTest, CountsAWrongCrcAndKeepsNothingOfIt) {
  auto entry = whole_repo().front();
  for (auto crc : {std::optional<std::uint32_t>(*entry.crc + 1), std::optional<std::uint32_t>()}) {
    auto counts = upload(tar_of({{entry.name, entry.bytes, crc}}));
    ASSERT_TRUE(counts.ok());
    EXPECT_EQ(counts->failed, 1);
    EXPECT_EQ(counts->present, 0);
  }
  EXPECT_EQ(objects_here(), 0u);
  EXPECT_EQ(temporaries(), 0u);
}

TEST_F(OstreeUploadTest, RefusesEveryObjectThatIsNotWhatItsNameSays) {
  int kinds = 0;
  std::set<std::string> seen;
  for (const auto& entry : whole_repo()) {
    auto kind = entry.name.substr(entry.name.rfind('.'));
    if (!entry.name.starts_with("./objects/") || !seen.insert(kind).second) continue;
    ++kinds;
    for (auto at : {std::size_t{0}, entry.bytes.size() / 2, entry.bytes.size() - 1}) {
      auto bytes = entry.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ 1);
      EXPECT_EQ(upload(tar_of({with_crc(entry.name, bytes)}))->failed, 1) << entry.name << " byte " << at;
    }
    EXPECT_EQ(upload(tar_of({with_crc(entry.name, entry.bytes + "x")}))->failed, 1) << entry.name;
    EXPECT_EQ(upload(tar_of({with_crc(entry.name, entry.bytes.substr(0, entry.bytes.size() - 1))}))->failed, 1);
    EXPECT_EQ(upload(tar_of({with_crc(entry.name, "")}))->failed, 1);
  }
  EXPECT_EQ(kinds, 4);  // commit, dirtree, dirmeta, filez
  EXPECT_EQ(objects_here(), 0u);
}

TEST_F(OstreeUploadTest, RefusesEntriesThatAreNotPlainFilesOfARepository) {
  auto object = whole_repo().front();
  const Entry bad[] = {with_crc("./../outside", "x"),
                       with_crc("/etc/passwd", "x"),
                       with_crc("./objects/../../x", "x"),
                       with_crc("./objects/aa/short.filez", "x"),
                       with_crc("./refs/heads/../x", commit_),
                       with_crc("./state/x", "x"),
                       with_crc("", "x"),
                       {object.name, "", crc32c(""), '1'},
                       {object.name, "", crc32c(""), '2'},
                       {object.name, "", crc32c(""), '5'},
                       {object.name, "", crc32c(""), '3'}};
  for (const auto& entry : bad) {
    auto refused = upload(tar_of({entry}));
    ASSERT_FALSE(refused.ok()) << entry.name << " type " << entry.type;
    EXPECT_THAT(refused.error().fault, testing::AnyOf(Fault::bad_input, Fault::rejected)) << entry.name;
  }
  EXPECT_EQ(objects_here(), 0u);
  EXPECT_FALSE(fs::exists(folder_ + "/x") || fs::exists(folder_ + "/outside"));
}

TEST_F(OstreeUploadTest, RefusesATruncatedTar) {
  auto tar = tar_of({whole_repo().front()});
  for (std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{512}, tar.size() - 1024 - 1, tar.size() - 1024}) {
    auto refused = upload(tar.substr(0, size));
    ASSERT_FALSE(refused.ok()) << size;
    EXPECT_EQ(refused.error().fault, Fault::rejected);
  }
}

TEST_F(OstreeUploadTest, RefusesABrokenTarHeader) {
  auto tar = tar_of({whole_repo().front()});
  tar[124] = '7';
  EXPECT_EQ(upload(tar).error().fault, Fault::rejected);
}

TEST_F(OstreeUploadTest, ARefMovesOnlyToAWholeCommit) {
  auto entries = whole_repo();
  for (std::size_t left_out = 0; left_out + 1 < entries.size(); left_out += 29) {
    fs::remove_all(folder_ + "/ours/objects");
    fs::create_directory(folder_ + "/ours/objects");
    auto some = entries;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(left_out));
    auto counts = upload(tar_of(some));
    ASSERT_TRUE(counts.ok()) << counts.error().what;
    EXPECT_EQ(counts->failed, 1) << entries[left_out].name;
    auto whole = repo().is_whole(commit_);
    ASSERT_FALSE(whole.ok());
    EXPECT_EQ(whole.error().fault, Fault::not_found);
    EXPECT_THAT(whole.error().what, HasSubstr(entries[left_out].name.substr(2)));
    EXPECT_EQ(repo().ref("foo").error().fault, Fault::not_found);
  }
}

TEST_F(OstreeUploadTest, ChildOnlyRefusesACommitThatIsNotAChild) {
  ASSERT_TRUE(upload(tar_of(whole_repo())).ok());
  auto first = commit_;
  commit_ = std::string(trim(ostree({"commit", "--repo=" + folder_ + "/theirs", "--tree=dir=" + folder_ + "/tree",
                                     "--orphan", "-s", "another"})));
  ASSERT_TRUE(upload(tar_of(whole_repo())).ok());
  ASSERT_TRUE(repo().set_ref("foo", first, OstreeRepo::Ref::any).ok());
  auto moved = repo().set_ref("foo", commit_, OstreeRepo::Ref::child_only);
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(moved.error().fault, Fault::conflict);
  auto child = std::string(trim(ostree({"commit", "--repo=" + folder_ + "/theirs", "--tree=dir=" + folder_ + "/tree",
                                        "--parent=" + first, "--orphan", "-s", "child"})));
  ASSERT_TRUE(upload(tar_of(whole_repo())).ok());
  ASSERT_TRUE(repo().set_ref("foo", first, OstreeRepo::Ref::any).ok());
  EXPECT_TRUE(repo().set_ref("foo", child, OstreeRepo::Ref::child_only).ok());
}

TEST_F(OstreeUploadTest, KeepsItsOwnConfig) {
  auto before = bytes_of(folder_ + "/ours/config");
  auto counts = upload(tar_of({with_crc("./config", "[core]\nmode=bare\n")}));
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(counts->failed, 0);
  EXPECT_EQ(bytes_of(folder_ + "/ours/config"), before);
}

TEST(OstreeObjectAt, AcceptsOnlyNamesOfObjects) {
  std::string rest(62, 'a');
  EXPECT_TRUE(ostree_object_at("objects/ab/" + rest + ".filez"));
  EXPECT_TRUE(ostree_object_at("objects/ab/" + rest + ".commitmeta"));
  for (const std::string& bad : {"objects/AB/" + rest + ".filez", "objects/ab/" + rest + ".file", "objects/ab" + rest + ".filez",
                                 "objects/ab/" + rest, "objects/ab/" + rest.substr(1) + ".filez", std::string("objects/")})
    EXPECT_FALSE(ostree_object_at(bad)) << bad;
}

}  // namespace
}  // namespace rota::server
