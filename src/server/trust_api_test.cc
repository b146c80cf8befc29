// The census: what devices prove at the gateway, as GET /v1/trust tells it.
#include "crypto/hash.h"
#include "server/census.h"
#include "server/installation_for_test.h"

namespace rota::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kOne = "11111111-0000-4000-8000-000000000001";
constexpr const char* kTwo = "22222222-0000-4000-8000-000000000002";
constexpr const char* kThree = "33333333-0000-4000-8000-000000000003";

class TrustApi : public test::Installed {
 protected:
  Json census(const std::string& query = "") { return json_of(trust("?factory=acme" + query)); }
  http::Response trust(const std::string& query) { return operate("GET", "/v1/trust" + query, owner_token_); }
  Devices& devices() { return app().devices; }
  void seen(const std::string& uuid, tuf::Version root, RootSource source = RootSource::request) {
    devices().note_root(uuid, root, source);
    devices().check_in(uuid, {});
  }
  static std::vector<std::string> names(const Json& body, const char* list) {
    std::vector<std::string> names;
    for (const auto& device : *body.find(list)->if_array()) names.push_back(device.text_or("name", ""));
    return names;
  }
  static std::int64_t number(const Json& body, const char* name) { return body.integer_or(name, -1); }
};

TEST_F(TrustApi, CountsDevicesByTheRootTheyHaveShown) {
  registered(kOne, "one");
  registered(kTwo, "two");
  registered(kThree, "three");
  seen(kOne, 2);
  seen(kTwo, 1);
  const Json body = census();
  EXPECT_EQ(number(body, "newest-root"), 2);
  EXPECT_EQ(number(body, "devices"), 3);
  EXPECT_EQ(number(body, "unknown"), 1);
  EXPECT_EQ(number(body, "behind"), 1);
  EXPECT_THAT(names(body, "laggards"), ElementsAre("two"));
  const auto& roots = *body.find("roots")->if_array();
  ASSERT_EQ(roots.size(), 2u);
  EXPECT_EQ(number(roots[0], "version"), 2) << "the newest first";
  EXPECT_EQ(number(*roots[0].find("sources"), "request"), 1);
}

TEST_F(TrustApi, NamesThoseBelowARootPageByPage) {
  for (const auto& [uuid, name] : {std::pair{kOne, "one"}, {kTwo, "two"}, {kThree, "three"}}) {
    registered(uuid, name);
    seen(uuid, 1);
  }
  seen(kTwo, 2);
  EXPECT_THAT(names(census("&root=2&below=1"), "devices"), ElementsAre("one", "three"));
  EXPECT_THAT(names(census("&root=2"), "devices"), ElementsAre("two"));
  EXPECT_THAT(names(census("&root=1&below=1"), "devices"), ElementsAre());
  const Json second = census("&root=2&below=1&limit=1&offset=1");
  EXPECT_THAT(names(second, "devices"), ElementsAre("three"));
  EXPECT_EQ(number(second, "total"), 2);
  EXPECT_THAT(std::string(header(trust("?factory=acme&root=2&below=1&limit=1").headers, "Link")), HasSubstr("next"));
}

TEST_F(TrustApi, RefusesWhatItCannotRead) {
  for (const char* query : {"?factory=acme&root=", "?factory=acme&root=-1", "?factory=acme&root=99999999999",
                            "?factory=acme&root=2&below=yes", "?factory=acme&root=2&limit=0"})
    EXPECT_EQ(trust(query).status, 400) << query;
  EXPECT_EQ(operate("GET", "/v1/trust", admin_token_).status, 400) << "whose devices?";
  EXPECT_EQ(operate("GET", "/v1/trust?factory=nobody", admin_token_).status, 404);
}

TEST_F(TrustApi, WantsTheRightToReadKeysOfThisFactory) {
  EXPECT_EQ(operate("GET", "/v1/trust?factory=acme", "nonsense").status, 401);
  EXPECT_EQ(operate("GET", "/v1/trust?factory=acme", token_with({"devices:read"})).status, 403);
  EXPECT_EQ(operate("GET", "/v1/trust?factory=acme", token_with({"keys:read"}, "other")).status, 403);
  EXPECT_EQ(operate("GET", "/v1/trust?factory=acme", token_with({"keys:read"})).status, 200);
}

TEST_F(TrustApi, DoesNotCountADeviceBehindThatNobodyHasSeenFor90Days) {
  registered(kOne, "one");
  seen(kOne, 1);
  clock_.pass(days(90));
  EXPECT_EQ(number(census(), "behind"), 1);
  clock_.pass(Seconds(1));
  EXPECT_EQ(number(census(), "behind"), 0);
  EXPECT_EQ(number(census(), "silent"), 1);
  EXPECT_THAT(names(census("&root=2&below=1"), "devices"), ElementsAre("one")) << "it is still named";
}

TEST_F(TrustApi, ExpectsTheLaggardsToFollowAtThePaceOfTheOthers) {
  registered(kOne, "one");
  registered(kTwo, "two");
  seen(kTwo, 1);
  EXPECT_TRUE(census().find("eta")->is_null()) << "nobody has followed yet";
  seen(kOne, 2);
  clock_.pass(Seconds(600));
  EXPECT_EQ(census().text_or("eta", ""), rfc3339(clock_.now() + Seconds(600)));
  seen(kTwo, 2);
  EXPECT_TRUE(census().find("eta")->is_null()) << "nobody is behind";
}

TEST_F(TrustApi, KnowsAfterARestartWhatWasShownAndWhen) {
  registered(kOne, "one");
  const Time shown = clock_.now();
  seen(kOne, 1, RootSource::event);
  clock_.pass(Seconds(300));
  seen(kOne, 1, RootSource::event);
  app().writes.settle();
  installation_.reset();
  open();
  const auto device = devices().find(kOne).value();
  EXPECT_EQ(device.root_held, 1);
  EXPECT_EQ(device.root_source, RootSource::event);
  EXPECT_EQ(device.root_since, shown);
}

TEST_F(TrustApi, NamesAtMostAHundredLaggardsAndThoseOnTheOldestRootsFirst) {
  for (int i = 0; i < 230; ++i) {
    const std::string uuid = "44444444-0000-4000-8000-" + std::to_string(100'000'000'000 + i);
    Device device{.uuid = uuid, .factory = "acme", .name = "d" + std::to_string(1000 + i)};
    device.spki = uuid;
    device.created_at = clock_.now();
    ASSERT_TRUE(devices().add(device, {uuid, clock_.now()}).ok());
    seen(uuid, i == 229 ? 1 : 2);
  }
  const auto found = census_of(devices(), "acme", 3, clock_.now());
  EXPECT_EQ(found.behind, 230);
  ASSERT_EQ(found.laggards.size(), kMostListed);
  EXPECT_EQ(found.laggards.front().name, "d1229");
  EXPECT_EQ(found.laggards[1].name, "d1000");
  EXPECT_EQ(found.laggards.back().name, "d1098");
}

TEST_F(TrustApi, KeepsAForkApartUntilTheDeviceStatesARootOfOurs) {
  const auto one = registered(kOne, "one");
  serve();
  const auto state = [&](int version, const std::string& hash) {
    return send(one, "PUT", "/trust", R"({"root":{"version":)" + std::to_string(version) + R"(,"sha256":")" + hash + "\"}}").status;
  };
  EXPECT_EQ(state(2, std::string(64, '0')), 200);
  EXPECT_EQ(get(one, "/repo/3.root.json").status, 404);
  EXPECT_EQ(number(census(), "forked"), 1);
  EXPECT_THAT(names(census(), "forks"), ElementsAre("one"));
  EXPECT_TRUE(census().find("roots")->if_array()->empty());
  EXPECT_EQ(state(2, crypto::sha256_hex(*app().repos.root("acme", 2).value())), 200);
  EXPECT_EQ(number(census(), "forked"), 0);
  EXPECT_EQ(number(*census().find("roots")->if_array()->front().find("sources"), "statement"), 1);
}

std::string refreshed(const std::string& success, const std::string& details, const std::string& type) {
  return R"([{"id":")" + details + success + type + R"(","deviceTime":"2026-11-23T10:00:00Z","event":{"correlationId":"c","success":)" +
         success + R"(,"details":")" + details + R"("},"eventType":{"id":")" + type + R"(","version":0}}])";
}

TEST_F(TrustApi, TakesTheEndOfARefreshForWhatTheDeviceHolds) {
  struct {
    const char *success, *details, *type;
    tuf::Version held;
  } const rows[] = {
      {"false", "root: 1 -> 2", "MetadataUpdateCompleted", 0},
      {"true", "root: 1 -> 2", "EcuDownloadCompleted", 0},
      {"true", "timestamp: 1 -> 2", "MetadataUpdateCompleted", 0},
      {"true", "root: 1 -> two", "MetadataUpdateCompleted", 0},
      {"true", "root: 2", "MetadataUpdateCompleted", 0},
      {"true", "root: 1 -> 3", "MetadataUpdateCompleted", 0},
      {"true", "root: 1 -> 2; timestamp: 4 -> 5", "MetadataUpdateCompleted", 2},
      {"true", "root: 0 -> 1", "MetadataUpdateCompleted", 2},
  };
  const auto one = registered(kOne, "one");
  serve();
  for (const auto& row : rows) {
    ASSERT_EQ(send(one, "POST", "/events", refreshed(row.success, row.details, row.type)).status, 200);
    EXPECT_EQ(devices().find(kOne)->root_held, row.held) << row.details << row.success << row.type;
  }
  EXPECT_EQ(devices().find(kOne)->root_source, RootSource::event);
}

}  // namespace
}  // namespace rota::server
