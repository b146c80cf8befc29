// The gateway from outside: a real listener, real certificates (gateway.md 11).
#include "server/gateway.h"

#include <filesystem>

#include "crypto/hash.h"
#include "http/gzip.h"
#include "server/installation_for_test.h"
#include "server/pki.h"
#include "tuf/canonical.h"
#include "tuf/root_chain.h"

namespace rota::server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kUuid = "2c5e8f0a-6d1b-4d1f-8f5e-b0a4f5b6b2f3";

tuf::Target foo_target(int build) {
  return {.name = "foo-lmp-" + std::to_string(build),
          .hashes = {{"sha256", std::string(64, 'a')}},
          .length = 0,
          .custom = R"({"hardwareIds":["foo"],"name":"foo-lmp","version":"1","targetFormat":"OSTREE"})"};
}

class GatewayTest : public test::Installed {
 protected:
  void SetUp() override {
    Installed::SetUp();
    serve();
  }
  crypto::Subject subject(const std::string& name, const std::string& unit = "acme") {
    return {.common_name = name, .organizational_unit = unit, .business_category = ""};
  }
  int status_for(const test::Machine& machine) { return get(machine, "/device").status; }
  Json device_of(const std::string& uuid) { return json_of(operate("GET", "/v1/devices/" + uuid, owner_token_)); }
  void write(const std::string& path, const std::string& bytes) {
    const std::string file = app().factories.ostree_folder("acme") + "/" + path;
    ASSERT_TRUE(make_folders(files_, folder_of(file), 0700).ok());
    ASSERT_TRUE(replace_file(files_, file, bytes, 0600).ok());
  }
};

TEST_F(GatewayTest, A1TellsADeviceWhatItKnowsOfIt) {
  const auto one = registered(kUuid, "gw-lab-07");
  const auto reply = get(one, "/device");
  EXPECT_EQ(reply.status, 200);
  const Json body = parse_json(reply.body).value();
  EXPECT_EQ(body.text_or("uuid", ""), kUuid);
  EXPECT_EQ(body.text_or("name", ""), "gw-lab-07");
  EXPECT_EQ(body.text_or("Name", ""), "gw-lab-07");
  EXPECT_EQ(body.text_or("last_seen", ""), rfc3339(clock_.now()));
  EXPECT_THAT(body.text_or("pubkey", ""), StartsWith("-----BEGIN PUBLIC KEY-----"));
  EXPECT_FALSE(header(reply.headers, "x-version").empty());
}

TEST_F(GatewayTest, A1RefusesWhoHasNoCertificate) {
  for (const char* path : {"/device", "/repo/1.root.json", "/repo/1.root-chain", "/nothing", "/healthz"}) {
    const auto reply = fetch(nullptr, {.url = path});
    ASSERT_TRUE(reply.ok()) << reply.error().what;
    EXPECT_EQ(reply->status, 403) << path;
  }
}

TEST_F(GatewayTest, A1NeverAnswersPlainHttpWithData) {
  std::string url = app().settings.gateway_url;
  url.replace(0, 5, "http");
  http::Client plain{{}};
  const auto reply = plain.fetch({.url = url + "/device"});
  EXPECT_EQ(reply.ok() ? reply->status : 400, 400);
}

TEST_F(GatewayTest, A2FailsTheHandshakeOfAForeignCa) {
  const auto authority = crypto::CertificateAuthority::make("Rota device CA", "acme", clock_.now(), days(10)).value();
  auto key = crypto::PrivateKey::generate_p256().value();
  const auto csr =
      crypto::CertificateRequest::from_pem(crypto::CertificateRequest::make_pem(key, subject(kUuid)).value()).value();
  const test::Machine foreign{kUuid, std::move(key), authority.issue_client(csr, clock_.now(), days(9))->pem()};
  EXPECT_FALSE(fetch(&foreign, {.url = "/device"}).ok());
}

TEST_F(GatewayTest, A2FailsTheHandshakeOfAnExpiredCertificate) {
  clock_.pass(-days(800));
  const auto expired = machine(kUuid, subject(kUuid));
  clock_.pass(days(800));
  EXPECT_FALSE(fetch(&expired, {.url = "/device"}).ok());
}

TEST_F(GatewayTest, A3RefusesAnotherFactorysUnitAndUncleanNames) {
  ASSERT_TRUE(app().factories.create({.name = "beta", .ordered_by = "admin"}, "https://localhost:1").ok());
  ASSERT_TRUE(app().factories.set_auto_enroll("acme", AutoEnroll::factory_ca).ok());
  ASSERT_TRUE(app().factories.set_auto_enroll("beta", AutoEnroll::factory_ca).ok());
  EXPECT_EQ(status_for(machine(kUuid, subject(kUuid, "beta"))), 403);  // issued by acme's CA
  EXPECT_EQ(status_for(machine(kUuid, subject(kUuid, "nobody"))), 403);
  for (const char* name : {"", "..", "a/b", "../../../../etc/x"})
    EXPECT_EQ(status_for(machine("x", subject(name))), 403) << name;
  EXPECT_TRUE(app().devices.all("").empty());
}

TEST_F(GatewayTest, A4EnrolsAStrangerOnlyWhenToldTo) {
  const auto stranger = machine(kUuid, subject(kUuid));
  EXPECT_EQ(status_for(stranger), 403);
  EXPECT_TRUE(app().devices.all("acme").empty());
  EXPECT_EQ(operate("PATCH", "/v1/factories/acme", owner_token_, Json::Object{{"auto-enroll", "factory-ca"}}).status,
            200);
  EXPECT_EQ(status_for(stranger), 200);
  EXPECT_EQ(status_for(stranger), 200);
  EXPECT_EQ(app().devices.all("acme").size(), 1u);
  const auto audit = operate("GET", "/v1/audit", owner_token_).body;
  const auto first = audit.find("device-enrolled");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(audit.find("device-enrolled", first + 1), std::string::npos);
}

TEST_F(GatewayTest, A5RefusesADeniedDeviceAtItsNextRequest) {
  const auto one = registered(kUuid, "one");
  const auto kept = client_of(&one);
  const auto ask = [&] { return kept->fetch({.url = app().settings.gateway_url + "/device"})->status; };
  EXPECT_EQ(ask(), 200);
  EXPECT_EQ(operate("DELETE", "/v1/devices/" + kUuid, owner_token_).status, 204);
  EXPECT_EQ(ask(), 403);
  EXPECT_EQ(kept->connections_made(), 1);
  EXPECT_EQ(operate("DELETE", "/v1/denied-devices/" + kUuid, owner_token_).status, 204);
  EXPECT_EQ(ask(), 403);  // must register anew
}

TEST_F(GatewayTest, A6RefusesAnotherKeyUnlessAnnounced) {
  const auto one = registered(kUuid, "one");
  const auto other = machine(kUuid, subject(kUuid));
  EXPECT_EQ(status_for(other), 403);
  EXPECT_THAT(operate("GET", "/v1/audit", owner_token_).body, HasSubstr("alert:foreign-key"));
  const Json announced = Json::Object{{"next_pubkey", other.key.public_key().pem()}};
  EXPECT_EQ(send(one, "PATCH", "/device", to_json(announced)).status, 200);
  EXPECT_EQ(send(one, "PATCH", "/device", to_json(announced)).status, 200);
  EXPECT_EQ(send(one, "PATCH", "/device", R"({"next_pubkey":"x"})").status, 400);
  const std::string p384 =
      R"({"next_pubkey":"-----BEGIN PUBLIC KEY-----\n)"
      R"(MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE7DpOQVtOGaRWhhgCn0J/pdqai8SukuAu\n)"
      R"(BqrlKGswDGTe+PDqkFWGYGSiVFFUgLwTgBXZty19VyROqO+awMYhiWcIpZNn+d+5\n)"
      R"(9UyoSz8cnbEoiyMcOuDU/nNE/SUzJkcg\n-----END PUBLIC KEY-----\n"})";
  EXPECT_EQ(send(one, "PATCH", "/device", p384).status, 400);
  EXPECT_EQ(status_for(other), 200);
  EXPECT_EQ(status_for(one), 403);
}

TEST_F(GatewayTest, A7StoresTheCheckIn) {
  const auto one = registered(kUuid, "one");
  const std::string commit(64, 'a');
  get(one, "/device",
      {{"x-ats-target", "foo-lmp-7"},
       {"x-ats-ostreehash", commit},
       {"x-ats-tags", "main,beta"},
       {"x-ats-dockerapps", "shell,web"}});
  get(one, "/device");
  Json device = device_of(kUuid);
  EXPECT_EQ(device.text_or("target-name", ""), "foo-lmp-7");
  EXPECT_EQ(device.text_or("ostree-hash", ""), commit);
  EXPECT_EQ(to_json(*device.find("tags")), R"(["main","beta"])");
  EXPECT_EQ(to_json(*device.find("docker-apps")), R"(["shell","web"])");
  get(one, "/device", {{"x-ats-dockerapps", ""}});
  device = device_of(kUuid);
  EXPECT_EQ(to_json(*device.find("docker-apps")), "[]");
  EXPECT_EQ(to_json(*device.find("tags")), R"(["main","beta"])");
}

TEST_F(GatewayTest, A8RefusesTagsOutsideTheGrammarAndStoresNothing) {
  const auto one = registered(kUuid, "one");
  for (const std::string& tags : {std::string("../../x"), std::string(5000, 'a')})
    EXPECT_EQ(get(one, "/device", {{"x-ats-tags", tags}, {"x-ats-target", "evil"}}).status, 400);
  EXPECT_EQ(device_of(kUuid).text_or("target-name", ""), "unknown");
}

TEST_F(GatewayTest, A9RefusesABodyOverTheLimit) {
  const auto one = registered(kUuid, "one");
  EXPECT_EQ(send(one, "POST", "/events", std::string(200 * 1024, ' ')).status, 413);
  EXPECT_EQ(send(one, "PUT", "/trust", std::string(2048, ' ')).status, 413);
}

TEST_F(GatewayTest, A10EchoesACleanRequestId) {
  const auto one = registered(kUuid, "one");
  EXPECT_EQ(header(get(one, "/device", {{"X-Request-ID", "r-1"}}).headers, "X-Request-ID"), "r-1");
  const std::string long_id(129, 'r');
  EXPECT_NE(header(get(one, "/device", {{"X-Request-ID", long_id}}).headers, "X-Request-ID"), long_id);
}

TEST_F(GatewayTest, B1ServesTheChainOfRootsAndEndsItWith404) {
  const auto one = registered(kUuid, "one");
  auto trusted = tuf::anchor_root(get(one, "/repo/1.root.json").body).value();
  for (;;) {
    const auto reply = get(one, "/repo/" + std::to_string(trusted->version + 1) + ".root.json");
    if (reply.status == 404) break;
    trusted = tuf::next_root(trusted, reply.body).value();
  }
  EXPECT_EQ(trusted->version, 2);
  EXPECT_EQ(get(one, "/repo/root.json").body, trusted.raw());
  EXPECT_EQ(app().devices.find(kUuid)->root_held, 2);
  EXPECT_EQ(app().devices.find(kUuid)->root_source, RootSource::request);
}

TEST_F(GatewayTest, B1Answers404ToWhatIsNoRootVersion) {
  const auto one = registered(kUuid, "one");
  for (const char* n : {"0", "01", "five", "-1", "99999999999999999999", "2147483648", "1e0", "+1", "", " 1"})
    for (const char* suffix : {".root.json", ".root-chain"})
      EXPECT_EQ(get(one, "/repo/" + percent_encoded(n) + suffix).status, 404) << n;
  EXPECT_EQ(app().devices.find(kUuid)->root_held, 0);
}

TEST_F(GatewayTest, B1ServesTheSameRootsInOneChainFile) {
  const auto one = registered(kUuid, "one");
  const auto first = get(one, "/repo/1.root.json"), second = get(one, "/repo/2.root.json");
  const auto chain = get(one, "/repo/1.root-chain");
  EXPECT_EQ(chain.status, 200);
  EXPECT_EQ(chain.body, tuf::root_chain_frame(first.body) + tuf::root_chain_frame(second.body));
  EXPECT_EQ(header(chain.headers, "Content-Type"), "application/vnd.rota.root-chain");
  EXPECT_EQ(header(chain.headers, "Cache-Control"), "no-cache");
  EXPECT_EQ(get(one, "/repo/2.root-chain").body, tuf::root_chain_frame(second.body));
  EXPECT_EQ(header(first.headers, "x-rota-root-chain"), "2");
  EXPECT_EQ(header(second.headers, "x-rota-root-chain"), "");
}

TEST_F(GatewayTest, B1SaysThatAChainIsHeldAlready) {
  const auto one = registered(kUuid, "one");
  const std::string tag(header(get(one, "/repo/1.root-chain").headers, "ETag"));
  EXPECT_THAT(tag, StartsWith("\"1-2-"));
  for (const auto& held : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const auto reply = get(one, "/repo/1.root-chain", {{"If-None-Match", held}});
    EXPECT_EQ(reply.status, 304) << held;
    EXPECT_EQ(header(reply.headers, "ETag"), tag);
    EXPECT_EQ(reply.body, "");
  }
  EXPECT_EQ(get(one, "/repo/2.root-chain", {{"If-None-Match", tag}}).status, 200);
  EXPECT_EQ(get(one, "/repo/1.root-chain", {{"If-None-Match", "\"1-1-0\""}}).status, 200);
}

TEST_F(GatewayTest, B1TakesARequestForAChainAsHeldRoot) {
  const auto one = registered(kUuid, "one");
  EXPECT_EQ(get(one, "/repo/2.root-chain").status, 200);
  EXPECT_EQ(app().devices.find(kUuid)->root_held, 1);
  EXPECT_EQ(get(one, "/repo/3.root-chain").status, 404);
  EXPECT_EQ(app().devices.find(kUuid)->root_held, 2);
}

TEST_F(GatewayTest, B2ServesASetThatADeviceVerifies) {
  const auto one = registered(kUuid, "one");
  tuf::Generation set;
  for (auto [name, bytes] :
       {std::pair("timestamp", &set.timestamp), {"snapshot", &set.snapshot}, {"targets", &set.targets}}) {
    const auto reply = get(one, "/repo/" + std::string(name) + ".json");
    ASSERT_EQ(reply.status, 200) << name;
    EXPECT_EQ(header(reply.headers, "x-ats-role-checksum"), crypto::sha256_hex(reply.body));
    EXPECT_EQ(header(reply.headers, "Cache-Control"), "no-cache");
    EXPECT_EQ(header(reply.headers, "Content-Type"), "application/json");
    EXPECT_EQ(tuf::canonical(parse_json(reply.body).value()), reply.body);
    *bytes = reply.body;
  }
  const auto root =
      tuf::next_root(tuf::anchor_root(get(one, "/repo/1.root.json").body).value(), get(one, "/repo/2.root.json").body)
          .value();
  const auto verified = tuf::verify_set(root, {}, set, clock_.now());
  EXPECT_TRUE(verified.ok()) << verified.error().what;
  EXPECT_EQ(app().devices.find(kUuid)->served.timestamp, 1);
}

TEST_F(GatewayTest, B2ServesTheNewSetAfterAPublication) {
  const auto one = registered(kUuid, "one");
  const auto before = get(one, "/repo/targets.json").body;
  ASSERT_TRUE(app().repos.add_targets("acme", {foo_target(1)}).ok());
  const auto after = get(one, "/repo/targets.json");
  EXPECT_NE(after.body, before);
  EXPECT_EQ(header(after.headers, "x-ats-role-checksum"), crypto::sha256_hex(after.body));
}

TEST_F(GatewayTest, B2PacksWhatIsLongForWhoAsksForIt) {
  const auto one = registered(kUuid, "one");
  const Headers asking = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(header(get(one, "/repo/targets.json", asking).headers, "Content-Encoding"), "") << "too short to be worth it";
  std::vector<tuf::Target> many;
  for (int build = 1; build <= 50; ++build) many.push_back(foo_target(build));
  ASSERT_TRUE(app().repos.add_targets("acme", many).ok());
  const auto plain = get(one, "/repo/targets.json");
  const auto packed = get(one, "/repo/targets.json", asking);
  EXPECT_EQ(header(plain.headers, "Content-Encoding"), "");
  EXPECT_EQ(header(packed.headers, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(plain.headers, "Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size() * 3, plain.body.size());
  EXPECT_EQ(http::gunzipped(packed.body, plain.body.size()).value(), plain.body);
  EXPECT_EQ(header(packed.headers, "x-ats-role-checksum"), crypto::sha256_hex(plain.body));
}

TEST_F(GatewayTest, NeverServesALowerVersionThanBefore) {
  const auto one = registered(kUuid, "one");
  ASSERT_TRUE(app().devices.give(kUuid, tuf::Role::timestamp, 1000).ok());
  EXPECT_EQ(get(one, "/repo/timestamp.json").status, 503);
  EXPECT_EQ(get(one, "/repo/snapshot.json").status, 200);
  EXPECT_THAT(operate("GET", "/v1/audit", owner_token_).body, HasSubstr("alert:version-fell"));
}

TEST_F(GatewayTest, HasNoProductionStream) {
  const auto one =
      machine(kUuid, {.common_name = kUuid, .organizational_unit = "acme", .business_category = "production"});
  ASSERT_TRUE(app().factories.set_auto_enroll("acme", AutoEnroll::factory_ca).ok());
  for (const char* path : {"/repo/1.root.json", "/repo/1.root-chain", "/repo/timestamp.json"})
    EXPECT_EQ(get(one, path).status, 404);
}

TEST_F(GatewayTest, TrustsANewFactorysCaWithoutARestart) {
  ASSERT_TRUE(
      app()
          .factories
          .create({.name = "beta", .auto_enroll = AutoEnroll::factory_ca, .ordered_by = "admin"}, "https://localhost:1")
          .ok());
  auto key = crypto::PrivateKey::generate_p256().value();
  const auto csr =
      crypto::CertificateRequest::from_pem(crypto::CertificateRequest::make_pem(key, subject(kUuid, "beta")).value())
          .value();
  const test::Machine beta{kUuid, std::move(key), app().pki.issue_device("beta", csr)->pem()};
  EXPECT_EQ(status_for(beta), 200);
}

TEST_F(GatewayTest, C1HasNoConfig) {
  EXPECT_EQ(get(registered(kUuid, "one"), "/config").status, 204);
}

std::string event(const std::string& id, const std::string& correlation) {
  return R"({"id":")" + id +
         R"(","deviceTime":"2026-09-30T08:14:52Z","eventType":{"id":"EcuInstallationCompleted","version":0},)"
         R"("event":{"correlationId":")" +
         correlation + R"(","ecu":"","success":true,"targetName":"foo-lmp-118","version":"118","details":"ok"}})";
}

TEST_F(GatewayTest, C6StoresEventsUnderTheirCorrelation) {
  const auto one = registered(kUuid, "one");
  EXPECT_EQ(send(one, "POST", "/events", "[" + event("a", "118-1") + "," + event("b", "118-1") + "]").status, 200);
  const Json events = json_of(operate("GET", "/v1/devices/" + kUuid + "/updates/118-1", owner_token_));
  EXPECT_EQ(events.if_array()->size(), 2u);
  EXPECT_THAT(operate("GET", "/v1/devices/" + kUuid + "/updates", owner_token_).body,
              HasSubstr(R"("correlation-id":"118-1","events":2,"target":"foo-lmp-118")"));
  EXPECT_EQ(send(one, "POST", "/events", "not json").status, 400);
  EXPECT_EQ(send(one, "POST", "/events", R"({"id":"x"})").status, 400);
}

TEST_F(GatewayTest, C6And7StoreEachEventOnceAndSkipWhatHasNoName) {
  const auto one = registered(kUuid, "one");
  const std::string without_id = R"({"eventType":{"id":"X"},"event":{"correlationId":"c-1"}})";
  const std::string batch =
      "[" + event("a", "c-1") + "," + without_id + "," + event("b", "../../x") + "," + event("c", "") + "]";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(send(one, "POST", "/events", batch).status, 200);
  const Json updates = json_of(operate("GET", "/v1/devices/" + kUuid + "/updates", owner_token_));
  EXPECT_EQ(updates.find("updates")->if_array()->size(), 1u);
  EXPECT_EQ(json_of(operate("GET", "/v1/devices/" + kUuid + "/updates/c-1", owner_token_)).if_array()->size(), 1u);
}

TEST_F(GatewayTest, TellsEventsInTheOrderTheyArrived) {
  const auto one = registered(kUuid, "one");
  for (const auto* id : {"z", "m", "a"}) send(one, "POST", "/events", "[" + event(id, "c-1") + "]");
  const Json told = json_of(operate("GET", "/v1/devices/" + kUuid + "/updates/c-1", owner_token_));
  ASSERT_EQ(told.if_array()->size(), 3u);
  EXPECT_EQ(told.if_array()->front().text_or("id", ""), "z");
  EXPECT_EQ(told.if_array()->back().text_or("id", ""), "a");
}

TEST_F(GatewayTest, EventsAreDurableWhenAcknowledged) {
  const auto one = registered(kUuid, "one");
  ASSERT_EQ(send(one, "POST", "/events", "[" + event("a", "c-1") + "]").status, 200);
  EXPECT_EQ(app().db.query("SELECT COUNT(*) FROM events").value().at(0).integer(0), 1);  // no settle() before
}

TEST_F(GatewayTest, C8StoresReports) {
  const auto one = registered(kUuid, "one");
  EXPECT_EQ(send(one, "PUT", "/system_info", R"({"id":"foo","size":1.5})").status, 200);
  EXPECT_EQ(send(one, "PUT", "/system_info", "lshw").status, 400);
  EXPECT_EQ(send(one, "PUT", "/system_info", "{" + std::string(600 * 1024, ' ') + "}").status, 200);
  EXPECT_EQ(send(one, "PUT", "/system_info/network", R"({"hostname":"h","mac":"m","local_ipv4":"1.2.3.4"})").status,
            200);
  EXPECT_EQ(send(one, "PUT", "/system_info/config", "[p11]\npass = \"1234\"\nmodule = \"m\"\n").status, 200);
  EXPECT_EQ(send(one, "POST", "/system_info/config", "[[[").status, 400);
  EXPECT_EQ(send(one, "PUT", "/ecus", "[]").status, 200);
  const std::string shown = device_of(kUuid).text_or("aktualizr-toml", "");
  EXPECT_THAT(shown, HasSubstr("pass = \"***\""));
  EXPECT_EQ(shown.find("1234"), std::string::npos);
}

TEST_F(GatewayTest, C9KeepsTheNewestTenStatesOfTheApps) {
  const auto one = registered(kUuid, "one");
  for (int i = 0; i < 12; ++i)
    EXPECT_EQ(send(one, "POST", "/apps-states",
                   R"({"deviceTime":"2026-09-30T08:14:52Z","ostree":")" + std::to_string(i) + R"(","apps":{}})")
                  .status,
              200);
  EXPECT_EQ(send(one, "POST", "/apps-states", R"({"deviceTime":"yesterday","apps":{}})").status, 400);
  const Json states = json_of(operate("GET", "/v1/devices/" + kUuid + "/apps-states", owner_token_));
  ASSERT_EQ(states.find("apps_states")->if_array()->size(), 10u);
  EXPECT_EQ(states.find("apps_states")->if_array()->front().text_or("ostree", ""), "11");
}

TEST_F(GatewayTest, C11GivesAnAddressForApps) {
  const auto reply = send(registered(kUuid, "one"), "POST", "/app-proxy-url", "");
  EXPECT_EQ(reply.status, 201);
  EXPECT_THAT(reply.body, StartsWith(app().settings.gateway_url + "/registry?token="));
}

TEST_F(GatewayTest, C13ServesOstreeContentWithItsTypes) {
  const auto one = registered(kUuid, "one");
  const std::string object = "objects/ab/" + std::string(62, 'c') + ".filez";
  write(object, "0123456789");
  write("delta-stats/" + std::string(64, 'a'), "{}");
  for (const char* base : {"/ostree/", "/treehub/"}) {
    const auto config = get(one, std::string(base) + "config");
    EXPECT_EQ(config.status, 200);
    EXPECT_THAT(std::string(header(config.headers, "Content-Type")), StartsWith("text/plain"));
    EXPECT_EQ(header(get(one, base + object).headers, "Content-Type"), "application/octet-stream");
    EXPECT_EQ(header(get(one, base + ("delta-stats/" + std::string(64, 'a'))).headers, "Content-Type"),
              "application/json");
  }
  const auto range = get(one, "/ostree/" + object, {{"Range", "bytes=2-4"}});
  EXPECT_EQ(range.status, 206);
  EXPECT_EQ(range.body, "234");
  EXPECT_EQ(get(one, "/ostree/objects/ab/" + std::string(62, 'd') + ".filez").status, 404);
}

TEST_F(GatewayTest, C13Answers404ToUncleanPaths) {
  const auto one = registered(kUuid, "one");
  write("secret", "x");
  write("objects/ab/secret", "x");
  for (const char* path : {"/ostree/../../rota.db", "/ostree/%2e%2e/%2e%2e/rota.db", "/ostree/%252e%252e/config",
                           "/ostree//config", "/ostree/config%00", "/ostree/refs/heads/../../config", "/ostree/secret",
                           "/ostree/objects/ab/secret", "/ostree/..%2f..%2frota.db", "/ostree/", "/ostree",
                           "/ostree/objects", "/ostree/config/", "/treehub/..%5c..%5crota.db"})
    EXPECT_EQ(get(one, path).status, 404) << path;
}

TEST_F(GatewayTest, C14NamesNoOtherPlaceToLoadFrom) {
  EXPECT_EQ(send(registered(kUuid, "one"), "POST", "/ostree/download-urls", "{}").status, 204);
}

TEST_F(GatewayTest, B13KeepsAStatementOfTrust) {
  const auto one = registered(kUuid, "one");
  const std::string ours = crypto::sha256_hex(*app().repos.root("acme", 2).value());
  const auto statement = [](std::int64_t version, const std::string& hash) {
    return R"({"root":{"version":)" + std::to_string(version) + R"(,"sha256":")" + hash +
           R"("},"timestamp":1,"snapshot":1,"targets":1})";
  };
  EXPECT_EQ(send(one, "PUT", "/trust", statement(2, ours)).status, 200);
  EXPECT_EQ(app().devices.find(kUuid)->root_source, RootSource::statement);
  EXPECT_EQ(operate("GET", "/v1/audit", owner_token_).body.find("alert:fork"), std::string::npos);
  EXPECT_EQ(send(one, "PUT", "/trust", statement(2, std::string(64, '0'))).status, 200);
  EXPECT_EQ(send(one, "PUT", "/trust", statement(9, ours)).status, 200);
  EXPECT_THAT(operate("GET", "/v1/audit", owner_token_).body, HasSubstr("alert:fork"));
  EXPECT_EQ(send(one, "PUT", "/trust", "{}").status, 400);
  EXPECT_EQ(send(one, "PUT", "/trust", statement(9, "no digest")).status, 400);
}

}  // namespace
}  // namespace rota::server
