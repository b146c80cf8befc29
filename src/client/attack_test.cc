// Attacks on a client that has seen timestamp 5, snapshot 5, targets 5 (TUF 1.5.2; tuf-client.md 4), in both dialects: what
// the attacker serves, how it is refused, and which files were rightly accepted before. Nothing else in the store changes, and
// the honest repository is believed again afterwards.
#include <gtest/gtest.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;
using Facts = Set::Facts;

struct Row {
  const char* name;
  std::function<void(Victim&)> serve;
  Fault fault;
  const char* text;
  std::vector<std::string> accepted = {};
};
using Rows = std::vector<Row>;

const std::vector<std::string> kUpToTimestamp{"timestamp"}, kUpToSnapshot{"timestamp", "snapshot"};

// The next set with its own change.
std::function<void(Victim&)> next(std::function<void(Set&)> change) {
  return [change](Victim& victim) { victim.publish_next(change); };
}
// The next set with bodies changed before they are signed.
std::function<void(Victim&)> forged(std::function<void(std::string_view role, Json& body)> change) {
  return next([change](Set& set) { set.change = change; });
}
// The next set, and then what the line does to it.
std::function<void(Victim&)> tampered(std::function<void(Victim&)> act) {
  return [act](Victim& victim) {
    victim.publish_next();
    act(victim);
  };
}
// The file of the set before in place of the next one.
std::function<void(Victim&)> replayed(const std::string& role, Facts facts) {
  return [=](Victim& victim) {
    const Bytes old = victim.served(role);
    victim.publish_next([&](Set& set) { set.facts = facts; });
    victim.served(role) = old;
  };
}

void expect_each_refused(const Rows& rows) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    for (const Row& row : rows) {
      SCOPED_TRACE(std::string(row.name) + (dialect == Dialect::tuf ? ", tuf" : ", uptane"));
      Victim victim(dialect);
      row.serve(victim);
      const auto before = victim.everything();
      expect_refused(victim.refresh(), row.fault, row.text);
      expect_unchanged(before, victim.everything(), row.accepted);
      victim.server.be_honest();
      victim.now = kNow;
      victim.publish_next();
      victim.publish_next();
      const Status after = victim.refresh();
      EXPECT_TRUE(after.ok()) << after.error().what;
    }
  }
}

TEST(Attack, ByStrangersAndWithStolenOnlineKeysIsRefused) {
  expect_each_refused({
      {"arbitrary software", next([](Set& set) { set.targets = {9}; }), Fault::rejected, "targets: 0 of 1 signatures",
       kUpToSnapshot},
      {"arbitrary software, nothing signed", next([](Set& set) { set.targets = {}; }), Fault::rejected,
       "targets: 0 of 1 signatures", kUpToSnapshot},
      {"a snapshot of a stranger", next([](Set& set) { set.snapshot = {9}; }), Fault::rejected,
       "snapshot: 0 of 1 signatures", kUpToTimestamp},
      {"a timestamp of a stranger", next([](Set& set) { set.timestamp = {9}; }), Fault::rejected,
       "timestamp: 0 of 1 signatures"},
      {"another repository", next([](Set& set) { set.timestamp = {14}, set.snapshot = {13}, set.targets = {12}; }),
       Fault::rejected, "unknown to root 1"},
      {"the key of another role", next([](Set& set) { set.targets = {3}; }), Fault::rejected, "not a key of targets",
       kUpToSnapshot},
      {"a root key in place of the timestamp's", next([](Set& set) { set.timestamp = {1}; }), Fault::rejected,
       "not a key of timestamp"},
      {"extraneous dependencies",
       tampered([](Victim& victim) {
         Bytes& targets = victim.served("targets");
         targets.replace(targets.find("\"app\""), 5, "\"api\"");
       }),
       Fault::rejected, "targets: hash: want sha256", kUpToSnapshot},
      {"extraneous dependencies under stolen online keys",
       [](Victim& victim) {
         victim.publish_next([](Set& set) { set.facts = Facts::left_out; });
         Bytes& targets = victim.served("targets");
         targets.replace(targets.find("\"app\""), 5, "\"api\"");
       },
       Fault::rejected, "signature does not verify", kUpToSnapshot},
  });
}

TEST(Attack, ByGoingBackIsRefused) {
  expect_each_refused({
      {"rollback of the timestamp", next([](Set& set) { set.versions = {4, 5, 5}; }), Fault::rejected,
       "timestamp: version: want at least 5, got 4"},
      {"rollback of the snapshot", next([](Set& set) { set.versions.snapshot = 4; }), Fault::rejected,
       "timestamp: version of snapshot: want at least 5, got 4"},
      {"rollback of the snapshot without hashes",
       next([](Set& set) { set.versions.snapshot = 4, set.facts = Facts::left_out; }), Fault::rejected,
       "timestamp: version of snapshot: want at least 5, got 4"},
      {"rollback of the targets", next([](Set& set) { set.versions.targets = 4; }), Fault::rejected,
       "snapshot: meta: targets.json: want at least 5, got 4", kUpToTimestamp},
      {"rollback of the targets without hashes",
       next([](Set& set) { set.versions.targets = 4, set.facts = Facts::left_out; }), Fault::rejected,
       "snapshot: meta: targets.json: want at least 5, got 4", kUpToTimestamp},
      {"rollback after a root that kept the keys",
       [](Victim& victim) {
         victim.rotate();
         victim.refresh().value();
         victim.publish_next([](Set& set) { set.versions = {4, 4, 4}; });
       },
       Fault::rejected, "timestamp: version: want at least 5, got 4"},
      {"rollback of the snapshot after a root that kept the keys",
       [](Victim& victim) {
         victim.rotate();
         victim.refresh().value();
         victim.publish_next([](Set& set) { set.versions.snapshot = 4; });
       },
       Fault::rejected, "timestamp: version of snapshot: want at least 5, got 4"},
      {"rollback of the targets after a root that kept the keys",
       [](Victim& victim) {
         victim.rotate();
         victim.refresh().value();
         victim.publish_next([](Set& set) { set.versions.targets = 4; });
       },
       Fault::rejected, "snapshot: meta: targets.json: want at least 5, got 4", kUpToTimestamp},
  });
}

// The same with a root that goes on in the very refresh that is attacked: the root is accepted, the old set is not.
TEST(Attack, ByGoingBackUnderANewRootThatKeptTheKeysIsRefused) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    SCOPED_TRACE(dialect == Dialect::tuf ? "tuf" : "uptane");
    Victim victim(dialect);
    victim.rotate([](RootPlan& root) { root.root.seeds = {5}; });
    victim.publish_next([](Set& set) { set.versions = {4, 4, 4}; });
    const Bytes before = victim.stored("timestamp.json");
    expect_refused(victim.refresh(), Fault::rejected, "timestamp: version: want at least 5, got 4");
    EXPECT_EQ(victim.stored("timestamp.json"), before);
    EXPECT_EQ(victim.stored("root.json"), victim.server.files.at("metadata/2.root.json"));
  }
}

TEST(Attack, ByAListedFileIsRefused) {
  const auto listed_at = [](std::map<std::string, tuf::Version> files, Facts facts) {
    return [=](Victim& victim) {
      victim.set.also_listed = {{"other.json", 5}};
      victim.publish_next();
      victim.refresh().value();
      victim.publish_next([&](Set& set) { set.also_listed = files, set.facts = facts; });
    };
  };
  expect_each_refused({
      {"rollback of a listed file", listed_at({{"other.json", 4}}, Facts::given), Fault::rejected,
       "snapshot: meta: other.json: want at least 5, got 4", kUpToTimestamp},
      {"rollback of a listed file without hashes", listed_at({{"other.json", 4}}, Facts::left_out), Fault::rejected,
       "snapshot: meta: other.json: want at least 5, got 4", kUpToTimestamp},
      {"a listed file disappears", listed_at({}, Facts::given), Fault::rejected,
       "snapshot: meta: other.json: want at least 5, got nothing", kUpToTimestamp},
  });
}

TEST(Attack, ByMixAndMatchIsRefused) {
  expect_each_refused({
      {"old snapshot under a new timestamp", replayed("snapshot", Facts::given), Fault::rejected, "snapshot: hash",
       kUpToTimestamp},
      {"old snapshot under a new timestamp without hashes", replayed("snapshot", Facts::left_out), Fault::rejected,
       "snapshot: version: want 6, got 5", kUpToTimestamp},
      {"old targets under a new snapshot", replayed("targets", Facts::given), Fault::rejected, "targets: hash",
       kUpToSnapshot},
      {"old targets under a new snapshot without hashes", replayed("targets", Facts::left_out), Fault::rejected,
       "targets: version: want 6, got 5", kUpToSnapshot},
      {"targets of another set of that version",
       tampered([](Victim& victim) {
         Victim other(victim.set.dialect);
         other.publish_next([](Set& set) { set.offers = {{"app", "the other app"}}; });
         victim.served("targets") = other.served("targets");
       }),
       Fault::rejected, "targets: ", kUpToSnapshot},
      {"one bit of the targets",
       tampered([](Victim& victim) {
         Bytes& targets = victim.served("targets");
         targets[targets.size() / 2] ^= 1;
       }),
       Fault::rejected, "targets: ", kUpToSnapshot},
  });
}

TEST(Attack, ByTimeIsRefused) {
  const auto expired = [](std::string_view which, const char* when) {
    return forged([=](std::string_view role, Json& body) {
      if (role == which) body["expires"] = when;
    });
  };
  expect_each_refused({
      {"indefinite freeze", [](Victim& victim) { victim.now = parse_rfc3339("2100-06-01T00:00:00Z").value(); },
       Fault::expired, "timestamp: expires: want after 2100-06-01T00:00:00Z"},
      {"freeze with an expired timestamp", expired("timestamp", "2099-12-31T23:59:59Z"), Fault::expired,
       "timestamp: expires"},
      {"expired at this very second: timestamp", expired("timestamp", "2100-01-01T00:00:00Z"), Fault::expired,
       "timestamp: expires"},
      {"expired at this very second: snapshot", expired("snapshot", "2100-01-01T00:00:00Z"), Fault::expired,
       "snapshot: expires", kUpToTimestamp},
      {"expired at this very second: targets", expired("targets", "2100-01-01T00:00:00Z"), Fault::expired,
       "targets: expires", kUpToSnapshot},
      {"the year 10000", expired("timestamp", "10000-01-01T00:00:00Z"), Fault::rejected, "timestamp: expires: want a date"},
      {"a leap second", expired("timestamp", "2100-12-31T23:59:60Z"), Fault::rejected, "timestamp: expires: want a date"},
      {"no such day", expired("timestamp", "2101-02-29T00:00:00Z"), Fault::rejected, "timestamp: expires: want a date"},
  });
}

TEST(Attack, AnUpdateHasOneTimeHoweverLongItTakes) {  // TUF 5.1
  for (const char* expires : {"2100-01-01T00:00:01Z", "9999-12-31T23:59:59Z"}) {
    SCOPED_TRACE(expires);
    Victim victim;
    victim.publish_next([&](Set& set) { set.expires = expires; });
    victim.server.when_asked(victim.path("snapshot"), [&] { victim.now += days(400); });
    const Status taken = victim.refresh();
    EXPECT_TRUE(taken.ok()) << taken.error().what;
  }
}

// What no honest writer can make: the key's owner signs a text of his own.
std::function<void(Victim&)> renumbered(const std::string& role, int seed, const std::string& tuf, const std::string& uptane) {
  return [=](Victim& victim) {
    victim.publish_next([](Set& set) { set.facts = Facts::left_out; });
    Bytes body = to_json(*parse_json(victim.served(role))->find("signed"));
    const std::string_view from = "\"version\":6}";  // its last member
    const bool is_tuf = victim.set.dialect == Dialect::tuf;
    body.replace(body.rfind(from), from.size(), "\"version\":" + (is_tuf ? tuf : uptane) + "}");
    victim.served(role) = signed_text(body, seed, victim.set.dialect);
  };
}

TEST(Attack, ByFastForwardBeyondTheLastVersionIsRefused) {
  const auto to = [](const std::string& role, int seed, const std::string& version) {
    return renumbered(role, seed, version, version);
  };
  const auto beyond = [](const std::string& role, int seed) {
    return renumbered(role, seed, "9007199254740992", "2147483648");
  };
  expect_each_refused({
      {"timestamp", beyond("timestamp", 4), Fault::rejected, "timestamp: version: want 1.."},
      {"snapshot", beyond("snapshot", 3), Fault::rejected, "snapshot: version: want 1..", kUpToTimestamp},
      {"targets", beyond("targets", 2), Fault::rejected, "targets: version: want 1..", kUpToSnapshot},
      {"beyond 64 bits", to("timestamp", 4, "18446744073709551617"), Fault::rejected, "timestamp: version: want 1.."},
      {"version zero", to("timestamp", 4, "0"), Fault::rejected, "timestamp: version: want 1.."},
      {"a version before all", to("timestamp", 4, "-6"), Fault::rejected, "timestamp: version: want 1.."},
  });
}

// DEV-13, TUF 5.3.11: fast-forwarded under keys that a new root revokes.
TEST(Attack, AFastForwardIsRecoveredFromByNewKeys) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    SCOPED_TRACE(dialect == Dialect::tuf ? "tuf" : "uptane");
    Victim victim(dialect);
    const tuf::Version last = dialect == Dialect::tuf ? (tuf::Version{1} << 53) - 1 : INT32_MAX;
    const Set honest = victim.set;
    victim.publish_next([&](Set& set) { set.versions = {last, last, 6}; });
    victim.refresh().value();
    victim.set = honest;
    victim.publish_next();
    const auto before = victim.everything();
    expect_refused(victim.refresh(), Fault::rejected, "timestamp: version: want at least");
    expect_unchanged(before, victim.everything());
    victim.rotate([](RootPlan& root) { root.timestamp.seeds = {7}, root.snapshot.seeds = {6}; });
    victim.set.timestamp = {7}, victim.set.snapshot = {6};
    victim.publish_next();
    const Status recovered = victim.refresh();
    EXPECT_TRUE(recovered.ok()) << recovered.error().what;
  }
}

TEST(Attack, ByOneRoleInTheCoatOfAnotherIsRefused) {
  expect_each_refused({
      {"the snapshot as timestamp",
       tampered([](Victim& victim) { victim.served("timestamp") = victim.served("snapshot"); }), Fault::rejected,
       "timestamp: _type"},
      {"the targets as timestamp",
       tampered([](Victim& victim) { victim.served("timestamp") = victim.served("targets"); }), Fault::rejected,
       "timestamp: _type"},
      {"the root as timestamp",
       tampered([](Victim& victim) { victim.served("timestamp") = victim.server.files.at("metadata/1.root.json"); }),
       Fault::rejected, "timestamp: _type"},
      {"the timestamp as snapshot, listed so",
       forged([](std::string_view role, Json& body) {
         if (role == "snapshot") body["_type"] = "timestamp";
       }),
       Fault::rejected, "snapshot: _type", kUpToTimestamp},
      {"a snapshot as targets, listed so",
       forged([](std::string_view role, Json& body) {
         if (role == "targets") body["_type"] = "snapshot";
       }),
       Fault::rejected, "targets: _type", kUpToSnapshot},
  });
}

}  // namespace
}  // namespace rota::client
