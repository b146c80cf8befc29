// Requests and responses as the rest of Rota sees them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fetcher.h"
#include "base/json.h"
#include "crypto/x509.h"

namespace rota::http {

// Who is at the other end of the connection.
struct Peer {
  std::string address;  // "127.0.0.1"
  bool tls = false;
  std::optional<crypto::Certificate> certificate;  // verified against the listener's client CAs
};

struct Request {
  std::string method;
  std::string path;   // as sent, still percent-encoded, without the query
  std::string query;  // without '?'
  Headers headers;
  std::string body;       // whole, when the route buffers
  std::string body_file;  // path of the spooled body, when the route spools; removed after the handler returns
  std::uint64_t body_size = 0;
  std::map<std::string, std::string, std::less<>>
      params;  // {name} of the route's pattern, decoded exactly once and clean
  std::shared_ptr<const Peer> peer;
  std::string id;  // X-Request-ID, given or generated

  std::string_view header(std::string_view name) const { return rota::header(headers, name); }
  // Presence matters: a present but empty header clears.
  std::optional<std::string> header_if(std::string_view name) const;
  // Decoded value of a query parameter, or nullopt.
  std::optional<std::string> query_value(std::string_view name) const;
  const std::string& param(std::string_view name) const;  // aborts when the pattern has none of that name
};

// A body that is composed while it is sent: a slow client costs what this holds, not the length of the body.
class ComposedBody {
 public:
  virtual ~ComposedBody() = default;
  virtual std::uint64_t size() const = 0;
  // The body's bytes from `offset` (below size()) on: how many are in `out` now, at least one. The same bytes whenever it
  // is asked; on the network thread, so it must not block.
  virtual std::size_t compose(std::uint64_t offset, std::span<char> out) const = 0;
};

struct Response {
  int status = 200;
  Headers headers = {};
  std::string body = {};
  std::shared_ptr<const std::string> shared_body = {};  // instead of `body`: not copied per request
  std::shared_ptr<const ComposedBody> composed = {};    // instead of `body`: with ranges, as a file
  std::string file = {};  // instead of `body`: path of a file, sent with ranges (206, 416)
  bool remove_file_after = false;
};

Response text_response(int status, std::string text);
Response json_response(int status, const Json& json, Headers headers = {});
// {"code","description","errorId"} with the request's id (gateway.md 1.1).
Response error_response(const Request& request, int status, std::string_view code, std::string_view description);
// rejected 400, expired 422, not_found 404, unavailable 503, denied 403, bad_input 400, conflict 409, io 500/507.
int status_of(Fault fault);

}  // namespace rota::http
