// TLS over a file descriptor, without blocking and without a library type in sight.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/key.h"
#include "crypto/x509.h"

namespace rota::crypto {

struct TlsServerOptions {
  std::string certificate_chain_pem;
  SecretBytes key_pem;
  // When not empty: the client certificate is requested and, when given, must chain to one of these (else the handshake
  // fails with an alert). A client without one is let in; the caller looks at peer().
  std::string client_ca_pem = {};
};

struct TlsClientOptions {
  std::string ca_pem = {};           // empty: the system's store
  std::string certificate_pem = {};  // client identity, may be empty
  SecretBytes key_pem = {};
};

// Immutable once made; shared by connections and threads. TLS 1.2 and 1.3, no renegotiation, no compression. A server
// keeps up to 8192 sessions for an hour, so that a client that returns need not prove its certificate again.
class TlsContext {
 public:
  // bad_input: broken PEM, a key that is not the certificate's.
  static Result<TlsContext> server(const TlsServerOptions& options);
  static Result<TlsContext> client(const TlsClientOptions& options);

 private:
  struct Impl;
  explicit TlsContext(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<Impl> impl_;
  friend class TlsSession;
};

// What an operation on a non-blocking descriptor came to.
enum class TlsProgress { done, want_read, want_write, closed, failed };

class TlsSession {
 public:
  // The descriptor, a socket, stays the caller's. `host` (client only): the name or IP address the certificate must
  // carry among its alternative names; its common name does not count (RFC 9525 2).
  static Result<TlsSession> accept(const TlsContext& context, int fd);
  static Result<TlsSession> connect(const TlsContext& context, int fd, std::string_view host);
  ~TlsSession();
  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;

  // `closed` is the peer's orderly end; a connection cut without it is `failed`, so that nothing passes for complete.
  // None of these raises SIGPIPE.
  TlsProgress handshake();
  // On `done`, `n` bytes were read (never 0) or written; several records are taken at once when they are there.
  // A write that was not taken whole is followed by a write of the rest (it may have moved, and more may follow it).
  TlsProgress read(char* buffer, std::size_t size, std::size_t& n);
  TlsProgress write(const char* bytes, std::size_t size, std::size_t& n);
  // Says farewell; does not wait for the peer's.
  TlsProgress shut_down();
  // Bytes, or the end, wait inside, so that no readiness event will come for them.
  bool has_pending() const;
  // The verified client or server certificate, read anew at each call; none for a key Certificate refuses.
  std::optional<Certificate> peer() const;
  // Why the last operation failed: "certificate verify failed: unable to get local issuer certificate", …
  std::string failure() const;
  // True when it failed because the peer's identity, or ours, was not accepted.
  bool identity_refused() const;

 private:
  struct Impl;
  explicit TlsSession(std::unique_ptr<Impl> impl);
  static Result<TlsSession> over(const TlsContext& context, int fd);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::crypto
