#include "runner/run_link.h"

#include <thread>

#include "crypto/hash.h"

namespace rota::runner {
namespace {

constexpr std::uint64_t kMaxAnswer = 4u << 20;
constexpr Seconds kForSmall{60}, kForLarge{3600};

Error refusal(const FetchRequest& request, const FetchReply& reply) {
  auto body = parse_json(reply.body);
  auto message = body.ok() ? body->text_or("message", "") : "";
  auto what = request.method + " " + request.url.substr(0, request.url.find('?')) + ": " + std::to_string(reply.status) +
              (message.empty() ? "" : ": " + message);
  switch (reply.status) {
    case 401:
    case 403: return denied(what);
    case 404: return not_found(what);
    case 409: return conflict(what);
    default: return rejected(what);
  }
}

}  // namespace

Result<FetchReply> answered(Fetcher& server, const FetchRequest& request, const Patience& patience) {
  for (int attempt = 1;; ++attempt) {
    auto reply = server.fetch(request);
    bool away = reply.ok() ? reply->status >= 500 : reply.error().fault == Fault::unavailable;
    if (!away && !reply.ok()) return reply;
    if (!away && reply->status < 300) return reply;
    if (!away) return refusal(request, *reply);
    if (attempt >= patience.attempts)
      return reply.ok() ? Result<FetchReply>(unavailable("server: answers " + std::to_string(reply->status))) : reply;
    std::this_thread::sleep_for(patience.pause);
  }
}

Result<FetchReply> RunLink::send(const std::string& method, const std::string& url, FetchRequest request) {
  request.method = method;
  request.url = url;
  request.headers.emplace_back("Authorization", "Token " + std::string(run_.key.reveal()));
  request.max_body = kMaxAnswer;
  request.timeout = request.body_file.empty() ? kForSmall : kForLarge;
  return answered(server_, request, patience_);
}

Result<std::int64_t> RunLink::append_log(std::int64_t offset, BytesView bytes) {
  FetchRequest request;
  request.headers = {{"X-OFFSET", std::to_string(offset)},
                     {"X-SHA256", crypto::sha256_hex(bytes)},
                     {"Content-Type", "text/plain"}};
  request.body = Bytes(bytes);
  auto reply = TRY(send("PATCH", run_.url + "log", std::move(request)));
  return TRY(parse_json(reply.body)).integer("size");
}

Status RunLink::put_artifacts(const std::string& folder, const std::vector<std::string>& paths) {
  if (paths.empty()) return {};
  Json asked = Json::Array{};
  for (const auto& path : paths) asked.push_back(path);
  FetchRequest ask;
  ask.body = rota::to_json(asked);
  auto answer = TRY(parse_json(TRY_IN("artifacts", send("POST", run_.url + "create_signed", std::move(ask))).body));
  const auto* urls = answer.find("urls");
  for (const auto& path : paths) {
    FetchRequest put;
    put.method = "PUT";
    put.url = urls ? TRY(urls->text(path)) : "";
    put.body_file = folder + "/" + path;
    put.timeout = kForLarge;
    TRY_IN("artifact '" + path + "'", answered(server_, put, patience_));
  }
  return {};
}

Status RunLink::report(const std::string& status, const std::string& message) {
  FetchRequest request;
  request.body = rota::to_json(Json::Object{{"status", status}, {"message", message}});
  TRY(send("PATCH", run_.url, std::move(request)));
  return {};
}

Result<std::optional<std::int64_t>> RunLink::publish_targets(const Json& targets) {
  FetchRequest request;
  request.body = rota::to_json(Json::Object{{"targets", targets}});
  auto reply = TRY(send("POST", run_.build_url() + "/targets", std::move(request)));
  if (reply.status == 202) return std::nullopt;
  return TRY(TRY_IN("targets", parse_json(reply.body)).integer("targets-version"));
}

std::string RunLink::hub_url() const {
  return run_.url.substr(0, run_.url.find("/projects/")) + "/ota/ostreehub/" + run_.factory + "/v2/repos/lmp";
}

Result<Json> RunLink::hub_check(const std::map<std::string, std::uint32_t>& crcs) {
  Json asked = Json::Object{};
  for (const auto& [path, crc] : crcs) asked[path] = std::int64_t{crc};
  FetchRequest request;
  request.body = rota::to_json(asked);
  return parse_json(TRY_IN("hub", send("POST", hub_url() + "/check", std::move(request))).body);
}

Result<Json> RunLink::hub_put(const std::string& tar_file) {
  FetchRequest request;
  request.body_file = tar_file;
  request.headers = {{"Content-Type", "application/x-tar"}};
  return parse_json(TRY_IN("hub", send("PUT", hub_url(), std::move(request))).body);
}

}  // namespace rota::runner
