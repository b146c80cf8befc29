// Server and client over TLS, with certificates made for the test.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "http/client.h"
#include "http/server.h"
#include "sim/raw_peer.h"

namespace rota::http {
namespace {

using crypto::Certificate;
using crypto::CertificateAuthority;
using crypto::CertificateRequest;
using crypto::PrivateKey;
using crypto::SecretBytes;
using crypto::TlsClientOptions;
using crypto::TlsContext;
using crypto::TlsServerOptions;

const Time kNow = std::chrono::time_point_cast<Seconds>(std::chrono::system_clock::now());

CertificateAuthority authority(const std::string& name) {
  return CertificateAuthority::make(name, "acme", kNow - days(1), days(30)).value();
}

struct Identity {
  std::string certificate_pem;
  PrivateKey key;
};

Identity device(const CertificateAuthority& ca, const std::string& name) {
  PrivateKey key = PrivateKey::generate_p256().value();
  const std::string pem = CertificateRequest::make_pem(key, {name, "acme", "production"}).value();
  const Certificate certificate =
      ca.issue_client(CertificateRequest::from_pem(pem).value(), kNow - days(1), days(10)).value();
  return {certificate.pem(), std::move(key)};
}

// `size` letters, made as they are sent.
struct Letters final : ComposedBody {
  explicit Letters(std::uint64_t s) : length(s) {}
  static char at(std::uint64_t i) { return static_cast<char>('a' + i % 23); }
  std::uint64_t size() const override { return length; }
  std::size_t compose(std::uint64_t offset, std::span<char> out) const override {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), length - offset));
    for (std::size_t i = 0; i < n; ++i) out[i] = at(offset + i);
    return n;
  }
  std::uint64_t length;
};

class TlsTest : public testing::Test {
 protected:
  TlsTest() : server_ca_(authority("server CA")), device_ca_(authority("device CA")) {
    router_.add("GET", "/who", [](const Request& r) {
      if (!r.peer->certificate) return text_response(200, "nobody");
      const crypto::Subject& subject = r.peer->certificate->subject();
      return text_response(200,
                           subject.common_name + "/" + subject.organizational_unit + "/" + subject.business_category);
    });
    router_.add(Route{"POST", "/echo", [](const Request& r) { return text_response(200, r.body); }, 8 << 20});
    router_.add("GET", "/composed", [](const Request& r) {
      return Response{.composed = std::make_shared<Letters>(decimal(r.query).value())};
    });
    router_.add("GET", "/file", [this](const Request&) { return Response{.file = path_}; });
    start();
  }
  ~TlsTest() override {
    if (!path_.empty()) unlink(path_.c_str());
  }

  TlsContext server_context() {
    const PrivateKey key = PrivateKey::generate_p256().value();
    const Certificate certificate =
        server_ca_.issue_server(key.public_key(), {"localhost", "127.0.0.1"}, kNow - days(1), days(10)).value();
    TlsServerOptions options{certificate.pem(), key.pkcs8_pem(), device_ca_.certificate().pem()};
    return TlsContext::server(options).value();
  }

  void start() {
    server_.emplace(ServerOptions{});
    port_ = server_->listen({.tls = server_context(), .router = &router_}).value();
    server_->start();
  }

  Client client(const CertificateAuthority& ca, const Identity* identity = nullptr) {
    TlsClientOptions options;
    options.ca_pem = ca.certificate().pem();
    if (identity != nullptr) {
      options.certificate_pem = identity->certificate_pem;
      options.key_pem = identity->key.pkcs8_pem();
    }
    return Client(ClientOptions{.tls = TlsContext::client(options).value()});
  }

  std::string url(const std::string& path, const std::string& host = "localhost") const {
    return "https://" + host + ":" + std::to_string(port_) + path;
  }

  CertificateAuthority server_ca_, device_ca_;
  Router router_;
  std::string path_;
  std::optional<Server> server_;
  std::uint16_t port_ = 0;
};

TEST_F(TlsTest, LetsAClientWithoutACertificateInAsNobody) {
  Client plain = client(server_ca_);
  EXPECT_EQ(plain.fetch({.url = url("/who")})->body, "nobody");
  EXPECT_EQ(plain.fetch({.url = url("/who", "127.0.0.1")})->body, "nobody");
}

TEST_F(TlsTest, ShowsTheHandlerWhoTheClientIs) {
  const Identity identity = device(device_ca_, "device-0001");
  Client known = client(server_ca_, &identity);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(known.fetch({.url = url("/who")})->body, "device-0001/acme/production");
  EXPECT_EQ(known.connections_made(), 1);
}

TEST_F(TlsTest, DeniesAServerOfAnotherAuthority) {
  Client other = client(device_ca_);
  const auto reply = other.fetch({.url = url("/who")});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, Fault::denied) << reply.error().what;
}

TEST_F(TlsTest, DeniesAServerOfAnotherName) {
  Client plain = client(server_ca_);
  const auto reply = plain.fetch({.url = url("/who", "127.0.0.2")});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, Fault::unavailable);  // nothing listens there
  server_->listen({.address = "127.0.0.3", .port = port_, .tls = server_context(), .router = &router_}).value();
  const auto named = plain.fetch({.url = url("/who", "127.0.0.3")});
  ASSERT_FALSE(named.ok());
  EXPECT_EQ(named.error().fault, Fault::denied) << named.error().what;
}

// gateway.md A2.
TEST_F(TlsTest, RefusesAClientOfAnotherAuthority) {
  const Identity foreign = device(authority("foreign CA"), "device-0001");
  Client stranger = client(server_ca_, &foreign);
  const auto reply = stranger.fetch({.url = url("/who")});
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().fault, Fault::denied) << reply.error().what;
}

// gateway.md A1.
TEST_F(TlsTest, SaysNothingToPlainHttp) {
  sim::RawPeer peer = sim::RawPeer::connect(port_);
  peer.say("GET /who HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string heard = peer.hear_to_end();
  EXPECT_EQ(heard.find("HTTP"), std::string::npos);
  EXPECT_EQ(heard.find("nobody"), std::string::npos);
}

TEST_F(TlsTest, DeniesPlainHttpAnswersOnHttps) {
  const sim::RawServer plain([](sim::RawPeer& peer) { peer.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); });
  Client secure = client(server_ca_);
  EXPECT_FALSE(secure.fetch({.url = "https://localhost:" + std::to_string(plain.port()) + "/"}).ok());
}

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  std::string big(5'000'000, 'x');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 % 251);
  char name[] = "/tmp/rota-tls-XXXXXX";
  close(mkstemp(name));
  path_ = name;
  std::ofstream(path_) << big;
  Client plain = client(server_ca_);
  const auto echoed = plain.fetch({.method = "POST", .url = url("/echo"), .body = big, .max_body = 8 << 20});
  ASSERT_TRUE(echoed.ok()) << echoed.error().what;
  EXPECT_TRUE(echoed->body == big);
  const auto sent = plain.fetch({.method = "POST", .url = url("/echo"), .body_file = path_, .max_body = 8 << 20});
  ASSERT_TRUE(sent.ok()) << sent.error().what;
  EXPECT_TRUE(sent->body == big);
  const auto file = plain.fetch({.url = url("/file"), .max_body = 8 << 20});
  ASSERT_TRUE(file.ok()) << file.error().what;
  EXPECT_TRUE(file->body == big);
  EXPECT_EQ(plain.connections_made(), 1);
}

TEST_F(TlsTest, CarriesAComposedBodyThatIsNowhereWhole) {
  std::uint64_t seen = 0, wrong = 0;
  const auto check = [&](BytesView piece) -> Status {
    for (const char c : piece) wrong += c != Letters::at(seen++) ? 1 : 0;
    return {};
  };
  const auto reply = client(server_ca_).fetch({.url = url("/composed?20000000"), .max_body = 20'000'000, .sink = check});
  ASSERT_TRUE(reply.ok()) << reply.error().what;
  EXPECT_EQ(seen, 20'000'000u);
  EXPECT_EQ(wrong, 0u);
}

TEST_F(TlsTest, UsesAReplacedCertificateForNewConnections) {
  Client before = client(server_ca_);
  EXPECT_TRUE(before.fetch({.url = url("/who")}).ok());
  const CertificateAuthority next = authority("next CA");
  server_ca_ = next;
  server_->replace_tls(port_, server_context());
  EXPECT_TRUE(before.fetch({.url = url("/who")}).ok());  // on its open connection
  EXPECT_TRUE(client(next).fetch({.url = url("/who")}).ok());
  EXPECT_EQ(before.connections_made(), 1);
}

TEST_F(TlsTest, NeedsTrustForHttps) {
  Client untrusting{ClientOptions{}};
  EXPECT_EQ(untrusting.fetch({.url = url("/who")}).error().fault, Fault::bad_input);
}

}  // namespace
}  // namespace rota::http
