#include "device/selection.h"

#include <algorithm>

namespace rota::device {
namespace {

bool lists(const Json& custom, std::string_view member, std::string_view wanted) {
  const auto* list = custom.find(member);
  const auto* items = list == nullptr ? nullptr : list->if_array();
  return items != nullptr && std::any_of(items->begin(), items->end(), [&](const Json& item) {
           const auto* text = item.if_text();
           return text != nullptr && *text == wanted;
         });
}

bool has_a_tag(const Json& custom, const std::vector<std::string>& tags) {
  return tags.empty() ||
         std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) { return lists(custom, "tags", tag); });
}

Result<std::int64_t> version_of(const Json& custom) {
  const std::string text = TRY(custom.text("version"));
  const auto version = decimal(text, INT32_MAX);
  if (!version.ok()) return want_got("version", "a number from 0 to 2147483647", "'" + text.substr(0, 40) + "'");
  return *version;
}

Status check_apps(const Json& custom) {
  const Json* apps = custom.find("docker_compose_apps");
  if (apps == nullptr) return {};
  const auto* members = apps->if_object();
  if (members == nullptr) return bad_input("docker_compose_apps: want an object");
  for (const auto& [name, app] : *members)
    if (app.text_or("uri", "").empty()) return bad_input("app '" + name + "': uri is missing");
  return {};
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// nullopt: well formed, but for other devices.
Result<std::optional<DeviceTarget>> candidate(const DeviceProfile& device, const tuf::Target& target) {
  const Json custom = target.custom_json();
  if (custom.if_object() == nullptr) return bad_input("custom is missing");
  const std::string format = custom.text_or("targetFormat", "");
  if (format != "OSTREE") return want_got("targetFormat", "OSTREE", "'" + format.substr(0, 40) + "'");
  if (!lists(custom, "hardwareIds", device.hardware_id)) return std::optional<DeviceTarget>();
  if (!has_a_tag(custom, device.tags)) return std::optional<DeviceTarget>();
  const auto version = TRY(version_of(custom));
  if (!is_sha256_hex(target.sha256())) return bad_input("hashes: sha256 is missing");
  TRY(check_apps(custom));
  return std::optional<DeviceTarget>(DeviceTarget{target.name, std::string(target.sha256()), version, target.custom});
}

void sort_by_version(std::vector<DeviceTarget>& targets) {
  std::stable_sort(targets.begin(), targets.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
}

const DeviceTarget* offered(const Candidates& candidates, const DeviceTarget& target) {
  for (const auto& one : candidates.targets)
    if (one.same_image(target)) return &one;
  return nullptr;
}

Choice wanted_one(const Candidates& candidates, std::string_view wanted) {
  for (auto it = candidates.targets.rbegin(); it != candidates.targets.rend(); ++it) {
    const std::string named = is_digits(wanted) ? it->version_text() : it->name;
    if (named == wanted) return {Choice::Kind::new_version, *it, "asked for"};
  }
  return {Choice::Kind::not_found, {}, "target '" + std::string(wanted) + "' is not offered to this device"};
}

Choice stay(const Candidates& candidates, const History& history, std::string reason) {
  const auto* current = offered(candidates, history.current);
  return {Choice::Kind::none, current == nullptr ? std::nullopt : std::optional(*current), std::move(reason)};
}

}  // namespace

Json DeviceTarget::custom_json() const {
  auto json = parse_json(custom, {.numbers = JsonRules::Numbers::any});
  return json.ok() ? std::move(json).value() : Json(Json::Object{});
}

std::vector<AppReference> apps_of(const DeviceTarget& target) {
  std::vector<AppReference> apps;
  const Json custom = target.custom_json();
  const Json* members = custom.find("docker_compose_apps");
  if (members == nullptr || members->if_object() == nullptr) return apps;
  for (const auto& [name, app] : *members->if_object()) apps.push_back({name, app.text_or("uri", "")});
  return apps;
}

tuf::Wanted wanted_by(const DeviceProfile& device) {
  return tuf::Wanted::where([device](const tuf::Target& target) {
    const auto one = candidate(device, target);
    return !one.ok() || one->has_value();
  });
}

Candidates candidates_for(const DeviceProfile& device, const std::vector<tuf::Target>& targets) {
  Candidates out;
  for (const auto& target : targets) {
    auto one = candidate(device, target);
    if (!one.ok()) {
      out.skipped.push_back("target '" + target.name + "' skipped: " + one.error().what);
    } else if (one->has_value()) {
      out.targets.push_back(std::move(**one));
    }
  }
  sort_by_version(out.targets);
  return out;
}

bool History::is_failing(const DeviceTarget& target) const {
  return std::any_of(failing.begin(), failing.end(), [&](const DeviceTarget& one) { return one.same_image(target); });
}

Choice choose(const Candidates& candidates, const History& history, std::string_view wanted) {
  if (!wanted.empty()) return wanted_one(candidates, wanted);
  if (candidates.targets.empty()) return {Choice::Kind::no_candidates, {}, "no target for this hardware id and these tags"};
  const DeviceTarget* highest = nullptr;  // of equals the current one, so that a device does not move between them
  for (const auto& one : candidates.targets)
    if (!history.is_failing(one) &&
        (highest == nullptr || one.version > highest->version || one.same_image(history.current)))
      highest = &one;
  if (highest != nullptr && highest->version > history.current.version)
    return {Choice::Kind::new_version, *highest, "newer than the current version " + history.current.version_text()};
  if (history.current_failing && history.previous_good)
    return {Choice::Kind::roll_back, history.previous_good, "the current target is failing"};
  if (highest == nullptr) return stay(candidates, history, "every target offered is failing");
  if (highest->version < history.current.version) return stay(candidates, history, "only lower versions are offered");
  if (!highest->same_image(history.current))
    return {Choice::Kind::new_version, *highest, "another target of the current version"};
  return stay(candidates, history, "the current target is the newest");
}

}  // namespace rota::device
