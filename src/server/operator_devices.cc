// /v1/devices and /v1/denied-devices (operator-api.md 4).
#include "server/answers.h"
#include "server/devices.h"
#include "server/events.h"
#include "server/factories.h"
#include "server/operator_api.h"
#include "server/paging.h"
#include "server/reports.h"

namespace rota::server {
namespace {

Json list_of(const std::vector<std::string>& items) {
  Json list{Json::Array{}};
  for (const auto& item : items) list.push_back(item);
  return list;
}

std::string when(Time time) {
  return time == Time{} ? "" : rfc3339(time);
}

Json described(const Device& device) {
  return Json::Object{{"uuid", device.uuid},
                      {"name", device.name},
                      {"factory", device.factory},
                      {"owner", device.owner},
                      {"hardware-id", device.hardware_id},
                      {"created-at", when(device.created_at)},
                      {"last-seen", when(device.last_seen)},
                      {"target-name", device.target},
                      {"ostree-hash", device.ostree_hash},
                      {"tags", list_of(device.tags)},
                      {"docker-apps", list_of(device.apps)},
                      {"user-agent", device.agent},
                      {"root-version", device.root_held},
                      {"root-version-source", name_of(device.root_source)},
                      {"root-version-since", when(device.root_since)}};
}

// JSON as a device has sent it, or null.
Json report_json(const std::string& text) {
  auto json = parse_json(text, {.numbers = JsonRules::Numbers::any});
  return json ? std::move(json).value() : Json();
}

struct Order {
  bool (*before)(const Device&, const Device&);
};

Result<Order> order_named(std::string_view name) {
  static const std::map<std::string_view, Order> kOrders = {
      {"last-seen-asc", {[](const Device& a, const Device& b) { return a.last_seen < b.last_seen; }}},
      {"last-seen-desc", {[](const Device& a, const Device& b) { return a.last_seen > b.last_seen; }}},
      {"created-at-asc", {[](const Device& a, const Device& b) { return a.created_at < b.created_at; }}},
      {"created-at-desc", {[](const Device& a, const Device& b) { return a.created_at > b.created_at; }}},
      {"name-asc", {[](const Device& a, const Device& b) { return a.name < b.name; }}},
      {"name-desc", {[](const Device& a, const Device& b) { return a.name > b.name; }}},
      {"uuid-asc", {[](const Device& a, const Device& b) { return a.uuid < b.uuid; }}},
      {"uuid-desc", {[](const Device& a, const Device& b) { return a.uuid > b.uuid; }}},
  };
  const auto found = kOrders.find(name);
  if (found == kOrders.end()) return bad_input("order-by: want last-seen, created-at, name or uuid with -asc or -desc");
  return found->second;
}

// The factory a list is about: asked for, or the caller's own; empty: all.
Result<std::string> asked_factory(const Call& call, std::string_view scope) {
  const std::string factory = call.request.query_value("factory").value_or(call.caller.factory);
  TRY(call.needs(scope, factory));
  if (!factory.empty()) TRY(call.app.factories.check_exists(factory));
  return factory;
}

Result<http::Response> list_devices(const Call& call) {
  const std::string factory = TRY(asked_factory(call, "devices:read"));
  const auto page = TRY(page_of(call.request));
  const auto order = TRY(order_named(call.request.query_value("order-by").value_or("name-asc")));
  auto devices = call.app.devices.all(factory);
  std::stable_sort(devices.begin(), devices.end(), order.before);
  const auto [first, last] = shown(page, devices.size());
  Json items{Json::Array{}};
  for (auto i = first; i < last; ++i) items.push_back(described(devices[i]));
  Json body = Json::Object{{"devices", std::move(items)}, {"total", static_cast<std::int64_t>(devices.size())}};
  return with_links(http::json_response(200, body), call.request, page, devices.size());
}

// The device of the path by uuid, or by name with ?factory=; the same 404 whether it is missing or of another factory.
Result<Device> device_of(const Call& call, std::string_view scope) {
  const std::string& id = call.request.param("uuid");
  if (!is_device_name(id)) return bad_input("uuid: want [A-Za-z0-9-]{8,64}");
  auto device = call.app.devices.find(id);
  if (!device) device = call.app.devices.named(call.request.query_value("factory").value_or(call.caller.factory), id);
  const bool visible = device && (call.caller.factory.empty() || call.caller.factory == device->factory);
  if (!visible) return not_found("device '" + id + "': does not exist");
  TRY(call.needs(scope, device->factory));
  return std::move(*device);
}

Result<http::Response> get_device(const Call& call) {
  const auto device = TRY(device_of(call, "devices:read"));
  Json body = described(device);
  body["public-key"] = TRY(crypto::PublicKey::from_spki_der(device.spki)).pem();
  body["hardware-info"] = report_json(TRY(report_of(call.app.db, device.uuid, "hardware")));
  body["network-info"] = report_json(TRY(report_of(call.app.db, device.uuid, "network")));
  body["secondary-ecus"] = report_json(TRY(report_of(call.app.db, device.uuid, "ecus")));
  body["aktualizr-toml"] = TRY(report_of(call.app.db, device.uuid, "config"));
  return http::json_response(200, body);
}

Result<http::Response> delete_device(const Call& call) {
  TRY(call.app.devices.deny(TRY(device_of(call, "devices:delete")).uuid, call.caller.user));
  return http::Response{.status = 204};
}

Result<http::Response> list_denied(const Call& call) {
  const auto uuids = call.app.devices.denied_of(TRY(asked_factory(call, "devices:read")));
  return http::json_response(200, Json::Object{{"denied-devices", list_of(uuids)}});
}

Result<http::Response> delete_denied(const Call& call) {
  const std::string& uuid = call.request.param("uuid");
  if (!is_device_uuid(uuid)) return bad_input("uuid: want [A-Za-z0-9-]{8,64}");
  const auto factory = call.app.devices.denied_factory(uuid);
  if (!factory) return not_found("device '" + uuid + "': is not on the denied list");
  TRY(call.needs("devices:delete", *factory));
  TRY(call.app.devices.undeny(uuid, call.caller.user));
  return http::Response{.status = 204};
}

Result<http::Response> list_updates(const Call& call) {
  const auto device = TRY(device_of(call, "devices:read"));
  auto updates = TRY(updates_of(call.app.db, device.uuid));
  return http::json_response(200, Json::Object{{"updates", std::move(updates)}});
}

Result<http::Response> get_update(const Call& call) {
  const auto device = TRY(device_of(call, "devices:read"));
  return http::json_response(200, TRY(events_of(call.app.db, device.uuid, call.request.param("correlation"))));
}

Result<http::Response> get_apps_states(const Call& call) {
  const auto device = TRY(device_of(call, "devices:read"));
  auto states = TRY(apps_states_of(call.app.db, device.uuid));
  return http::json_response(200, Json::Object{{"apps_states", std::move(states)}});
}

}  // namespace

void add_device_routes(http::Router& router, App& app) {
  router.add("GET", "/v1/devices", guarded(app, list_devices));
  router.add("GET", "/ota/devices/",
             guarded(app, list_devices));  // lmp-device-register asks first: 401 tells it to go on
  router.add("GET", "/v1/devices/{uuid}", guarded(app, get_device));
  router.add("DELETE", "/v1/devices/{uuid}", guarded(app, delete_device));
  router.add("GET", "/v1/devices/{uuid}/updates", guarded(app, list_updates));
  router.add("GET", "/v1/devices/{uuid}/updates/{correlation}", guarded(app, get_update));
  router.add("GET", "/v1/devices/{uuid}/apps-states", guarded(app, get_apps_states));
  router.add("GET", "/v1/denied-devices", guarded(app, list_denied));
  router.add("DELETE", "/v1/denied-devices/{uuid}", guarded(app, delete_denied));
}

}  // namespace rota::server
