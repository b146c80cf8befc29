#include "device/listing.h"

namespace rota::device {
namespace {

bool is_selected(const Listing& listing, const DeviceTarget& target) {
  const bool to_install = listing.choice.kind == Choice::Kind::new_version || listing.choice.kind == Choice::Kind::roll_back;
  return to_install && listing.choice.target && listing.choice.target->same_image(target);
}

}  // namespace

Json apps_json(const DeviceTarget& target, const PackageSettings& package) {
  const auto apps = apps_of(target);
  if (apps.empty()) return nullptr;
  Json::Array out;
  for (const auto& app : apps) {
    const bool on = package.with_apps() && (!package.compose_apps || package.compose_apps->contains(app.name));
    out.push_back(Json::Object{{"name", app.name}, {"uri", app.uri}, {"on", on}});
  }
  return out;
}

Json listing_json(const Listing& listing) {
  Json::Array out;
  for (const auto& target : listing.candidates.targets) {
    Json::Object entry = {{"name", target.name}, {"version", target.version}, {"apps", apps_json(target, listing.package)}};
    if (target.same_image(listing.history.current)) entry.emplace("current", true);
    if (target.version > listing.history.current.version) entry.emplace("newer", true);
    if (listing.history.is_failing(target)) entry.emplace("failed", true);
    if (is_selected(listing, target)) {
      entry.emplace("selected", true);
      entry.emplace("reason", listing.choice.reason);
    }
    out.push_back(std::move(entry));
  }
  return out;
}

std::string listing_text(const Listing& listing) {
  std::string out;
  for (const auto& target : listing.candidates.targets) {
    out += target.version_text() + "  " + target.name;
    if (target.same_image(listing.history.current)) out += "  current";
    if (listing.history.is_failing(target)) out += "  failed";
    if (is_selected(listing, target)) out += "  selected: " + listing.choice.reason;
    out += "\n";
  }
  return out;
}

}  // namespace rota::device
