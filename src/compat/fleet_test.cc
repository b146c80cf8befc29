#include "compat/fleet.h"

#include <gmock/gmock.h>

#include "compat/updates_for_test.h"

namespace rota::compat {
namespace {

using test::Outcome;
using test::UpdatesBench;
using testing::HasSubstr;
using testing::Not;

// A census in which `behind` devices hold root 5 and the others root 7.
Json census(int behind) {
  Json json(Json::Object{{"newest-root", Json(7)}, {"devices", Json(12)}, {"behind", Json(behind)}, {"silent", Json(0)},
                         {"unknown", Json(0)},     {"forked", Json(0)},   {"eta", Json()}});
  json["roots"].push_back(Json(Json::Object{{"version", Json(7)},
                                            {"devices", Json(12 - behind)},
                                            {"sources", Json(Json::Object{{"request", Json(1)}, {"statement", Json(11 - behind)}})},
                                            {"first-at", "2026-11-20T10:00:00Z"},
                                            {"last-at", "2026-11-23T10:00:00Z"}}));
  json["laggards"] = Json(Json::Array{});
  json["forks"] = Json(Json::Array{});
  for (int i = 0; i < behind; ++i)
    json["laggards"].push_back(Json(Json::Object{
        {"name", "gw-" + std::to_string(i)}, {"uuid", "u"}, {"root-version", Json(5)}, {"last-seen", "2026-11-19T10:00:00Z"}}));
  return json;
}

Json with(Json json, const char* name, const Json& value) {
  json[name] = value;
  return json;
}

TEST(Fleet, NamesRootsAndLaggards) {
  const auto text = fleet_text(read_fleet(with(census(1), "eta", Json("2026-11-24T10:00:00Z"))).value());
  EXPECT_THAT(text, HasSubstr("7 (newest)  11"));
  EXPECT_THAT(text, HasSubstr("1 request, 10 statement"));
  EXPECT_THAT(text, HasSubstr("1 device behind; at the pace so far they have followed by 2026-11-24T10:00:00Z"));
  EXPECT_THAT(text, HasSubstr("gw-0"));
  EXPECT_THAT(fleet_text(read_fleet(census(0)).value()), HasSubstr("nobody is behind"));
}

TEST(Fleet, RefusesAnAnswerThatLacksWhatDecides) {
  for (const char* name : {"newest-root", "devices", "behind", "silent", "unknown", "forked", "roots", "laggards", "forks"}) {
    Json json = census(1);
    json.if_object()->erase(name);
    EXPECT_FALSE(read_fleet(json).ok()) << name;
    EXPECT_FALSE(read_fleet(with(census(1), name, Json("many"))).ok()) << name;
  }
}

TEST(Fleet, ShowsNoControlCharacterOfAServer) {
  Json json = census(1);
  (*json["laggards"].if_array())[0]["name"] = Json("evil\x1b[2J");
  EXPECT_THAT(fleet_text(read_fleet(json).value()), HasSubstr("evil?[2J"));
}

TEST(Fleet, KeepsRetiredKeysWhileADeviceIsBehind) {
  EXPECT_TRUE(retired_keys_may_go(read_fleet(census(0)).value()).ok());
  const auto refused = retired_keys_may_go(read_fleet(census(7)).value());
  EXPECT_EQ(refused.error().fault, Fault::rejected);
  EXPECT_THAT(refused.error().what, HasSubstr("7 devices still trust only a root older than 7: gw-0 (root 5), gw-1 (root 5)"));
  EXPECT_THAT(refused.error().what, HasSubstr("and 2 more"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--allow devices-behind"));
}

TEST(KeysStatusFleet, ShowsTheCensusBesideTheRoles) {
  UpdatesBench bench;
  EXPECT_EQ(bench.run({"keys", "status", bench.path, "--fleet"}).code, 1) << "the server keeps no census";
  bench.updates.tell_trust(to_json(census(2)));
  const auto shown = bench.run({"keys", "status", bench.path, "--fleet", "--warn-days", "1"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("2 devices behind"));
  const auto json = parse_json(bench.run({"keys", "status", bench.path, "--fleet", "--json", "--warn-days", "1"}).out).value();
  EXPECT_EQ(json.find("fleet")->integer_or("behind", 0), 2);
  EXPECT_THAT(bench.run({"keys", "status", bench.path, "--warn-days", "1"}).out, Not(HasSubstr("behind")));
}

TEST(KeysStatusFleet, EndsWith2WhenADeviceHoldsARootThatWasNeverPublished) {
  UpdatesBench bench;
  Json json = with(census(0), "forked", Json(1));
  json["forks"].push_back(Json(Json::Object{{"name", "stray"}, {"uuid", "u"}, {"root-version", Json(9)}}));
  bench.updates.tell_trust(to_json(json));
  const auto shown = bench.run({"keys", "status", bench.path, "--fleet", "--warn-days", "1"});
  EXPECT_EQ(shown.code, 2);
  EXPECT_THAT(shown.err, HasSubstr("stray (root 9)"));
}

// An archive whose first root key is retired: no pin and no candidate names it any more.
struct Retired : UpdatesBench {
  Retired() {
    for (int i = 0; i < 2; ++i) {
      const auto rotated = run({"keys", "tuf", "rotate-offline-key", "-r", "root", "-k", path, "--yes"});
      EXPECT_EQ(rotated.code, 0) << rotated.err;
    }
    before = bytes(path);
    put("/home/owner/4.root.json", server.roots().back());
  }
  Outcome prune(std::vector<std::string> flags = {}) {
    flags.insert(flags.begin(), {"keys", "archive", "prune", path, "--yes", "--trusted-root", "/home/owner/4.root.json"});
    return run(std::move(flags));
  }
  bool is_as_it_was() { return bytes(path) == before; }
  Bytes before;
};

TEST(Prune, RefusesWhileADeviceTrustsOnlyAnOlderRoot) {
  Retired bench;
  bench.updates.tell_trust(to_json(census(1)));
  for (const auto& flags : {std::vector<std::string>{}, {"--dry-run"}}) {
    const auto done = bench.prune(flags);
    EXPECT_EQ(done.code, 2);
    EXPECT_THAT(done.err, HasSubstr("gw-0 (root 5)"));
    EXPECT_TRUE(bench.is_as_it_was());
  }
  bench.updates.tell_trust(to_json(census(0)));
  EXPECT_EQ(bench.prune().code, 0);
  EXPECT_FALSE(bench.is_as_it_was());
}

TEST(Prune, RefusesWhenTheFleetIsNotKnown) {
  Retired bench;
  const auto done = bench.prune();
  EXPECT_NE(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("whether devices still need the old keys is not known"));
  EXPECT_TRUE(bench.is_as_it_was());
}

TEST(Prune, GoesOnWhenSomebodyTakesItOnHimself) {
  Retired bench;
  bench.updates.tell_trust(to_json(census(1)));
  const auto done = bench.prune({"--allow", "devices-behind"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_FALSE(bench.is_as_it_was());
}

TEST(Prune, AsksNobodyWhenNoRetiredKeyWouldLeave) {
  UpdatesBench bench;
  EXPECT_THAT(bench.run({"keys", "archive", "prune", bench.path, "--yes", "--trusted-root", "/home/owner/none"}).err,
              HasSubstr("--trusted-root"));
  bench.put("/home/owner/2.root.json", bench.server.roots().back());
  const auto done = bench.run({"keys", "archive", "prune", bench.path, "--yes", "--trusted-root", "/home/owner/2.root.json"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("nothing to move"));
}

}  // namespace
}  // namespace rota::compat
