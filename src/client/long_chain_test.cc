// A client that slept through many rotations: one by one and through root chain
// files, cut at any root, lied to in every way a chain file can lie
// (docs/formats/root-chain.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "client/updater.h"
#include "sim/long_chain.h"
#include "tuf/root_chain.h"

namespace rota::client {
namespace {

using sim::LongChain;
using testing::ElementsAre;
using testing::HasSubstr;

const Time kNow = parse_rfc3339("2100-01-01T00:00:00Z").value();
const std::vector<std::string> kSet{"timestamp.json", "snapshot.json",
                                    "targets.json"};

// A disk: what was accepted stays, in the order it came, whatever happens to
// the client.
class Disk final : public TrustStore {
public:
  explicit Disk(Bytes first) { roots_.emplace(1, std::move(first)); }

  Keeps keeps() const override { return Keeps::files; }
  Result<std::vector<tuf::Version>> root_versions() override {
    std::vector<tuf::Version> versions;
    for (const auto &[version, bytes] : roots_)
      versions.push_back(version);
    return versions;
  }
  Result<Bytes> root(tuf::Version version) override {
    return roots_.at(version);
  }
  Result<Stored> load() override { return stored_; }
  Status accept_roots(std::span<const AcceptedRoot> roots,
                      const Stored &left) override {
    for (const AcceptedRoot &root : roots) {
      if (keeps_roots_)
        roots_[root.version] = root.bytes.bytes();
      newest_ = root.version;
    }
    std::size_t together = 0;
    for (const AcceptedRoot &root : roots)
      together += root.bytes.size();
    most_at_once_ = std::max(most_at_once_, together);
    stored_ = left;
    if (on_accept_)
      on_accept_();
    return {};
  }
  Status accept(tuf::Role, const tuf::FileBytes &,
                const tuf::Floors &floors) override {
    stored_.floors = floors;
    return {};
  }
  Status replace(const tuf::Generation &generation,
                 const tuf::Floors &floors) override {
    stored_.generation = generation;
    stored_.floors = floors;
    return {};
  }
  Result<Bytes> delegated(const std::string &role) override {
    return not_found(role);
  }
  Status keep_delegated(const std::string &, BytesView) override { return {}; }
  Result<std::optional<Time>> clock_floor() override { return clock_floor_; }
  Status set_clock_floor(Time time) override {
    clock_floor_ = time;
    return {};
  }

  void forget_roots_at_once() {
    keeps_roots_ = false;
  } // for a test that weighs the client alone
  void on_accept(std::function<void()> act) { on_accept_ = std::move(act); }
  tuf::Version newest() const { return newest_; }
  std::size_t most_at_once() const { return most_at_once_; }
  const std::map<tuf::Version, Bytes> &roots() const { return roots_; }

private:
  std::map<tuf::Version, Bytes> roots_;
  tuf::Version newest_ = 1;
  std::size_t most_at_once_ = 0;
  bool keeps_roots_ = true;
  std::function<void()> on_accept_;
  Stored stored_;
  std::optional<Time> clock_floor_;
};

Bytes frame(BytesView root) { return tuf::root_chain_frame(root); }

std::vector<std::string> and_the_set(std::vector<std::string> names) {
  names.insert(names.end(), kSet.begin(), kSet.end());
  return names;
}

class LongChainTest : public testing::Test {
protected:
  void sleep_through(tuf::Version newest, std::size_t padding = 0) {
    static const LongChain thousand(LongChain::Plan{1000}); // made once
    server_.reset();
    if (newest == 1000)
      server_ = thousand;
    else
      server_.emplace(LongChain::Plan{newest, padding});
    disk_.emplace(server_->root(1));
  }

  // One run of the client; a new process each time.
  Status refresh(int most_roots = 1024) {
    server_->forget_requests();
    PosixFiles files;
    Updater::Options options{.metadata_url = std::string(LongChain::kBase),
                             .now = kNow};
    options.limits.roots_per_refresh = most_roots;
    auto updater = TRY(Updater::open(*server_, *disk_, files, options));
    const Status done = updater->refresh();
    root_ = updater->root().version;
    return done;
  }

  // The disk holds the roots 1 to `newest` of the server, byte for byte, and
  // nothing else.
  void expect_on_disk(tuf::Version newest) {
    ASSERT_EQ(disk_->newest(), newest);
    ASSERT_EQ(disk_->roots().size(), static_cast<std::size_t>(newest));
    for (const auto &[version, bytes] : disk_->roots())
      ASSERT_TRUE(bytes == server_->root(version)) << version;
    EXPECT_EQ(root_, newest);
  }

  // The chain file is `file` and then the connection breaks.
  void cut_after(Bytes file) {
    server_->tell([file = std::move(file)](
                      tuf::Version, const LongChain::Sink &say) -> Status {
      TRY(say(file));
      return unavailable("connection reset");
    });
  }
  // As cut_after, and from then on nothing is answered.
  void lose_after(Bytes file) {
    server_->tell([this, file = std::move(file)](
                      tuf::Version, const LongChain::Sink &say) -> Status {
      server_->fall_silent();
      TRY(say(file));
      return unavailable("connection reset");
    });
  }
  void recover() {
    server_->wake_up();
    server_->tell_the_truth();
  }

  std::optional<LongChain> server_;
  std::optional<Disk> disk_;
  tuf::Version root_ = 0;
};

TEST_F(LongChainTest, CatchesUpWithAThousandRootsInThreeRequests) {
  sleep_through(1000);
  ASSERT_TRUE(refresh().ok());
  expect_on_disk(1000);
  EXPECT_EQ(server_->requests(),
            and_the_set({"2.root.json", "3.root-chain", "1001.root.json"}));
}

TEST_F(LongChainTest, CatchesUpOneByOneWhereThereIsNoChainFile) {
  sleep_through(1000);
  server_->offer(LongChain::Offer::single_roots);
  ASSERT_TRUE(refresh().ok());
  expect_on_disk(1000);
  std::vector<std::string> names;
  for (int version = 2; version <= 1001; ++version)
    names.push_back(std::to_string(version) + ".root.json");
  EXPECT_EQ(server_->requests(), and_the_set(names));
}

TEST_F(LongChainTest, AsksForNoChainFileWhenNothingIsNewerThanTheNextRoot) {
  sleep_through(2);
  ASSERT_TRUE(refresh().ok());
  EXPECT_EQ(server_->requests(), and_the_set({"2.root.json", "3.root.json"}));
}

TEST_F(LongChainTest, TakesAChainInPiecesOfAnySize) {
  for (const std::size_t piece : {1, 7, 1000, 100'000}) {
    sleep_through(12);
    server_->set_piece(piece);
    ASSERT_TRUE(refresh().ok()) << piece;
    expect_on_disk(12);
  }
}

TEST_F(LongChainTest,
       KeepsWhatArrivedWholeWhereverAChainIsCutAndResumesThereLater) {
  constexpr tuf::Version kNewest = 40;
  sleep_through(kNewest);
  for (tuf::Version whole = 2; whole < kNewest;
       ++whole) { // of the chain file, roots 3 to `whole` arrive, and a bit
    const Bytes next = frame(server_->root(whole + 1));
    const std::size_t bits[] = {0, 1, 5, next.size() / 2, next.size() - 1};
    disk_.emplace(server_->root(1));
    lose_after(server_->framed(3, whole) + next.substr(0, bits[whole % 5]));
    const Status lost = refresh();
    ASSERT_FALSE(lost.ok());
    EXPECT_EQ(lost.error().fault, Fault::unavailable) << lost.error().what;
    expect_on_disk(whole);
    recover();
    ASSERT_TRUE(refresh().ok()) << whole;
    expect_on_disk(kNewest);
    EXPECT_EQ(server_->requests().front(),
              std::to_string(whole + 1) + ".root.json");
  }
}

TEST_F(LongChainTest, GoesOnWithSingleRootsWhereverOnlyTheChainIsCut) {
  constexpr tuf::Version kNewest = 40;
  sleep_through(kNewest);
  for (tuf::Version whole = 2; whole < kNewest; ++whole) {
    disk_.emplace(server_->root(1));
    cut_after(server_->framed(3, whole) +
              frame(server_->root(whole + 1)).substr(0, 700));
    ASSERT_TRUE(refresh().ok()) << whole;
    expect_on_disk(kNewest);
    std::vector<std::string> names{"2.root.json", "3.root-chain"};
    for (tuf::Version next = whole + 1; next <= kNewest + 1; ++next)
      names.push_back(std::to_string(next) + ".root.json");
    EXPECT_EQ(server_->requests(), and_the_set(names));
  }
}

TEST_F(LongChainTest, KeepsWhatArrivedWhereverSingleRootsAreCutAndGoesOnThere) {
  constexpr tuf::Version kNewest = 40;
  sleep_through(kNewest);
  server_->offer(LongChain::Offer::single_roots);
  for (tuf::Version last = 1; last < kNewest; ++last) {
    disk_.emplace(server_->root(1));
    server_->withhold(std::to_string(last + 1) + ".root.json");
    const Status cut = refresh();
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().fault, Fault::unavailable);
    expect_on_disk(last);
    server_->withhold("");
    ASSERT_TRUE(refresh().ok());
    expect_on_disk(kNewest);
    EXPECT_EQ(server_->requests().front(),
              std::to_string(last + 1) + ".root.json");
  }
}

TEST_F(LongChainTest, ReachesTheThousandthRootThroughManyCuts) {
  sleep_through(1000);
  tuf::Version reached = 1;
  for (int run = 0; reached < 1000; ++run) {
    ASSERT_LT(run, 20) << "each run gets further";
    const tuf::Version last =
        std::min<tuf::Version>(reached + 61 + 7 * run, 1000);
    recover();
    if (last < 1000)
      lose_after(server_->framed(reached + 2, last) + "77");
    EXPECT_EQ(refresh().ok(), last == 1000);
    expect_on_disk(last);
    reached = last;
  }
}

TEST_F(LongChainTest, StopsAtTheMostRootsOfARefreshAndGoesOnInTheNext) {
  sleep_through(100);
  for (const tuf::Version reached : {31, 61, 91}) {
    const Status stopped = refresh(30);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().fault, Fault::unavailable)
        << stopped.error().what;
    expect_on_disk(reached);
  }
  ASSERT_TRUE(refresh(30).ok());
  expect_on_disk(100);
}

TEST_F(LongChainTest, GoesOnAfterAChainFileThatEndsEarly) {
  sleep_through(40);
  server_->tell([this](tuf::Version first, const LongChain::Sink &say) {
    return say(server_->framed(first, first + 4));
  });
  ASSERT_TRUE(refresh().ok());
  expect_on_disk(40);
  EXPECT_EQ(server_->requests().at(2), "8.root.json");
}

TEST_F(LongChainTest, BelievesNoHint) {
  for (const char *hint : {"", "0", "1", "2", "-5", "01000", "1e3", "many",
                           "99999999999999999999", "1000000"}) {
    sleep_through(5);
    server_->hint(hint);
    ASSERT_TRUE(refresh().ok()) << hint;
    expect_on_disk(5);
  }
}

// What a chain file of the roots 3 … 40 may hold instead, how many of them are
// kept, and what is said.
struct Lie {
  const char *name;
  std::function<Status(const LongChain &, const LongChain::Sink &)> tell;
  tuf::Version kept;
  const char *error;
};
void PrintTo(const Lie &lie, std::ostream *out) { *out << lie.name; }

Bytes spoiled(Bytes root) {
  root[root.find("\"sig\":\"") + 10] ^= 1;
  return root;
}
Lie lie(const char *name, std::function<Bytes(const LongChain &)> file,
        tuf::Version kept, const char *error) {
  return {name,
          [file](const LongChain &chain, const LongChain::Sink &say) {
            return say(file(chain));
          },
          kept, error};
}
std::vector<Lie> lies() {
  using Chain = const LongChain &;
  return {
      lie(
          "a spoiled signature in the middle",
          [](Chain c) {
            return c.framed(3, 20) + frame(spoiled(c.root(21))) +
                   c.framed(22, 40);
          },
          20, "signatures"),
      lie(
          "a root left out",
          [](Chain c) { return c.framed(3, 20) + c.framed(22, 40); }, 20,
          "signatures"),
      lie(
          "a root repeated",
          [](Chain c) { return c.framed(3, 20) + c.framed(20, 40); }, 20,
          "version"),
      lie(
          "the first root again",
          [](Chain c) { return c.framed(3, 20) + c.framed(1, 1); }, 20,
          "signatures"),
      lie(
          "two roots exchanged",
          [](Chain c) {
            return c.framed(3, 20) + c.framed(22, 22) + c.framed(21, 21) +
                   c.framed(23, 40);
          },
          20, "signatures"),
      lie(
          "no roots but a targets file",
          [](Chain) { return frame("{\"signatures\":[],\"signed\":{}}"); }, 2,
          "root"),
      lie(
          "a root of somebody else",
          [](Chain c) {
            return c.framed(3, 10) +
                   frame(sim::signed_root(
                       sim::root_body({.version = 11, .root_keys = "x"}), "x"));
          },
          10, "signatures"),
      lie(
          "an oversize frame",
          [](Chain c) {
            return c.framed(3, 20) + "99999999\n" + std::string(4096, 'x');
          },
          20, "root chain: root 19 of the file: length"),
      lie(
          "a frame one byte over the limit",
          [](Chain c) {
            return c.framed(3, 20) + frame(std::string(64 * 1024 + 1, ' '));
          },
          20, "root chain: root 19 of the file: length"),
      lie(
          "a length with a sign",
          [](Chain c) { return c.framed(3, 20) + "+" + c.framed(21, 40); }, 20,
          "root chain: "),
      lie(
          "a root shorter than its length",
          [](Chain c) {
            return c.framed(3, 20) + "2000\n" + c.root(21) + "\n" +
                   c.framed(22, 40);
          },
          20, "root chain: root 19 of the file: want a line end"),
      lie(
          "a blank line between",
          [](Chain c) { return c.framed(3, 20) + "\n" + c.framed(21, 40); }, 20,
          "root chain: "),
      lie(
          "ends inside a root",
          [](Chain c) {
            return c.framed(3, 20) + frame(c.root(21)).substr(0, 500);
          },
          20, "root chain: root 19 of the file: cut short"),
      lie(
          "ends inside a length",
          [](Chain c) { return c.framed(3, 20) + "15"; }, 20,
          "root chain: root 19 of the file: cut short"),
      lie(
          "nothing at all", [](Chain) { return Bytes(); }, 2,
          "root chain: want at least one root"),
      lie(
          "an error page", [](Chain) { return Bytes("<html>sorry</html>"); }, 2,
          "root chain: root 1 of the file: length"),
      {"the same root without end",
       [](Chain c, const LongChain::Sink &say) -> Status {
         TRY(say(c.framed(3, 20)));
         for (int i = 0; i < 1'000'000; ++i)
           TRY(say(c.framed(20, 20)));
         return unavailable("a million roots were taken");
       },
       20, "version"},
      {"digits without end",
       [](Chain c, const LongChain::Sink &say) -> Status {
         TRY(say(c.framed(3, 20)));
         for (int i = 0; i < 1'000'000; ++i)
           TRY(say("1"));
         return unavailable("a million digits were taken");
       },
       20, "root chain: root 19 of the file: length"},
  };
}

class LyingChain : public LongChainTest,
                   public testing::WithParamInterface<Lie> {};

TEST_P(LyingChain, IsRefusedAfterTheRootsBeforeTheLieWhichStay) {
  sleep_through(40);
  server_->tell([this](tuf::Version first, const LongChain::Sink &say) {
    EXPECT_EQ(first, 3);
    return GetParam().tell(*server_, say);
  });
  const Status refused = refresh();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr(GetParam().error));
  expect_on_disk(GetParam().kept);
  EXPECT_THAT(
      server_->requests(),
      ElementsAre("2.root.json", "3.root-chain")); // nothing is asked of a liar
}

TEST_P(LyingChain, DoesNotKeepTheClientFromTheTruthLater) {
  sleep_through(40);
  server_->tell([this](tuf::Version, const LongChain::Sink &say) {
    return GetParam().tell(*server_, say);
  });
  ASSERT_FALSE(refresh().ok());
  server_->tell_the_truth();
  ASSERT_TRUE(refresh().ok());
  expect_on_disk(40);
  EXPECT_EQ(server_->requests().front(),
            std::to_string(GetParam().kept + 1) + ".root.json");
}

INSTANTIATE_TEST_SUITE_P(Table, LyingChain, testing::ValuesIn(lies()));

// 200 roots of 60 KB, 12 MB, pass through a client that holds one of them at a
// time.
TEST_F(LongChainTest, HoldsOneRootAtATime) {
  constexpr std::size_t kPadding = 60'000;
  for (const auto offer :
       {LongChain::Offer::chain_files, LongChain::Offer::single_roots}) {
    sleep_through(200, kPadding);
    server_->offer(offer);
    disk_->forget_roots_at_once();
    const std::size_t before = mallinfo2().uordblks;
    std::size_t most = 0;
    disk_->on_accept(
        [&most] { most = std::max<std::size_t>(most, mallinfo2().uordblks); });
    ASSERT_TRUE(refresh().ok());
    EXPECT_EQ(disk_->newest(), 200);
    EXPECT_LE(disk_->most_at_once(), std::size_t{64 * 1024});
    EXPECT_LT(
        most,
        before +
            12 * kPadding); // its bytes, its reading, and the root before it
  }
}

} // namespace
} // namespace rota::client
