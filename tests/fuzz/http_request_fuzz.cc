// What a stranger sends before anybody knows who it is: request bytes, targets, paths, queries, ranges, answers.
#include <cstddef>
#include <cstdint>
#include <string>

#include "http/range.h"
#include "http/router.h"
#include "http/url.h"
#include "http/wire.h"
#include "must_hold.h"

namespace {

using namespace rota;
using namespace rota::http;
using rota::fuzz::must_hold;

const Router& router() {
  static const Router table = [] {
    Router r;
    const auto none = [](const Request&) { return Response{}; };
    r.add("GET", "/repo/{file}", none);
    r.add("GET", "/ostree/{path...}", none);
    r.add("POST", "/ota/devices/", none);
    return r;
  }();
  return table;
}

void check_clean(std::string_view segment) {
  must_hold(!segment.empty() && segment != "." && segment != "..", "a parameter is a clean name");
  for (char c : segment)
    must_hold(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\', "no control character or backslash");
}

void try_path(std::string_view path) {
  const Router::Match match = router().match("GET", path);
  for (const auto& [name, value] : match.params)
    for (const std::string& segment : split(value, '/')) check_clean(segment);
}

void try_request(std::string_view bytes, std::size_t step) {
  RequestReader reader;
  std::string pending;
  std::uint64_t body = 0;
  while (!bytes.empty() && !reader.done()) {
    pending.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
    for (bool again = true; again && !reader.done();) {
      const bool in_head = !reader.head_done();
      const auto used = reader.take(pending);
      if (!used.ok()) return must_hold(reader.refusal() >= 400 && reader.refusal() < 600, "a refusal has a status");
      must_hold(*used <= pending.size(), "no more is used than there is");
      pending.erase(0, *used);
      again = in_head && reader.head_done();
      if (again)
        reader.body_to(1000, [&body](BytesView piece) -> Status {
          body += piece.size();
          must_hold(body <= 1000, "a body is within its limit");
          return {};
        });
    }
    must_hold(pending.size() <= kMaxHeadBytes + step, "what waits is bounded");
  }
  must_hold(!reader.head_done() || reader.head().headers.size() <= static_cast<std::size_t>(kMaxHeaders),
            "fields are bounded");
}

void try_response(std::string_view bytes) {
  ResponseReader reader(ResponseReader::Body::expected);
  reader.body_to(1000, [](BytesView) -> Status { return {}; });
  std::string pending(bytes);
  for (int i = 0; i < 3 && !reader.done(); ++i) {
    const auto used = reader.take(pending);
    if (!used.ok()) return;
    pending.erase(0, *used);
  }
  static_cast<void>(reader.end().ok());
}

void try_text(std::string_view text) {
  try_path(text);
  if (const auto target = parse_target(text); target.ok()) try_path(target->path);
  if (const auto url = parse_url(text); url.ok())
    must_hold(parse_url(url->scheme + "://" + url->authority() + url->target).ok(), "a URL is read again as written");
  Request request;
  request.query = text;
  static_cast<void>(request.query_value("a"));
  const ByteRange range = range_of(text, 1000);
  must_hold(range.first + range.length <= 1000, "a range is inside");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try_request(bytes, data[0] + 1u);
  try_request(bytes, bytes.size() + 1);
  try_response(bytes);
  try_text(bytes);
  return 0;
}
