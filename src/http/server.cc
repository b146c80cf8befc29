#include "http/server.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/connection.h"

namespace rota::http {

namespace {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using ErrorCode = boost::system::error_code;

constexpr std::string_view kFull =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr auto kAfterFailedAccept = std::chrono::milliseconds(100);

Task<void> serve_connection(Loop& loop, Shared& shared, std::shared_ptr<Listening> listening, Socket socket) {
  Connection connection(loop, shared, std::move(listening), std::move(socket));
  co_await connection.serve();
}

void turn_away(Socket socket, const Listening& listening) {
  if (!listening.options.tls) ::send(socket.native_handle(), kFull.data(), kFull.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

Error listen_error(const ListenOptions& options, const ErrorCode& code) {
  return io_error("listen on " + options.address + ":" + std::to_string(options.port) + ": " + code.message());
}

}  // namespace

struct Server::Impl {
  explicit Impl(ServerOptions options) : shared(std::move(options)) {
    for (int i = 0; i < std::max(1, shared.options.io_threads); ++i) loops.push_back(std::make_unique<Loop>());
  }

  struct Door {
    std::shared_ptr<Listening> listening;
    std::shared_ptr<Acceptor> acceptor;  // on the first loop
  };

  Result<Acceptor> bind(const ListenOptions& options);
  Task<void> accept(Door door);
  void open(const Door& door);
  Loop& next_loop() { return *loops[next++ % loops.size()]; }

  Shared shared;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<Door> doors;
  std::size_t next = 0;  // of the accepting thread
  bool started = false;
  bool stopped = false;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() {
  stop();
}

Result<Acceptor> Server::Impl::bind(const ListenOptions& options) {
  ErrorCode code;
  const auto address = asio::ip::make_address(options.address, code);
  if (code) return bad_input("listen address: want an IP address, got '" + options.address + "'");
  const asio::ip::tcp::endpoint endpoint(address, options.port);
  Acceptor acceptor(loops.front()->context().get_executor());
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code) return listen_error(options, code);
  return acceptor;
}

Result<std::uint16_t> Server::listen(ListenOptions options) {
  if (options.router == nullptr) abort_with("Server: a listener needs a router");
  Acceptor acceptor = TRY(impl_->bind(options));
  auto listening = std::make_shared<Listening>();
  listening->port = acceptor.local_endpoint().port();
  listening->options = std::move(options);
  impl_->doors.push_back({listening, std::make_shared<Acceptor>(std::move(acceptor))});
  if (impl_->started) impl_->open(impl_->doors.back());
  return listening->port;
}

void Server::Impl::open(const Door& door) {
  asio::co_spawn(loops.front()->context(), accept(door), asio::detached);
}

Task<void> Server::Impl::accept(Door door) {
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> pause(
      loops.front()->context().get_executor());
  while (door.acceptor->is_open()) {
    Loop& loop = next_loop();
    Socket socket(loop.context().get_executor());
    ErrorCode code;
    co_await door.acceptor->async_accept(socket, asio::redirect_error(kUseTask, code));
    if (code == asio::error::operation_aborted) co_return;
    if (code) {  // out of descriptors, or the client is gone already
      pause.expires_after(kAfterFailedAccept);
      co_await pause.async_wait(asio::redirect_error(kUseTask, code));
    } else if (shared.connections >= shared.options.max_connections) {
      turn_away(std::move(socket), *door.listening);
    } else {
      auto serving = serve_connection(loop, shared, door.listening, std::move(socket));
      asio::co_spawn(loop.context(), std::move(serving), asio::detached);
    }
  }
}

void Server::start() {
  if (std::exchange(impl_->started, true)) return;
  for (const Impl::Door& door : impl_->doors) impl_->open(door);
  for (const auto& loop : impl_->loops) loop->start();
}

void Server::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  for (const Impl::Door& door : impl_->doors)
    asio::post(impl_->loops.front()->context(), [acceptor = door.acceptor] {
      ErrorCode ignored;
      acceptor->close(ignored);
    });
  for (const auto& loop : impl_->loops) loop->stop();
  for (const auto& loop : impl_->loops) loop->join();
  impl_->shared.workers.join();
}

void Server::replace_tls(std::uint16_t port, crypto::TlsContext tls) {
  for (const Impl::Door& door : impl_->doors) {
    if (door.listening->port != port) continue;
    const std::lock_guard lock(door.listening->mutex);
    door.listening->options.tls = std::move(tls);
    return;
  }
}

}  // namespace rota::http
