// The server's end of a connection: a coroutine waits while the descriptor is not ready; plain or TLS over the same
// descriptor.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include "crypto/tls.h"
#include "http/message.h"

namespace rota::http {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <typename T>
using Task = asio::awaitable<T, Executor>;
inline constexpr asio::use_awaitable_t<Executor> kUseTask{};
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;

// The size of a network thread's buffer, which all its connections use in turn.
inline constexpr std::size_t kScratch = 128 * 1024;

class AcceptedStream {
 public:
  explicit AcceptedStream(Socket socket);

  // False when the client gave up, was refused, or speaks no TLS.
  Task<bool> shake_hands(const crypto::TlsContext& tls);
  // How a read begins: with a look at what has arrived, or by waiting for an event (cheaper when nothing will be there
  // yet).
  enum class First { look, wait };
  // At least one byte, or 0 at the end of the connection, whatever ended it.
  Task<std::size_t> read(char* buffer, std::size_t size, First first);
  // As read(), of the bytes on the wire, not decrypted: to throw away.
  Task<std::size_t> read_raw(char* buffer, std::size_t size);
  // How many bytes the connection takes at once; 0 also when it is gone.
  std::size_t write_now(BytesView bytes);
  // One step: how many bytes went out, 0 when the connection is gone.
  Task<std::size_t> write_some(BytesView bytes);
  // As write_some, of a part of a file: sendfile on plain connections, through `scratch` (kScratch bytes, not used
  // while this waits) on TLS.
  struct FilePart {
    int file;
    std::uint64_t offset, length;
  };
  Task<std::size_t> send_some(FilePart part, char* scratch);
  // As write_some, of a part of a composed body, through `scratch` likewise.
  struct ComposedPart {
    const ComposedBody& body;
    std::uint64_t offset, length;
  };
  Task<std::size_t> send_some(ComposedPart part, char* scratch);

  bool is_tls() const { return tls_.has_value(); }
  std::optional<crypto::Certificate> peer() const { return tls_ ? tls_->peer() : std::nullopt; }
  std::string address() const { return address_; }
  Executor executor() { return socket_.get_executor(); }
  void say_goodbye();  // close_notify and FIN; reading still works
  void cut();          // every wait ends now

 private:
  Task<bool> wait_until_ready(crypto::TlsProgress progress);
  crypto::TlsProgress try_read(char* buffer, std::size_t size, std::size_t& n);
  crypto::TlsProgress try_write(BytesView bytes, std::size_t& n);
  crypto::TlsProgress try_sendfile(const FilePart& part, std::size_t& n);
  crypto::TlsProgress try_file_piece(const FilePart& part, char* scratch, std::size_t& n);
  crypto::TlsProgress try_composed_piece(const ComposedPart& part, char* scratch, std::size_t& n);

  Socket socket_;
  std::string address_;
  std::optional<crypto::TlsSession> tls_;
};

}  // namespace rota::http
