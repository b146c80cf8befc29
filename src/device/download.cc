#include "device/download.h"

namespace rota::device {
namespace {

constexpr std::chrono::milliseconds kWaits[] = {std::chrono::milliseconds(500), std::chrono::milliseconds(1000)};

// POST …/download-urls: an object store or CDN to try first. Anything else than a good answer means: use the gateway.
Json::Array offered_stores(Gateway& gateway, const Download::Wish& wish) {
  const auto reply = gateway.fetch(
      {.method = "POST", .url = wish.ostree_server + "/download-urls", .headers = {{"X-Correlation-ID", wish.target.name}}});
  if (!reply.ok() || reply->status != 200) return {};
  const auto list = parse_json(reply->body);
  return list.ok() && list->if_array() != nullptr ? *list->if_array() : Json::Array();
}

}  // namespace

std::vector<ContentSource> Download::sources(const Wish& wish) {
  std::vector<ContentSource> found;
  for (const Json& store : offered_stores(gateway_, wish)) {
    std::string url = store.text_or("download_url", "");
    while (url.ends_with('/')) url.pop_back();
    if (!url.starts_with("https://")) continue;
    found.push_back(
        {url, {{"Authorization", "Bearer " + store.text_or("access_token", "")}}, doors_.anonymous, doors_.anonymous});
  }
  Headers headers = wish.headers;
  headers.emplace_back("X-Correlation-ID", wish.target.name);
  found.push_back({wish.ostree_server, std::move(headers), doors_.with_identity, doors_.anonymous});
  return found;
}

Status Download::fetch(const Wish& wish) {
  if (TRY(sysroot_.has(wish.target.hash))) return {};
  const auto relay = TRY(ContentRelay::open(sources(wish), wish.spool_folder));
  auto pulled = sysroot_.pull(wish.target.hash, relay->url());
  for (const auto wait : kWaits) {
    if (pulled.ok() || pulled.error().fault != Fault::unavailable) break;
    if (pause_(wait) == Command::GoOn::no) break;
    pulled = sysroot_.pull(wish.target.hash, relay->url());
  }
  if (pulled.ok()) return {};
  Error error = pulled.error();
  if (const std::string reason = relay->last_failure(); !reason.empty()) error.what += " (" + reason + ")";
  return error;
}

}  // namespace rota::device
