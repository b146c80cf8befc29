// The body of a request as it was before its Content-Encoding.
#pragma once

#include "http/message.h"

namespace rota::server {

struct DecodedBody {
  Bytes bytes;
  std::optional<http::Response> refusal;  // 413: longer than `max` once unpacked; 415: another coding; 400: broken
};
// Knows identity and gzip (repo-api.md 1). Never unpacks more than `max` bytes.
DecodedBody decoded_body(const http::Request& request, std::size_t max);

}  // namespace rota::server
