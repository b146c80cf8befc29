#include "ceremony/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/repository.h"
#include "sim/roots.h"

namespace rota::ceremony {
namespace {

using testing::HasSubstr;

const Time kNow = parse_rfc3339("2030-01-01T00:00:00Z").value();

std::vector<Bytes> three_roots() {
  auto roots = sim::new_factory_roots();
  roots.push_back(sim::signed_root(sim::root_body({.version = 3, .root_keys = "3", .targets_keys = "to"}), "23"));
  return roots;
}

RootSource source_of(sim::Repository& server) { return {&server, std::string(sim::Repository::kBase)}; }

TEST(WalkRoots, ReachesTheNewestAndKeepsTheBytes) {
  const auto roots = three_roots();
  sim::Repository server(roots, kNow);
  const auto chain = walk_roots(source_of(server), tuf::anchor_root(roots[0]).value());
  ASSERT_TRUE(chain.ok()) << chain.error().what;
  ASSERT_EQ(chain->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ((*chain)[i].raw(), roots[i]);
  EXPECT_EQ(server.requests(),
            (std::vector<std::string>{"GET 2.root.json", "GET 3.root.json", "GET 4.root.json", "GET root.json"}));
}

TEST(WalkRoots, AcceptsThatTheAnchorIsTheNewest) {
  const auto roots = three_roots();
  sim::Repository server(roots, kNow);
  EXPECT_EQ(walk_roots(source_of(server), tuf::anchor_root(roots[2]).value())->size(), 1u);
}

struct Lie {
  const char* name;
  tuf::Version version;
  Bytes bytes;
};

TEST(WalkRoots, RefusesEveryLieAndShowsWhatWasOffered) {
  const auto roots = three_roots();
  const Lie lies[] = {
      {"unsigned step", 3, sim::signed_root(sim::root_body({.version = 3, .root_keys = "3"}), "3")},
      {"extra root key", 3, sim::signed_root(sim::root_body({.version = 3, .root_keys = "3z"}), "3z")},
      {"lower threshold", 4, sim::signed_root(sim::root_body({.version = 4, .root_keys = "z"}), "z")},
      {"skipped version", 4, sim::signed_root(sim::root_body({.version = 5, .root_keys = "3"}), "3")},
      {"no json", 2, "<html>proxy</html>"},
  };
  for (const auto& lie : lies) {
    SCOPED_TRACE(lie.name);
    sim::Repository server(roots, kNow);
    server.serve_instead(lie.version, lie.bytes);
    Bytes shown;
    const auto chain = walk_roots(source_of(server), tuf::anchor_root(roots[0]).value(),
                                  {.refused = [&](const auto&, BytesView bytes) { shown = Bytes(bytes); }});
    ASSERT_FALSE(chain.ok());
    EXPECT_EQ(chain.error().fault, Fault::rejected) << chain.error().what;
    EXPECT_EQ(shown, lie.bytes) << "not handed to the caller";
  }
}

TEST(WalkRoots, RefusesAServerThatGoesBackwards) {
  auto roots = three_roots();
  const auto anchor = tuf::anchor_root(roots[2]).value();
  roots.pop_back();
  sim::Repository server(roots, kNow);
  const auto chain = walk_roots(source_of(server), anchor);
  ASSERT_FALSE(chain.ok());
  EXPECT_EQ(chain.error().fault, Fault::rejected);
  EXPECT_THAT(chain.error().what, HasSubstr("backwards"));
}

TEST(WalkRoots, RefusesARootJsonThatIsNotTheEndOfTheChain) {
  const auto roots = three_roots();
  const auto other = sim::signed_root(sim::root_body({.version = 3, .root_keys = "3"}), "23");
  sim::Repository server(roots, kNow);
  const auto anchor = tuf::anchor_root(roots[2]).value();
  server.serve_instead(3, other);
  EXPECT_EQ(walk_roots(source_of(server), anchor).error().fault, Fault::rejected);
}

TEST(WalkRoots, RefusesTheRightRootJsonWithoutItsSignatures) {
  const auto roots = three_roots();
  sim::Repository server(roots, kNow);
  server.serve_instead(3, sim::signed_root(sim::root_body({.version = 3, .root_keys = "3", .targets_keys = "to"}), "z"));
  const auto chain = walk_roots(source_of(server), tuf::anchor_root(roots[2]).value());
  ASSERT_FALSE(chain.ok());
  EXPECT_THAT(chain.error().what, HasSubstr("0 of 1 signatures"));
}

TEST(WalkRoots, NeverTakesAFailureForTheEnd) {
  const auto roots = three_roots();
  const auto anchor = tuf::anchor_root(roots[0]).value();
  sim::Repository server(roots, kNow);
  server.set_mood(sim::Repository::Mood::silent);
  EXPECT_EQ(walk_roots(source_of(server), anchor).error().fault, Fault::unavailable);
  server.set_mood(sim::Repository::Mood::refuse);
  EXPECT_EQ(walk_roots(source_of(server), anchor).error().fault, Fault::denied);
}

TEST(WalkRoots, StopsAtTheLimitOfSteps) {
  sim::Repository server(three_roots(), kNow);
  EXPECT_FALSE(walk_roots(source_of(server), tuf::anchor_root(three_roots()[0]).value(), {.max_steps = 1}).ok());
}

TEST(VerifyChain, AcceptsAChainAndRefusesAGap) {
  const auto roots = three_roots();
  EXPECT_EQ(verify_chain(roots)->back()->version, 3);
  EXPECT_FALSE(verify_chain({roots[0], roots[2]}).ok());
  EXPECT_FALSE(verify_chain({}).ok());
}

TEST(HttpError, SaysWhatToDoByItsKind) {
  const std::pair<int, Fault> rows[] = {{401, Fault::denied},      {403, Fault::denied},     {404, Fault::not_found},
                                        {409, Fault::conflict},    {400, Fault::rejected},   {422, Fault::rejected},
                                        {500, Fault::unavailable}, {302, Fault::unavailable}};
  for (const auto& [status, fault] : rows) {
    const auto error = http_error({.url = "https://x/root"}, {.status = status, .body = "<html>"});
    EXPECT_EQ(error.fault, fault) << status;
  }
}

TEST(HttpError, CarriesTheCausesAndNoControlCharacters) {
  const auto error =
      http_error({.url = "https://x/root"},
                 {.status = 400, .body = R"({"description":"no\u001b[31m","cause":["missing a","missing b"]})"});
  EXPECT_THAT(error.what, HasSubstr("400\n= no?[31m\n * missing a\n * missing b"));
  EXPECT_EQ(error.what.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace rota::ceremony
