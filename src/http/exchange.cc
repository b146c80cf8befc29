#include "http/exchange.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace rota::http {

namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::size_t kFilePiece = 128 * 1024;
constexpr std::uint64_t kErrorBody = 64 * 1024;
constexpr int kMaxInterim = 8;
constexpr auto kPatienceForContinue = std::chrono::seconds(1);

bool is_success(int status) {
  return status >= 200 && status <= 299;
}

Error too_long(std::uint64_t want, const std::string& got) {
  return rejected("body: want at most " + std::to_string(want) + " bytes, got " + got);
}

ResponseReader::Body body_of(const std::string& method) {
  return method == "HEAD" ? ResponseReader::Body::none : ResponseReader::Body::expected;
}

}  // namespace

Exchange::Exchange(DialedStream& stream, const FetchRequest& request, ExchangeLimits limits)
    : stream_(stream),
      request_(request),
      limits_(limits),
      reader_(std::make_unique<ResponseReader>(body_of(request.method))),
      buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)) {}

Result<FetchReply> Exchange::run(BytesView head) {
  Status sent = stream_.write(head, limits_.deadline);
  if (sent.ok()) sent = send_body();
  if (!sent.ok() && sent.error().fault == Fault::io) return sent.error();
  auto reply = receive();  // also after a failed write: a refusal may have come before the body was through
  if (!reply.ok()) {
    unanswered_ = !reader_->started() && reply.error().fault == Fault::unavailable;
    if (unanswered_ && !sent.ok()) return sent.error();
    return reply;
  }
  reusable_ = sent.ok() && !cut_ && reader_->done() && reader_->keep_alive() && pending_.empty();
  return reply;
}

Status Exchange::send_body() {
  if (request_.body_file.empty()) return stream_.write(request_.body, limits_.deadline);
  return send_file();
}

Status Exchange::send_file() {
  const OwnedFd file(open(request_.body_file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return io_error(request_.body_file + ": " + std::strerror(errno));
  const off_t size = lseek(file.get(), 0, SEEK_END);
  if (size >= static_cast<off_t>(kExpectFrom) && !TRY(told_to_go_on())) return unavailable("upload: refused");
  const auto buffer = std::make_unique_for_overwrite<char[]>(kFilePiece);
  for (off_t at = 0; at < size;) {
    const ssize_t n =
        pread(file.get(), buffer.get(), std::min<std::size_t>(kFilePiece, static_cast<std::size_t>(size - at)), at);
    if (n <= 0) return io_error(request_.body_file + ": became shorter while it was sent");
    TRY(stream_.write({buffer.get(), static_cast<std::size_t>(n)}, limits_.deadline));
    at += n;
  }
  return {};
}

// False when the final answer came instead. A server that says nothing is taken to agree (RFC 9110 10.1.1).
Result<bool> Exchange::told_to_go_on() {
  const Instant patience = std::min(limits_.deadline, std::chrono::steady_clock::now() + kPatienceForContinue);
  while (!reader_->head_done()) {
    if (pending_.empty() && !stream_.readable_by(patience)) return true;
    TRY(feed());
  }
  if (reader_->head().status != 100) return false;
  reader_ = std::make_unique<ResponseReader>(body_of(request_.method));
  return true;
}

Result<FetchReply> Exchange::receive() {
  TRY(read_head());
  ResponseHead& head = reader_->head();
  reply_.status = head.status;
  reply_.headers = std::move(head.headers);
  if (!reader_->done() && is_success(head.status) && head.content_length.value_or(0) > request_.max_body)
    return too_long(request_.max_body, std::to_string(*head.content_length));
  reader_->body_to(UINT64_MAX, [this](BytesView piece) { return take_body(piece); });
  Status body = read_body();
  if (!body.ok() && !cut_) return body.error();
  return std::move(reply_);
}

Status Exchange::read_head() {
  for (int interim = 0; interim <= kMaxInterim; ++interim) {
    while (!reader_->head_done()) TRY(feed());
    const int status = reader_->head().status;
    if (status >= 200) return {};
    if (status < 100 || status == 101) return want_got("status", "200..599", std::to_string(status));
    reader_ = std::make_unique<ResponseReader>(body_of(request_.method));
    const std::size_t used = TRY(reader_->take(pending_));
    pending_.erase(0, used);
  }
  return rejected("answer: interim answers without end");
}

Status Exchange::read_body() {
  window_start_ = std::chrono::steady_clock::now();
  const std::size_t used = reader_->done() ? 0 : TRY(reader_->take(pending_));
  pending_.erase(0, used);
  while (!reader_->done()) TRY(feed());
  return {};
}

// Reads once and gives the bytes to the reader; the end of the stream is judged by it.
Status Exchange::feed() {
  auto n = read_some();
  if (!n.ok() && n.error().fault == Fault::unavailable && reader_->started()) return n.error().in("answer cut short");
  if (!n.ok()) return n.error();
  if (*n == 0) return reader_->end();
  pending_.append(buffer_.get(), *n);
  const std::size_t used = TRY(reader_->take(pending_));
  pending_.erase(0, used);
  return {};
}

Result<std::size_t> Exchange::read_some() {
  if (!reader_->head_done()) return stream_.read(buffer_.get(), kBuffer, limits_.deadline);
  for (;;) {
    const Instant window_end = window_start_ + limits_.speed_window;
    auto n = stream_.read(buffer_.get(), kBuffer, std::min(limits_.deadline, window_end));
    if (n.ok()) window_bytes_ += *n;
    const Instant now = std::chrono::steady_clock::now();
    if (now < window_end || now >= limits_.deadline) return n;
    const std::uint64_t least = limits_.least_bytes_a_second * static_cast<std::uint64_t>(limits_.speed_window.count());
    if (window_bytes_ < least)
      return unavailable("too slow: want " + std::to_string(least) + " bytes in " +
                         std::to_string(limits_.speed_window.count()) + " s, got " + std::to_string(window_bytes_));
    window_start_ = now;
    window_bytes_ = 0;
    if (n.ok()) return n;
  }
}

std::uint64_t Exchange::limit() const {
  return is_success(reply_.status) ? request_.max_body : std::max(request_.max_body, kErrorBody);
}

Status Exchange::take_body(BytesView piece) {
  received_ += piece.size();
  if (received_ > limit()) {
    cut_ = !is_success(reply_.status);
    return too_long(limit(), "at least " + std::to_string(received_));
  }
  if (request_.sink && is_success(reply_.status)) return request_.sink(piece);
  reply_.body.append(piece);
  return {};
}

}  // namespace rota::http
