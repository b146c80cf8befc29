#include "tuf/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using test::kNow;
using test::Seeds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// One delegation, and by default a role that is signed with the key it wants.
struct Delegated {
  std::string from, to;
  bool terminating = false;
  std::string paths = R"(["*"])";
  int seed = 7;
};

struct Offer {
  std::string role, target;
};

// A repository of the tuf dialect: who delegates to whom, and what each offers. Files are made and signed when asked
// for.
struct Graph {
  std::vector<Delegated> delegations;
  std::vector<Offer> offers = {};
  std::map<std::string, int> signed_with = {};  // role -> seed; 7 when it is not named
  std::set<std::string> unlisted = {};          // by the snapshot

  Json body_of(const std::string& role) const {
    Json body = test::head(Role::targets, 1, "2027-06-01T00:00:00Z", Dialect::tuf);
    body["targets"] = Json(Json::Object{});
    for (const Offer& offer : offers) {
      if (offer.role != role) continue;
      body["targets"][offer.target]["length"] = 1;
      body["targets"][offer.target]["hashes"]["sha256"] = std::string(64, 'a');
    }
    delegate(body, role);
    return body;
  }

  Bytes file_of(const std::string& role) const {
    const auto seed = signed_with.find(role);
    return test::signed_file(body_of(role), {seed == signed_with.end() ? 7 : seed->second}, Dialect::tuf);
  }

  Json snapshot() const {
    Json body = test::head(Role::snapshot, 1, "2027-06-01T00:00:00Z", Dialect::tuf);
    body["meta"]["targets.json"]["version"] = 1;
    for (const Delegated& delegated : delegations)
      if (!unlisted.contains(delegated.to)) body["meta"][delegated.to + ".json"]["version"] = 1;
    return body;
  }

 private:
  void delegate(Json& body, const std::string& role) const {
    for (const Delegated& delegated : delegations) {
      if (delegated.from != role) continue;
      const KeyId id = test::id(delegated.seed, Dialect::tuf);
      Json json;
      json["name"] = delegated.to;
      json["keyids"].push_back(id.hex);
      json["threshold"] = 1;
      json["terminating"] = delegated.terminating;
      json["paths"] = parse_json(delegated.paths).value();
      body["delegations"]["keys"][id.hex] = public_key_json(test::public_key(delegated.seed), Dialect::tuf);
      body["delegations"]["roles"].push_back(std::move(json));
    }
  }
};

// The trusted set that a search starts from.
struct Start {
  Fresh<Snapshot> snapshot;
  Fresh<Targets> top;
};

Start start_of(const Graph& graph) {
  const auto root = fresh(test::trusted_root({.dialect = Dialect::tuf}), kNow).value();
  const Bytes snapshot = test::signed_file(graph.snapshot(), {3}, Dialect::tuf);
  test::SetPlan plan;
  plan.dialect = Dialect::tuf;
  const Bytes timestamp = test::signed_file(test::timestamp_body(plan, snapshot), {4}, Dialect::tuf);
  const auto now = fresh(next_timestamp(root, {}, timestamp).value(), kNow).value();
  auto listed = fresh(next_snapshot(root, now, {}, snapshot).value(), kNow).value();
  const Bytes targets = test::signed_file(graph.body_of("targets"), {2}, Dialect::tuf);
  auto top = fresh(next_targets(root, listed, {}, targets).value(), kNow).value();
  return {std::move(listed), std::move(top)};
}

// Answers one wish after the other; the first error ends it.
Status walk(TargetSearch& search, const Graph& graph) {
  while (const auto wish = TRY(search.wish())) {
    auto file = TRY(next_delegated(wish->authority, wish->listed, graph.file_of(wish->role)));
    search.take(TRY(fresh(std::move(file), kNow)));
  }
  return {};
}

std::vector<std::string> visited(const Graph& graph, const std::string& path = "missing") {
  const Start start = start_of(graph);
  TargetSearch search(start.snapshot, start.top, path);
  const auto status = walk(search, graph);
  EXPECT_TRUE(status.ok()) << status.error().what;
  return search.visited();
}

std::string found_by(const Graph& graph, const std::string& path) {
  const Start start = start_of(graph);
  TargetSearch search(start.snapshot, start.top, path);
  const auto status = walk(search, graph);
  if (!status.ok()) return status.error().what;
  if (!search.found()) return "nobody";
  EXPECT_EQ(search.found()->name, path);
  return search.visited().empty() ? "targets" : search.visited().back();
}

struct Refusal {
  std::string what;
  std::size_t visited;  // before it
};

Refusal refused(const Graph& graph, const SearchLimits& limits = {}) {
  const Start start = start_of(graph);
  TargetSearch search(start.snapshot, start.top, "missing", limits);
  const auto status = walk(search, graph);
  if (status.ok()) return {"", search.visited().size()};
  EXPECT_EQ(status.error().fault, Fault::rejected);
  EXPECT_FALSE(search.found());
  return {status.error().what, search.visited().size()};
}

std::string refusal(const Graph& graph, const SearchLimits& limits = {}) {
  return refused(graph, limits).what;
}

// TUF 5.6.7: the graphs that clients are compared by.
TEST(TargetSearch, VisitsInPreOrderDepthFirst) {
  struct Case {
    const char* name;
    Graph graph;
    std::vector<std::string> order;
  };
  const std::string python = R"(["*.py"])";
  const Case cases[] = {
      {"nobody", {}, {}},
      {"one", {{{"targets", "A"}}}, {"A"}},
      {"two beside each other", {{{"targets", "A"}, {"targets", "B"}}}, {"A", "B"}},
      {"two levels", {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}}}, {"A", "B", "C"}},
      {"depth first", {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"A", "D"}}}, {"A", "C", "D", "B"}},
      {"three levels", {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"C", "D"}}}, {"A", "C", "D", "B"}},
      {"paths that do not match", {{{"targets", "A", false, python}, {"targets", "B"}, {"A", "C"}}}, {"B"}},
      {"deeper paths that do not match",
       {{{"targets", "A"}, {"targets", "B"}, {"A", "C", false, python}, {"C", "D"}}},
       {"A", "B"}},
      {"a cycle", {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"C", "D"}, {"D", "B"}}}, {"A", "B", "C", "D"}},
      {"a role that delegates to itself", {{{"targets", "A"}, {"A", "A"}}}, {"A"}},
      {"two that delegate to a third", {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C"}}}, {"A", "C", "B"}},
      {"two that delegate other paths to a third",
       {{{"targets", "A"}, {"targets", "B"}, {"B", "C"}, {"A", "C", false, python}}},
       {"A", "B", "C"}},
  };
  for (const Case& c : cases) EXPECT_EQ(visited(c.graph), c.order) << c.name;
}

TEST(TargetSearch, EndsWithATerminatingDelegationAndItsDescendants) {
  struct Case {
    const char* name;
    Graph graph;
    std::vector<std::string> order;
  };
  const std::string python = R"(["*.py"])";
  const Case cases[] = {
      {"at the top", {{{"targets", "A", true}, {"targets", "B"}}}, {"A"}},
      {"below: neither those beside it nor those beside its delegator",
       {{{"targets", "A"}, {"targets", "B"}, {"A", "C", true}, {"A", "D"}}},
       {"A", "C"}},
      {"its descendants still",
       {{{"targets", "A"}, {"targets", "B"}, {"A", "C", true}, {"C", "D"}, {"C", "E"}, {"A", "F"}}},
       {"A", "C", "D", "E"}},
      {"those before it first",
       {{{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"C", "D"}, {"A", "E", true}, {"A", "F"}}},
       {"A", "C", "D", "E"}},
      {"only where it matches",
       {{{"targets", "A", true, python}, {"targets", "B"}, {"B", "C", true, python}, {"B", "D"}}},
       {"B", "D"}},
      {"also when its role was visited",
       {{{"targets", "A"}, {"targets", "B"}, {"B", "A", true}, {"B", "C"}, {"targets", "D"}}},
       {"A", "B"}},
  };
  for (const Case& c : cases) EXPECT_EQ(visited(c.graph), c.order) << c.name;
}

TEST(TargetSearch, FindsTheOfferOfTheFirstRoleThatHasOne) {
  const Graph graph{.delegations = {{"targets", "A", false, R"(["*.doc","*.md","foo-?.tgz"])"},
                                    {"targets", "B", false, R"(["releases/*/*"])"},
                                    {"B", "C", false, R"(["releases/x/*"])"},
                                    {"B", "D", false, R"(["releases/y/*.zip"])"},
                                    {"targets", "E", false, R"(["*.md","releases/x/*"])"}},
                    .offers = {{"targets", "targetfile"},
                               {"A", "targetfile"},
                               {"A", "README.md"},
                               {"A", "releases/README.md"},
                               {"A", "foo-alpha.tgz"},
                               {"C", "releases/x/x_v1"},
                               {"D", "releases/y/y_v1.zip"},
                               {"D", "releases/z/z_v1.zip"},
                               {"E", "README.md"},
                               {"E", "releases/x/x_v1"},
                               {"E", "CHANGES.md"}}};
  EXPECT_EQ(found_by(graph, "targetfile"), "targets");
  EXPECT_EQ(found_by(graph, "README.md"), "A");
  EXPECT_EQ(found_by(graph, "CHANGES.md"), "E");
  EXPECT_EQ(found_by(graph, "releases/x/x_v1"), "C");
  EXPECT_EQ(found_by(graph, "releases/y/y_v1.zip"), "D");
  EXPECT_EQ(found_by(graph, "releases/z/z_v1.zip"), "nobody") << "not delegated by every role of the chain";
  EXPECT_EQ(found_by(graph, "releases/README.md"), "nobody") << "a wildcard does not match '/'";
  EXPECT_EQ(found_by(graph, "foo-alpha.tgz"), "nobody");
  EXPECT_EQ(found_by(graph, "README.MD"), "nobody");
}

TEST(TargetSearch, DoesNotAskForWhatComesAfterTheTarget) {
  const Graph graph{.delegations = {{"targets", "A"}, {"A", "B"}, {"A", "C"}, {"targets", "D"}},
                    .offers = {{"B", "x"}, {"C", "x"}}};
  EXPECT_THAT(visited(graph, "x"), ElementsAre("A", "B"));
}

TEST(TargetSearch, DoesNotLetALaterRoleAnswerForATerminatingOne) {
  const Graph graph{.delegations = {{"targets", "A", true}, {"targets", "B"}}, .offers = {{"B", "x"}}};
  EXPECT_EQ(found_by(graph, "x"), "nobody");
}

TEST(TargetSearch, BelievesARoleUnderTheDelegatorItWasReachedThrough) {
  Graph graph{.delegations = {{"targets", "parent-a", false, R"(["a/*"])"},
                              {"targets", "parent-b", false, R"(["b/*"])"},
                              {"parent-a", "release", false, R"(["a/*"])", 11},
                              {"parent-b", "release", false, R"(["b/*"])", 12}},
              .offers = {{"release", "a/x"}, {"release", "b/x"}},
              .signed_with = {{"release", 11}}};
  EXPECT_EQ(found_by(graph, "a/x"), "release");
  EXPECT_THAT(found_by(graph, "b/x"), HasSubstr("0 of 1 signatures"));
  graph.signed_with["release"] = 12;
  EXPECT_THAT(found_by(graph, "a/x"), HasSubstr("0 of 1 signatures"));
  EXPECT_EQ(found_by(graph, "b/x"), "release");
}

TEST(TargetSearch, SaysByWhoseAuthorityAndWhatTheSnapshotLists) {
  const Graph graph{.delegations = {{"targets", "A", false, R"(["*"])", 11}, {"A", "B", false, R"(["*"])", 12}},
                    .signed_with = {{"A", 11}, {"B", 12}}};
  const Start start = start_of(graph);
  TargetSearch search(start.snapshot, start.top, "missing");
  const auto first = search.wish().value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->role, "A");
  EXPECT_EQ(first->listed.version, 1);
  EXPECT_EQ(first->authority.name, "A");
  EXPECT_EQ(first->authority.delegator, "'targets'");
  EXPECT_EQ(first->authority.role, (RoleKeys{{test::id(11, Dialect::tuf)}, 1}));
  EXPECT_TRUE(first->authority.dialect == Dialect::tuf);
  EXPECT_EQ(search.wish().value()->role, "A") << "the same until it is answered";
  search.take(fresh(next_delegated(first->authority, first->listed, graph.file_of("A")).value(), kNow).value());
  const auto second = search.wish().value();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->authority.delegator, "'A'");
  EXPECT_EQ(second->authority.role, (RoleKeys{{test::id(12, Dialect::tuf)}, 1}));
}

TEST(TargetSearch, RefusesARoleThatTheSnapshotDoesNotList) {
  Graph graph{.delegations = {{"targets", "A"}, {"targets", "B"}}, .offers = {{"B", "missing"}}, .unlisted = {"A"}};
  EXPECT_EQ(refusal(graph), "search for 'missing': role 'A': not listed by the snapshot");
}

TEST(TargetSearch, StaysRefused) {
  const Graph graph{.delegations = {{"targets", "A"}, {"targets", "B"}}, .unlisted = {"A"}};
  const Start start = start_of(graph);
  TargetSearch search(start.snapshot, start.top, "missing");
  EXPECT_FALSE(search.wish().ok());
  EXPECT_FALSE(search.wish().ok()) << "who asks again is not sent on to the next role";
}

TEST(TargetSearch, TakesRoleNamesForNames) {
  const std::string odd[] = {
      "../x", "a/b", ".", "?", "#", "/abs", "1.root", std::string("a\0b", 3), std::string(5000, 'n')};
  Graph graph;
  std::vector<std::string> names(std::begin(odd), std::end(odd));
  for (const std::string& name : names) graph.delegations.push_back({"targets", name});
  EXPECT_TRUE(visited(graph) == names);
}

TEST(TargetSearch, NamesARoleFitForATerminal) {
  const Graph graph{.delegations = {{"targets", "\x1b[2J"}}, .unlisted = {"\x1b[2J"}};
  EXPECT_THAT(refusal(graph), HasSubstr("role '?[2J'"));
}

TEST(TargetSearch, GoesDown32LevelsAndRefusesThe33rd) {
  Graph chain{.delegations = {{"targets", "L1"}}};
  for (int level = 2; level <= 33; ++level)
    chain.delegations.push_back({"L" + std::to_string(level - 1), "L" + std::to_string(level)});
  const auto [what, visited] = refused(chain);
  EXPECT_EQ(what, "search for 'missing': role 'L33': more than 32 levels deep");
  EXPECT_EQ(visited, 32u);
}

TEST(TargetSearch, Visits1024RolesAndRefusesThe1025th) {
  Graph graph;
  for (int i = 0; i < 1025; ++i) graph.delegations.push_back({"targets", "R" + std::to_string(i)});
  const auto [what, visited] = refused(graph);
  EXPECT_EQ(what, "search for 'missing': role 'R1024': more than 1024 roles");
  EXPECT_EQ(visited, 1024u);
}

TEST(TargetSearch, CountsARoleOnceAgainstItsLimits) {
  const Graph diamond{.delegations = {{"targets", "A"}, {"targets", "B"}, {"A", "C"}, {"B", "C"}, {"B", "A"}}};
  EXPECT_EQ(refusal(diamond, {.levels = 2, .roles = 3}), "");
  EXPECT_THAT(refusal(diamond, {.levels = 2, .roles = 2}), HasSubstr("more than 2 roles"));
  EXPECT_THAT(refusal(diamond, {.levels = 1, .roles = 3}), HasSubstr("more than 1 levels deep"));
}

TEST(TargetSearch, FindsTheBinOfSuccinctRoles) {
  Graph graph{.delegations = {{"nobody", "bin-0d"}}, .offers = {{"bin-0d", "releases/x12.bin"}, {"bin-0e", "x"}}};
  Json top = graph.body_of("targets");
  const KeyId id = test::id(7, Dialect::tuf);
  top["delegations"]["keys"][id.hex] = public_key_json(test::public_key(7), Dialect::tuf);
  top["delegations"]["succinct_roles"] = Json(
      Json::Object{{"keyids", Json(Json::Array{id.hex})}, {"threshold", 1}, {"bit_length", 8}, {"name_prefix", "bin"}});
  const auto root = fresh(test::trusted_root({.dialect = Dialect::tuf}), kNow).value();
  const Start start = start_of(graph);
  const auto bytes = test::signed_file(top, {2}, Dialect::tuf);
  const auto targets = fresh(next_targets(root, start.snapshot, {}, bytes).value(), kNow).value();
  TargetSearch search(start.snapshot, targets, "releases/x12.bin");
  ASSERT_TRUE(walk(search, graph).ok());
  EXPECT_THAT(search.visited(), ElementsAre("bin-0d"));
  EXPECT_TRUE(search.found());
  TargetSearch other(start.snapshot, targets, "x");
  EXPECT_EQ(walk(other, graph).error().what, "search for 'x': role 'bin-2d': not listed by the snapshot");
}

TEST(TargetSearchDeathTest, AbortsOnAFileThatNobodyWishedFor) {
  const Graph graph{.delegations = {{"targets", "A"}}};
  const Start start = start_of(graph);
  TargetSearch unasked(start.snapshot, start.top, "missing");
  EXPECT_DEATH(unasked.take(start.top), "nobody wished for");
  TargetSearch ended(start.snapshot, start.top, "missing");
  ASSERT_TRUE(walk(ended, graph).ok());
  EXPECT_DEATH(ended.take(start.top), "nobody wished for");
}

TEST(Wanted, NoneWantsNotEvenTheEmptyName) {
  EXPECT_FALSE(Wanted::none().may_want(""));
  EXPECT_TRUE(Wanted::named("").may_want(""));
}

}  // namespace
}  // namespace rota::tuf
