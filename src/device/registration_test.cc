#include "device/registration.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "crypto/x509.h"
#include "device/config.h"
#include "device/device_for_test.h"

namespace rota::device {
namespace {

using testing::HasSubstr;
using testing::Not;

// POST /ota/devices/ as a factory answers it.
class FactoryServer final : public Fetcher {
 public:
  Result<FetchReply> fetch(const FetchRequest& request) override {
    last = request;
    if (refuse_with != 0) return FetchReply{refuse_with, {}, R"({"code":"x","description":"no such thing"})"};
    if (on_request) on_request();
    const Json body = parse_json(request.body).value();
    const auto csr = crypto::CertificateRequest::from_pem(body.text("csr").value()).value();
    Json answer = Json::Object{{"root.crt", ca.certificate().pem()},
                               {"client.pem", ca.issue_client(csr, test::kNow, days(10)).value().pem()},
                               {"sota.toml", "[tls]\nserver = \"https://gw:8443\"\n[storage]\npath = \"/var/sota\"\n"}};
    for (const auto& [name, text] : extra) answer[name] = text;
    return FetchReply{201, {}, to_json(answer)};
  }
  crypto::CertificateAuthority ca = crypto::CertificateAuthority::make("ca", "acme", test::kNow, days(100)).value();
  FetchRequest last;
  int refuse_with = 0;
  std::map<std::string, std::string> extra;
  std::function<void()> on_request;
};

class Register : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    wish.api = "https://api:8080";
    wish.token = crypto::SecretBytes(Bytes("secret-token"));
    wish.factory = "acme";
    wish.name = wish.hardware_id = "foo";
    wish.tags = "main";
    wish.sysroot = "/sys/root";
    wish.sota_folder = folder + "/sota";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string text(const std::string& name) { return files.read(wish.sota_folder + "/" + name, 1 << 16).value(); }
  PosixFiles files;
  FactoryServer server;
  Registration wish;
  std::string folder = testing::TempDir() + "register-XXXXXX";
};

TEST_F(Register, WritesIdentityAndConfiguration) {
  server.on_request = [&] {
    EXPECT_TRUE(std::filesystem::exists(wish.sota_folder + "/pkey.pem")) << "durable before the server knows";
  };
  const auto uuid = register_device(files, server, wish);
  ASSERT_TRUE(uuid.ok()) << uuid.error().what;
  EXPECT_EQ(header(server.last.headers, "OSF-TOKEN"), "secret-token");
  EXPECT_THAT(server.last.body, Not(HasSubstr("PRIVATE")));
  const auto certificate = crypto::Certificate::from_pem(text("client.pem")).value();
  EXPECT_EQ(certificate.subject().common_name, *uuid);
  EXPECT_EQ(certificate.subject().organizational_unit, "acme");
  const auto config = Config::parse(text("sota.toml"), "sota.toml").value();
  EXPECT_EQ(config.find("storage", "path")->text, wish.sota_folder);
  EXPECT_EQ(config.find("pacman", "sysroot")->text, "/sys/root");
  EXPECT_EQ(config.find("tls", "server")->text, "https://gw:8443");
  for (const char* name : {"pkey.pem", "client.pem", "root.crt", "sota.toml"})
    EXPECT_EQ(files.facts(wish.sota_folder + "/" + name)->mode, 0600u) << name;
  EXPECT_EQ(register_device(files, server, wish).error().fault, Fault::conflict) << "once";
}

TEST_F(Register, TakesUpABrokenOneWithTheSameKey) {
  server.refuse_with = 500;
  EXPECT_EQ(register_device(files, server, wish).error().fault, Fault::unavailable);
  const std::string key = text("pkey.pem");
  server.refuse_with = 409;
  const auto taken = register_device(files, server, wish);
  EXPECT_EQ(taken.error().fault, Fault::conflict);
  EXPECT_THAT(taken.error().what, HasSubstr("no such thing"));
  server.refuse_with = 0;
  ASSERT_TRUE(register_device(files, server, wish).ok());
  EXPECT_EQ(text("pkey.pem"), key);
}

TEST_F(Register, RefusesFilesThatAreNotADevices) {
  for (const char* name : {"../evil", "pkey.pem", ".hidden", "a/b", ""}) {
    SCOPED_TRACE(name);
    server.extra = {{name, "x"}};
    EXPECT_FALSE(register_device(files, server, wish).ok());
    EXPECT_FALSE(std::filesystem::exists(wish.sota_folder + "/client.pem"));
    EXPECT_FALSE(std::filesystem::exists(folder + "/evil"));
  }
}

}  // namespace
}  // namespace rota::device
