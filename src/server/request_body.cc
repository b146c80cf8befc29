#include "server/request_body.h"

#include <zlib.h>

#include "server/answers.h"

namespace rota::server {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

enum class Outcome { whole, too_long, broken };

// One gzip member and nothing after it.
Outcome unpack(BytesView packed, std::size_t max, Bytes& to) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return Outcome::broken;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  char buffer[16 * 1024];
  int code = Z_OK;
  while (code == Z_OK && to.size() <= max) {
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    code = inflate(&stream, Z_NO_FLUSH);
    to.append(buffer, sizeof buffer - stream.avail_out);
  }
  const bool ended = code == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  if (to.size() > max) return Outcome::too_long;
  return ended ? Outcome::whole : Outcome::broken;
}

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
  Bytes bytes;
  switch (unpack(request.body, max, bytes)) {
    case Outcome::whole:
      return {std::move(bytes), {}};
    case Outcome::too_long:
      return too_long(request, max);
    case Outcome::broken:
      return {{}, refused(request, 400, "bad_request", "body: its gzip coding is broken")};
  }
  abort_with("Outcome: not one of its values");
}

}  // namespace rota::server
