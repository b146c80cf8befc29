// A repository whose service knows its callers by certificate: over real TLS, with files another tool wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "crypto/tls.h"
#include "http/client.h"
#include "http/server.h"
#include "keys/zip.h"
#include "sim/crash_files.h"
#include "sim/roots.h"

namespace rota::compat {
namespace {

using testing::HasSubstr;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/r/tufrepo";

Bytes vector_file(const std::string& name) {
  PosixFiles files;
  return files.read(std::string(ROTA_SOURCE_DIR "/tests/vectors/pkcs12/") + name, 1u << 16).value();
}

// Serves the roots of a new factory, to callers with a certificate only.
class ClientCertificate : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"client_auth", "client_auth_rc2", "client_auth_password", "server"})
      put(std::string("/") + name + ".p12", vector_file(std::string(name) + ".p12"));
    router_.add("GET", "/api/v1/user_repo/{file}", [this](const http::Request& request) { return answer(request); });
    const auto context = crypto::TlsContext::server(
        {vector_file("server.pem"), crypto::SecretBytes(vector_file("server_key.pem")), vector_file("ca.pem")});
    const auto port = server_.listen({.tls = context.value(), .router = &router_}).value();
    server_.start();
    address_ = "https://localhost:" + std::to_string(port);
    put(kRepo + "/config.json",
        to_pretty_json(Json::Object{{"reposerver", address_},
                                    {"repoServerType", "RepoServer"},
                                    {"auth", Json::Object{{"server", "https://token.sim"},
                                                          {"client_id", "x"},
                                                          {"client_secret", "sesame"}}}}));
  }
  void put(const std::string& path, BytesView bytes) {
    make_folders(files_, folder_of(path), 0700).value();
    replace_file(files_, path, bytes, 0600).value();
  }
  http::Response answer(const http::Request& request) {
    if (!request.peer->certificate) return http::text_response(401, "who are you");
    if (request.header_if("Authorization")) return http::text_response(400, "a token too");
    const auto roots = sim::new_factory_roots();
    const std::string file = request.param("file");
    if (file == "root.json" || file == "2.root.json") return http::text_response(200, roots[1]);
    return file == "1.root.json" ? http::text_response(200, roots[0]) : http::text_response(404, "none");
  }
  int run(std::vector<std::string> words, const std::string& repo = kRepo) {
    words.insert(words.end(), {"--repo", repo});
    const auto connect = [](const crypto::TlsClientOptions& identity) -> Result<std::shared_ptr<Fetcher>> {
      const auto tls = TRY(crypto::TlsContext::client(identity));
      return std::shared_ptr<Fetcher>(std::make_shared<http::Client>(http::ClientOptions{.tls = tls}));
    };
    std::ostringstream out, err;
    http::Client nobody({});
    const int code = garage_sign(words, cli::Talk(out, err), {files_, clock_, nobody, false, connect});
    said_ = err.str();
    return code;
  }

  sim::CrashFiles files_;
  FixedClock clock_{kNow};
  http::Router router_;
  http::Server server_{http::ServerOptions{}};
  std::string address_, said_;
};

TEST_F(ClientCertificate, IsPresentedInPlaceOfAToken) {
  for (const auto* file : {"/client_auth.p12", "/client_auth_rc2.p12"}) {
    SCOPED_TRACE(file);
    ASSERT_EQ(run({"import-client-cert", "-c", file, "-s", "/server.p12"}), 0) << said_;
    EXPECT_EQ(files_.facts(kRepo + "/client_auth.p12")->mode, 0600u);
    EXPECT_EQ(run({"root", "pull", "--force", "--yes"}), 0) << said_;
    EXPECT_TRUE(files_.facts(kRepo + "/roles/trusted/2.root.json")->exists());
    for (const auto* name : {"/client_auth.p12", "/server.p12"}) files_.remove(kRepo + name).value();
  }
}

TEST_F(ClientCertificate, ComesWithTheCredentialsAndGoesBeforeTheirPassword) {
  keys::Archive::Members members;
  const auto add = [&](const std::string& name, const std::string& text) {
    members.emplace(name, crypto::SecretBytes(Bytes(text)));
  };
  add("treehub.json", R"({"oauth2":{"server":"https://token.sim","client_id":"x","client_secret":"sesame"}})");
  add("tufrepo.url", address_);
  add("root.json", sim::new_factory_roots().back());
  for (const auto* name : {"client_auth.p12", "server.p12"}) add(name, vector_file(name));
  put("/c.zip", keys::zipped_members(members, kNow)->reveal());
  ASSERT_EQ(run({"init", "-c", "/c.zip"}, "/r/other"), 0) << said_;
  const auto config = parse_json(files_.read("/r/other/config.json", 1u << 16).value()).value();
  EXPECT_EQ(to_json(*config.find("auth")), R"({"certPath":"client_auth.p12","serverCertPath":"server.p12"})");
  EXPECT_EQ(run({"root", "pull"}, "/r/other"), 0) << said_;
  EXPECT_TRUE(files_.facts("/r/other/roles/trusted/2.root.json")->exists());
}

TEST_F(ClientCertificate, IsImportedOnceAndOnlyWhenItCanBeRead) {
  const auto before = files_.read(kRepo + "/config.json", 1u << 16).value();
  EXPECT_EQ(run({"import-client-cert", "-c", "/client_auth_password.p12"}), 3);
  EXPECT_THAT(said_, HasSubstr("without a password"));
  EXPECT_EQ(run({"import-client-cert", "-c", "/nothing.p12"}), 3);
  EXPECT_EQ(files_.read(kRepo + "/config.json", 1u << 16).value(), before);
  EXPECT_EQ(run({"import-client-cert", "-c", "/client_auth.p12"}), 0) << said_;
  EXPECT_EQ(run({"import-client-cert", "-c", "/client_auth_rc2.p12"}), 3);
  EXPECT_THAT(said_, HasSubstr("exists already"));
}

TEST_F(ClientCertificate, DoesNotMeetAServerThatNobodyVouchesFor) {
  ASSERT_EQ(run({"import-client-cert", "-c", "/client_auth.p12"}), 0) << said_;
  EXPECT_EQ(run({"root", "pull", "--force", "--yes"}), 3) << "the system's store does not know the server's CA";
}

TEST_F(ClientCertificate, MustHoldAKey) {
  ASSERT_EQ(run({"import-client-cert", "-c", "/server.p12"}), 3);
  EXPECT_THAT(said_, HasSubstr("no private key"));
}

}  // namespace
}  // namespace rota::compat
