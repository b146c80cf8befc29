#include "device/commands.h"
#include "device/listing.h"

namespace rota::device {
namespace {

// What runs, as far as the store knows.
struct Running {
  DeviceTarget target{.name = kInitialTarget, .hash = ""};
  std::string booted_hash = {};
};

Result<Running> running_on(Session* session) {
  if (session == nullptr) return Running{};
  auto history = TRY(session->log().history());
  auto facts = TRY(session->updater().boot_facts());
  return Running{std::move(history.current), std::move(facts.booted)};
}

// The name its owner gave it; only the server knows it.
std::string name_on_server(const StatusSources& sources, const Running& running) {
  if (sources.settings.server.empty()) return "";
  FetchRequest request{.url = sources.settings.server + "/device"};
  request.headers = check_in_headers(sources.settings.package, running.target, running.booted_hash);
  request.timeout = Seconds(10);
  const auto reply = sources.wire.fetch(request);
  if (!reply.ok() || reply->status != 200) return "";
  const auto device = parse_json(reply->body, {.numbers = JsonRules::Numbers::any});
  return device.ok() ? device->text_or("name", "") : "";
}

Json target_json(const DeviceTarget& target, const PackageSettings& package) {
  Json::Object out = {{"name", target.name}, {"ostree_hash", target.hash}, {"apps", apps_json(target, package)}};
  if (target.version >= 0) out.emplace("version", target.version);
  if (Json* apps = &out.at("apps"); apps->is_null()) *apps = Json::Array{};
  return out;
}

Result<Json> trust_json(Session& session) {
  const auto reading = TRY(session.doorkeeper().read_clock());
  const auto stored = TRY(session.doorkeeper().from_store(reading.now));
  const auto versions = stored.trust ? client::versions_of(*stored.trust) : client::Versions{};
  Json::Object out = {{"root", versions.root}, {"timestamp", versions.timestamp}};
  if (const auto last = TRY(session.facts().get("last_refresh"))) {
    const auto read = parse_json(*last);
    if (read.ok()) out.emplace("last_refresh", *read);
  }
  return Json(std::move(out));
}

std::string joined(const std::vector<std::string>& tags) {
  std::string out;
  for (const auto& tag : tags) out += (out.empty() ? "" : ",") + tag;
  return out;
}

std::string text_of(const Json& json) {
  std::string out = "device:  " + json.text_or("device_name", "") + " " + json.text_or("device_uuid", "") + "\n" +
                    "factory: " + json.text_or("device_factory", "") + "\n" +
                    "active:  " + json.find("applied_target")->text_or("name", "") + "\n";
  if (const Json* pending = json.find("pending_target")) out += "pending: " + pending->text_or("name", "") + "\n";
  return out;
}

}  // namespace

Result<Report> status(const StatusSources& sources, Session* session) {
  const auto running = TRY(running_on(session));
  const auto& package = sources.settings.package;
  Json json = Json::Object{{"device_name", name_on_server(sources, running)},
                           {"device_factory", sources.identity.factory},
                           {"device_uuid", sources.identity.uuid},
                           {"ostree_hash", running.booted_hash},
                           {"tag", joined(package.tags)},
                           {"applied_target", target_json(running.target, package)}};
  if (session != nullptr) {
    const auto change = TRY(session->log().change());
    if (change) json["pending_target"] = target_json(change->target, package);
    json["trust"] = TRY(trust_json(*session));
  }
  std::string text = text_of(json);
  return Report{Exit::ok, std::move(text), std::move(json)};
}

}  // namespace rota::device
