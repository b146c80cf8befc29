// Attacks on what a target is and on its bytes: delegations that overreach or change hands, walks without end, other bytes
// under a good name, names that are paths (TUF 5.6.7, 5.7; tuf-client.md 2, 4).
#include <gtest/gtest.h>

#include "client/attack_for_test.h"

namespace rota::client {
namespace {

using namespace attack;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;

std::string served_as(const std::string& name, const std::string& content) {
  return "targets/" + crypto::sha256_hex(content) + "." + name;
}

TEST(TargetAttack, OtherBytesUnderAGoodNameAreRefused) {
  const std::string good = "the first app";
  struct Row {
    const char* name;
    FetchReply reply;
    Fault fault;
    const char* text;
  };
  const Row rows[] = {
      {"wrong software", {200, {}, "the worst app"}, Fault::rejected, "hash: want sha256"},
      {"one byte more", {200, {}, "the first app!"}, Fault::rejected, "want at most 13 bytes, got more"},
      {"one byte fewer", {200, {}, "the first ap"}, Fault::rejected, "length: want 13, got 12"},
      {"nothing", {200, {}, ""}, Fault::rejected, "length: want 13, got 0"},
      {"not there", {404, {}, ""}, Fault::unavailable, "answers 404"},
      {"an error page", {500, {}, "the first app"}, Fault::unavailable, "answers 500"},
      {"a redirect", {302, {{"Location", "https://evil.sim/"}}, ""}, Fault::unavailable, "answers 302"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Victim victim;
    const std::string path = served_as("app", good);
    if (row.reply.status == 200)
      victim.server.files[path] = row.reply.body;
    else
      victim.server.answer_with(path, row.reply);
    const auto before = victim.everything();
    expect_refused(victim.download("app"), row.fault, row.text);
    expect_unchanged(before, victim.everything());
    victim.server.be_honest();
    victim.server.files[path] = good;
    EXPECT_TRUE(victim.download("app").ok());
    EXPECT_EQ(victim.files.read(std::string(kTargets) + "/app", 100).value(), good);
  }
}

TEST(TargetAttack, AFileThatSomebodyEditedIsFetchedAgain) {
  Victim victim;
  const std::string path = victim.download("app").value();
  replace_file(victim.files, path, "the worst app", 0644).value();
  EXPECT_EQ(victim.download("app").value(), path);
  EXPECT_EQ(victim.files.read(path, 100).value(), "the first app");
}

TEST(TargetAttack, ACutDownloadLeavesNothingUnderTheName) {
  Victim victim;
  victim.server.fail(served_as("app", "the first app"), unavailable("the wire is cut"));
  const auto before = victim.everything();
  expect_refused(victim.download("app"), Fault::unavailable, "the wire is cut");
  expect_unchanged(before, victim.everything());
}

TEST(TargetAttack, APathNeverLeavesTheFolder) {
  const std::string names[] = {"../escape", "a/../../escape", "..", "./here", "/absolute", "a/./b", "%2e%2e/escape"};
  for (const auto& name : names) {
    SCOPED_TRACE(name);
    Victim victim;
    victim.publish_next([&](Set& set) { set.offers = {{name, "bytes"}}; });
    const auto before = victim.everything();
    const auto taken = victim.download(name);
    auto after = victim.everything();
    if (taken.ok()) {
      EXPECT_EQ(folder_of(*taken), kTargets);
    }
    for (const auto& [path, bytes] : after) {
      const bool inside = folder_of(path) == kTrust || folder_of(path) == std::string(kTrust) + "/history" ||
                          folder_of(path) == kTargets;
      EXPECT_TRUE(inside) << path;
    }
    EXPECT_EQ(victim.files.list("/").value(), (std::vector<std::string>{"targets", "trust"}));
  }
}

// A delegated role is believed where its delegator sends the search, and nowhere else.
struct Row {
  const char* name;
  std::vector<Delegated> delegated;
  Fault fault;
  const char* text;
};

Delegated role(const std::string& name, std::vector<std::string> paths = {"*"}) {
  return {.name = name, .keys = {8}, .paths = std::move(paths), .offers = {{"lib", "from " + name}}};
}
Delegated with(Delegated plan, const std::function<void(Delegated&)>& change) {
  change(plan);
  return plan;
}

TEST(TargetAttack, ADelegatedRoleThatIsNotVouchedForIsRefused) {
  const auto by_stranger = [](Delegated& plan) { plan.signers = {9}; };
  const Row rows[] = {
      {"signed by a stranger", {with(role("r"), by_stranger)}, Fault::rejected, "0 of 1 signatures"},
      {"below its threshold",
       {with(role("r"), [](Delegated& plan) { plan.keys = {8, 18}, plan.threshold = 2, plan.signers = {8}; })},
       Fault::rejected, "1 of 2 signatures"},
      {"signed by the top-level targets key", {with(role("r"), [](Delegated& plan) { plan.signers = {2}; })},
       Fault::rejected, "0 of 1 signatures"},
      {"named like a top-level role", {role("snapshot")}, Fault::rejected, "snapshot"},
      {"named like the role that delegates", {role("targets")}, Fault::rejected, "targets"},
      {"named twice", {role("r"), role("r")}, Fault::rejected, "r"},
      {"without a name", {role("")}, Fault::rejected, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Victim victim;
    victim.publish_next([&](Set& set) { set.delegated = row.delegated; });
    const auto before = victim.everything();
    const auto found = victim.find("lib");
    expect_refused(found, row.fault, row.text);
    for (const auto& [path, bytes] : victim.everything())
      if (!before.contains(path)) ADD_FAILURE() << "stored: " << path;
  }
}

TEST(TargetAttack, ADelegatedFileOfAnotherSetIsRefused) {
  const auto with_role = [](tuf::Version version, Set::Facts facts) {
    return [=](Set& set) {
      set.facts = facts;
      set.delegated = {with(role("r"), [&](Delegated& plan) {
        plan.version = version;
        plan.offers = {{"lib", "version " + std::to_string(version)}};
      })};
    };
  };
  struct Case {
    const char* name;
    Set::Facts facts;
    const char* text;
  };
  for (const Case& one : {Case{"with hashes", Set::Facts::given, "hash"}, Case{"without", Set::Facts::left_out, "version: want 6, got 5"}}) {
    SCOPED_TRACE(one.name);
    Victim victim;
    victim.publish_next(with_role(5, one.facts));
    ASSERT_TRUE(victim.find("lib").ok());
    victim.publish_next(with_role(6, one.facts));
    victim.server.files["metadata/6.r.json"] = victim.server.files.at("metadata/5.r.json");
    const Bytes before = victim.stored("r.json");
    expect_refused(victim.find("lib"), Fault::rejected, one.text);
    EXPECT_EQ(victim.stored("r.json"), before);
  }
}

TEST(TargetAttack, ARollbackOfADelegatedFileIsRefused) {
  for (const auto facts : {Set::Facts::given, Set::Facts::left_out}) {
    Victim victim;
    const auto with_version = [&](tuf::Version version) {
      return [=](Set& set) {
        set.facts = facts;
        set.delegated = {with(role("r"), [&](Delegated& plan) { plan.version = version; })};
      };
    };
    victim.publish_next(with_version(5));
    ASSERT_TRUE(victim.find("lib").ok());
    victim.publish_next(with_version(4));
    const auto before = victim.everything();
    expect_refused(victim.find("lib"), Fault::rejected, "snapshot: meta: r.json: want at least 5, got 4");
    expect_unchanged(before, victim.everything(), {"timestamp"});
    victim.publish_next();
    expect_refused(victim.find("lib"), Fault::rejected, "snapshot: meta: r.json: want at least 5, got nothing");
    expect_unchanged(before, victim.everything(), {"timestamp"});
  }
}

TEST(TargetAttack, AnExpiredDelegatedFileIsRefused) {
  Victim victim;
  victim.publish_next([](Set& set) {
    set.delegated = {role("r")};
    set.change = [](std::string_view name, Json& body) {
      if (name == "r") body["expires"] = rfc3339(kNow);
    };
  });
  expect_refused(victim.find("lib"), Fault::expired, "expires");
  EXPECT_THAT(victim.files.list(kTrust).value(), Not(Contains("r.json")));
}

// Its target lies outside what was delegated to it, so nobody asks it.
TEST(TargetAttack, ARoleThatOverreachesIsNotHeard) {
  Victim victim;
  victim.publish_next([](Set& set) { set.delegated = {role("r", {"other/*"})}; });
  EXPECT_FALSE(victim.find("lib").value().has_value());
  EXPECT_THAT(victim.server.requests(), Not(Contains("metadata/1.r.json")));
  // TUF 4.5: each role of the chain must be trusted with the path, not the last one only.
  victim.publish_next([](Set& set) {
    set.delegated = {role("r", {"other/*"}), with(role("s"), [](Delegated& plan) { plan.by = "r"; })};
  });
  EXPECT_FALSE(victim.find("lib").value().has_value());
}

TEST(TargetAttack, ARoleThatTheTopLevelAnswersForIsNotAsked) {
  Victim victim;
  victim.publish_next([](Set& set) {
    set.delegated = {with(role("r"), [](Delegated& plan) { plan.offers = {{"app", "the worst app"}}; })};
  });
  EXPECT_EQ(victim.find("app").value()->length, 13);
  EXPECT_EQ(victim.find("app").value()->hashes.at("sha256"), crypto::sha256_hex("the first app"));
}

// The cache holds what one delegator vouched for; reached through another, it must satisfy that one.
TEST(TargetAttack, ACachedRoleIsVerifiedByTheDelegatorThatLeadsToIt) {
  Victim victim;
  victim.publish_next([](Set& set) { set.delegated = {role("r")}; });
  ASSERT_TRUE(victim.find("lib").value().has_value());
  victim.publish_next([](Set& set) {
    set.delegated = {with(role("r"), [](Delegated& plan) { plan.keys = {18}, plan.signers = {8}; })};
  });
  expect_refused(victim.find("lib"), Fault::rejected, "0 of 1 signatures");
}

TEST(TargetAttack, AWalkInCirclesEnds) {
  Victim victim;
  victim.publish_next([](Set& set) {
    set.delegated = {with(role("a"), [](Delegated& plan) { plan.offers = {}; }),
                     with(role("b"), [](Delegated& plan) { plan.by = "a", plan.offers = {}; })};
    set.change = [](std::string_view name, Json& body) {  // b delegates to a again
      if (name != "b") return;
      Json back = parse_json(R"({"name":"a","threshold":1,"terminating":false,"paths":["*"]})").value();
      const auto id = tuf::test::id(8, Dialect::tuf).hex;
      back["keyids"].push_back(id);
      body["delegations"]["keys"][id] = tuf::public_key_json(tuf::test::public_key(8), Dialect::tuf);
      body["delegations"]["roles"].push_back(back);
    };
  });
  EXPECT_FALSE(victim.find("lib").value().has_value());
  EXPECT_EQ(std::ranges::count(victim.server.requests(), "metadata/1.a.json"), 1);
}

// A chain or a crowd of roles costs no more than the limits say.
TEST(TargetAttack, AWalkWithoutEndIsCutAtTheLimits) {
  const auto chain_of = [](int length) {
    return [=](Set& set) {
      for (int i = 0; i < length; ++i)
        set.delegated.push_back(with(role("r" + std::to_string(i)), [&](Delegated& plan) {
          plan.offers = {};
          if (i > 0) plan.by = "r" + std::to_string(i - 1);
        }));
    };
  };
  const auto crowd_of = [](int size) {
    return [=](Set& set) {
      for (int i = 0; i < size; ++i)
        set.delegated.push_back(with(role("r" + std::to_string(i)), [](Delegated& plan) { plan.offers = {}; }));
    };
  };
  struct Case {
    const char* name;
    std::function<void(Set&)> plan;
    tuf::SearchLimits limits;
    std::ptrdiff_t most;
  };
  const Case cases[] = {{"a chain", chain_of(6), {.levels = 4, .roles = 100}, 4},
                        {"a crowd", crowd_of(6), {.levels = 4, .roles = 3}, 3}};
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    Victim victim;
    victim.limits.search = one.limits;
    victim.publish_next(one.plan);
    const auto found = victim.find("lib");
    EXPECT_FALSE(found.ok() && found->has_value());
    const auto asked = std::ranges::count_if(victim.server.requests(), [](const auto& path) { return path.find(".r") != path.npos && !path.ends_with(".root.json"); });
    EXPECT_EQ(asked, one.most);
  }
}

TEST(TargetAttack, ARoleNameIsNeverAPath) {
  const std::string names[] = {"../escape", "a/b", "..", ".", "root/../root", std::string(300, 'n'), "r\xc3\xbc", "a%2Fb"};
  for (const auto& name : names) {
    SCOPED_TRACE(name.substr(0, 40));
    Victim victim;
    victim.publish_next([&](Set& set) { set.delegated = {role(name)}; });
    const auto found = victim.find("lib");
    for (const auto& [path, bytes] : victim.everything()) {
      const std::string folder = folder_of(path);
      EXPECT_TRUE(folder == kTrust || folder == std::string(kTrust) + "/history" || folder == kTargets) << path;
    }
    EXPECT_EQ(victim.files.list("/").value(), (std::vector<std::string>{"targets", "trust"}));
    EXPECT_EQ(victim.stored("root.json"), victim.server.files.at("metadata/1.root.json"));
  }
}

}  // namespace
}  // namespace rota::client
