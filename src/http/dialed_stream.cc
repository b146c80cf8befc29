#include "http/dialed_stream.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace rota::http {

namespace {

using crypto::TlsProgress;

Error system_error(const char* what, int number) {
  return unavailable(std::string(what) + ": " + std::strerror(number));
}

int milliseconds_until(Instant deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000'000));
}

Status wait(int fd, short events, Instant deadline) {
  for (;;) {
    pollfd entry{fd, events, 0};
    const int ready = poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return {};
    if (ready == 0) return unavailable("timed out");
    if (errno != EINTR) return system_error("poll", errno);
  }
}

struct Addresses {
  addrinfo* first = nullptr;
  Addresses() = default;
  Addresses(Addresses&& other) noexcept : first(std::exchange(other.first, nullptr)) {}
  ~Addresses() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

Result<Addresses> resolve(const Url& url) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  Addresses out;
  const int failed = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &wanted, &out.first);
  if (failed != 0) return unavailable("resolve " + url.host + ": " + gai_strerror(failed));
  return out;
}

Result<OwnedFd> connect_to(const addrinfo& address, Instant deadline) {
  OwnedFd fd(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return system_error("socket", errno);
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return fd;
  if (errno != EINPROGRESS) return system_error("connect", errno);
  TRY_IN("connect", wait(fd.get(), POLLOUT, deadline));
  int number = 0;
  socklen_t size = sizeof number;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &number, &size);
  if (number != 0) return system_error("connect", number);
  return fd;
}

Result<OwnedFd> connect_to_any(const Addresses& addresses, Instant deadline) {
  Error last = unavailable("connect: no address");
  for (const addrinfo* at = addresses.first; at != nullptr; at = at->ai_next) {
    auto fd = connect_to(*at, deadline);
    if (fd.ok()) return fd;
    last = fd.error();
  }
  return last;
}

}  // namespace

Result<DialedStream> DialedStream::dial(const Url& url, const std::optional<crypto::TlsContext>& tls,
                                        Instant deadline) {
  if (url.scheme == "https" && !tls) return bad_input("https: no trusted certificates were given");
  const Addresses addresses = TRY(resolve(url));
  DialedStream stream(TRY(connect_to_any(addresses, deadline)));
  if (url.scheme == "https") TRY(stream.shake_hands(*tls, url.host, deadline));
  return stream;
}

Status DialedStream::shake_hands(const crypto::TlsContext& tls, const std::string& host, Instant deadline) {
  tls_ = TRY_IN("tls", crypto::TlsSession::connect(tls, fd_.get(), host));
  for (;;) {
    const TlsProgress progress = tls_->handshake();
    if (progress == TlsProgress::done) return {};
    TRY_IN("tls handshake", wait_for(progress, deadline));
  }
}

Error DialedStream::failure() const {
  if (tls_->identity_refused()) return denied("tls: " + tls_->failure());
  return unavailable("tls: " + tls_->failure());
}

Status DialedStream::wait_for(TlsProgress progress, Instant deadline) const {
  switch (progress) {
    case TlsProgress::want_read:
      return wait(fd_.get(), POLLIN, deadline);
    case TlsProgress::want_write:
      return wait(fd_.get(), POLLOUT, deadline);
    case TlsProgress::done:
      return {};
    case TlsProgress::closed:
      return unavailable("connection closed");
    case TlsProgress::failed:
      return failure();
  }
  abort_with("TlsProgress: not one of its values");
}

Result<std::size_t> DialedStream::read(char* buffer, std::size_t size, Instant deadline) {
  std::size_t n = 0;
  while (tls_) {
    const TlsProgress progress = tls_->read(buffer, size, n);
    if (progress == TlsProgress::done) return n;
    if (progress == TlsProgress::closed) return std::size_t{0};
    TRY(wait_for(progress, deadline));
  }
  for (;;) {
    const ssize_t got = recv(fd_.get(), buffer, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN)
      TRY(wait(fd_.get(), POLLIN, deadline));
    else if (errno != EINTR)
      return system_error("read", errno);
  }
}

Status DialedStream::write(BytesView bytes, Instant deadline) {
  while (!bytes.empty()) {
    std::size_t n = 0;
    if (tls_) {
      const TlsProgress progress = tls_->write(bytes.data(), bytes.size(), n);
      if (progress != TlsProgress::done) TRY(wait_for(progress, deadline));
    } else {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN && errno != EINTR) return system_error("write", errno);
      if (sent < 0) TRY(wait(fd_.get(), POLLOUT, deadline));
      n = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    bytes.remove_prefix(n);
  }
  return {};
}

bool DialedStream::readable_by(Instant deadline) const {
  return (tls_ && tls_->has_pending()) || wait(fd_.get(), POLLIN, deadline).ok();
}

}  // namespace rota::http
