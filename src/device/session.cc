#include "device/session.h"

namespace rota::device {
namespace {

Updater::Places places_of(const Settings& settings) {
  const auto& tags = settings.package.tags;
  return {settings.package.booted, settings.package.ostree_server, settings.storage, settings.current_target_file(),
          tags.empty() ? "" : tags.front()};
}

// What a killed pull left behind.
Status clear_spool(Files& files, const std::string& folder) {
  for (const auto& name : TRY(files.list(folder)))
    if (name.starts_with("content-")) TRY(files.remove(folder + "/" + name));
  return {};
}

Result<std::unique_ptr<FileLock>> only_one(Files& files, const std::string& path) {
  auto lock = files.lock(path, Seconds(0));
  if (!lock.ok() && lock.error().fault == Fault::conflict)
    return conflict("another rota-device (or aktualizr-lite) is at work: " + lock.error().what);
  return lock;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const Config& config, const Settings& settings, World world, Access access) {
  auto identity = TRY(read_identity(world.files, settings.tls));
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<store::Database> db;
  switch (access) {
    case Access::read: db = TRY(open_rota_db_to_read(world.files, settings.storage)); break;
    case Access::write:
      lock = TRY(only_one(world.files, settings.lock_path));
      db = TRY(open_rota_db(world.files, settings.storage));
      TRY(clear_spool(world.files, settings.storage));
      break;
  }
  return std::unique_ptr<Session>(new Session(config, settings, world, std::move(identity), std::move(lock), std::move(db)));
}

Session::Session(const Config& config, const Settings& settings, World world, Identity identity,
                 std::unique_ptr<FileLock> lock, std::unique_ptr<store::Database> db)
    : config_(config),
      settings_(settings),
      world_(std::move(world)),
      identity_(std::move(identity)),
      lock_(std::move(lock)),
      db_(std::move(db)),
      facts_(*db_),
      events_(*db_, world_.clock),
      log_(*db_, events_),
      trust_store_(*db_),
      gateway_(world_.wire, world_.pause),
      telemetry_(gateway_, facts_, settings.server, world_.notice),
      reboot_flag_(world_.files, settings.boot.reboot_flag),
      boot_loader_(settings.boot.kind, settings.package.sysroot),
      callbacks_(settings.package.callback_program, settings.current_target_file(), world_.notice),
      download_(world_.sysroot, gateway_, world_.content, world_.pause),
      updater_({world_.sysroot, log_, events_, reboot_flag_, download_, boot_loader_, callbacks_, world_.files},
               places_of(settings)),
      doorkeeper_({world_.files, *db_, trust_store_, events_, facts_, world_.clock},
                  {settings.trust, identity_.stream, settings.repo_server,
                   wanted_by({settings.hardware_id, settings.package.tags})}) {}

Result<Headers> Session::identify() {
  const auto facts = TRY(updater_.boot_facts());
  TRY(log_.note_running(facts.booted));
  Headers headers = check_in_headers(settings_.package, TRY(log_.history()).current, facts.booted);
  gateway_.identify(headers);
  return headers;
}

void Session::flush_events() {
  if (settings_.server.empty() || gateway_.is_down()) return;
  const Status sent = events_.send(gateway_, settings_.server + "/events");
  if (!sent.ok()) world_.notice("events: " + sent.error().what + "; kept for the next time");
}

}  // namespace rota::device
