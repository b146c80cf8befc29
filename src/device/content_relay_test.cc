#include "device/content_relay.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "device/device_for_test.h"
#include "http/client.h"

namespace rota::device {
namespace {

using testing::IsEmpty;

// A content server in memory; a path that names another one is a redirect.
struct Store {
  std::map<std::string, std::string> objects, redirects;
  std::mutex turn;
  std::vector<std::string> asked;
  int status = 404;
};

class StoreConnection final : public Fetcher {
 public:
  explicit StoreConnection(Store& store) : store_(store) {}
  Result<FetchReply> fetch(const FetchRequest& request) override {
    const std::lock_guard turn(store_.turn);
    store_.asked.push_back(request.url + " " + std::string(header(request.headers, "Authorization")));
    if (const auto to = store_.redirects.find(request.url); to != store_.redirects.end())
      return FetchReply{302, {{"Location", to->second}}, ""};
    const auto object = store_.objects.find(request.url);
    if (object == store_.objects.end()) return FetchReply{store_.status, {}, ""};
    for (std::size_t at = 0; at < object->second.size(); at += 1000)
      TRY(request.sink(BytesView(object->second).substr(at, 1000)));
    return FetchReply{200, {}, ""};
  }

 private:
  Store& store_;
};

class Relay : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    const auto connect = [this](Store& store) { return [&store] { return std::make_unique<StoreConnection>(store); }; };
    relay = ContentRelay::open({{"https://cdn", {{"Authorization", "Bearer t"}}, connect(cdn), connect(elsewhere)},
                                {"https://gw/ostree", {}, connect(gateway), connect(elsewhere)}},
                               folder)
                .value();
  }
  void TearDown() override {
    relay.reset();
    std::filesystem::remove_all(folder);
  }
  FetchReply get(const std::string& path) { return client.fetch({.url = relay->url() + path, .max_body = 1 << 24}).value(); }
  Store cdn, gateway, elsewhere;
  std::string folder = testing::TempDir() + "relay-XXXXXX";
  std::unique_ptr<ContentRelay> relay;
  http::Client client{http::ClientOptions{}};
};

TEST_F(Relay, AsksTheStoreFirstThenTheGateway) {
  cdn.objects["https://cdn/objects/aa/b.filez"] = "from the store";
  gateway.objects["https://gw/ostree/config"] = "from the gateway";
  EXPECT_EQ(get("objects/aa/b.filez").body, "from the store");
  EXPECT_EQ(get("config").body, "from the gateway");
  EXPECT_EQ(cdn.asked.front(), "https://cdn/objects/aa/b.filez Bearer t");
  EXPECT_EQ(get("objects/cc/d.filez").status, 404);
}

TEST_F(Relay, PassesLargeObjectsThroughFilesAndLeavesNone) {
  const std::string large(5'000'000, 'x');
  gateway.objects["https://gw/ostree/objects/aa/large.filez"] = large;
  std::vector<std::thread> children;
  for (int i = 0; i < 6; ++i)
    children.emplace_back([&] {
      http::Client own{http::ClientOptions{}};
      const auto reply = own.fetch({.url = relay->url() + "objects/aa/large.filez", .max_body = 1 << 24});
      EXPECT_TRUE(reply.ok() && reply->body == large);
    });
  for (auto& child : children) child.join();
  relay.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(Relay, FollowsRedirectsOverHttpsWithoutItsIdentity) {
  cdn.redirects["https://cdn/a"] = "https://other/a";
  elsewhere.objects["https://other/a"] = "there";
  EXPECT_EQ(get("a").body, "there");
  EXPECT_EQ(elsewhere.asked.front(), "https://other/a ");
  cdn.redirects["https://cdn/b"] = "http://other/b";
  cdn.redirects["https://cdn/c"] = "https://cdn/c";
  EXPECT_NE(get("b").status, 200);
  EXPECT_NE(get("c").status, 200);
  EXPECT_EQ(elsewhere.asked.size(), 1u);
}

TEST_F(Relay, SaysWhyNothingCame) {
  EXPECT_THAT(relay->last_failure(), IsEmpty());
  gateway.status = 403;
  EXPECT_EQ(get("objects/aa/b.filez").status, 502);
  EXPECT_EQ(relay->last_failure(), "objects/aa/b.filez: the server answers 403");
}

TEST_F(Relay, AnswersOnlyBelowItsSecretPath) {
  gateway.objects["https://gw/ostree/config"] = "c";
  const std::string origin = relay->url().substr(0, relay->url().find('/', 7));
  for (const char* path : {"/config", "/0123456789abcdef0123456789abcdef/config", "/"})
    EXPECT_EQ(client.fetch({.url = origin + path})->status, 404) << path;
  EXPECT_EQ(get("%2e%2e/config").status, 404);
  EXPECT_TRUE(gateway.asked.empty());
}

}  // namespace
}  // namespace rota::device
