#include "compat/fioctl_courier.h"

#include "http/url.h"

namespace rota::compat::fio {
namespace {

constexpr Seconds kPauses[] = {Seconds(1), Seconds(2), Seconds(4)};
constexpr int kMaxRedirects = 5;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The absolute URL of a Location header; a path is one of the same origin.
Result<http::Url> destination(const http::Url& from, std::string_view location) {
  if (location.starts_with('/') && !location.starts_with("//"))
    return http::parse_url(from.scheme + "://" + from.authority() + std::string(location));
  return http::parse_url(location);
}

}  // namespace

Result<FetchReply> Courier::patiently(const FetchRequest& request) {
  auto reply = fetcher_->fetch(request);
  for (const auto pause : kPauses) {
    const bool again = reply.ok() && (reply->status == 429 || reply->status == 503) && request.method == "GET" && pause_;
    if (!again) break;
    pause_(pause);
    reply = fetcher_->fetch(request);
  }
  return reply;
}

Result<FetchReply> Courier::fetch(const FetchRequest& request) {
  FetchRequest now = request;
  for (int redirects = 0;; ++redirects) {
    auto reply = TRY(patiently(now));
    if (request.method != "GET" || !is_redirect(reply.status)) return reply;
    const std::string location(header(reply.headers, "Location"));
    if (redirects == kMaxRedirects) return rejected(request.url + ": redirected more than 5 times");
    const auto from = TRY(http::parse_url(now.url));
    const auto to = TRY_IN(request.url + ": redirected", destination(from, location));
    if (from.scheme == "https" && to.scheme != "https")
      return rejected(request.url + ": redirected to '" + to.origin() + "', which is not https");
    if (to.origin() != from.origin()) now.headers.clear();
    now.url = to.scheme + "://" + to.authority() + to.target;
  }
}

}  // namespace rota::compat::fio
