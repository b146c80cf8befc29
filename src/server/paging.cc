#include "server/paging.h"

namespace rota::server {
namespace {

constexpr std::int64_t kMaxLimit = 1000, kMaxOffset = 1'000'000'000;

// The query without limit and offset, ready for another "&name=value".
std::string other_parameters(const std::string& query) {
  std::string kept;
  for (const auto& part : split(query, '&'))
    if (!part.empty() && !part.starts_with("limit=") && !part.starts_with("offset=")) kept += part + "&";
  return kept;
}

}  // namespace

Result<Page> page_of(const http::Request& request) {
  Page page;
  if (const auto limit = request.query_value("limit")) {
    const auto number = decimal(*limit, kMaxLimit);
    if (!number || *number < 1) return bad_input("limit: want 1 to 1000");
    page.limit = static_cast<std::size_t>(*number);
  }
  if (const auto offset = request.query_value("offset")) {
    const auto number = decimal(*offset, kMaxOffset);
    if (!number) return bad_input("offset: want a number from 0");
    page.offset = static_cast<std::size_t>(*number);
  }
  return page;
}

Shown shown(const Page& page, std::size_t total) {
  const std::size_t first = std::min(page.offset, total);
  return {first, std::min(first + page.limit, total)};
}

http::Response with_links(http::Response response, const http::Request& request, const Page& page, std::size_t total) {
  const std::string base =
      request.path + "?" + other_parameters(request.query) + "limit=" + std::to_string(page.limit) + "&offset=";
  const auto link = [&](std::size_t offset, std::string_view rel) {
    return "<" + base + std::to_string(offset) + ">; rel=\"" + std::string(rel) + "\"";
  };
  std::string links = link(0, "first");
  if (page.offset + page.limit < total) links += ", " + link(page.offset + page.limit, "next");
  links += ", " + link(total == 0 ? 0 : (total - 1) / page.limit * page.limit, "last");
  response.headers.emplace_back("Link", std::move(links));
  return response;
}

}  // namespace rota::server
