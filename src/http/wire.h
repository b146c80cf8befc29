// HTTP/1.1 messages as bytes arrive: one reader for each side of a connection, without any I/O. Bytes are strangers'
// bytes: a head is at most 16 KiB and 100 fields, a body at most what the caller says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/fetcher.h"

namespace rota::http {

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr int kMaxHeaders = 100;

// Takes the next piece of a body; an error ends the reading.
using BodySink = std::function<Status(BytesView)>;

struct RequestHead {
  std::string method;
  std::string target;  // as sent
  Headers headers;
  bool keep_alive = false;
  bool http_1_1 = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

struct ResponseHead {
  int status = 0;
  Headers headers;
  std::optional<std::uint64_t> content_length;
};

class RequestReader {
 public:
  RequestReader();
  ~RequestReader();
  // How many of `bytes` were used; the caller gives the others again, with more behind them. Stops after the head, so
  // that the caller can look at it; goes on to the end of the body at the next call. Errors: see refusal().
  Result<std::size_t> take(BytesView bytes);
  bool started() const;
  bool head_done() const;
  bool done() const;
  const RequestHead& head() const;
  RequestHead& head();
  // Where the body goes; more than `max` bytes is an error (413). Called between the head and the rest.
  void body_to(std::uint64_t max, BodySink sink);
  // The status that answers the last error: 400, 413, 431, 501 or 505.
  int refusal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseReader {
 public:
  enum class Body { expected, none };  // none: the answer to HEAD
  explicit ResponseReader(Body body);
  ~ResponseReader();
  // As RequestReader::take. Errors: rejected (not HTTP, too large), or what the sink said.
  Result<std::size_t> take(BytesView bytes);
  // The other side closed: ok when the answer ends there, unavailable when it was cut short.
  Status end();
  bool started() const;
  bool head_done() const;
  bool done() const;
  bool keep_alive() const;  // once done
  ResponseHead& head();
  void body_to(std::uint64_t max, BodySink sink);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::http
