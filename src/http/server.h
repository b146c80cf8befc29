// The server engine (Asio): listeners, TLS, HTTP/1.1 with keep-alive, limits and time-outs.
#pragma once

#include <memory>
#include <string>

#include "crypto/tls.h"
#include "http/router.h"

namespace rota::http {

struct ListenOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                        // 0: any free one; see Server::port
  std::optional<crypto::TlsContext> tls = {};    // none: plain HTTP
  const Router* router = nullptr;                // outlives the server
  // Looked at before routing and before the body is read; a response ends the request (403 without a certificate, …).
  std::function<std::optional<Response>(const Request&)> gate = {};
  Headers always = {};                           // added to every response
};

struct ServerOptions {
  std::string spool_folder = "/tmp";
  int io_threads = 1;
  int workers = 8;
  Seconds header_timeout = Seconds(15);
  Seconds idle_timeout = Seconds(75);
  Seconds body_timeout = Seconds(600);
  int max_connections = 20000;
};

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // stops
  // io: the port is taken, …
  Result<std::uint16_t> listen(ListenOptions options);  // the port
  void start();                    // returns at once; serves on its own threads
  void stop();                     // finishes running handlers, closes connections, joins
  // New handshakes use it; open connections stay.
  void replace_tls(std::uint16_t port, crypto::TlsContext tls);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::http
