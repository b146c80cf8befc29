// One command's view of the device: its settings, its store, its server, its operating system. Opened once, used by one
// verb (commands.h) or by the daemon.
#pragma once

#include <memory>
#include <string>

#include "device/check_in.h"
#include "device/config.h"
#include "device/identity.h"
#include "device/updater.h"

namespace rota::device {

// The outside, real or simulated. Everything in it outlives the session.
struct World {
  Files& files;
  const Clock& clock;
  Fetcher& wire;  // to the gateway
  Sysroot& sysroot;
  ContentDoors content;
  Pause pause;
  Notice notice;
};

class Session {
 public:
  enum class Access {
    read,   // no lock, makes nothing; not_found when nothing is stored yet
    write,  // one at a time: conflict when another holds the lock
  };
  static Result<std::unique_ptr<Session>> open(const Config& config, const Settings& settings, World world, Access access);

  const Settings& settings() const { return settings_; }
  const Config& config() const { return config_; }
  const Identity& identity() const { return identity_; }
  const World& world() const { return world_; }
  Gateway& gateway() { return gateway_; }
  Facts& facts() { return facts_; }
  EventQueue& events() { return events_; }
  InstallLog& log() { return log_; }
  Telemetry& telemetry() { return telemetry_; }
  const Callbacks& callbacks() const { return callbacks_; }
  Updater& updater() { return updater_; }
  Doorkeeper& doorkeeper() { return doorkeeper_; }

  // Who asks, as of now: with every call to the gateway from here on.
  Result<Headers> identify();
  // Sends the events that wait, unless the server did not answer just now.
  void flush_events();

 private:
  Session(const Config& config, const Settings& settings, World world, Identity identity, std::unique_ptr<FileLock> lock,
          std::unique_ptr<store::Database> db);

  const Config& config_;
  const Settings& settings_;
  World world_;
  Identity identity_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<store::Database> db_;
  Facts facts_;
  EventQueue events_;
  InstallLog log_;
  TrustStore trust_store_;
  Gateway gateway_;
  Telemetry telemetry_;
  RebootFlag reboot_flag_;
  BootLoader boot_loader_;
  Callbacks callbacks_;
  Download download_;
  Updater updater_;
  Doorkeeper doorkeeper_;
};

}  // namespace rota::device
