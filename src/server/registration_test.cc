// Registration and the operator API through the router (operator-api.md 16.1 D2-D5, 16.2 F1).
#include "server/installation_for_test.h"
#include "server/pki.h"
#include "server/sota_toml.h"
#include "server/toml_text.h"

namespace rota::server {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kUuid = "2c5e8f0a-6d1b-4d1f-8f5e-b0a4f5b6b2f3";

class RegistrationTest : public test::Installed {
 protected:
  std::string csr(const std::string& uuid, const std::string& factory = "acme") {
    const auto key = crypto::PrivateKey::generate_p256().value();
    return crypto::CertificateRequest::make_pem(
               key, {.common_name = uuid, .organizational_unit = factory, .business_category = ""})
        .value();
  }
  Json application(const std::string& uuid = kUuid, const std::string& name = "gw-lab-07") {
    return Json::Object{{"use-ostree-server", "true"},
                        {"sota-config-dir", "/var/sota"},
                        {"hardware-id", "foo"},
                        {"name", name},
                        {"uuid", uuid},
                        {"csr", csr(uuid)}};
  }
  int apply(const Json& body, const std::string& token) { return operate("POST", "/ota/devices/", token, body).status; }
  int apply(const Json& body) { return apply(body, owner_token_); }
};

TEST_F(RegistrationTest, D2AnswersTheFilesOfADevice) {
  Json body = application();
  body["overrides"]["pacman"]["tags"] = "\"main\"";
  const auto response = operate("POST", "/ota/devices/", owner_token_, body);
  ASSERT_EQ(response.status, 201) << response.body;
  const Json files = json_of(response);
  const auto certificate = crypto::Certificate::from_pem(files.text_or("client.pem", "")).value();
  EXPECT_EQ(certificate.subject(), (crypto::Subject{kUuid, "acme", ""}));
  EXPECT_TRUE(certificate.issued_by(app().pki.device_ca("acme").value()));
  EXPECT_EQ(files.text_or("root.crt", ""), app().pki.server_ca_pem());
  EXPECT_THAT(files.text_or("sota.toml", ""), HasSubstr("tags = \"main\""));
  EXPECT_TRUE(app().devices.named("acme", "gw-lab-07").has_value());
  const auto listed = app().db.query("SELECT serial FROM device_certificates").value();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].text(0), certificate.serial_hex());
}

TEST_F(RegistrationTest, D2RefusesABadRequestAndStoresNothing) {
  const auto with = [this](const std::string& member, const Json& value) {
    Json body = application();
    body[member] = value;
    return body;
  };
  std::string broken = csr(kUuid);
  broken[broken.size() / 2] = broken[broken.size() / 2] == 'A' ? 'B' : 'A';
  const std::vector<Json> bad = {with("csr", csr("another-uuid")),
                                 with("csr", csr(kUuid, "beta")),
                                 with("csr", "not pem"),
                                 with("csr", broken),
                                 with("csr", nullptr),
                                 with("uuid", ".."),
                                 with("uuid", "a/b"),
                                 with("uuid", std::string(300, 'a')),
                                 with("name", "a b"),
                                 with("name", std::string(65, 'a')),
                                 with("group", "lab"),
                                 with("surprise", "x"),
                                 with("sota-config-dir", "var"),
                                 with("hardware-id", ""),
                                 with("overrides", Json::Array{})};
  for (const auto& body : bad) EXPECT_EQ(apply(body), 400) << to_json(body).substr(0, 300);
  EXPECT_TRUE(app().devices.all("").empty());
  EXPECT_TRUE(app().db.query("SELECT 1 FROM device_certificates").value().empty());
}

TEST_F(RegistrationTest, D3RefusesWhatIsTaken) {
  ASSERT_EQ(apply(application()), 201);
  EXPECT_EQ(apply(application()), 409);
  EXPECT_EQ(apply(application("3c5e8f0a-6d1b", "gw-lab-07")), 409);
  Json same_key = application("4c5e8f0a-6d1b", "another");
  EXPECT_EQ(apply(same_key), 201);
  EXPECT_EQ(apply(same_key), 409);
}

TEST_F(RegistrationTest, RefusesADeniedDevice) {
  ASSERT_EQ(apply(application()), 201);
  ASSERT_EQ(operate("DELETE", "/v1/devices/" + kUuid, owner_token_).status, 204);
  EXPECT_EQ(apply(application()), 403);
  ASSERT_EQ(operate("DELETE", "/v1/denied-devices/" + kUuid, owner_token_).status, 204);
  EXPECT_EQ(apply(application()), 201);
}

TEST_F(RegistrationTest, D4RefusesWhoMayNot) {
  EXPECT_EQ(apply(application(), ""), 401);
  EXPECT_EQ(apply(application(), "wrong"), 401);
  EXPECT_EQ(apply(application(), token_with({"devices:read"})), 403);
  EXPECT_EQ(apply(application(), token_with({"devices:create"})), 201);
  EXPECT_EQ(operate("GET", "/ota/devices/", "").status, 401);
}

TEST_F(RegistrationTest, D6NamesAnUnknownFactory) {
  Json body = application();
  body["csr"] = csr(kUuid, "nobody");
  const auto response = operate("POST", "/ota/devices/", admin_token_, body);
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("factory 'nobody'"));
}

TEST_F(RegistrationTest, D5RefusesAnOverrideThatIsNotOneValue) {
  for (const char* text : {"\"x\"\n[tls]\nserver=\"evil\"", "x", "1\nb = 2", "\"x\" \"y\"", "[1", "{a=1}\n[value.b]"}) {
    Json body = application();
    body["overrides"]["pacman"]["tags"] = text;
    EXPECT_EQ(apply(body), 400) << text;
  }
  EXPECT_TRUE(app().devices.all("").empty());
}

TEST(SotaToml, WritesOverridesAsValues) {
  const SotaSettings settings{"https://gw:8443", "/var/sota", "foo"};
  const Json overrides =
      parse_json(
          R"({"pacman":{"tags":"\"a,b\"","type":"\"ostree+compose_apps\"","os":"","n":"5"},"extra":{"k":"[1, 2]"}})")
          .value();
  const std::string text = sota_toml(settings, &overrides).value();
  EXPECT_THAT(text, HasSubstr("[extra]\nk = [ 1, 2 ]\n"));
  EXPECT_THAT(text, HasSubstr("# os =\n"));
  EXPECT_THAT(text, HasSubstr("n = 5\n"));
  EXPECT_THAT(text, HasSubstr("type = \"ostree+compose_apps\"\n"));
  EXPECT_THAT(text, HasSubstr("repo_server = \"https://gw:8443/repo\"\n"));
  EXPECT_TRUE(masked_toml(text).ok()) << text;
}

TEST(SotaToml, RefusesAKeyThatIsNoBareKey) {
  const Json overrides = parse_json(R"({"pacman":{"a]\n[b":"1"}})").value();
  EXPECT_EQ(sota_toml({"https://gw", "/var/sota", "foo"}, &overrides).error().fault, Fault::bad_input);
}

TEST(MaskedToml, HidesSecretsAtAnyDepth) {
  const std::string text =
      masked_toml("a = 1\n[p11]\nPass = \"x1\"\n[[list]]\ntoken = \"x2\"\n[list.deep]\npin = [\"x3\"]\n").value();
  EXPECT_EQ(text.find("x1"), std::string::npos);
  EXPECT_EQ(text.find("x2"), std::string::npos);
  EXPECT_EQ(text.find("x3"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("***"));
}

class OperatorTest : public RegistrationTest {};

TEST_F(OperatorTest, MakesFactoriesOnce) {
  const auto made = operate("POST", "/v1/factories", admin_token_, Json::Object{{"name", "beta"}});
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(operate("GET", "/v1/factories/beta", json_of(made).text_or("token", "")).status, 200);
  EXPECT_EQ(operate("GET", "/v1/factories/acme", json_of(made).text_or("token", "")).status, 403);
  EXPECT_EQ(operate("POST", "/v1/factories", admin_token_, Json::Object{{"name", "beta"}}).status, 409);
  EXPECT_EQ(operate("GET", "/v1/factories/gamma", admin_token_).status, 404);
  EXPECT_EQ(operate("POST", "/v1/factories", owner_token_, Json::Object{{"name", "gamma"}}).status, 403);
}

TEST_F(OperatorTest, RefusesABadFactory) {
  for (const auto& body :
       {Json(Json::Object{{"name", "A/b"}}), Json(Json::Object{{"name", ""}}),
        Json(Json::Object{{"name", "b"}, {"colour", "red"}}), Json(Json::Object{{"name", "b"}, {"dialect", "x"}}),
        Json(Json::Object{{"name", "b"}, {"key-type", "EC"}}),
        Json(Json::Object{{"name", "b"}, {"auto-enroll", "maybe"}}), Json(Json::Object{{"name", 5}})})
    EXPECT_EQ(operate("POST", "/v1/factories", admin_token_, body).status, 400) << to_json(body);
}

TEST_F(OperatorTest, F1PagesDevices) {
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(apply(application("device-000" + std::to_string(i), "d" + std::to_string(i))), 201);
  const auto page = operate("GET", "/v1/devices?limit=2&offset=0&order-by=name-desc", owner_token_);
  EXPECT_EQ(json_of(page).find("devices")->if_array()->size(), 2u);
  EXPECT_EQ(json_of(page).find("devices")->if_array()->front().text_or("name", ""), "d4");
  const std::string links(header(page.headers, "Link"));
  EXPECT_THAT(links, HasSubstr("limit=2&offset=2>; rel=\"next\""));
  EXPECT_THAT(links, HasSubstr("limit=2&offset=4>; rel=\"last\""));
  for (const char* query :
       {"limit=-1", "limit=0", "limit=1000000000000", "limit=abc", "limit=1001", "offset=-1", "order-by=drop"})
    EXPECT_EQ(operate("GET", std::string("/v1/devices?") + query, owner_token_).status, 400) << query;
  EXPECT_THAT(std::string(header(operate("GET", "/v1/devices?limit=2&offset=4", owner_token_).headers, "Link")),
              Not(HasSubstr("next")));
}

TEST_F(OperatorTest, HidesDevicesOfAnotherFactory) {
  ASSERT_EQ(apply(application()), 201);
  ASSERT_EQ(operate("POST", "/v1/factories", admin_token_, Json::Object{{"name", "beta"}}).status, 201);
  const auto beta = token_with({"*"}, "beta");
  EXPECT_EQ(operate("GET", "/v1/devices/" + kUuid, beta).status, 404);
  EXPECT_EQ(operate("DELETE", "/v1/devices/" + kUuid, beta).status, 404);
  EXPECT_EQ(operate("GET", "/v1/devices?factory=acme", beta).status, 403);
  EXPECT_EQ(json_of(operate("GET", "/v1/devices", beta)).integer_or("total", -1), 0);
  EXPECT_EQ(json_of(operate("GET", "/v1/devices", admin_token_)).integer_or("total", -1), 1);
  EXPECT_EQ(operate("GET", "/v1/devices/gw-lab-07?factory=acme", admin_token_).status, 200);
}

TEST_F(OperatorTest, GrantsOnlyWhatTheCallerHolds) {
  const auto reader = token_with({"devices:read"});
  const auto order = [](const char* scope) {
    return Json(Json::Object{{"name", "t"}, {"scopes", Json::Array{Json(scope)}}});
  };
  EXPECT_EQ(operate("POST", "/v1/tokens", reader, order("devices:read")).status, 201);
  EXPECT_EQ(operate("POST", "/v1/tokens", reader, order("devices:delete")).status, 403);
  EXPECT_EQ(operate("POST", "/v1/tokens", reader, order("*")).status, 403);
  Json elsewhere = order("devices:read");
  elsewhere["factory"] = "beta";
  EXPECT_EQ(operate("POST", "/v1/tokens", reader, elsewhere).status, 403);
  const auto made = operate("POST", "/v1/tokens", owner_token_, order("devices:read"));
  EXPECT_EQ(operate("GET", "/v1/devices", json_of(made).text_or("token", "")).status, 200);
}

TEST_F(OperatorTest, HandsOutCredentialsAndTargets) {
  const auto zip = operate("GET", "/v1/factories/acme/credentials.zip", owner_token_);
  EXPECT_EQ(zip.status, 200);
  EXPECT_EQ(zip.body.substr(0, 2), "PK");
  EXPECT_EQ(operate("GET", "/v1/factories/acme/credentials.zip", token_with({"devices:read"})).status, 403);
  EXPECT_EQ(to_json(*json_of(operate("GET", "/v1/factories/acme/targets", owner_token_)).find("targets")), "{}");
}

TEST_F(OperatorTest, IsHealthyForEverybody) {
  EXPECT_EQ(operate("GET", "/healthz", "").status, 200);
}

TEST_F(OperatorTest, KeepsFactoriesAndTokensOverARestart) {
  open();
  EXPECT_EQ(operate("GET", "/v1/factories/acme", owner_token_).status, 200);
  EXPECT_EQ(operate("GET", "/v1/factories", admin_token_).status, 200);
  EXPECT_EQ(std::string(trim(files_.read(folder_ + "/data/admin-token", 1000).value())), admin_token_);
}

TEST_F(OperatorTest, RefusesAnotherSealKey) {
  installation_.reset();
  ASSERT_TRUE(replace_file(files_, folder_ + "/data.seal.key", std::string(32, 'x'), 0600).ok());
  EXPECT_FALSE(Installation::open({folder_ + "/data", {}, {}, {}}, clock_, files_).ok());
  ASSERT_TRUE(files_.set_mode(folder_ + "/data.seal.key", 0644).ok());
  EXPECT_EQ(Installation::open({folder_ + "/data", {}, {}, {}}, clock_, files_).error().fault, Fault::bad_input);
}

TEST_F(OperatorTest, MakesNoSecondSealKeyForAFolder) {
  installation_.reset();
  ASSERT_TRUE(files_.remove(folder_ + "/data.seal.key").ok());
  EXPECT_EQ(Installation::open({folder_ + "/data", {}, {}, {}}, clock_, files_).error().fault, Fault::bad_input);
  EXPECT_FALSE(files_.facts(folder_ + "/data.seal.key")->exists());
}

TEST_F(OperatorTest, RefusesASecondProcessOnOneFolder) {
  EXPECT_EQ(Installation::open({folder_ + "/data", {}, {}, {}}, clock_, files_).error().fault, Fault::conflict);
}

}  // namespace
}  // namespace rota::server
