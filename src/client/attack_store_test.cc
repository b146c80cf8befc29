// Attacks on what a client holds: a cache that somebody edited, a newer set beside an older root, power lost between any two
// writes, two clients on one store (tuf-client.md 1, 4). What is stored is never more trusted than what is fetched.
#include <gtest/gtest.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;

const Dialect kDialects[] = {Dialect::tuf, Dialect::uptane};
const std::string kFiles[] = {"timestamp.json", "snapshot.json", "targets.json"};

// What the client believes without a word from the network: the targets it would offer.
Result<std::optional<tuf::Target>> believed_offline(Victim& victim) {
  const auto store = TRY(FolderStore::open(victim.files, kTrust, Seconds(0)));
  const auto trust = TRY(load_trust(*store, {}, {victim.now}));
  if (!trust.has_valid_set()) return std::optional<tuf::Target>();
  return std::optional<tuf::Target>(trust.set->targets->targets.at(0));
}

TEST(StoreAttack, AnEditedFileIsDroppedAndFetchedAgain) {
  const auto nonsense = [](const Bytes&) { return Bytes("{}"); };
  const auto cut = [](const Bytes& file) { return file.substr(0, file.size() / 2); };
  const auto later = [](Bytes file) { return file.replace(file.find("2100"), 4, "2199"); };
  const auto gone = [](const Bytes&) { return Bytes(); };
  const std::pair<const char*, std::function<Bytes(const Bytes&)>> edits[] = {
      {"nonsense", nonsense}, {"cut in half", cut}, {"another expiry", later}, {"empty", gone}};
  for (const Dialect dialect : kDialects) {
    for (const auto& file : kFiles) {
      for (const auto& [name, edit] : edits) {
        SCOPED_TRACE(file + ": " + name);
        Victim victim(dialect);
        const auto whole = victim.everything();
        victim.store(file, edit(victim.stored(file)));
        EXPECT_FALSE(believed_offline(victim).value().has_value());
        const Status taken = victim.refresh();
        EXPECT_TRUE(taken.ok()) << taken.error().what;
        EXPECT_EQ(victim.everything(), whole);
      }
    }
  }
}

// The thief of a disk puts in what his own keys signed.
TEST(StoreAttack, AForgedSetInTheStoreIsNotBelieved) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    Victim thief(dialect);
    thief.publish_next([](Set& set) {
      set.targets = {12}, set.snapshot = {13}, set.timestamp = {14};
      set.versions = {50, 50, 50};
      set.offers = {{"app", "the worst app"}};
    });
    thief.set.versions = {50, 50, 50};
    for (const std::string role : {"timestamp", "snapshot", "targets"}) victim.store(role + ".json", thief.served(role));
    EXPECT_FALSE(believed_offline(victim).value().has_value());
    EXPECT_TRUE(victim.refresh().ok());
    EXPECT_EQ(victim.stored("timestamp.json"), victim.served("timestamp"));
  }
}

TEST(StoreAttack, AForgedRootInTheStoreIsNotBelieved) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    victim.rotate([](RootPlan& root) { root.root.seeds = {5}; });
    victim.refresh().value();
    const Bytes root = victim.stored("root.json");
    RootPlan forged = victim.root;
    forged.root.seeds = {15}, forged.targets.seeds = {12};
    for (const char* name : {"root.json", "history/2.root.json"}) {
      SCOPED_TRACE(name);
      victim.store(name, tuf::test::root_file(forged));
      const Status taken = victim.refresh();
      EXPECT_TRUE(taken.ok()) << taken.error().what;
      EXPECT_EQ(victim.stored("root.json"), root);
      EXPECT_EQ(victim.stored("history/2.root.json"), root);
    }
    victim.store("history/1.root.json", tuf::test::root_file({.version = 1, .root = {{15}}, .dialect = dialect}));
    EXPECT_FALSE(victim.refresh().ok()) << "a chain whose start does not lead on is no chain";
  }
}

TEST(StoreAttack, AStoreWithoutARootIsRefused) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    for (const auto& [path, bytes] : victim.everything())
      if (path.ends_with("root.json")) victim.files.remove(path).value();
    expect_refused(victim.refresh(), Fault::rejected, "root");
  }
}

// A newer set that the next root vouches for is no set under the root before, and is not lost when that root comes.
TEST(StoreAttack, ANewerSetUnderAnOlderRootIsNotBelieved) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    const auto at_root_1 = victim.everything();
    victim.rotate([](RootPlan& root) { root.timestamp.seeds = {7}; });
    victim.set.timestamp = {7};
    victim.publish_next();
    victim.refresh().value();
    const auto at_root_2 = victim.everything();
    for (const auto& [path, bytes] : at_root_2)
      if (path.ends_with("root.json")) victim.files.remove(path).value();
    for (const auto& [path, bytes] : at_root_1)
      if (path.ends_with("root.json")) replace_file(victim.files, path, bytes, 0644).value();
    EXPECT_FALSE(believed_offline(victim).value().has_value());
    EXPECT_TRUE(victim.refresh().ok());
    EXPECT_EQ(victim.stored("timestamp.json"), victim.served("timestamp"));
  }
}

// The disk goes back in time as a whole: nothing on it can tell, but what comes is still checked against it.
TEST(StoreAttack, ASetThatWasExpiredWhenStoredIsNotUsed) {
  for (const Dialect dialect : kDialects) {
    Victim victim(dialect);
    victim.now = parse_rfc3339("2100-06-01T00:00:00Z").value();
    EXPECT_FALSE(believed_offline(victim).value().has_value());
    victim.set.expires = "2101-06-01T00:00:00Z";
    victim.publish_next();
    EXPECT_TRUE(victim.refresh().ok());
    EXPECT_TRUE(believed_offline(victim).value().has_value());
  }
}

// A refresh over two roots, a new set and a delegated file, cut after every step of the disk: what is there then is believed or
// fetched again, never wrong, and the next refresh ends where an uncut one ends. An old set is not taken in between.
TEST(StoreAttack, PowerLossBetweenAnyTwoWritesLosesNothingAndBelievesNothingElse) {
  for (const Dialect dialect : kDialects) {
    SCOPED_TRACE(dialect == Dialect::tuf ? "tuf" : "uptane");
    const auto prepare = [](Victim& victim) {
      victim.rotate([](RootPlan& root) { root.root.seeds = {5}; });
      victim.rotate([](RootPlan& root) { root.timestamp.seeds = {7}; });
      victim.set.timestamp = {7};
      victim.publish_next();
    };
    Victim whole(dialect);
    prepare(whole);
    const int before = whole.files.steps_taken();
    whole.refresh().value();
    const int steps = whole.files.steps_taken() - before;
    ASSERT_GT(steps, 10);
    for (int cut = 0; cut < steps; ++cut) {
      SCOPED_TRACE(cut);
      Victim victim(dialect);
      prepare(victim);
      victim.files.cut_after(cut);
      EXPECT_EQ(victim.refresh().error().fault, Fault::io);
      victim.files.restart();
      const auto left = believed_offline(victim);
      ASSERT_TRUE(left.ok()) << left.error().what;
      const Set honest = victim.set;
      victim.publish_next([](Set& set) { set.versions = {4, 4, 4}, set.timestamp = {4}; });
      EXPECT_FALSE(victim.refresh().ok()) << "replayed";
      victim.server.publish(honest);
      const Status taken = victim.refresh();
      ASSERT_TRUE(taken.ok()) << taken.error().what;
      EXPECT_EQ(victim.everything(), whole.everything());
    }
  }
}

TEST(StoreAttack, TwoClientsOnOneStoreDoNotMix) {
  Victim victim;
  victim.publish_next();
  std::optional<Error> other;
  victim.server.when_asked(victim.path("snapshot"), [&] {
    const auto second = FolderStore::open(victim.files, kTrust, Seconds(0));
    if (!second.ok()) other = second.error();
  });
  EXPECT_TRUE(victim.refresh().ok());
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->fault, Fault::conflict);
  EXPECT_TRUE(FolderStore::open(victim.files, kTrust, Seconds(0)).ok()) << "free again";
}

}  // namespace
}  // namespace rota::client
