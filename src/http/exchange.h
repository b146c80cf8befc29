// One request and its answer on a connection that is already there.
#pragma once

#include <memory>

#include "base/fetcher.h"
#include "http/dialed_stream.h"
#include "http/wire.h"

namespace rota::http {

struct ExchangeLimits {
  Instant deadline;
  std::uint64_t least_bytes_a_second;
  Seconds speed_window;
};

class Exchange {
 public:
  Exchange(DialedStream& stream, const FetchRequest& request, ExchangeLimits limits);
  // Sends `head` and the request's body, then reads the answer.
  Result<FetchReply> run(BytesView head);
  // After run(): the connection ended before one byte of an answer, so that the request may be sent again.
  bool unanswered() const { return unanswered_; }
  // After run(): the connection is at a clean boundary.
  bool reusable() const { return reusable_; }

 private:
  Status send_body();
  Status send_file();
  Result<bool> told_to_go_on();
  Result<FetchReply> receive();
  Status read_head();
  Status read_body();
  Status feed();
  Result<std::size_t> read_some();
  Status take_body(BytesView piece);
  std::uint64_t limit() const;

  DialedStream& stream_;
  const FetchRequest& request_;
  ExchangeLimits limits_;
  std::unique_ptr<ResponseReader> reader_;
  std::unique_ptr<char[]> buffer_;
  std::string pending_;
  FetchReply reply_;
  std::uint64_t received_ = 0;
  Instant window_start_;
  std::uint64_t window_bytes_ = 0;
  bool cut_ = false;
  bool unanswered_ = false;
  bool reusable_ = false;
};

// From this size on a body waits for "100 Continue", so that a refusal costs no upload.
inline constexpr std::uint64_t kExpectFrom = 1 << 20;

}  // namespace rota::http
