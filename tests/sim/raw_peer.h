// Peers on loopback that say exactly the bytes a test wants, well formed or not.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace rota::sim {

struct RawReply {
  int status = 0;    // 0: no answer came before the end or the time-out
  std::string head;  // status line and fields
  std::string body;
  // The value of that field (any case), or empty.
  std::string field(std::string_view name) const;
};

// One TCP connection. Reading gives up after ten seconds.
class RawPeer {
 public:
  static RawPeer connect(std::uint16_t port);
  explicit RawPeer(int fd) : fd_(fd) {}
  RawPeer(RawPeer&& other) noexcept;
  ~RawPeer();

  bool say(std::string_view bytes);  // false when the other side is gone
  // Reads up to and with `marker`; what was read when it never comes.
  std::string hear_until(std::string_view marker);
  std::string hear_bytes(std::size_t n);  // fewer at the end
  std::string hear_to_end();
  RawReply hear_reply();  // one answer with its Content-Length
  RawReply hear_head();   // one answer to HEAD, or the head alone
  // True when the other side ended the connection and said nothing more.
  bool ended();
  void finish_saying();

 private:
  bool hear_more();
  int fd_ = -1;
  std::string heard_;
};

// A server that handles one connection after the other with `script`, on its own thread, until destroyed.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawPeer&)> script);
  ~RawServer();
  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path) const;
  int connections() const { return connections_; }

 private:
  void run();
  std::function<void(RawPeer&)> script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace rota::sim
