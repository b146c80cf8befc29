#include "client/metadata_folder.h"

namespace rota::client {
namespace {

// The small files are asked for again and again; a large one may take its time, as long as it keeps coming.
constexpr std::size_t kSmall = 64 * 1024;
constexpr Seconds kSmallTimeout{15}, kLargeTimeout{300};

}  // namespace

std::string folder_url(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Result<FetchReply> MetadataFolder::answer(const std::string& name, FetchRequest request) const {
  request.url = url_ + "/" + name;
  request.timeout = request.max_body <= kSmall ? kSmallTimeout : kLargeTimeout;
  FetchReply reply = TRY_IN(name, fetcher_.fetch(request));
  const std::string what = name + ": the server answers " + std::to_string(reply.status);
  if (reply.status == 200) return reply;
  if (reply.status == 404) return not_found(what);
  if (reply.status == 401 || reply.status == 403) return denied(what);
  return unavailable(what);
}

Result<FetchReply> MetadataFolder::get(const std::string& name, std::size_t max) const {
  return answer(name, {.max_body = max});
}

Result<Bytes> MetadataFolder::needed(const std::string& name, std::size_t max) const {
  auto reply = get(name, max);
  if (reply.ok()) return std::move(reply->body);
  if (reply.error().fault == Fault::not_found) return unavailable(reply.error().what);
  return reply.error();
}

Status MetadataFolder::stream(const std::string& name, std::uint64_t max, std::function<Status(BytesView)> sink) const {
  TRY(answer(name, {.max_body = max, .sink = std::move(sink)}));
  return {};
}

std::string file_name_in(const tuf::Root& root, std::string_view role, tuf::Version version) {
  const std::string name = percent_encoded(role) + ".json";
  return root.consistent_snapshot ? std::to_string(version) + "." + name : name;
}

}  // namespace rota::client
