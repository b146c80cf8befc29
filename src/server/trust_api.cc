// GET /v1/trust (operator-api.md 4, docs/formats/gateway.md): the census, or the devices that hold a root.
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/census.h"
#include "server/factories.h"
#include "server/operator_api.h"
#include "server/paging.h"

namespace rota::server {
namespace {

std::string when(Time time) { return time == Time{} ? "" : rfc3339(time); }

Json described(const Holder& holder) {
  return Json::Object{{"uuid", holder.uuid},
                      {"name", holder.name},
                      {"root-version", holder.root},
                      {"source", name_of(holder.source)},
                      {"since", when(holder.since)},
                      {"last-seen", when(holder.last_seen)}};
}

Json listed(const std::vector<Holder>& holders) {
  Json list{Json::Array{}};
  for (const auto& holder : holders) list.push_back(described(holder));
  return list;
}

Json described(tuf::Version version, const RootHolders& holders) {
  Json sources{Json::Object{}};
  for (const auto& [source, devices] : holders.by_source) sources[name_of(source)] = devices;
  return Json::Object{{"version", version},
                      {"devices", holders.devices},
                      {"sources", std::move(sources)},
                      {"first-at", when(holders.first)},
                      {"last-at", when(holders.last)}};
}

Json described(const Census& census) {
  Json json = Json::Object{{"newest-root", census.newest}, {"devices", census.devices}, {"unknown", census.unknown},
                           {"behind", census.behind},      {"silent", census.silent},   {"forked", census.forked}};
  json["eta"] = census.eta ? Json(rfc3339(*census.eta)) : Json();
  json["roots"] = Json(Json::Array{});
  for (auto at = census.roots.rbegin(); at != census.roots.rend(); ++at)
    json["roots"].push_back(described(at->first, at->second));
  json["laggards"] = listed(census.laggards);
  json["forks"] = listed(census.forks);
  return json;
}

// Those that hold `root`, or with ?below=1 an older one: by uuid, one page.
Result<http::Response> holders_of(const Call& call, const std::string& factory, const std::string& asked) {
  const auto root = TRY_IN("root", decimal(asked, INT32_MAX));
  const auto below = call.request.query_value("below").value_or("0");
  if (below != "0" && below != "1") return bad_input("below: want 0 or 1");
  const auto page = TRY(page_of(call.request));
  std::size_t total = 0;
  std::vector<Holder> holders;
  call.app.devices.each(factory, [&](const Device& device) {
    const bool holds_it = device.root_held == root && device.root_source != RootSource::fork;
    if (below == "1" ? !is_below(device, root) : !holds_it) return;
    if (total >= page.offset && holders.size() < page.limit) holders.push_back(holder_of(device));
    ++total;
  });
  const Json body = Json::Object{
      {"root", root}, {"below", below == "1"}, {"devices", listed(holders)}, {"total", static_cast<std::int64_t>(total)}};
  return with_links(http::json_response(200, body), call.request, page, total);
}

Result<http::Response> get_trust(const Call& call) {
  const std::string factory = call.request.query_value("factory").value_or(call.caller.factory);
  if (factory.empty()) return bad_input("factory: want ?factory=NAME");
  TRY(call.needs("keys:read", factory));
  TRY(call.app.factories.check_exists(factory));
  if (const auto root = call.request.query_value("root")) return holders_of(call, factory, *root);
  const auto newest = TRY(call.app.repos.published(factory))->root_version;
  Json body = described(census_of(call.app.devices, factory, newest, call.app.clock.now()));
  body["factory"] = factory;
  body["at"] = rfc3339(call.app.clock.now());
  return http::json_response(200, body);
}

}  // namespace

void add_trust_routes(http::Router& router, App& app) { router.add("GET", "/v1/trust", guarded(app, get_trust)); }

}  // namespace rota::server
