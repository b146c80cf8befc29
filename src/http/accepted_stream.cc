#include "http/accepted_stream.h"

#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <cerrno>

namespace rota::http {

namespace {

using crypto::TlsProgress;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kSendfilePiece = 1 << 20;

// What the result of a system call on a non-blocking descriptor means.
TlsProgress progress_of(ssize_t result, TlsProgress when_not_ready) {
  if (result > 0) return TlsProgress::done;
  if (result == 0) return TlsProgress::closed;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return when_not_ready;
  return TlsProgress::failed;
}

std::string address_of(const Socket& socket) {
  ErrorCode ignored;
  return socket.remote_endpoint(ignored).address().to_string(ignored);
}

}  // namespace

AcceptedStream::AcceptedStream(Socket socket) : socket_(std::move(socket)), address_(address_of(socket_)) {
  ErrorCode ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Task<bool> AcceptedStream::wait_until_ready(TlsProgress progress) {
  if (progress != TlsProgress::want_read && progress != TlsProgress::want_write) co_return false;
  const auto event = progress == TlsProgress::want_read ? Socket::wait_read : Socket::wait_write;
  ErrorCode code;
  co_await socket_.async_wait(event, asio::redirect_error(kUseTask, code));
  co_return !code;
}

Task<bool> AcceptedStream::shake_hands(const crypto::TlsContext& tls) {
  auto session = crypto::TlsSession::accept(tls, socket_.native_handle());
  if (!session.ok()) co_return false;
  tls_ = std::move(session).value();
  for (;;) {
    const TlsProgress progress = tls_->handshake();
    if (progress == TlsProgress::done) co_return true;
    const bool ready = co_await wait_until_ready(progress);
    if (!ready) co_return false;
  }
}

TlsProgress AcceptedStream::try_read(char* buffer, std::size_t size, std::size_t& n) {
  if (tls_) return tls_->read(buffer, size, n);
  const ssize_t got = recv(socket_.native_handle(), buffer, size, 0);
  n = got > 0 ? static_cast<std::size_t>(got) : 0;
  return progress_of(got, TlsProgress::want_read);
}

TlsProgress AcceptedStream::try_write(BytesView bytes, std::size_t& n) {
  if (tls_) return tls_->write(bytes.data(), bytes.size(), n);
  const ssize_t sent = send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  n = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  return progress_of(sent, TlsProgress::want_write);
}

Task<std::size_t> AcceptedStream::read(char* buffer, std::size_t size, First first) {
  const bool nothing_yet = first == First::wait && !(tls_ && tls_->has_pending());
  std::size_t n = 0;
  TlsProgress progress = nothing_yet ? TlsProgress::want_read : try_read(buffer, size, n);
  while (progress != TlsProgress::done) {
    const bool ready = co_await wait_until_ready(progress);
    if (!ready) co_return 0;
    progress = try_read(buffer, size, n);
  }
  co_return n;
}

Task<std::size_t> AcceptedStream::read_raw(char* buffer, std::size_t size) {
  for (;;) {
    const ssize_t got = recv(socket_.native_handle(), buffer, size, 0);
    if (got > 0) co_return static_cast<std::size_t>(got);
    const bool ready = co_await wait_until_ready(progress_of(got, TlsProgress::want_read));
    if (!ready) co_return 0;
  }
}

std::size_t AcceptedStream::write_now(BytesView bytes) {
  std::size_t n = 0;
  return try_write(bytes, n) == TlsProgress::done ? n : 0;
}

Task<std::size_t> AcceptedStream::write_some(BytesView bytes) {
  std::size_t n = 0;
  TlsProgress progress = try_write(bytes, n);
  while (progress != TlsProgress::done) {
    const bool ready = co_await wait_until_ready(progress);
    if (!ready) co_return 0;
    progress = try_write(bytes, n);
  }
  co_return n;
}

TlsProgress AcceptedStream::try_sendfile(const FilePart& part, std::size_t& n) {
  off_t at = static_cast<off_t>(part.offset);
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(part.length, kSendfilePiece));
  const ssize_t sent = sendfile(socket_.native_handle(), part.file, &at, most);
  n = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  return progress_of(sent, TlsProgress::want_write);
}

// A write that has to wait is tried again with the same bytes, read again: nothing is kept for a slow client.
TlsProgress AcceptedStream::try_file_piece(const FilePart& part, char* scratch, std::size_t& n) {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(part.length, kScratch));
  const ssize_t got = pread(part.file, scratch, most, static_cast<off_t>(part.offset));
  if (got <= 0) return TlsProgress::failed;  // shorter than when it was opened
  return tls_->write(scratch, static_cast<std::size_t>(got), n);
}

Task<std::size_t> AcceptedStream::send_some(FilePart part, char* scratch) {
  for (;;) {
    std::size_t n = 0;
    const TlsProgress progress = tls_ ? try_file_piece(part, scratch, n) : try_sendfile(part, n);
    if (progress == TlsProgress::done) co_return n;
    const bool ready = co_await wait_until_ready(progress);
    if (!ready) co_return 0;
  }
}

// As a piece of a file: composed again after each wait.
TlsProgress AcceptedStream::try_composed_piece(const ComposedPart& part, char* scratch, std::size_t& n) {
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(part.length, kScratch));
  return try_write({scratch, part.body.compose(part.offset, {scratch, most})}, n);
}

Task<std::size_t> AcceptedStream::send_some(ComposedPart part, char* scratch) {
  for (;;) {
    std::size_t n = 0;
    const TlsProgress progress = try_composed_piece(part, scratch, n);
    if (progress == TlsProgress::done) co_return n;
    const bool ready = co_await wait_until_ready(progress);
    if (!ready) co_return 0;
  }
}

void AcceptedStream::say_goodbye() {
  if (tls_) static_cast<void>(tls_->shut_down());
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void AcceptedStream::cut() {
  ::shutdown(socket_.native_handle(), SHUT_RDWR);
}

}  // namespace rota::http
