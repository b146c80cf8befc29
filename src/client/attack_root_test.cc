// Roots that must not be believed (TUF 5.3), offered to a client at root 1 with thresholds of two for root and targets: by
// those who hold too few keys, and by those who hold yesterday's. What was held stays, byte for byte; the honest next root is
// believed afterwards.
#include <gtest/gtest.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;
using tuf::test::root_file;
using tuf::test::Seeds;

constexpr const char* kRoot2 = "metadata/2.root.json";

// A victim of a factory whose root asks for two of its three keys.
struct CarefulVictim : Victim {
  explicit CarefulVictim(Dialect dialect) : Victim(dialect) {
    rotate([](RootPlan& plan) { plan.root = {{1, 21, 22}, 2}; });
    refresh().value();
  }
};

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

struct Row {
  const char* name;
  std::function<Bytes(const RootPlan& held)> offered;  // as the root after `held`
  const char* text;
};

RootPlan after(const RootPlan& held) {
  RootPlan plan = held;
  ++plan.version;
  return plan;
}
// The next root with its own change, signed by these.
std::function<Bytes(const RootPlan&)> next(std::function<void(RootPlan&)> change, Seeds signers) {
  return [=](const RootPlan& held) {
    RootPlan plan = after(held);
    change(plan);
    return root_file(plan, signers);
  };
}
std::function<Bytes(const RootPlan&)> with_body(std::function<void(Json&)> change) {
  return [=](const RootPlan& held) {
    Json body = tuf::test::root_body(after(held));
    change(body);
    return tuf::test::signed_file(body, {1, 21}, held.dialect);
  };
}
std::function<Bytes(const RootPlan&)> with_envelope(std::function<void(Json&)> change) {
  return [=](const RootPlan& held) {
    Json envelope = parse_json(root_file(after(held), {1, 21})).value();
    change(envelope);
    return to_json(envelope);
  };
}

const auto kSame = [](RootPlan&) {};

TEST(RootAttack, IsRefusedAndChangesNothing) {
  const Row rows[] = {
      {"nobody signed", next(kSame, {}), "by the keys of root 2: 0 of 2"},
      {"one of two old keys", next(kSame, {1}), "by the keys of root 2: 1 of 2"},
      {"one old key and a stranger", next(kSame, {1, 9}), "by the keys of root 2: 1 of 2"},
      {"only new keys", next([](RootPlan& root) { root.root = {{5, 6}, 2}; }, {5, 6}), "by the keys of root 2: 0 of 2"},
      {"new keys and one old", next([](RootPlan& root) { root.root = {{5, 6}, 2}; }, {5, 6, 1}),
       "by the keys of root 2: 1 of 2"},
      {"only old keys", next([](RootPlan& root) { root.root = {{5, 6}, 2}; }, {1, 21}), "by its own keys: 0 of 2"},
      {"old keys and one new", next([](RootPlan& root) { root.root = {{5, 6}, 2}; }, {1, 21, 5}),
       "by its own keys: 1 of 2"},
      {"threshold raised over its signatures", next([](RootPlan& root) { root.root.threshold = 3; }, {1, 21}),
       "by its own keys: 2 of 3"},
      {"threshold lowered to one in the same step", next([](RootPlan& root) { root.root.threshold = 1; }, {1}),
       "by the keys of root 2: 1 of 2"},
      {"threshold lowered and keys changed by one thief",
       next([](RootPlan& root) { root.root = {{1}, 1}, root.targets = {{9}}; }, {1}), "by the keys of root 2: 1 of 2"},
      {"a threshold of zero", with_body([](Json& body) { body["roles"]["root"]["threshold"] = 0; }), "threshold: want 1.."},
      {"a negative threshold", with_body([](Json& body) { body["roles"]["timestamp"]["threshold"] = -1; }),
       "threshold: want 1.."},
      {"more keys wanted than there are", next([](RootPlan& root) { root.root.threshold = 4; }, {1, 21, 22}),
       "by its own keys: 3 of 4"},
      {"a version skipped", next([](RootPlan& root) { root.version = 4; }, {1, 21}), "root: version: want 3, got 4"},
      {"the version repeated", next([](RootPlan& root) { root.version = 2; }, {1, 21}), "root: version: want 3, got 2"},
      {"the first root again", [](const RootPlan& held) { return root_file({.version = 1, .dialect = held.dialect}); },
       "by the keys of root 2"},
      {"a version that goes down", next([](RootPlan& root) { root.version = 1; }, {1, 21}), "root: version: want 3, got 1"},
      {"signed by the keys of targets", next(kSame, {2}), "not a key of root"},
      {"another repository's root", next([](RootPlan& root) { root.root = {{31, 32}, 2}; }, {31, 32}), "unknown to root 2"},
      {"one signature twice", with_envelope([](Json& envelope) {
         auto& signatures = *envelope["signatures"].if_array();
         signatures[1] = signatures[0];
       }),
       "occurs twice"},
      {"one signature under another's id", with_envelope([](Json& envelope) {
         auto& signatures = *envelope["signatures"].if_array();
         signatures[1]["sig"] = signatures[0]["sig"];
       }),
       "signature does not verify"},
      {"one key under two ids", [](const RootPlan& held) {
         Json body = tuf::test::root_body(after(held));
         const std::string id = tuf::test::id(1, held.dialect).hex, other(64, 'a');
         body["keys"][other] = body["keys"][id];
         body["roles"]["root"]["keyids"].push_back(other);
         Json envelope = parse_json(tuf::test::signed_file(body, {1}, held.dialect)).value();
         Json again = (*envelope["signatures"].if_array())[0];
         again["keyid"] = other;
         envelope["signatures"].push_back(again);
         return to_json(envelope);
       },
       "1 of 2"},
      {"one key under ids that differ in case", [](const RootPlan& held) {
         Json body = tuf::test::root_body(after(held));
         const std::string id = tuf::test::id(1, held.dialect).hex, other = upper(id);
         body["keys"][other] = body["keys"][id];
         body["roles"]["root"]["keyids"].push_back(other);
         Json envelope = parse_json(tuf::test::signed_file(body, {1}, held.dialect)).value();
         Json again = (*envelope["signatures"].if_array())[0];
         again["keyid"] = other;
         envelope["signatures"].push_back(again);
         return to_json(envelope);
       },
       "1 of 2"},
      {"a role left out", with_body([](Json& body) { body["roles"].if_object()->erase("timestamp"); }),
       "roles: timestamp is missing"},
      {"the targets file", [](const RootPlan& held) {
         return tuf::test::generation({.dialect = held.dialect}).targets.bytes();
       },
       "root: _type"},
      {"the other dialect", [](const RootPlan& held) {
         RootPlan plan = after(held);
         plan.dialect = held.dialect == Dialect::tuf ? Dialect::uptane : Dialect::tuf;
         return root_file(plan, {1, 21});
       },
       "dialect: want"},
  };
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    for (const Row& row : rows) {
      SCOPED_TRACE(std::string(row.name) + (dialect == Dialect::tuf ? ", tuf" : ", uptane"));
      CarefulVictim victim(dialect);
      const std::string path = "metadata/3.root.json";
      victim.server.files[path] = row.offered(victim.root);
      const auto before = victim.everything();
      expect_refused(victim.refresh(), Fault::rejected, row.text);
      expect_unchanged(before, victim.everything());
      victim.rotate();
      const Status honest = victim.refresh();
      EXPECT_TRUE(honest.ok()) << honest.error().what;
    }
  }
}

// A thief of one removed key and the key that replaced it cannot sign for the root between.
TEST(RootAttack, ByARemovedKeyIsRefused) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    Victim victim(dialect);
    const RootPlan first = victim.root;
    victim.rotate([](RootPlan& root) { root.root.seeds = {5}, root.timestamp.seeds = {7}; });
    victim.set.timestamp = {7};
    victim.publish_next();
    victim.refresh().value();
    RootPlan forged = first;
    forged.version = 3;
    victim.server.publish_root(forged);
    const auto before = victim.everything();
    expect_refused(victim.refresh(), Fault::rejected, "root 3 by the keys of root 2: 0 of 1");
    expect_unchanged(before, victim.everything());
    victim.server.files.erase("metadata/3.root.json");
    victim.publish_next([](Set& set) { set.timestamp = {4}; });
    expect_refused(victim.refresh(), Fault::rejected, "timestamp: 0 of 1");
    expect_unchanged(before, victim.everything());
  }
}

TEST(RootAttack, AThresholdRaisedAndLoweredInOneStepAsksForBoth) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    Victim victim(dialect);
    victim.rotate([](RootPlan& root) { root.root = {{1, 21}, 2}, root.targets = {{2, 12}, 2}; });
    EXPECT_EQ(victim.refresh().error().fault, Fault::rejected) << "targets have one signature";
    EXPECT_EQ(victim.stored("root.json"), victim.server.files.at(kRoot2));
    victim.set.targets = {2, 12};
    victim.publish_next();
    EXPECT_TRUE(victim.refresh().ok());
    victim.rotate([](RootPlan& root) { root.root = {{22}, 1}; });
    EXPECT_TRUE(victim.refresh().ok()) << "signed by both old keys and the new one";
  }
}

// DEV-16: below the threshold a stolen key signs nothing.
TEST(RootAttack, AKeyCompromiseBelowTheThresholdSignsNothing) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    Victim victim(dialect);
    victim.rotate([](RootPlan& root) { root.targets = {{2, 12}, 2}; });
    victim.set.targets = {2, 12};
    victim.publish_next();
    victim.refresh().value();
    victim.publish_next([](Set& set) { set.targets = {2}; });
    const auto before = victim.everything();
    expect_refused(victim.refresh(), Fault::rejected, "targets: 1 of 2 signatures; missing: ");
    expect_unchanged(before, victim.everything(), {"timestamp", "snapshot"});
  }
}

// DEV-7, TUF 5.3.10: an expired root on the way is passed, an expired last one stops; neither is forgotten.
TEST(RootAttack, AFreezeAtAnExpiredRootIsReported) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    Victim victim(dialect);
    victim.rotate([](RootPlan& root) { root.expires = "2100-01-01T00:00:00Z"; });
    victim.publish_next();
    const Bytes timestamp = victim.stored("timestamp.json");
    expect_refused(victim.refresh(), Fault::expired, "root: expires: want after 2100-01-01T00:00:00Z");
    EXPECT_EQ(victim.stored("root.json"), victim.server.files.at(kRoot2)) << "TUF 5.3.8 comes before 5.3.10";
    EXPECT_EQ(victim.stored("timestamp.json"), timestamp);
    victim.rotate([](RootPlan& root) { root.expires = "2100-01-01T00:00:01Z"; });
    EXPECT_TRUE(victim.refresh().ok());
  }
}

// A signature over bytes that mean the same but are not the canonical form (TUF 4.2.1).
TEST(RootAttack, ASignatureOverAnotherSpellingIsNone) {
  for (const Dialect dialect : {Dialect::tuf, Dialect::uptane}) {
    for (const bool honest : {false, true}) {
      Victim victim(dialect);
      const Bytes file = root_file(after(victim.root));
      Bytes body = to_json(*parse_json(file)->find("signed"));
      Bytes spelled = body;
      spelled.insert(1, " ");
      const auto signature = tuf::test::signer(1).sign(honest ? body : spelled).value();
      Json one = (*parse_json(file)->find("signatures")->if_array())[0];
      one["sig"] = dialect == Dialect::tuf ? hex(signature) : base64(signature);
      victim.server.files[kRoot2] = "{\"signatures\":[" + to_json(one) + "],\"signed\":" + spelled + "}";
      const auto before = victim.everything();
      if (honest) {
        EXPECT_TRUE(victim.refresh().ok()) << "the spelling of the file does not matter, that of what is signed does";
      } else {
        expect_refused(victim.refresh(), Fault::rejected, "signature does not verify");
        expect_unchanged(before, victim.everything());
      }
    }
  }
}

}  // namespace
}  // namespace rota::client
