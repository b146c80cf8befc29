#include "device/updater.h"

#include "device/current_target.h"

namespace rota::device {
namespace {

Event event_of(EventType type, const DeviceTarget& target, const std::string& correlation) {
  return {.type = type, .correlation_id = correlation, .target = target.name, .version = target.version_text()};
}

Event ended(EventType type, const DeviceTarget& target, const std::string& correlation, const Status& how) {
  Event event = event_of(type, target, correlation);
  event.success = how.ok();
  event.details = how.ok() ? "ok" : how.error().what;
  return event;
}

std::string result_text(const Status& how) { return how.ok() ? "OK" : "FAILED: " + how.error().what; }

Outcome in_progress(const DeviceTarget& target) {
  return {Exit::install_in_progress,
          conflict("'" + target.name + "' is being installed", "reboot, then run: rota-device run")};
}

}  // namespace

Result<std::string> Updater::current_name() const {
  const auto current = TRY(parts_.log.current());
  return current ? current->name : std::string(kInitialTarget);
}

Result<BootFacts> Updater::boot_facts() const {
  const auto deployed = TRY(parts_.sysroot.deployed());
  const auto flag = TRY(parts_.reboot_flag.state());
  BootFacts facts{deployed.first, deployed.running_kernel, flag};
  if (places_.booted == BootedMode::staged) facts.booted = staged_booted(facts.first, TRY(parts_.log.change()), facts.flag);
  return facts;
}

Result<Standing> Updater::standing() const { return standing_of(TRY(parts_.log.change()), TRY(boot_facts())); }

Status Updater::drop_undone_intent() {
  const auto change = TRY(parts_.log.change());
  if (standing_of(change, TRY(boot_facts())) != Standing::not_deployed) return {};
  TRY(parts_.reboot_flag.clear());
  return parts_.log.drop_intent(ended(EventType::installation_completed, change->target, change->correlation_id,
                                      io_error("interrupted before it was deployed")));
}

// -- pull -----------------------------------------------------------------------------------------------------------------

Status Updater::fetch(const DeviceTarget& target, Headers headers) {
  return parts_.download.fetch({target, places_.ostree_server, places_.storage, std::move(headers)});
}

Result<Outcome> Updater::pull(const DeviceTarget& target, const std::string& correlation, Headers headers) {
  TRY(drop_undone_intent());
  if (const auto change = TRY(parts_.log.change())) return in_progress(change->target);
  const std::string running = TRY(current_name());
  parts_.callbacks.tell({"download-pre", running, target.name});
  TRY(parts_.events.add(event_of(EventType::download_started, target, correlation)));
  const Status fetched = fetch(target, std::move(headers));
  TRY(parts_.events.add(ended(EventType::download_completed, target, correlation, fetched)));
  parts_.callbacks.tell({"download-post", running, target.name, result_text(fetched)});
  if (fetched.ok()) return Outcome(Exit::ok);
  return Outcome(is_no_space(fetched.error()) ? Exit::no_space : Exit::download_failed, fetched.error());
}

// -- install --------------------------------------------------------------------------------------------------------------

Result<Outcome> Updater::install(const DeviceTarget& target, const std::string& correlation) {
  TRY(drop_undone_intent());
  if (const auto change = TRY(parts_.log.change())) return in_progress(change->target);
  const auto facts = TRY(boot_facts());
  if (facts.booted == target.hash && facts.first == target.hash) return confirm_running(target, correlation);
  if (!TRY(parts_.sysroot.has(target.hash)))
    return Outcome(Exit::not_pulled, not_found("'" + target.name + "' is not here", "run: rota-device pull " + target.name));
  return deploy(target, correlation, std::nullopt);
}

// The image runs already: nothing to deploy, nothing to reboot.
Result<Outcome> Updater::confirm_running(const DeviceTarget& target, const std::string& correlation) {
  const std::string running = TRY(current_name());
  parts_.callbacks.tell({"install-pre", running, target.name});
  TRY(parts_.events.add(event_of(EventType::installation_started, target, correlation)));
  TRY(parts_.log.confirm(target, ended(EventType::installation_completed, target, correlation, {})));
  TRY(write_current_target(parts_.files, places_.current_target_file, target, places_.tag));
  parts_.callbacks.tell({"install-post", running, target.name, "OK"});
  return Outcome(Exit::ok);
}

Result<Outcome> Updater::deploy(const DeviceTarget& target, const std::string& correlation,
                                const std::optional<DeviceTarget>& bad) {
  const std::string running = TRY(current_name());
  parts_.callbacks.tell({"install-pre", running, target.name});
  TRY(parts_.events.add(event_of(EventType::installation_started, target, correlation)));
  const auto booted = TRY(boot_facts()).booted;
  const Change change{Change::Phase::intent, target, booted, correlation};
  TRY(bad ? parts_.log.intend_instead_of(*bad, change) : parts_.log.intend(change));
  // The flag first: a power cut clears it and a reboot has then happened; a mere kill leaves it, and the reboot is owed.
  TRY(parts_.reboot_flag.raise());
  if (const Status told = parts_.boot_loader.expect_trial_boot(); !told.ok()) return abandon(change, told.error());
  const Status deployed = parts_.sysroot.deploy(target.hash);
  // A deployment may be there although the program that made it failed after it: what boots next decides.
  if (!deployed.ok() && TRY(boot_facts()).first != target.hash) return abandon(change, deployed.error());
  TRY(parts_.log.pend(event_of(EventType::installation_applied, target, correlation)));
  parts_.callbacks.tell({"install-post", running, target.name, "NEEDS_COMPLETION"});
  return Outcome(Exit::reboot_needed);
}

// Nothing was deployed: the old system stays, and boots next.
Result<Outcome> Updater::abandon(const Change& change, const Error& why) {
  TRY(parts_.reboot_flag.clear());
  TRY(parts_.log.drop_intent(ended(EventType::installation_completed, change.target, change.correlation_id, why)));
  const std::string running = TRY(current_name());
  parts_.callbacks.tell({"install-post", running, change.target.name, result_text(why)});
  return Outcome(is_no_space(why) ? Exit::no_space : Exit::failed, why);
}

// -- after the reboot -----------------------------------------------------------------------------------------------------

Result<Outcome> Updater::complete() {
  TRY(drop_undone_intent());
  const auto change = TRY(parts_.log.change());
  switch (standing_of(change, TRY(boot_facts()))) {
    case Standing::idle:
    case Standing::not_deployed: return Outcome(Exit::nothing_pending);
    case Standing::reboot_owed:
      return Outcome(Exit::reboot_needed, conflict("'" + change->target.name + "' waits for a reboot"));
    case Standing::booted: return confirm(*change);
    case Standing::rolled_back: return give_up(*change);
  }
  abort_with("Standing: no such state");
}

Result<Outcome> Updater::confirm(const Change& change) {
  const std::string before = TRY(current_name());
  parts_.callbacks.tell({"install-final-pre", before, change.target.name});
  TRY(parts_.boot_loader.confirm_boot());
  TRY(parts_.log.confirm(change.target, ended(EventType::installation_completed, change.target, change.correlation_id, {})));
  TRY(parts_.reboot_flag.clear());
  TRY(write_current_target(parts_.files, places_.current_target_file, change.target, places_.tag));
  parts_.callbacks.tell({"install-post", change.target.name, change.target.name, "OK"});
  return Outcome(Exit::ok);
}

Result<Outcome> Updater::give_up(const Change& change) {
  const Error why = io_error("the boot loader went back: '" + change.target.name + "' did not boot");
  const std::string before = TRY(current_name());
  parts_.callbacks.tell({"install-final-pre", before, change.target.name});
  TRY(parts_.boot_loader.confirm_boot());
  TRY(parts_.log.fail(ended(EventType::installation_completed, change.target, change.correlation_id, why)));
  const std::string after = TRY(current_name());
  parts_.callbacks.tell({"install-post", after, change.target.name, result_text(why)});
  return Outcome(Exit::rolled_back, why);
}

// -- rolling back ---------------------------------------------------------------------------------------------------------

Result<Outcome> Updater::roll_back(Headers headers) {
  TRY(drop_undone_intent());
  const auto change = TRY(parts_.log.change());
  const auto history = TRY(parts_.log.history());
  const DeviceTarget bad = change ? change->target : history.current;
  const auto good = change && !history.current_failing ? std::optional(history.current) : history.previous_good;
  if (!good || good->hash.empty() || good->same_image(bad))
    return Outcome(Exit::no_roll_back_target, not_found("no earlier good target to go back to from '" + bad.name + "'"));
  const std::string correlation = correlation_id(good->version_text());
  if (const Status fetched = fetch(*good, std::move(headers)); !fetched.ok())
    return Outcome(is_no_space(fetched.error()) ? Exit::no_space : Exit::download_failed, fetched.error());
  return deploy(*good, correlation, bad);
}

}  // namespace rota::device
