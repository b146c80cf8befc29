#include "sim/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace rota::sim {

namespace {

constexpr int kPatience = 10'000;  // milliseconds

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

std::string RawReply::field(std::string_view name) const {
  for (const std::string& line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && equals_ignoring_case(std::string_view(line).substr(0, colon), name))
      return std::string(trim(std::string_view(line).substr(colon + 1)));
  }
  return {};
}

RawPeer RawPeer::connect(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    abort_with("RawPeer: no connection to port " + std::to_string(port));
  return RawPeer(fd);
}

RawPeer::RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)), heard_(std::move(other.heard_)) {}

RawPeer::~RawPeer() {
  if (fd_ >= 0) close(fd_);
}

bool RawPeer::say(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool RawPeer::hear_more() {
  pollfd entry{fd_, POLLIN, 0};
  if (poll(&entry, 1, kPatience) <= 0) return false;
  char buffer[16 * 1024];
  const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  heard_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

std::string RawPeer::hear_until(std::string_view marker) {
  std::size_t at = heard_.find(marker);
  while (at == std::string::npos && hear_more()) at = heard_.find(marker);
  const std::size_t end = at == std::string::npos ? heard_.size() : at + marker.size();
  std::string out = heard_.substr(0, end);
  heard_.erase(0, end);
  return out;
}

std::string RawPeer::hear_bytes(std::size_t n) {
  while (heard_.size() < n && hear_more()) {
  }
  std::string out = heard_.substr(0, n);
  heard_.erase(0, n);
  return out;
}

std::string RawPeer::hear_to_end() {
  while (hear_more()) {
  }
  return std::exchange(heard_, {});
}

RawReply RawPeer::hear_head() {
  RawReply reply;
  reply.head = hear_until("\r\n\r\n");
  if (reply.head.starts_with("HTTP/1.1 ")) reply.status = std::atoi(reply.head.c_str() + 9);
  return reply;
}

RawReply RawPeer::hear_reply() {
  RawReply reply = hear_head();
  reply.body = hear_bytes(std::strtoul(reply.field("Content-Length").c_str(), nullptr, 10));
  return reply;
}

bool RawPeer::ended() {
  if (!heard_.empty()) return false;
  pollfd entry{fd_, POLLIN, 0};
  if (poll(&entry, 1, kPatience) <= 0) return false;
  char byte;
  return recv(fd_, &byte, 1, 0) <= 0;
}

void RawPeer::finish_saying() {
  shutdown(fd_, SHUT_WR);
}

RawServer::RawServer(std::function<void(RawPeer&)> script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    abort_with("RawServer: no port");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

RawServer::~RawServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);  // ends the accept
  thread_.join();
  close(listener_);
}

std::string RawServer::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

void RawServer::run() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    RawPeer peer(fd);
    script_(peer);
  }
}

}  // namespace rota::sim
