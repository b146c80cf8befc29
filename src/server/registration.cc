// Devices join a factory: POST /v1/devices and /ota/devices/ (operator-api.md 10.2).
#include "server/answers.h"
#include "server/devices.h"
#include "server/factories.h"
#include "server/operator_api.h"
#include "server/sota_toml.h"

namespace rota::server {
namespace {

constexpr std::string_view kScope = "devices:create";

// What a device asks for, every member within its grammar.
struct Application {
  std::string uuid, name, hardware_id, config_folder;
  crypto::CertificateRequest csr;
  Json overrides;
};

Result<std::string> checked(const Json& body, std::string_view member, bool (*fits)(std::string_view),
                            std::string_view grammar) {
  std::string text = TRY(body.text(member));
  if (!fits(text)) return bad_input(std::string(member) + ": want " + std::string(grammar));
  return text;
}

bool is_folder(std::string_view text) {
  return text.starts_with('/') && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

Result<Application> read_application(const http::Request& request) {
  const Json body = TRY(body_object(
      request, {"use-ostree-server", "sota-config-dir", "hardware-id", "name", "uuid", "group", "csr", "overrides"}));
  if (!body.text_or("group", "").empty())
    return bad_input("group: '" + body.text_or("group", "").substr(0, 64) + "' is unknown");
  const std::string folder = body.text_or("sota-config-dir", "/var/sota");
  if (!is_folder(folder)) return bad_input("sota-config-dir: want an absolute path");
  const Json* overrides = body.find("overrides");
  const auto uuid = TRY(checked(body, "uuid", is_device_uuid, "[A-Za-z0-9-]{8,64}"));
  const auto name = TRY(checked(body, "name", is_device_name, "[A-Za-z0-9_.-]{1,64}"));
  const auto hardware_id = TRY(checked(body, "hardware-id", is_device_name, "[A-Za-z0-9_.-]{1,64}"));
  auto csr = TRY_IN("csr", crypto::CertificateRequest::from_pem(TRY(body.text("csr"))));
  return Application{.uuid = uuid,
                     .name = name,
                     .hardware_id = hardware_id,
                     .config_folder = folder,
                     .csr = std::move(csr),
                     .overrides = overrides == nullptr ? Json(Json::Object{}) : *overrides};
}

// The request names the factory by its OU; a caller bound to a factory may only register for that one.
Result<std::string> factory_for(const Call& call, const Application& application) {
  const auto& subject = application.csr.subject();
  const std::string& factory = subject.organizational_unit;
  if (subject.common_name != application.uuid) return bad_input("csr: its common name is not the uuid");
  if (!call.caller.factory.empty() && factory != call.caller.factory)
    return bad_input("csr: its organizational unit is not factory '" + call.caller.factory + "'");
  TRY(call.needs(kScope, factory));
  if (!call.app.factories.exists(factory)) return not_found("factory '" + factory.substr(0, 48) + "': does not exist");
  return factory;
}

Result<http::Response> register_device(const Call& call) {
  if (!call.caller.factory.empty()) TRY(call.needs(kScope, call.caller.factory));
  const auto application = TRY(read_application(call.request));
  const std::string factory = TRY(factory_for(call, application));
  const std::string toml = TRY(sota_toml(
      {call.app.settings.gateway_url, application.config_folder, application.hardware_id}, &application.overrides));
  const auto certificate = TRY(call.app.pki.issue_device(factory, application.csr));
  const Device device{.uuid = application.uuid,
                      .factory = factory,
                      .name = application.name,
                      .owner = call.caller.user,
                      .hardware_id = application.hardware_id,
                      .spki = application.csr.public_key().spki_der(),
                      .created_at = call.app.clock.now()};
  TRY(call.app.devices.add(device, {certificate.serial_hex(), certificate.not_after()}));
  call.app.audit.add({factory, call.caller.user, "device-registered", device.uuid, device.name});
  return http::json_response(
      201,
      Json::Object{{"root.crt", call.app.pki.server_ca_pem()}, {"client.pem", certificate.pem()}, {"sota.toml", toml}});
}

}  // namespace

void add_registration_routes(http::Router& router, App& app) {
  for (const char* path : {"/v1/devices", "/ota/devices", "/ota/devices/"})
    router.add("POST", path, guarded(app, register_device));
}

}  // namespace rota::server
