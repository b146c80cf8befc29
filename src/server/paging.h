// Pages of a list: limit, offset and the Link header (operator-api.md 1).
#pragma once

#include <vector>

#include "http/message.h"

namespace rota::server {

struct Page {
  std::size_t limit = 1000, offset = 0;
};

// bad_input: limit outside 1..1000, offset negative, or either no decimal number.
Result<Page> page_of(const http::Request& request);

// The range [first, last) of `total` items that the page shows.
struct Shown {
  std::size_t first = 0, last = 0;
};
Shown shown(const Page& page, std::size_t total);

// `response` with rel first, next (when there is more) and last.
http::Response with_links(http::Response response, const http::Request& request, const Page& page, std::size_t total);

}  // namespace rota::server
