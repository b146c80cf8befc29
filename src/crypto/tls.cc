#include "crypto/tls.h"

#include <cstring>

#include "crypto/tls_context.h"

namespace rota::crypto {
namespace {

using SessionHandle = std::unique_ptr<SSL, FreedBy<SSL_free>>;

// RFC 8446 6.2: the alerts by which a peer says that it does not accept our certificate, or the lack of one.
bool is_identity_alert(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

Status expect_host(SSL* ssl, std::string host) {
  X509_VERIFY_PARAM* const want = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(want, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_ip_asc(want, host.c_str()) == 1) return {};
  ERR_clear_error();
  if (SSL_set1_host(ssl, host.c_str()) != 1 ||
      SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) != 1)
    return bad_input("TLS: '" + host + "' is no host name: " + openssl_reason());
  return {};
}

}  // namespace

struct TlsSession::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {  // else the library forgets the session of every connection that ends without a farewell
    if (ssl) SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }

  std::shared_ptr<TlsContext::Impl> context;
  Wire wire;
  SessionHandle ssl;
  std::string failure;
  bool identity_refused = false;

  TlsProgress came_to(int answer);
  TlsProgress failed();
  TlsProgress failed_write();
  bool resumed_past_expiry() const;
  bool has_ended() const { return !failure.empty() || (SSL_get_shutdown(ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }
  template <typename Step, typename Ready>
  TlsProgress repeat(std::size_t size, std::size_t& n, Step step, Ready is_worth_another);
};

TlsProgress TlsSession::Impl::came_to(int answer) {
  switch (SSL_get_error(ssl.get(), answer)) {
    case SSL_ERROR_NONE:
      return TlsProgress::done;
    case SSL_ERROR_WANT_READ:
      return TlsProgress::want_read;
    case SSL_ERROR_WANT_WRITE:
      return TlsProgress::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return TlsProgress::closed;
    default:
      return failed();
  }
}

TlsProgress TlsSession::Impl::failed() {
  if (!failure.empty()) return TlsProgress::failed;  // the first reason is the one that explains
  const unsigned long code = ERR_peek_error();
  const long verdict = SSL_get_verify_result(ssl.get());
  identity_refused = ERR_GET_LIB(code) == ERR_LIB_SSL && is_identity_alert(ERR_GET_REASON(code));
  failure = code != 0 ? openssl_reason() : wire.error != 0 ? std::strerror(wire.error) : "connection cut";
  if (verdict != X509_V_OK) {
    identity_refused = true;
    failure += ": " + std::string(X509_verify_cert_error_string(verdict));
  }
  return TlsProgress::failed;
}

// A TLS 1.3 server refuses our certificate after our handshake is over, and closes: our write then meets a closed
// connection, while the alert that says why waits to be read.
TlsProgress TlsSession::Impl::failed_write() {
  if (identity_refused) return TlsProgress::failed;
  const std::string why = std::exchange(failure, {});
  char ignored = 0;
  std::size_t n = 0;
  ERR_clear_error();
  came_to(SSL_peek_ex(ssl.get(), &ignored, 1, &n));
  if (!identity_refused) failure = why;
  return TlsProgress::failed;
}

// The library does not look at the dates of a certificate again when its session is resumed.
bool TlsSession::Impl::resumed_past_expiry() const {
  if (context->side != TlsSide::server || SSL_session_reused(ssl.get()) != 1) return false;
  const X509* const peer = SSL_get0_peer_certificate(ssl.get());
  return peer && X509_cmp_current_time(X509_get0_notAfter(peer)) <= 0;
}

// One step and, while it is worth it, more, until `size` bytes are through or a step would block.
template <typename Step, typename Ready>
TlsProgress TlsSession::Impl::repeat(std::size_t size, std::size_t& n, Step step, Ready is_worth_another) {
  n = 0;
  while (n < size && (n == 0 || is_worth_another())) {
    std::size_t more = 0;
    ERR_clear_error();
    const TlsProgress progress = came_to(step(n, &more));
    n += more;
    if (progress == TlsProgress::done) continue;
    if (n == 0) return progress;
    break;  // an end is met again at the next call
  }
  return TlsProgress::done;
}

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSession::~TlsSession() = default;
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;

Result<TlsSession> TlsSession::over(const TlsContext& context, int fd) {
  auto impl = std::make_unique<Impl>();
  impl->context = context.impl_;
  impl->wire.fd = fd;
  impl->ssl.reset(SSL_new(context.impl_->context.get()));
  if (!impl->ssl) return io_error("TLS: " + openssl_reason());
  BIO* const bio = bio_over(context.impl_->method.get(), impl->wire);
  SSL_set_bio(impl->ssl.get(), bio, bio);  // owns it
  return TlsSession(std::move(impl));
}

Result<TlsSession> TlsSession::accept(const TlsContext& context, int fd) {
  if (context.impl_->side != TlsSide::server) abort_with("TlsSession::accept: a client's context");
  TlsSession session = TRY(over(context, fd));
  SSL_set_accept_state(session.impl_->ssl.get());
  return session;
}

Result<TlsSession> TlsSession::connect(const TlsContext& context, int fd, std::string_view host) {
  if (context.impl_->side != TlsSide::client) abort_with("TlsSession::connect: a server's context");
  if (host.empty()) return bad_input("TLS: no host name to check the certificate against");
  TlsSession session = TRY(over(context, fd));
  SSL* const ssl = session.impl_->ssl.get();
  TRY(expect_host(ssl, std::string(host)));
  SSL_set_connect_state(ssl);
  return session;
}

TlsProgress TlsSession::handshake() {
  ERR_clear_error();
  const TlsProgress progress = impl_->came_to(SSL_do_handshake(impl_->ssl.get()));
  if (progress != TlsProgress::done || !impl_->resumed_past_expiry()) return progress;
  impl_->failure = "resumed session: certificate has expired";
  impl_->identity_refused = true;
  return TlsProgress::failed;
}

TlsProgress TlsSession::read(char* buffer, std::size_t size, std::size_t& n) {
  SSL* const ssl = impl_->ssl.get();
  const auto step = [&](std::size_t at, std::size_t* more) { return SSL_read_ex(ssl, buffer + at, size - at, more); };
  return impl_->repeat(size, n, step, [&] { return SSL_has_pending(ssl) == 1; });
}

TlsProgress TlsSession::write(const char* bytes, std::size_t size, std::size_t& n) {
  SSL* const ssl = impl_->ssl.get();
  const auto step = [&](std::size_t at, std::size_t* more) { return SSL_write_ex(ssl, bytes + at, size - at, more); };
  const TlsProgress progress = impl_->repeat(size, n, step, [] { return true; });
  return progress == TlsProgress::failed ? impl_->failed_write() : progress;
}

TlsProgress TlsSession::shut_down() {
  ERR_clear_error();
  const int answer = SSL_shutdown(impl_->ssl.get());
  return answer >= 0 ? TlsProgress::done : impl_->came_to(answer);  // the peer's own farewell is not waited for
}

bool TlsSession::has_pending() const {
  return impl_->has_ended() || SSL_has_pending(impl_->ssl.get()) == 1;
}

std::optional<Certificate> TlsSession::peer() const {
  SSL* const ssl = impl_->ssl.get();
  CertificateHandle handle(SSL_get1_peer_certificate(ssl));
  if (!handle || !SSL_is_init_finished(ssl) || SSL_get_verify_result(ssl) != X509_V_OK) return std::nullopt;
  auto certificate = Certificate::from_native(std::make_shared<NativeCertificate>(std::move(handle)));
  if (!certificate.ok()) return std::nullopt;
  return std::move(certificate).value();
}

std::string TlsSession::failure() const {
  return impl_->failure;
}
bool TlsSession::identity_refused() const {
  return impl_->identity_refused;
}

}  // namespace rota::crypto
