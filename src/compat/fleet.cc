#include "compat/fleet.h"

#include "cli/talk.h"

namespace rota::compat {
namespace {

constexpr std::size_t kMaxAnswer = 1u << 20, kNamed = 5, kLongestText = 200;
constexpr std::string_view kRepoPaths[] = {"/ota/repo/", "/api/v1/"};

// A server's words, fit for a terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kLongestText)) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out;
}

// Null or missing: empty.
Result<std::string> text_in(const Json& json, std::string_view name) {
  const Json* value = json.find(name);
  if (value == nullptr || value->is_null()) return std::string();
  return printable(TRY(json.text(name)));
}

Result<FleetDevice> read_device(const Json& json) {
  FleetDevice device;
  device.name = printable(TRY(json.text("name")));
  device.uuid = printable(TRY(json.text("uuid")));
  device.root = TRY(json.integer("root-version"));
  device.source = TRY(text_in(json, "source"));
  device.since = TRY(text_in(json, "since"));
  device.last_seen = TRY(text_in(json, "last-seen"));
  return device;
}

Result<std::vector<FleetDevice>> read_devices(const Json& json, std::string_view name) {
  std::vector<FleetDevice> devices;
  for (const auto& item : *TRY(json.array(name))) devices.push_back(TRY(read_device(item)));
  return devices;
}

Result<FleetRoot> read_root(const Json& json) {
  FleetRoot root;
  root.version = TRY(json.integer("version"));
  root.devices = TRY(json.integer("devices"));
  root.first = TRY(text_in(json, "first-at"));
  root.last = TRY(text_in(json, "last-at"));
  const Json* sources = json.find("sources");
  if (sources == nullptr || sources->if_object() == nullptr) return rejected("sources: want an object");
  for (const auto& [source, devices] : *sources->if_object())
    root.sources += (root.sources.empty() ? "" : ", ") + std::to_string(TRY(sources->integer(source))) + " " + printable(source);
  return root;
}

// "<server>/v1/trust?factory=acme" beside "<server>/ota/repo/acme/api/v1/user_repo".
std::string trust_url(const std::string& base, std::string_view factory) {
  std::string server = base;
  for (const auto path : kRepoPaths)
    if (const auto at = base.find(path); at != std::string::npos) {
      server.resize(at);
      break;
    }
  return server + "/v1/trust?factory=" + percent_encoded(factory);
}

std::string shown(const std::string& text) { return text.empty() ? "-" : text; }

std::string counted(std::int64_t count, std::string_view what) {
  return std::to_string(count) + (count == 1 ? " device " : " devices ") + std::string(what) + "\n";
}

}  // namespace

Result<Fleet> read_fleet(const Json& json) {
  Fleet fleet;
  fleet.newest = TRY_IN("trust", json.integer("newest-root"));
  for (const auto& [name, to] : {std::pair<const char*, std::int64_t*>{"devices", &fleet.devices},
                                 {"behind", &fleet.behind},
                                 {"silent", &fleet.silent},
                                 {"unknown", &fleet.unknown},
                                 {"forked", &fleet.forked}})
    *to = TRY_IN("trust", json.integer(name));
  fleet.eta = TRY_IN("trust", text_in(json, "eta"));
  for (const auto& root : *TRY_IN("trust", json.array("roots"))) fleet.roots.push_back(TRY_IN("trust: roots", read_root(root)));
  fleet.laggards = TRY_IN("trust: laggards", read_devices(json, "laggards"));
  fleet.forks = TRY_IN("trust: forks", read_devices(json, "forks"));
  fleet.json = json;
  return fleet;
}

Result<Fleet> fetch_fleet(const ceremony::RootSource& source, std::string_view factory) {
  const FetchRequest request{
      .url = trust_url(source.base, factory), .headers = source.headers, .max_body = kMaxAnswer};
  const auto reply = TRY(source.fetcher->fetch(request));
  if (reply.status == 404) return not_found("this server does not tell which root its devices trust");
  if (reply.status != 200) return ceremony::http_error(request, reply);
  return read_fleet(TRY_IN("trust", parse_json(reply.body)));
}

std::string fleet_text(const Fleet& fleet) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& root : fleet.roots)
    rows.push_back({std::to_string(root.version) + (root.version == fleet.newest ? " (newest)" : ""),
                    std::to_string(root.devices), shown(root.sources), shown(root.first), shown(root.last)});
  std::string text = cli::table({"ROOT", "DEVICES", "KNOWN BY", "FIRST", "LAST"}, rows);
  if (fleet.unknown > 0) text += counted(fleet.unknown, "not known to hold any root yet");
  if (fleet.silent > 0) text += counted(fleet.silent, "on an older root, not seen for 90 days");
  if (fleet.forked > 0) text += counted(fleet.forked, "on a root that was never published: " + names_of(fleet.forks, fleet.forked));
  if (fleet.behind == 0) return text + "nobody is behind\n";
  text += "\n" + counted(fleet.behind, "behind; at the pace so far they have followed by " + shown(fleet.eta));
  rows.clear();
  for (const auto& device : fleet.laggards)
    rows.push_back({device.name, std::to_string(device.root), shown(device.since), shown(device.last_seen), device.uuid});
  return text + cli::table({"DEVICE", "ROOT", "SINCE", "LAST SEEN", "UUID"}, rows);
}

std::string names_of(const std::vector<FleetDevice>& devices, std::int64_t all) {
  std::string text;
  std::int64_t named = 0;
  for (const auto& device : devices) {
    if (named == static_cast<std::int64_t>(kNamed)) break;
    text += (text.empty() ? "" : ", ") + device.name + " (root " + std::to_string(device.root) + ")";
    ++named;
  }
  return named < all ? text + " and " + std::to_string(all - named) + " more" : text;
}

Status retired_keys_may_go(const Fleet& fleet) {
  if (fleet.behind == 0) return {};
  return rejected(std::to_string(fleet.behind) + (fleet.behind == 1 ? " device still trusts" : " devices still trust") +
                      " only a root older than " + std::to_string(fleet.newest) + ": " +
                      names_of(fleet.laggards, fleet.behind),
                  "wait until they have followed (keys status --fleet), or --allow devices-behind");
}

}  // namespace rota::compat
