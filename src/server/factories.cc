#include "server/factories.h"

#include "base/child.h"
#include "server/check_in.h"

namespace rota::server {

std::string_view name_of(AutoEnroll mode) {
  switch (mode) {
    case AutoEnroll::off:
      return "off";
    case AutoEnroll::factory_ca:
      return "factory-ca";
    case AutoEnroll::any_ca:
      return "on";
  }
  abort_with("name_of: not an AutoEnroll");
}

Result<AutoEnroll> auto_enroll_named(std::string_view name) {
  for (const auto mode : {AutoEnroll::off, AutoEnroll::factory_ca, AutoEnroll::any_ca})
    if (name_of(mode) == name) return mode;
  return bad_input("auto-enroll: want off, factory-ca or on");
}

Factories::Factories(const FactoryDoors& doors, std::string ostree_folder)
    : doors_(doors), ostree_folder_(std::move(ostree_folder)) {}

Status Factories::prepare() {
  TRY(
      doors_.db.migrate({"CREATE TABLE factory_settings (name TEXT PRIMARY KEY, auto_enroll TEXT NOT NULL,"
                         " created_at INTEGER NOT NULL) WITHOUT ROWID"}));
  for (const auto& row : TRY(doors_.db.query("SELECT name, auto_enroll, created_at FROM factory_settings"))) {
    const auto auto_enroll = TRY(auto_enroll_named(row.text(1)));
    rows_[row.text(0)] = Row{auto_enroll, Time(Seconds(row.integer(2)))};
  }
  return make_folders(doors_.files, ostree_folder_, 0700);
}

Status Factories::store(const std::string& name, const Row& row) {
  TRY(doors_.db.execute("INSERT OR REPLACE INTO factory_settings (name, auto_enroll, created_at) VALUES (?,?,?)",
                        {name, std::string(name_of(row.auto_enroll)), row.created_at.time_since_epoch().count()}));
  const std::unique_lock lock(mutex_);
  rows_[name] = row;
  return {};
}

Status Factories::make_ostree_repository(const std::string& name) const {
  const std::string folder = ostree_folder(name);
  if (TRY(doors_.files.facts(folder + "/config")).exists()) return {};
  TRY(output_of({.argv = {"ostree", "init", "--mode=archive", "--repo=" + folder}}));
  return doors_.files.sync_folder(ostree_folder_);
}

// The repository comes last: a factory exists when its repository does, whole or not at all.
Result<std::string> Factories::create(const FactoryOrder& order, const std::string& api_url) {
  if (!is_factory_name(order.name)) return bad_input("factory name: want [a-z0-9][a-z0-9-]{0,47}");
  const std::lock_guard creation(creation_);
  if (exists(order.name)) return conflict("factory '" + order.name + "': exists already");
  const std::string owner = "owner@" + order.name;
  TRY(store(order.name, {order.auto_enroll, doors_.clock.now()}));
  TRY(make_ostree_repository(order.name));
  TRY(doors_.pki.make_device_ca(order.name));
  TRY(doors_.auth.drop_tokens(owner, order.name));
  std::string owner_token = TRY(doors_.auth.make_token({owner, "owner", order.name, {"*"}}));
  const std::string archive_token = TRY(doors_.auth.make_token({owner, "first-root archive", order.name, {"*"}}));
  TRY(doors_.repos.create({order.name, order.dialect, order.key_type, api_url, archive_token}));
  doors_.audit.add({order.name, order.ordered_by, "factory-created", order.name});
  return owner_token;
}

Status Factories::check_exists(std::string_view name) const {
  if (exists(name)) return {};
  return not_found("factory '" + std::string(name.substr(0, 48)) + "': does not exist");
}

bool Factories::exists(std::string_view name) const {
  return doors_.repos.published(name).ok();
}

AutoEnroll Factories::auto_enroll(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = rows_.find(name);
  return found == rows_.end() ? AutoEnroll::off : found->second.auto_enroll;
}

Time Factories::created_at(std::string_view name) const {
  const std::shared_lock lock(mutex_);
  const auto found = rows_.find(name);
  return found == rows_.end() ? Time{} : found->second.created_at;
}

Status Factories::set_auto_enroll(const std::string& name, AutoEnroll mode) {
  return store(name, {mode, created_at(name)});
}

}  // namespace rota::server
