// The client's end of a connection: blocking, plain or TLS, and every call ends by its deadline.
#pragma once

#include <chrono>
#include <optional>

#include "crypto/tls.h"
#include "http/owned_fd.h"
#include "http/url.h"

namespace rota::http {

using Instant = std::chrono::steady_clock::time_point;

// Errors of every call: unavailable ("timed out", no connection, cut), denied (an identity was not accepted).
class DialedStream {
 public:
  // Connected, and for https through with the handshake. bad_input: https without a context.
  static Result<DialedStream> dial(const Url& url, const std::optional<crypto::TlsContext>& tls, Instant deadline);

  // At least one byte, or 0 when the other side closed properly.
  Result<std::size_t> read(char* buffer, std::size_t size, Instant deadline);
  Status write(BytesView bytes, Instant deadline);
  // True when something can be read by then: bytes or the end.
  bool readable_by(Instant deadline) const;

 private:
  explicit DialedStream(OwnedFd fd) : fd_(std::move(fd)) {}
  Status shake_hands(const crypto::TlsContext& tls, const std::string& host, Instant deadline);
  Status wait_for(crypto::TlsProgress progress, Instant deadline) const;
  Error failure() const;

  OwnedFd fd_;
  std::optional<crypto::TlsSession> tls_;
};

}  // namespace rota::http
