// Pull, install, complete, roll back: what the device does to itself, one step after the other, each recorded before it is
// done and reported with the step that ends it (device.md 7).
// In:    a target that was chosen from verified metadata.
// Out:   the new system deployed and pending, or confirmed; the old one where anything fails.
// Never: a deployment without a recorded intent; a bad image offered again.
#pragma once

#include "device/boot_loader.h"
#include "device/callbacks.h"
#include "device/download.h"
#include "device/install_log.h"
#include "device/reboot_flag.h"

namespace rota::device {

class Updater {
 public:
  struct Parts {
    Sysroot& sysroot;
    InstallLog& log;
    EventQueue& events;
    RebootFlag& reboot_flag;
    Download& download;
    const BootLoader& boot_loader;
    const Callbacks& callbacks;
    Files& files;
  };
  struct Places {
    BootedMode booted;
    std::string ostree_server;
    std::string storage;
    std::string current_target_file;
    std::string tag;  // for current-target
  };
  Updater(Parts parts, Places places) : parts_(parts), places_(std::move(places)) {}

  Result<BootFacts> boot_facts() const;
  Result<Standing> standing() const;

  // The target's content is here. Exit ok, download_failed or no_space; install_in_progress when a change is pending.
  Result<Outcome> pull(const DeviceTarget& target, const std::string& correlation, Headers headers);
  // Exit ok (it runs already), reboot_needed, not_pulled, failed; install_in_progress when a change is pending.
  Result<Outcome> install(const DeviceTarget& target, const std::string& correlation);
  // After a reboot: ok (it runs, confirmed), reboot_needed (not rebooted yet), rolled_back, nothing_pending.
  Result<Outcome> complete();
  // Marks the pending or current target bad and installs the previous good one: reboot_needed, no_roll_back_target, …
  Result<Outcome> roll_back(Headers headers);
  // An intent that a power cut left without a deployment is forgotten; everything else stays as it is.
  Status drop_undone_intent();

 private:
  // `bad`, if any, is marked failing with the intent.
  Result<Outcome> deploy(const DeviceTarget& target, const std::string& correlation, const std::optional<DeviceTarget>& bad);
  Result<Outcome> abandon(const Change& change, const Error& why);
  Result<Outcome> confirm(const Change& change);
  Result<Outcome> confirm_running(const DeviceTarget& target, const std::string& correlation);
  Result<Outcome> give_up(const Change& change);
  Status fetch(const DeviceTarget& target, Headers headers);
  Result<std::string> current_name() const;
  Parts parts_;
  Places places_;
};

}  // namespace rota::device
