#include "crypto/tls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "crypto/tls_context.h"

namespace rota::crypto {
namespace {

const Time kNow = SystemClock().now();
const Subject kDevice{"2c5e8f0a-6d1b-4d1f-8f5e-b0a4f5b6b2f3", "acme", "production"};

struct Wires {  // two non-blocking ends of one connection
  Wires() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, end) != 0) abort_with("socketpair");
  }
  ~Wires() {
    cut(0);
    cut(1);
  }
  void cut(int side) {
    if (end[side] >= 0) close(std::exchange(end[side], -1));
  }
  int end[2] = {-1, -1};
};

bool is_over(TlsProgress progress) {
  return progress != TlsProgress::want_read && progress != TlsProgress::want_write;
}

struct Pair {
  Wires wires;
  TlsSession server;
  TlsSession client;
  TlsProgress server_came_to = TlsProgress::want_read, client_came_to = TlsProgress::want_read;

  Pair(const TlsContext& accepting, const TlsContext& dialing, std::string_view host)
      : server(TlsSession::accept(accepting, wires.end[0]).value()),
        client(TlsSession::connect(dialing, wires.end[1], host).value()) {
    for (int turn = 0; turn < 20 && !(is_over(server_came_to) && is_over(client_came_to)); ++turn) {
      if (!is_over(client_came_to)) client_came_to = client.handshake();
      if (!is_over(server_came_to)) server_came_to = server.handshake();
    }
  }
  bool both_done() const { return server_came_to == TlsProgress::done && client_came_to == TlsProgress::done; }
  // What the client's first read tells: under TLS 1.3 its handshake is over before the server has judged it.
  TlsProgress first_read() {
    char buffer[16];
    std::size_t n = 0;
    return client.read(buffer, sizeof buffer, n);
  }
};

class Tls : public testing::Test {
 protected:
  static CertificateAuthority new_ca(const char* name) {
    return CertificateAuthority::make(name, "acme", kNow, days(100)).value();
  }
  TlsContext accepting(std::string client_ca_pem) {
    const PrivateKey key = PrivateKey::generate_p256().value();
    const auto certificate =
        servers_.issue_server(key.public_key(), {"gw.example", "127.0.0.1"}, kNow, days(1)).value();
    return TlsContext::server({certificate.pem(), key.pkcs8_pem(), std::move(client_ca_pem)}).value();
  }
  TlsContext accepting_devices() { return accepting(devices_.certificate().pem()); }
  TlsContext anonymous() { return TlsContext::client({.ca_pem = servers_.certificate().pem()}).value(); }
  TlsContext identified_by(const CertificateAuthority& ca, Time from, Seconds life) {
    const PrivateKey key = PrivateKey::generate_p256().value();
    const auto request = CertificateRequest::from_pem(CertificateRequest::make_pem(key, kDevice).value()).value();
    const auto certificate = ca.issue_client(request, from, life).value();
    return TlsContext::client({servers_.certificate().pem(), certificate.pem(), key.pkcs8_pem()}).value();
  }

  CertificateAuthority servers_ = new_ca("servers");
  CertificateAuthority devices_ = new_ca("devices");
};

TEST_F(Tls, LetsInAClientWithoutACertificate) {
  Pair pair(accepting_devices(), anonymous(), "gw.example");
  ASSERT_TRUE(pair.both_done()) << pair.server.failure() << pair.client.failure();
  EXPECT_FALSE(pair.server.peer().has_value());
  EXPECT_EQ(pair.client.peer()->dns_names(), std::vector<std::string>{"gw.example"});
}

TEST_F(Tls, TellsTheSubjectOfAVerifiedClient) {
  Pair pair(accepting_devices(), identified_by(devices_, kNow, days(1)), "gw.example");
  ASSERT_TRUE(pair.both_done()) << pair.server.failure() << pair.client.failure();
  ASSERT_TRUE(pair.server.peer().has_value());
  EXPECT_EQ(pair.server.peer()->subject(), kDevice);
  EXPECT_TRUE(pair.server.peer()->issued_by(devices_.certificate()));
}

TEST_F(Tls, AcceptsTheAddressAmongTheServersNames) {
  Pair pair(accepting({}), anonymous(), "127.0.0.1");
  EXPECT_TRUE(pair.both_done()) << pair.client.failure();
}

struct RefusedClient {
  const char* server_says;
  const char* alert;
  TlsContext context;
};

TEST_F(Tls, RefusesForeignExpiredAndFutureClientsWithAnAlert) {
  const RefusedClient clients[] = {
      {"unable to get local issuer certificate", "unknown ca", identified_by(new_ca("foreign"), kNow, days(1))},
      {"unable to get local issuer certificate", "unknown ca", identified_by(servers_, kNow, days(1))},
      {"unable to get local issuer certificate", "unknown ca", identified_by(new_ca("devices"), kNow, days(1))},
      {"certificate has expired", "certificate expired", identified_by(devices_, kNow - days(3), days(1))},
      {"certificate is not yet valid", "bad certificate", identified_by(devices_, kNow + days(1), days(1))},
  };
  for (const RefusedClient& client : clients) {
    Pair pair(accepting_devices(), client.context, "gw.example");
    EXPECT_EQ(pair.server_came_to, TlsProgress::failed) << client.server_says;
    EXPECT_TRUE(pair.server.identity_refused());
    EXPECT_NE(pair.server.failure().find(client.server_says), std::string::npos) << pair.server.failure();
    EXPECT_FALSE(pair.server.peer().has_value());
    EXPECT_EQ(pair.first_read(), TlsProgress::failed);
    EXPECT_NE(pair.client.failure().find(client.alert), std::string::npos) << pair.client.failure();
  }
}

TEST_F(Tls, TellsARefusedClientSoOnReadAndOnWrite) {
  const TlsContext expired = identified_by(devices_, kNow - days(3), days(1));
  Pair reading(accepting_devices(), expired, "gw.example");
  EXPECT_EQ(reading.first_read(), TlsProgress::failed);
  EXPECT_TRUE(reading.client.identity_refused());

  Pair writing(accepting_devices(), expired, "gw.example");
  writing.wires.cut(0);
  std::size_t n = 0;
  EXPECT_EQ(writing.client.write("GET /", 5, n), TlsProgress::failed);
  EXPECT_TRUE(writing.client.identity_refused()) << writing.client.failure();
  EXPECT_NE(writing.client.failure().find("expired"), std::string::npos) << writing.client.failure();
}

TEST_F(Tls, RefusesAServerOfAnotherName) {
  for (const char* host : {"other.example", "127.0.0.2", "example", "::1"}) {
    Pair pair(accepting({}), anonymous(), host);
    EXPECT_EQ(pair.client_came_to, TlsProgress::failed) << host;
    EXPECT_TRUE(pair.client.identity_refused());
    EXPECT_NE(pair.client.failure().find("mismatch"), std::string::npos) << pair.client.failure();
  }
}

TEST_F(Tls, RefusesAServerThatAnotherCaVouchesFor) {
  const TlsContext elsewhere = TlsContext::client({.ca_pem = devices_.certificate().pem()}).value();
  const TlsContext by_the_system = TlsContext::client({}).value();
  for (const TlsContext* dialing : {&elsewhere, &by_the_system}) {
    Pair pair(accepting({}), *dialing, "gw.example");
    EXPECT_EQ(pair.client_came_to, TlsProgress::failed);
    EXPECT_TRUE(pair.client.identity_refused());
    EXPECT_NE(pair.client.failure().find("certificate verify failed: "), std::string::npos) << pair.client.failure();
    EXPECT_EQ(pair.server_came_to, TlsProgress::failed) << "the client's alert";
  }
}

TEST_F(Tls, RefusesADeviceCertificateAsAServers) {
  const PrivateKey key = PrivateKey::generate_p256().value();
  const Subject subject{"gw.example", "", ""};
  const auto request = CertificateRequest::from_pem(CertificateRequest::make_pem(key, subject).value()).value();
  const auto certificate = servers_.issue_client(request, kNow, days(1)).value();
  Pair pair(TlsContext::server({certificate.pem(), key.pkcs8_pem()}).value(), anonymous(), "gw.example");
  EXPECT_EQ(pair.client_came_to, TlsProgress::failed);
  EXPECT_TRUE(pair.client.identity_refused());
}

TEST_F(Tls, FailsOnPlainTextWithoutBlamingIdentity) {
  Wires wires;
  const TlsContext context = accepting_devices();
  TlsSession server = TlsSession::accept(context, wires.end[0]).value();
  ASSERT_EQ(::write(wires.end[1], "GET / HTTP/1.1\r\n\r\n", 18), 18);
  EXPECT_EQ(server.handshake(), TlsProgress::failed);
  EXPECT_FALSE(server.identity_refused());
  EXPECT_FALSE(server.failure().empty());
}

// Moves `bytes` from one session to the other; what arrived.
Bytes carried(TlsSession& from, TlsSession& to, BytesView bytes) {
  Bytes got;
  std::vector<char> buffer(64 * 1024);
  const std::size_t want = bytes.size();
  for (int turn = 0; turn < 10'000 && got.size() < want; ++turn) {
    std::size_t n = 0;
    if (!bytes.empty() && from.write(bytes.data(), bytes.size(), n) == TlsProgress::done) bytes.remove_prefix(n);
    if (to.read(buffer.data(), buffer.size(), n) == TlsProgress::done) got.append(buffer.data(), n);
  }
  return got;
}

TEST_F(Tls, CarriesMoreThanTheSocketHoldsBothWays) {
  Pair pair(accepting_devices(), identified_by(devices_, kNow, days(1)), "gw.example");
  ASSERT_TRUE(pair.both_done());
  const Bytes sent = random_bytes(3'000'000);
  EXPECT_TRUE(carried(pair.client, pair.server, sent) == sent);
  EXPECT_TRUE(carried(pair.server, pair.client, sent) == sent);
}

TEST_F(Tls, TakesSeveralRecordsAtOnce) {
  Pair pair(accepting({}), anonymous(), "gw.example");
  ASSERT_TRUE(pair.both_done());
  std::size_t n = 0;
  for (const char* word : {"one ", "two ", "three"})
    ASSERT_EQ(pair.client.write(word, strlen(word), n), TlsProgress::done);
  char buffer[64];
  ASSERT_EQ(pair.server.read(buffer, sizeof buffer, n), TlsProgress::done);
  EXPECT_EQ(std::string_view(buffer, n), "one two three");
  EXPECT_EQ(pair.server.read(buffer, sizeof buffer, n), TlsProgress::want_read);
}

TEST_F(Tls, TellsThatBytesWaitInside) {
  Pair pair(accepting({}), anonymous(), "gw.example");
  ASSERT_TRUE(pair.both_done());
  std::size_t n = 0;
  char buffer[4];
  ASSERT_EQ(pair.client.write("one two", 7, n), TlsProgress::done);
  ASSERT_EQ(pair.server.read(buffer, 4, n), TlsProgress::done);
  EXPECT_TRUE(pair.server.has_pending());
  ASSERT_EQ(pair.server.read(buffer, 4, n), TlsProgress::done);
  EXPECT_EQ(std::string_view(buffer, n), "two");
  EXPECT_FALSE(pair.server.has_pending());
}

TEST_F(Tls, TellsAnOrderlyEndFromACutConnection) {
  char buffer[16];
  std::size_t n = 0;
  Pair orderly(accepting({}), anonymous(), "gw.example");
  ASSERT_EQ(orderly.client.write("last", 4, n), TlsProgress::done);
  ASSERT_EQ(orderly.client.shut_down(), TlsProgress::done);
  ASSERT_EQ(orderly.server.read(buffer, sizeof buffer, n), TlsProgress::done);
  EXPECT_EQ(std::string_view(buffer, n), "last");
  EXPECT_TRUE(orderly.server.has_pending()) << "the end was read already: no event will tell of it";
  EXPECT_EQ(orderly.server.read(buffer, sizeof buffer, n), TlsProgress::closed);
  EXPECT_EQ(orderly.server.write("answer", 6, n), TlsProgress::done) << "the other half is still open";

  Pair cut(accepting({}), anonymous(), "gw.example");
  cut.wires.cut(1);
  EXPECT_EQ(cut.server.read(buffer, sizeof buffer, n), TlsProgress::failed);
  EXPECT_FALSE(cut.server.identity_refused());
}

TEST_F(Tls, RefusesContextsThatDoNotFitTogether) {
  const PrivateKey key = PrivateKey::generate_p256().value(), other = PrivateKey::generate_p256().value();
  const auto certificate = servers_.issue_server(key.public_key(), {"gw.example"}, kNow, days(1)).value();
  EXPECT_FALSE(TlsContext::server({certificate.pem(), other.pkcs8_pem()}).ok());
  EXPECT_FALSE(TlsContext::server({"", key.pkcs8_pem()}).ok());
  EXPECT_FALSE(TlsContext::server({certificate.pem(), key.pkcs8_pem(), "no PEM"}).ok());
  EXPECT_FALSE(TlsContext::client({.ca_pem = "no PEM"}).ok());
  EXPECT_FALSE(TlsSession::connect(anonymous(), 0, "").ok());
}

// A client of OpenSSL's own, which does what ours never does.
struct ForeignClient {
  std::unique_ptr<SSL_CTX, FreedBy<SSL_CTX_free>> context{SSL_CTX_new(TLS_client_method())};
  WireMethodHandle method = wire_method();
  std::unique_ptr<SSL_SESSION, FreedBy<SSL_SESSION_free>> session;

  // Shakes hands, with the session kept from the last time, and keeps the new one. What the server's side came to.
  TlsProgress visit(const TlsContext& accepting, std::optional<Certificate>* peer) {
    Wires wires;
    TlsSession server = TlsSession::accept(accepting, wires.end[0]).value();
    Wire wire{wires.end[1]};
    const std::unique_ptr<SSL, FreedBy<SSL_free>> ssl(SSL_new(context.get()));
    BIO* const bio = bio_over(method.get(), wire);
    SSL_set_bio(ssl.get(), bio, bio);
    if (session) SSL_set_session(ssl.get(), session.get());
    TlsProgress progress = TlsProgress::want_read;
    for (int turn = 0; turn < 20 && !is_over(progress); ++turn) {
      SSL_connect(ssl.get());
      progress = server.handshake();
    }
    char none = 0;
    std::size_t n = 0;
    SSL_read_ex(ssl.get(), &none, 1, &n);  // takes in the ticket
    resumed = SSL_session_reused(ssl.get()) == 1;
    if (progress == TlsProgress::done) session.reset(SSL_get1_session(ssl.get()));
    *peer = server.peer();
    SSL_shutdown(ssl.get());
    return progress;
  }
  bool resumed = false;
};

class ResumedTls : public Tls {
 protected:
  void identify(Seconds life) {
    const PrivateKey key = PrivateKey::generate_p256().value();
    const auto request = CertificateRequest::from_pem(CertificateRequest::make_pem(key, kDevice).value()).value();
    const auto certificate = devices_.issue_client(request, SystemClock().now(), life).value();
    SSL_CTX_use_certificate(client_.context.get(), certificate.native().get());
    SSL_CTX_use_PrivateKey(client_.context.get(), key.native().get());
  }
  ForeignClient client_;
  std::optional<Certificate> peer_;
};

TEST_F(ResumedTls, KnowsTheDeviceAgain) {
  const TlsContext context = accepting_devices();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    client_.session.reset();
    SSL_CTX_set_max_proto_version(client_.context.get(), version);
    identify(days(1));
    ASSERT_EQ(client_.visit(context, &peer_), TlsProgress::done);
    EXPECT_FALSE(client_.resumed);
    ASSERT_EQ(client_.visit(context, &peer_), TlsProgress::done);
    EXPECT_TRUE(client_.resumed);
    ASSERT_TRUE(peer_.has_value());
    EXPECT_EQ(peer_->subject(), kDevice);
  }
}

TEST_F(ResumedTls, EndsWithTheCertificate) {
  const TlsContext context = accepting_devices();
  identify(Seconds(2));
  TlsProgress progress = client_.visit(context, &peer_);
  ASSERT_EQ(progress, TlsProgress::done);
  const Time give_up = SystemClock().now() + Seconds(5);
  while (progress == TlsProgress::done && SystemClock().now() < give_up) {
    progress = client_.visit(context, &peer_);
    ASSERT_TRUE(client_.resumed);
  }
  EXPECT_EQ(progress, TlsProgress::failed);
}

TEST_F(ResumedTls, RefusesVersionsBefore12) {
  SSL_CTX_set_min_proto_version(client_.context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(client_.context.get(), TLS1_1_VERSION);
  SSL_CTX_set_security_level(client_.context.get(), 0);
  EXPECT_EQ(client_.visit(accepting_devices(), &peer_), TlsProgress::failed);
}

}  // namespace
}  // namespace rota::crypto
