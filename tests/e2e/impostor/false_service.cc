#include "impostor/false_service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/files.h"
#include "tuf/metadata.h"

namespace rota::impostor {
namespace {

constexpr int kPatienceMs = 10'000;

// A TLS connection that waits.
class Talker {
 public:
  static Result<Talker> accept(const crypto::TlsContext& tls, int fd) {
    Talker talker(TRY(crypto::TlsSession::accept(tls, fd)), fd);
    if (!talker.until_done([&] { return talker.session_.handshake(); })) return unavailable("handshake");
    return talker;
  }

  bool read_request(std::string& request) {
    while (request.find("\r\n\r\n") == std::string::npos) {
      char buffer[4096];
      std::size_t n = 0;
      if (request.size() > 64 * 1024) return false;
      if (!until_done([&] { return session_.read(buffer, sizeof buffer, n); })) return false;
      request.append(buffer, n);
    }
    return true;
  }

  bool write(BytesView bytes) {
    while (!bytes.empty()) {
      std::size_t n = 0;
      if (!until_done([&] { return session_.write(bytes.data(), bytes.size(), n); })) return false;
      bytes.remove_prefix(n);
    }
    return true;
  }

 private:
  Talker(crypto::TlsSession session, int fd) : session_(std::move(session)), fd_(fd) {}

  template <typename Step>
  bool until_done(Step step) {
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

  bool wait(short events) const {
    pollfd p{fd_, events, 0};
    return ::poll(&p, 1, kPatienceMs) == 1;
  }

  crypto::TlsSession session_;
  int fd_;
};

std::string head(int status, std::size_t length) {
  return "HTTP/1.1 " + std::to_string(status) + (status == 200 ? " OK" : " Lie") +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

bool send_endless(Talker& talker) {
  const std::string piece(16 * 1024, ' ');
  if (!talker.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")) return false;
  for (int i = 0; i < 64 * 1024; ++i)  // a gigabyte, unless the device hangs up first
    if (!talker.write("4000\r\n") || !talker.write(piece) || !talker.write("\r\n")) return false;
  return false;
}

class Liar {
 public:
  Liar(const FalseService& service, Talker& talker) : service_(service), talker_(talker) {}

  // False when the connection is over.
  bool answer(const std::string& method, const std::string& path) {
    const std::string name = path.starts_with("/repo/") ? path.substr(6) : "";
    if (name.empty() || method != "GET") return refuse(method, path, 503);
    if (name == service_.endless) return note(method, path, 200), send_endless(talker_);
    auto bytes = PosixFiles().read(service_.files + "/" + file_name_of(name), tuf::kMaxTargets);
    if (!bytes) return refuse(method, path, 404);
    note(method, path, 200);
    if (name == service_.cut) {
      talker_.write(head(200, bytes->size()));
      talker_.write(BytesView(*bytes).substr(0, bytes->size() / 2));
      return false;
    }
    return talker_.write(head(200, bytes->size())) && talker_.write(*bytes);
  }

 private:
  bool refuse(const std::string& method, const std::string& path, int status) {
    note(method, path, status);
    talker_.write(head(status, 0));
    return method == "GET";  // a body we did not read may follow
  }
  void note(const std::string& method, const std::string& path, int status) const {
    std::ofstream(service_.log, std::ios::app) << method << ' ' << path << ' ' << status << '\n';
  }
  const FalseService& service_;
  Talker& talker_;
};

void converse(const FalseService& service, const crypto::TlsContext& tls, int fd) {
  auto talker = Talker::accept(tls, fd);
  if (!talker) return;
  Liar liar(service, *talker);
  for (std::string request; talker->read_request(request);) {
    const auto words = split(request.substr(0, request.find("\r\n")), ' ');
    request.erase(0, request.find("\r\n\r\n") + 4);
    if (words.size() != 3 || !liar.answer(words[0], words[1])) return;
  }
}

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

Status serve(const FalseService& service, const crypto::TlsContext& tls, std::uint16_t port) {
  const int listening = TRY(listener(port));
  for (;;) {
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) continue;
    converse(service, tls, fd);
    ::close(fd);
  }
}

}  // namespace rota::impostor
