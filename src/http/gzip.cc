#include "http/gzip.h"

#include <zlib.h>

namespace rota::http {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;

class Inflater {
 public:
  Inflater() : started_(inflateInit2(&stream_, kGzipOnly) == Z_OK) {}
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<Bytes> unpacked(BytesView packed, std::size_t max) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // zlib's interface is not const
    stream_.avail_in = static_cast<uInt>(packed.size());
    Bytes out;
    char piece[16 * 1024];
    int code = started_ ? Z_OK : Z_MEM_ERROR;
    while (code == Z_OK && out.size() <= max) {
      stream_.next_out = reinterpret_cast<Bytef*>(piece);
      stream_.avail_out = sizeof piece;
      code = inflate(&stream_, Z_NO_FLUSH);
      out.append(piece, sizeof piece - stream_.avail_out);
    }
    if (out.size() > max) return rejected("gzip: want at most " + std::to_string(max) + " bytes unpacked, got more");
    if (code != Z_STREAM_END) return bad_input("gzip: damaged or cut short");
    if (stream_.avail_in != 0) return bad_input("gzip: bytes after its end");
    return out;
  }

 private:
  z_stream stream_ = {};
  bool started_;
};

// "q=0", "q=0.000".
bool is_weight_zero(std::string_view parameter) {
  if (!equals_ignoring_case(parameter.substr(0, 2), "q=")) return false;
  return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

bool wants_gzip(std::string_view field) {
  bool any = false;
  for (const std::string& one : split(field, ',')) {
    const auto parts = split(one, ';');
    const std::string_view coding = trim(parts.front());
    const bool wanted = !(parts.size() > 1 && is_weight_zero(trim(parts[1])));
    if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) return wanted;
    any = any || (coding == "*" && wanted);
  }
  return any;
}

Result<Bytes> gunzipped(BytesView packed, std::size_t max) {
  return Inflater().unpacked(packed, max);
}

Result<FetchReply> GzipFetcher::fetch(const FetchRequest& request) {
  if (request.sink || request.method != "GET") return fetcher_.fetch(request);
  FetchRequest sent = request;
  sent.headers.emplace_back("Accept-Encoding", "gzip");
  FetchReply reply = TRY(fetcher_.fetch(sent));
  const bool is_packed = equals_ignoring_case(header(reply.headers, "Content-Encoding"), "gzip");
  if (!is_packed || reply.status / 100 != 2) return reply;
  auto body = gunzipped(reply.body, static_cast<std::size_t>(request.max_body));
  if (!body.ok()) return rejected(request.url + ": " + body.error().what);
  reply.body = *std::move(body);
  return reply;
}

}  // namespace rota::http
