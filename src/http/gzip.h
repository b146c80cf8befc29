// The content coding gzip (RFC 9110 8.4.1.3, RFC 1952), limited by what it unpacks to.
#pragma once

#include <string_view>

#include "base/fetcher.h"

namespace rota::http {

// One member and nothing after it. rejected: it unpacks to more than `max` bytes; bad_input: damaged, cut short, or more
// follows.
Result<Bytes> gunzipped(BytesView packed, std::size_t max);

// Whether an Accept-Encoding field wants gzip (RFC 9110 12.5.3): by name, or by "*", with a weight above 0.
bool wants_gzip(std::string_view field);

// Asks `fetcher` for gzip and unpacks what comes packed; `max_body` limits both. An answer that goes to a sink is asked for and
// passed on as it is, and so is an answer outside 2xx, whatever its body. rejected: an answer that is longer, unpacks to more, or
// is no gzip though it says so.
class GzipFetcher final : public Fetcher {
 public:
  explicit GzipFetcher(Fetcher& fetcher) : fetcher_(fetcher) {}
  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  Fetcher& fetcher_;
};

}  // namespace rota::http
