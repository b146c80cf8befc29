// The one HTTP client: HTTP/1.1, http and https, keep-alive to one origin at a time, every answer bounded in bytes and time.
#pragma once

#include <memory>
#include <string>

#include "base/fetcher.h"
#include "crypto/tls.h"

namespace rota::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"
  std::string origin() const { return scheme + "://" + host + ":" + std::to_string(port); }
};
Result<Url> parse_url(std::string_view text);

struct ClientOptions {
  std::optional<crypto::TlsContext> tls = {};  // needed for https
  Headers always = {};                         // with every request
  std::string only_origin = {};                // when set, any other origin is denied before a connection is made
  Seconds connect_timeout = Seconds(10);
  std::uint64_t least_bytes_a_second = 100;    // slower over 20 s: unavailable
};

// Follows no redirect. One connection is kept between calls; a request on a kept connection that turns out closed before
// any answer byte is sent once more on a new one (GET, HEAD, PUT only).
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
