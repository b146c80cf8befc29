#include "impostor/talker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iostream>

namespace rota::impostor {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr std::size_t kLongestHead = 64 * 1024;

Result<int> listener(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 16) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return io_error("listen on port " + std::to_string(port));
  std::cout << ntohs(address.sin_port) << std::endl;
  return fd;
}

}  // namespace

Result<Talker> Talker::accept(const crypto::TlsContext& tls, int fd) {
  Talker talker(TRY(crypto::TlsSession::accept(tls, fd)), fd);
  if (!talker.until_done([&] { return talker.session_.handshake(); })) return unavailable("handshake");
  return talker;
}

bool Talker::read_request(std::string& request) {
  while (request.find("\r\n\r\n") == std::string::npos)
    if (request.size() > kLongestHead || !read_more(request)) return false;
  return true;
}

bool Talker::read_up_to(std::string& bytes, std::size_t size) {
  while (bytes.size() < size)
    if (!read_more(bytes)) return false;
  return true;
}

bool Talker::write(BytesView bytes) {
  while (!bytes.empty()) {
    std::size_t n = 0;
    if (!until_done([&] { return session_.write(bytes.data(), bytes.size(), n); })) return false;
    bytes.remove_prefix(n);
  }
  return true;
}

bool Talker::read_more(std::string& bytes) {
  char buffer[4096];
  std::size_t n = 0;
  if (!until_done([&] { return session_.read(buffer, sizeof buffer, n); })) return false;
  bytes.append(buffer, n);
  return true;
}

bool Talker::until_done(const std::function<crypto::TlsProgress()>& step) {
  for (;;) {
    switch (step()) {
      case crypto::TlsProgress::done: return true;
      case crypto::TlsProgress::want_read:
        if (!wait(POLLIN)) return false;
        break;
      case crypto::TlsProgress::want_write:
        if (!wait(POLLOUT)) return false;
        break;
      case crypto::TlsProgress::closed:
      case crypto::TlsProgress::failed: return false;
    }
  }
}

bool Talker::wait(short events) const {
  pollfd p{fd_, events, 0};
  return ::poll(&p, 1, kPatienceMs) == 1;
}

Status listen_and(const crypto::TlsContext& tls, std::uint16_t port, const std::function<void(Talker&)>& talk) {
  const int listening = TRY(listener(port));
  for (;;) {
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    if (auto talker = Talker::accept(tls, fd)) talk(*talker);
    ::close(fd);
  }
}

}  // namespace rota::impostor
