// OSTree content (gateway.md 7) and the address for app content (gateway.md 8).
#include "crypto/hash.h"
#include "server/factories.h"
#include "server/gateway.h"
#include "server/ostree_path.h"

namespace rota::server {
namespace {

constexpr Seconds kRegistryTokenLife{3600};

// The path is one of the grammar's, so that it can only name something inside the factory's repository.
Result<http::Response> ostree_file(const DeviceCall& call) {
  const std::string& path = call.request.param("path");
  const auto type = ostree_content_type(path);
  if (!type) return not_found("ostree: no such path");
  const std::string file = call.app.factories.ostree_folder(call.factory) + "/" + path;
  if (TRY(call.app.files.facts(file)).kind != FileFacts::Kind::file) return not_found("ostree: no such object");
  http::Response response;
  response.headers = {{"Content-Type", std::string(*type)}};
  response.file = file;
  return response;
}

// 204: no other place to load from than this gateway.
Result<http::Response> download_urls(const DeviceCall&) {
  return http::Response{.status = 204};
}

// Stateless: whoever holds the token was this device within the last hour.
Result<http::Response> app_proxy_url(const DeviceCall& call) {
  const Time expires = call.app.clock.now() + kRegistryTokenLife;
  const std::string claim = call.uuid + "." + call.factory + "." + std::to_string(expires.time_since_epoch().count());
  const Bytes key = crypto::hmac_sha256(call.app.seal_key.reveal(), "registry token");
  const std::string token = claim + "." + hex(crypto::hmac_sha256(key, claim));
  return http::text_response(201, call.app.settings.gateway_url + "/registry?token=" + token);
}

}  // namespace

void add_content_routes(http::Router& router, App& app) {
  router.add("POST", "/ostree/download-urls", for_device(app, download_urls));
  router.add("GET", "/ostree/{path...}", for_device(app, ostree_file));
  router.add("GET", "/treehub/{path...}", for_device(app, ostree_file));
  router.add("POST", "/app-proxy-url", for_device(app, app_proxy_url));
}

}  // namespace rota::server
