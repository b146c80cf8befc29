// What devices send: events and telemetry (gateway.md 6). 200 means durable.
#include "repo/repositories.h"
#include "server/events.h"
#include "server/gateway.h"
#include "server/reports.h"
#include "server/toml_text.h"

namespace rota::server {
namespace {

constexpr std::uint64_t kMaxHardware = 1u << 20;
constexpr JsonRules kAnyNumbers{.numbers = JsonRules::Numbers::any};

// gateway.md 3.4. What lies beyond the newest root is no news of ours.
void note_roots_reached(const DeviceCall& call, const std::vector<DeviceEvent>& events) {
  const auto published = call.app.repos.published(call.factory);
  for (const auto& event : events) {
    const auto reached = root_reached(event);
    if (reached && published && *reached <= (*published)->root_version)
      call.app.devices.note_root(call.uuid, *reached, RootSource::event);
  }
}

Result<http::Response> post_events(const DeviceCall& call) {
  const Time received = call.app.clock.now();
  const auto events = TRY(read_events(call.request.body, received));
  TRY(call.app.writes.now([&](store::Database& db) { return insert_events(db, call.uuid, events, received); }));
  note_roots_reached(call, events);
  return http::Response{};
}

Result<http::Response> stored(const DeviceCall& call, std::string kind, std::string body) {
  const Report report{call.uuid, std::move(kind), std::move(body)};
  TRY(call.app.writes.now([&](store::Database& db) { return store_report(db, report, call.app.clock.now()); }));
  return http::Response{};
}

Result<http::Response> put_hardware(const DeviceCall& call) {
  TRY(parse_json(call.request.body, kAnyNumbers));
  return stored(call, "hardware", call.request.body);
}

Result<http::Response> put_network(const DeviceCall& call) {
  const Json said = TRY(parse_json(call.request.body));
  Json kept;
  for (const char* name : {"hostname", "mac", "local_ipv4"}) kept[name] = said.text_or(name, "");
  return stored(call, "network", to_json(kept));
}

Result<http::Response> put_config(const DeviceCall& call) {
  return stored(call, "config", TRY(masked_toml(call.request.body)));
}

Result<http::Response> put_ecus(const DeviceCall& call) {
  const Json said = TRY(parse_json(call.request.body, kAnyNumbers));
  if (said.if_array() == nullptr) return bad_input("ecus: want a JSON array");
  return stored(call, "ecus", call.request.body);
}

Result<http::Response> post_apps_states(const DeviceCall& call) {
  const Json state = TRY(parse_json(call.request.body, kAnyNumbers));
  TRY_IN("deviceTime", parse_instant(TRY(state.text("deviceTime"))));
  TRY(call.app.writes.now([&](store::Database& db) { return store_apps_state(db, call.uuid, state); }));
  return http::Response{};
}

}  // namespace

void add_report_routes(http::Router& router, App& app) {
  router.add("POST", "/events", for_device(app, post_events));
  router.add(
      {.method = "PUT", .pattern = "/system_info", .handler = for_device(app, put_hardware), .max_body = kMaxHardware});
  router.add("PUT", "/system_info/network", for_device(app, put_network));
  router.add("PUT", "/system_info/config", for_device(app, put_config));
  router.add("POST", "/system_info/config", for_device(app, put_config));
  router.add("PUT", "/ecus", for_device(app, put_ecus));
  router.add("POST", "/apps-states", for_device(app, post_apps_states));
}

}  // namespace rota::server
