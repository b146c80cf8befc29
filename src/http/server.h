// The server engine (Asio): listeners, TLS, HTTP/1.1 with keep-alive, limits and time-outs.
//
// In:    connections; requests of at most 16 KiB and 100 fields in the head, and the route's max_body.
// Out:   one answer for each request, in order; 4xx for what a client got wrong (400, 404, 405, 413, 417, 431, 501,
// 505),
//        416 and 206 for ranges, 500 with an errorId for an exception, 507 when the spool folder is full, 503 when
//        full.
// Never: data before the gate agreed, plain text on a TLS port, a file named by the request's text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/tls.h"
#include "http/router.h"

namespace rota::http {

struct ListenOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                      // 0: any free one; see Server::port
  std::optional<crypto::TlsContext> tls = {};  // none: plain HTTP
  const Router* router = nullptr;              // outlives the server
  // Looked at before routing and before the body is read; a response ends the request (403 without a certificate, …).
  // Runs on the network thread and must not block.
  std::function<std::optional<Response>(const Request&)> gate = {};
  Headers always = {};  // added to every response
};

struct ServerOptions {
  std::string spool_folder = "/tmp";
  int io_threads = 1;
  int workers = 8;
  Seconds header_timeout = Seconds(15);  // for the handshake, and for a head from its first byte
  Seconds idle_timeout = Seconds(75);    // between requests, and between two pieces of an answer that the client takes
  Seconds body_timeout = Seconds(600);   // for a body, and again after each MiB of it
  int max_connections = 20000;           // more: 503 on plain listeners, closed on TLS
  // Told of each exception out of a handler, which the client sees only as 500 with this id. Called on any thread.
  std::function<void(const std::string& error_id, std::string_view what)> on_exception = {};
};

class Server {
 public:
  explicit Server(ServerOptions options);
  ~Server();  // stops
  // Binds at once and serves from start() on; not called from a handler. io: the port is taken, …
  Result<std::uint16_t> listen(ListenOptions options);  // the port
  void start();                                         // returns at once; serves on its own threads
  // Finishes running handlers and their answers, closes all other connections, joins. A second call does nothing.
  void stop();
  // New handshakes use it; open connections stay.
  void replace_tls(std::uint16_t port, crypto::TlsContext tls);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::http
