// /v1/factories (operator-api.md 3).
#include "crypto/pkcs12.h"
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/devices.h"
#include "server/factories.h"
#include "server/operator_api.h"
#include "server/pki.h"

namespace rota::server {
namespace {

Result<tuf::Dialect> dialect_named(std::string_view name) {
  if (name == "uptane") return tuf::Dialect::uptane;
  if (name == "tuf") return tuf::Dialect::tuf;
  return bad_input("dialect: want uptane or tuf");
}

Result<crypto::KeyType> key_type_named(std::string_view name) {
  if (equals_ignoring_case(name, "ED25519")) return crypto::KeyType::ed25519;
  if (equals_ignoring_case(name, "RSA")) return crypto::KeyType::rsa;
  return bad_input("key-type: want ED25519 or RSA");
}

Result<http::Response> post_factory(const Call& call) {
  TRY(call.needs("settings:read-update", ""));
  const Json body = TRY(body_object(call.request, {"name", "dialect", "root", "key-type", "auto-enroll"}));
  if (body.text_or("root", "server-made") != "server-made") return bad_input("root: only server-made is offered");
  FactoryOrder order;
  order.name = TRY(body.text("name"));
  order.dialect = TRY(dialect_named(body.text_or("dialect", "uptane")));
  order.key_type = TRY(key_type_named(body.text_or("key-type", "ED25519")));
  order.auto_enroll = TRY(auto_enroll_named(body.text_or("auto-enroll", "off")));
  order.ordered_by = call.caller.user;
  const std::string token = TRY(call.app.factories.create(order, call.app.settings.api_url));
  const auto published = TRY(call.app.repos.published(order.name));
  return http::json_response(201, Json::Object{{"name", order.name},
                                               {"repo_id", published->repo_id},
                                               {"root_version", published->root_version},
                                               {"owner", "owner@" + order.name},
                                               {"token", token}});
}

Result<Json> described(const App& app, const std::string& name) {
  const auto published = TRY(app.repos.published(name));
  const auto device_ca = TRY(app.pki.device_ca(name));
  return Json(Json::Object{{"name", name},
                           {"repo_id", published->repo_id},
                           {"root_version", published->root_version},
                           {"targets", static_cast<std::int64_t>(published->target_list.size())},
                           {"devices", static_cast<std::int64_t>(app.devices.all(name).size())},
                           {"auto-enroll", name_of(app.factories.auto_enroll(name))},
                           {"created-at", rfc3339(app.factories.created_at(name))},
                           {"device-ca", device_ca.pem()}});
}

Result<http::Response> list_factories(const Call& call) {
  Json factories{Json::Array{}};
  for (const auto& name : TRY(call.app.repos.factories()))
    if (call.caller.may("devices:read", name)) factories.push_back(TRY(described(call.app, name)));
  return http::json_response(200, Json::Object{{"factories", std::move(factories)}});
}

// The factory of the path, once the caller may see it.
Result<std::string> factory_of(const Call& call, std::string_view scope) {
  const std::string& name = call.request.param("factory");
  TRY(call.needs(scope, name));
  if (!call.app.factories.exists(name)) return not_found("factory '" + name + "': does not exist");
  return name;
}

Result<http::Response> get_factory(const Call& call) {
  return http::json_response(200, TRY(described(call.app, TRY(factory_of(call, "devices:read")))));
}

Result<http::Response> patch_factory(const Call& call) {
  const std::string name = TRY(factory_of(call, "settings:read-update"));
  const Json body = TRY(body_object(call.request, {"auto-enroll"}));
  const auto mode = TRY(auto_enroll_named(TRY(body.text("auto-enroll"))));
  TRY(call.app.factories.set_auto_enroll(name, mode));
  call.app.audit.add({name, call.caller.user, "settings-changed", "auto-enroll", std::string(name_of(mode))});
  return http::json_response(200, TRY(described(call.app, name)));
}

// A new API token each time, or a new certificate: the server has none in clear to hand out again.
Result<repo::Proof> new_proof(const Call& call, const std::string& factory) {
  NewToken rights{call.caller.user, "credentials.zip", factory, call.caller.scopes};
  const std::string kind = call.request.query_value("proof").value_or("token");
  if (kind == "token") {
    auto token = TRY(call.app.auth.make_token(rights));
    return repo::Proof{call.caller.user, std::move(token)};
  }
  if (kind != "certificate") return bad_input("proof: want token or certificate, got '" + kind.substr(0, 40) + "'");
  const auto identity = TRY(call.app.pki.issue_operator(factory, call.caller.user));
  TRY(call.app.auth.admit_certificate(identity.certificate, rights));
  const auto p12 = crypto::write_pkcs12(identity.key, identity.certificate, identity.issuer_pem);
  auto trusted = TRY(crypto::write_trusted_pkcs12(call.app.pki.server_ca_pem()));
  return repo::Proof{call.caller.user, "", Bytes(p12.reveal()), std::move(trusted)};
}

Result<http::Response> get_credentials(const Call& call) {
  const std::string name = TRY(factory_of(call, "keys:update"));
  const auto proof = TRY(new_proof(call, name));
  http::Response response;
  response.headers = {{"Content-Type", "application/zip"},
                      {"Content-Disposition", "attachment; filename=\"credentials.zip\""},
                      {"Cache-Control", "no-store"}};
  response.body = TRY(call.app.repos.credentials_zip(name, call.app.settings.api_url, proof));
  call.app.audit.add({name, call.caller.user, "credentials-created", "credentials.zip"});
  return response;
}

Result<http::Response> get_targets(const Call& call) {
  const auto published = TRY(call.app.repos.published(TRY(factory_of(call, "targets:read"))));
  Json targets{Json::Object{}};
  for (const auto& target : published->target_list)
    targets[target.name] = Json::Object{
        {"hashes", Json::Object{{"sha256", target.sha256()}}}, {"length", target.length}, {"custom", target.custom_json()}};
  return http::json_response(200,
                             Json::Object{{"checksum", published->targets_checksum}, {"targets", std::move(targets)}});
}

}  // namespace

void add_factory_routes(http::Router& router, App& app) {
  router.add("POST", "/v1/factories", guarded(app, post_factory));
  router.add("GET", "/v1/factories", guarded(app, list_factories));
  router.add("GET", "/v1/factories/{factory}", guarded(app, get_factory));
  router.add("PATCH", "/v1/factories/{factory}", guarded(app, patch_factory));
  router.add("GET", "/v1/factories/{factory}/credentials.zip", guarded(app, get_credentials));
  router.add("GET", "/v1/factories/{factory}/targets", guarded(app, get_targets));
}

}  // namespace rota::server
