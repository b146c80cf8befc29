// The one HTTP client: HTTP/1.1, http and https, keep-alive to one origin at a time, every answer bounded in bytes and
// time.
#pragma once

#include <memory>
#include <string>

#include "base/fetcher.h"
#include "crypto/tls.h"
#include "http/url.h"

namespace rota::http {

struct ClientOptions {
  std::optional<crypto::TlsContext> tls = {};  // needed for https
  Headers always = {};                         // with every request
  std::string only_origin = {};                // when set, any other origin is denied before a connection is made
  Seconds connect_timeout = Seconds(10);
  std::uint64_t least_bytes_a_second = 100;  // of an answer's body; slower over `speed_window`: unavailable
  Seconds speed_window = Seconds(20);
};

// Follows no redirect. One connection is kept between calls; a request on a kept connection that turns out closed
// before any answer byte is sent once more on a new one (GET, HEAD, PUT only). Calls may come from several threads.
//
// The answer's head is at most 16 KiB; a body over max_body is rejected ("want at most X bytes, got Y"), one that ends
// early is unavailable ("cut short"), a peer that refuses our identity or whose identity does not verify is denied. Of
// an answer outside 2xx at least 64 KiB of body are read, and what lies beyond is left out. Name resolution is the
// system's and has the system's time-outs.
class Client final : public Fetcher {
 public:
  explicit Client(ClientOptions options);
  ~Client() override;
  Result<FetchReply> fetch(const FetchRequest& request) override;
  int connections_made() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::http
