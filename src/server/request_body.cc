#include "server/request_body.h"

#include "http/gzip.h"
#include "server/answers.h"

namespace rota::server {
namespace {

DecodedBody too_long(const http::Request& request, std::size_t max) {
  return {{}, refused(request, 413, "payload_too_large", "body: want at most " + std::to_string(max) + " bytes")};
}

}  // namespace

DecodedBody decoded_body(const http::Request& request, std::size_t max) {
  const auto coding = trim(request.header("Content-Encoding"));
  if (coding.empty() || equals_ignoring_case(coding, "identity")) {
    if (request.body.size() > max) return too_long(request, max);
    return {request.body, {}};
  }
  if (!equals_ignoring_case(coding, "gzip"))
    return {{}, refused(request, 415, "unsupported_coding", "Content-Encoding: want gzip or none")};
  auto bytes = http::gunzipped(request.body, max);
  if (bytes.ok()) return {*std::move(bytes), {}};
  if (bytes.error().fault == Fault::rejected) return too_long(request, max);
  return {{}, refused(request, 400, "bad_request", "body: its gzip coding is broken")};
}

}  // namespace rota::server
