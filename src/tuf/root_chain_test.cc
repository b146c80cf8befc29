#include "tuf/root_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "crypto/hash.h"
#include "tuf/verify.h"

namespace rota::tuf {
namespace {

using testing::ElementsAre;

constexpr std::size_t kMax = 64 * 1024;

struct Outcome {
  std::vector<Bytes> roots;
  std::string error;  // "" when the file is whole
  bool operator==(const Outcome&) const = default;
};
void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << testing::PrintToString(outcome.roots) << " " << outcome.error;
}

// The file in pieces that end at `cuts`.
Outcome read(BytesView file, const std::vector<std::size_t>& cuts, std::size_t max = kMax) {
  Outcome outcome;
  RootChainReader reader(max, [&](Bytes root) -> Status {
    outcome.roots.push_back(std::move(root));
    return {};
  });
  Status status;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    status = reader.add(file.substr(from, cut - from));
    from = cut;
  }
  status = reader.add(file.substr(from));
  if (status.ok()) status = reader.end();
  if (!status.ok()) {
    EXPECT_EQ(status.error().fault, Fault::rejected);
    outcome.error = status.error().what;
  }
  return outcome;
}
Outcome read(BytesView file) { return read(file, {}); }

std::vector<std::size_t> cut_everywhere(BytesView file) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < file.size(); ++i) cuts.push_back(i);
  return cuts;
}

TEST(RootChainFrame, IsTheLengthALineEndTheBytesAndALineEnd) {
  EXPECT_EQ(root_chain_frame("{}"), "2\n{}\n");
  EXPECT_EQ(root_chain_frame(std::string(1447, 'x')), "1447\n" + std::string(1447, 'x') + "\n");
}

TEST(RootChainFrame, IsAsLongAsItsSizeSays) {
  for (const std::size_t size : {1, 9, 10, 99, 100, 999, 1000, 65535, 65536})
    EXPECT_EQ(root_chain_frame(std::string(size, 'x')).size(), root_chain_frame_size(size)) << size;
}

TEST(RootChainReader, AcceptsWhatFramesMake) {
  const std::vector<Bytes> roots{"{\"a\":1}", "\n", "5\nroot\n", Bytes("\0\xff", 2), Bytes(kMax, 'r')};
  Bytes file;
  for (const Bytes& root : roots) file += root_chain_frame(root);
  EXPECT_EQ(read(file), (Outcome{roots, ""}));
}

TEST(RootChainReader, HandsOnARootWithItsLineEndAndNotBefore) {
  int taken = 0;
  RootChainReader reader(kMax, [&](Bytes root) -> Status {
    EXPECT_EQ(root, "root");
    ++taken;
    return {};
  });
  ASSERT_TRUE(reader.add("4\nroot").ok());
  EXPECT_EQ(taken, 0);
  ASSERT_TRUE(reader.add("\n").ok());
  EXPECT_EQ(taken, 1);
  EXPECT_TRUE(reader.end().ok());
}

struct Broken {
  const char *name, *file, *error;
  int roots;  // handed on before
};
void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class RootChainFile : public testing::TestWithParam<Broken> {};

TEST_P(RootChainFile, IsRefusedAfterTheRootsBeforeTheFault) {
  const Outcome outcome = read(GetParam().file, {}, 99);
  EXPECT_EQ(outcome.error, GetParam().error);
  EXPECT_EQ(outcome.roots, std::vector<Bytes>(static_cast<std::size_t>(GetParam().roots), "one"));
}

TEST_P(RootChainFile, IsRefusedAlikeWhereverItIsSplit) {
  const BytesView file = GetParam().file;
  const Outcome whole = read(file, {}, 99);
  EXPECT_EQ(read(file, cut_everywhere(file), 99), whole);
  for (std::size_t a = 0; a <= file.size(); ++a)
    for (std::size_t b = a; b <= file.size(); ++b) EXPECT_EQ(read(file, {a, b}, 99), whole) << a << " " << b;
}

constexpr const char* kPlain1 = "root chain: root 1 of the file: length: want 1 to 99 in plain decimal and a line end";
constexpr const char* kPlain2 = "root chain: root 2 of the file: length: want 1 to 99 in plain decimal and a line end";
constexpr const char* kCut1 = "root chain: root 1 of the file: cut short";
constexpr const char* kCut2 = "root chain: root 2 of the file: cut short";

INSTANTIATE_TEST_SUITE_P(
    Table, RootChainFile,
    testing::Values(Broken{"empty", "", "root chain: want at least one root, got none", 0},
                    Broken{"no length", "\none\n", "root chain: root 1 of the file: length: want 1 to 99, got ''", 0},
                    Broken{"zero", "0\n\n", kPlain1, 0},
                    Broken{"leading zero", "03\none\n", kPlain1, 0},
                    Broken{"plus", "+3\none\n", kPlain1, 0},
                    Broken{"minus", "-3\none\n", kPlain1, 0},
                    Broken{"blank before", " 3\none\n", kPlain1, 0},
                    Broken{"blank after", "3 \none\n", kPlain1, 0},
                    Broken{"carriage return", "3\r\none\n", kPlain1, 0},
                    Broken{"hexadecimal", "3a\none\n", kPlain1, 0},
                    Broken{"a root without a frame", "{\"signed\":{}}", kPlain1, 0},
                    Broken{"one digit too many", "100\none\n", kPlain1, 0},
                    Broken{"endless digits", "99999999999999999999999999999999\n", kPlain1, 0},
                    Broken{"cut in the length", "3", kCut1, 0},
                    Broken{"cut after the length", "3\n", kCut1, 0},
                    Broken{"cut in the root", "3\non", kCut1, 0},
                    Broken{"cut before the line end", "3\none", kCut1, 0},
                    Broken{"cut in the second length", "3\none\n3", kCut2, 1},
                    Broken{"cut in the second root", "3\none\n3\ntw", kCut2, 1},
                    Broken{"shorter than its length", "4\none\n3\none\n",
                           "root chain: root 1 of the file: want a line end after 4 bytes", 0},
                    Broken{"longer than its length", "3\none\n2\none\n",
                           "root chain: root 2 of the file: want a line end after 2 bytes", 1},
                    Broken{"no line end between", "3\none3\none\n",
                           "root chain: root 1 of the file: want a line end after 3 bytes", 0},
                    Broken{"an empty line between", "3\none\n\n3\none\n",
                           "root chain: root 2 of the file: length: want 1 to 99, got ''", 1},
                    Broken{"an empty line at the end", "3\none\n3\none\n\n",
                           "root chain: root 3 of the file: length: want 1 to 99, got ''", 2},
                    Broken{"text at the end", "3\none\nend", kPlain2, 1}));

TEST(RootChainReader, RefusesALengthAboveTheLimitBeforeItsRoot) {
  EXPECT_EQ(read("65\n", {}, 64).error, "root chain: root 1 of the file: length: want 1 to 64, got '65'");
  EXPECT_EQ(read("64\n" + std::string(64, 'x') + "\n", {}, 64).error, "");
}

TEST(RootChainReader, GivesTheSameRootsWhereverAChainIsSplit) {
  Bytes file;
  for (const char* root : {"one", "{\"a\":\n1}", "\n", "12\n34\n"}) file += root_chain_frame(root);
  const Outcome whole = read(file);
  ASSERT_EQ(whole.error, "");
  ASSERT_THAT(whole.roots, ElementsAre("one", "{\"a\":\n1}", "\n", "12\n34\n"));
  EXPECT_EQ(read(file, cut_everywhere(file)), whole);
  for (std::size_t a = 0; a <= file.size(); ++a)
    for (std::size_t b = a; b <= file.size(); ++b) EXPECT_EQ(read(file, {a, b}), whole) << a << " " << b;
}

TEST(RootChainReader, RefusesMoreRootsThanOneFileMayHold) {
  Bytes file;
  for (int i = 0; i < kMaxChainRoots; ++i) file += "1\nr\n";
  EXPECT_EQ(read(file).error, "");
  const Outcome more = read(file + "1\nr\n");
  EXPECT_EQ(more.error, "root chain: root 1025 of the file: want no more than 1024 roots");
  EXPECT_EQ(more.roots.size(), static_cast<std::size_t>(kMaxChainRoots));
}

TEST(RootChainReader, PassesOnARefusalAndTakesNoRootAfterIt) {
  int calls = 0;
  RootChainReader reader(kMax, [&](const Bytes& root) -> Status {
    ++calls;
    return root == "bad" ? Status(Error{Fault::expired, "no thanks"}) : Status();
  });
  const auto refused = reader.add("3\none\n3\nbad\n3\none\n");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::expired);
  EXPECT_EQ(reader.add("3\none\n").error().what, "no thanks");
  EXPECT_EQ(reader.add("").error().what, "no thanks");
  EXPECT_EQ(reader.end().error().what, "no thanks");
  EXPECT_EQ(calls, 2);
}

TEST(RootChainReader, ReturnsAFormFaultAgain) {
  int calls = 0;
  RootChainReader reader(kMax, [&](Bytes) -> Status {
    ++calls;
    return {};
  });
  const std::string first = reader.add("x").error().what;
  EXPECT_EQ(reader.add("3\none\n").error().what, first);
  EXPECT_EQ(reader.end().error().what, first);
  EXPECT_EQ(calls, 0);
}

// The worked example of docs/formats/root-chain.md.
TEST(RootChainVector, HoldsThreeRootsThatVerifyStepByStep) {
  PosixFiles files;
  const Bytes file = files.read(ROTA_SOURCE_DIR "/tests/vectors/1.root-chain", 1 << 20).value();
  EXPECT_EQ(file.size(), 5315u);
  EXPECT_EQ(crypto::sha256_hex(file), "c03847755abfcc1cfc63f7ce7fdafc948786f6d208ddda6e116c510fb1450e32");
  const Outcome outcome = read(file);
  ASSERT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.roots.size(), 3u);
  auto root = anchor_root(outcome.roots.front()).value();
  for (std::size_t i = 1; i < 3; ++i) root = next_root(root, outcome.roots[i]).value();
  EXPECT_EQ(root->version, 3);
  Bytes again;
  for (const Bytes& one : outcome.roots) again += root_chain_frame(one);
  EXPECT_EQ(again, file);
}

}  // namespace
}  // namespace rota::tuf
