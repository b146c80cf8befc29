#include "client/folder_fetcher.h"

namespace rota::client {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

bool is_one_name(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.find('/') == std::string_view::npos &&
         part.find('\0') == std::string_view::npos;
}

// Empty: no file can be meant.
std::string path_below(std::string_view url_path) {
  std::string path;
  for (const auto& part : split(url_path, '/')) {
    const auto decoded = percent_decoded(part);
    const std::string name = decoded.ok() && is_one_name(*decoded) ? *decoded : part;
    if (!is_one_name(name)) return "";
    path += "/" + name;
  }
  return path;
}

}  // namespace

Result<FetchReply> FolderFetcher::fetch(const FetchRequest& request) {
  if (request.method != "GET" || !request.url.starts_with(url_ + "/"))
    return rejected("'" + request.url + "': want a GET below " + url_);
  const std::string below = path_below(BytesView(request.url).substr(url_.size() + 1));
  const FileFacts facts = below.empty() ? FileFacts() : TRY(files_.facts(folder_ + below));
  if (facts.kind != FileFacts::Kind::file) return FetchReply{.status = 404};
  if (facts.size > request.max_body)
    return want_got("size", "at most " + std::to_string(request.max_body) + " bytes", std::to_string(facts.size));
  FetchReply reply{.status = 200};
  if (request.sink)
    TRY(send(folder_ + below, facts.size, request.sink));
  else
    reply.body = TRY(files_.read(folder_ + below, request.max_body));
  return reply;
}

Status FolderFetcher::send(const std::string& path, std::uint64_t size, const std::function<Status(BytesView)>& sink) {
  for (std::uint64_t at = 0; at < size; at += kPiece) {
    const auto piece = TRY(files_.read_part(path, at, static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - at))));
    TRY(sink(piece));
  }
  return {};
}

}  // namespace rota::client
