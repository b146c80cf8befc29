// /v1/factories/<F>/keys/…: the first archive and online keys (repo-api.md 5).
#include "crypto/hash.h"
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/factories.h"
#include "server/repo_api.h"

namespace rota::server {
namespace {

Result<std::string> factory_of(const Call& call) {
  const std::string& name = call.request.param("factory");
  TRY(call.needs("keys:update", name));
  if (!call.app.factories.exists(name)) return not_found("factory '" + name + "': does not exist");
  return name;
}

Result<http::Response> get_first_archive(const Call& call) {
  const std::string name = TRY(factory_of(call));
  auto archive = call.app.repos.first_archive(name);
  if (!archive && archive.error().fault == Fault::not_found)
    return refused(call.request, 410, "gone", "the first root key archive was taken and confirmed");
  Bytes bytes = TRY(std::move(archive));
  call.app.audit.add({name, call.caller.user, "first-archive-handed-out", "first-root.tgz"});
  http::Response response;
  response.headers = {{"Content-Type", "application/gzip"},
                      {"Content-Disposition", "attachment; filename=\"first-root.tgz\""},
                      {"Cache-Control", "no-store"},
                      {"ETag", "\"" + crypto::sha256_hex(bytes) + "\""}};  // the engine answers Range and If-Range
  response.body = std::move(bytes);
  return response;
}

Result<http::Response> confirm_first_archive(const Call& call) {
  const std::string name = TRY(factory_of(call));
  const Json body = TRY(body_object(call.request, {"sha256"}));
  const std::string digest = TRY(body.text("sha256"));
  TRY(call.app.repos.confirm_first_archive(name, digest));
  call.app.audit.add({name, call.caller.user, "first-archive-confirmed", digest});
  return http::Response{.status = 204};
}

Result<crypto::KeyType> key_type_named(std::string_view name) {
  if (equals_ignoring_case(name, "ED25519")) return crypto::KeyType::ed25519;
  if (equals_ignoring_case(name, "RSA")) return crypto::KeyType::rsa;
  return bad_input("key-type: want ED25519 or RSA, got '" + std::string(name.substr(0, 40)) + "'");
}

Result<http::Response> post_online_key(const Call& call) {
  const std::string name = TRY(factory_of(call));
  const Json body = TRY(body_object(call.request, {"role", "key-type"}));
  const auto role = tuf::role_named(TRY(body.text("role")));
  if (!role) return bad_input("role: want targets, snapshot or timestamp");
  const auto type = TRY(key_type_named(body.text_or("key-type", "ED25519")));
  const auto key = TRY(call.app.repos.new_online_key(name, *role, type));
  const std::string id = tuf::key_id(key).hex;
  call.app.audit.add({name, call.caller.user, "online-key-made", id, std::string(tuf::name_of(*role))});
  return http::json_response(201, Json::Object{{"keyid", id}, {"pub", tuf::public_key_json(key)}});
}

}  // namespace

void add_key_routes(http::Router& router, App& app) {
  const std::string base = "/v1/factories/{factory}/keys/";
  router.add("GET", base + "first-root.tgz", guarded(app, get_first_archive));
  router.add("POST", base + "first-root/confirm", guarded(app, confirm_first_archive));
  router.add("POST", base + "online", guarded(app, post_online_key));
}

}  // namespace rota::server
