// The door to the network. The real one is http::Client; tests pass one that lies.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace rota {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of that name (any case), or empty.
std::string_view header(const Headers& headers, std::string_view name);

struct FetchRequest {
  std::string method = "GET";
  std::string url = {};
  Headers headers = {};
  std::string body = {};
  std::string body_file = {};             // sent instead of `body` when not empty: a path
  std::uint64_t max_body = 64 * 1024;     // bytes of the answer; one more refuses it (rejected)
  Seconds timeout = Seconds(60);          // for the whole exchange
  // When set, the answer's body goes here piece by piece (2xx only), and FetchReply::body stays empty.
  std::function<Result<void>(BytesView)> sink = {};
};

struct FetchReply {
  int status = 0;
  Headers headers = {};
  std::string body = {};
};

// Errors: unavailable (no connection, time-out, cut), denied (TLS or identity refused),
// rejected (longer than max_body, or not HTTP). A status outside 2xx is a reply, not an error.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  virtual Result<FetchReply> fetch(const FetchRequest& request) = 0;
};

}  // namespace rota
