#include "server/gateway.h"

#include "repo/repositories.h"
#include "server/answers.h"
#include "server/factories.h"
#include "server/pki.h"

namespace rota::server {
namespace {

// The owner of the connection, or denied.
Status admitted(App& app, const http::Request& request) {
  if (!request.peer || !request.peer->certificate) return denied("device certificate: none was given");
  const auto& certificate = *request.peer->certificate;
  const auto& subject = certificate.subject();
  if (!is_device_uuid(subject.common_name)) return denied("device certificate: its common name is no device uuid");
  const std::string& factory = subject.organizational_unit;
  if (!app.factories.exists(factory)) return denied("device certificate: its unit is no factory");
  const auto mode = app.factories.auto_enroll(factory);
  const auto issuer = mode == AutoEnroll::any_ca ? Pki::Issuer::of_installation : Pki::Issuer::of_factory;
  TRY(app.pki.accepts(certificate, factory, issuer));
  const auto enrolment = mode == AutoEnroll::off ? Enrolment::off : Enrolment::on_contact;
  return app.devices.meet({subject.common_name, factory, certificate.public_key().spki_der()}, enrolment);
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

Result<Json> described(const DeviceCall& call) {
  const auto device = call.app.devices.find(call.uuid);
  if (!device) return denied("device: is not registered");
  const auto key = TRY(crypto::PublicKey::from_spki_der(device->spki));
  const auto published = TRY(call.app.repos.published(call.factory));
  Json::Array apps;
  for (const auto& app : device->apps) apps.emplace_back(app);
  return Json(Json::Object{{"uuid", device->uuid},
                           {"Name", device->name},
                           {"name", device->name},
                           {"factory", device->factory},
                           {"owner", device->owner},
                           {"repo_id", published->repo_id},
                           {"created_at", rfc3339(device->created_at)},
                           {"last_seen", rfc3339(device->last_seen)},
                           {"pubkey", key.pem()},
                           {"tag", joined(device->tags)},
                           {"group_name", ""},
                           {"docker_apps", std::move(apps)},
                           {"ostree_hash", device->ostree_hash},
                           {"target_name", device->target},
                           {"update_name", ""}});
}

Result<http::Response> get_device(const DeviceCall& call) {
  return http::json_response(200, TRY(described(call)));
}

// gateway.md 9.
Result<http::Response> patch_device(const DeviceCall& call) {
  const Json body = TRY(body_object(call.request, {"next_pubkey"}));
  const auto key = TRY_IN("next_pubkey", crypto::PublicKey::from_pem(TRY(body.text("next_pubkey"))));
  if (key.type() == crypto::KeyType::ecdsa_p384) return bad_input("next_pubkey: want RSA, P-256 or Ed25519, got P-384");
  TRY(call.app.devices.announce_key(call.uuid, key.spki_der()));
  call.app.writes.settle();
  return http::Response{};
}

Result<http::Response> no_config(const DeviceCall&) {
  return http::Response{.status = 204};
}

}  // namespace

std::function<std::optional<http::Response>(const http::Request&)> gateway_gate(App& app) {
  return [&app](const http::Request& request) -> std::optional<http::Response> {
    if (const auto known = admitted(app, request); !known) return http::text_response(403, known.error().what + "\n");
    auto said = read_check_in(request);
    if (!said) return refused(request, said.error());
    app.devices.check_in(request.peer->certificate->subject().common_name, *said);
    return std::nullopt;
  };
}

http::Handler for_device(App& app, DeviceOperation operation) {
  return [&app, operation](const http::Request& request) {
    const auto& subject = request.peer->certificate->subject();
    auto response = operation({app, request, subject.common_name, subject.organizational_unit});
    return response ? std::move(response).value() : refused(request, response.error());
  };
}

void add_gateway_routes(http::Router& router, App& app) {
  add_metadata_routes(router, app);
  add_content_routes(router, app);
  add_report_routes(router, app);
  router.add("GET", "/device", for_device(app, get_device));
  router.add("PATCH", "/device", for_device(app, patch_device));
  router.add("GET", "/config", for_device(app, no_config));
  router.add("GET", "/config-device", for_device(app, no_config));
}

}  // namespace rota::server
