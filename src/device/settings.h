// What the configuration comes to: every value read once, checked, with its default (device.md 3).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "device/config.h"

namespace rota::device {

// How the agent knows which deployment runs: asked of the kernel, or (on a development machine) the first deployment of
// the sysroot, once the volatile reboot flag is gone.
enum class BootedMode { booted, staged };
enum class BootLoaderKind { none, uboot_generic, uboot_masked, fiovb, fioefi };
enum class FirstUse { off, on };

struct TlsFiles {
  std::string ca, certificate, key;  // PEM files, read in place
};

struct PackageSettings {
  std::string type;  // "ostree", "ostree+compose_apps"
  std::string os = "lmp";
  std::string sysroot = "/";
  std::string ostree_server;
  BootedMode booted = BootedMode::booted;
  std::vector<std::string> tags;
  std::string callback_program;
  std::string ostree_program;                                      // empty: rota-device-ostree beside this program
  std::optional<std::set<std::string, std::less<>>> compose_apps;  // none: all
  bool with_apps() const { return type == "ostree+compose_apps"; }
};

struct BootSettings {
  BootLoaderKind kind = BootLoaderKind::none;
  std::string reboot_flag;  // path of the volatile "reboot still owed" file
  std::string reboot_command = "/sbin/reboot";
};

struct TrustSettings {
  FirstUse first_use = FirstUse::off;
  std::string roots_path = "/usr/lib/sota/tuf";
  std::string imported_root;  // <import.base_path>/repo/root.json
  int max_roots = 1024;
};

struct Settings {
  std::string server;       // "https://gateway:8443", no final slash
  std::string repo_server;  // where the metadata is
  std::string hardware_id;
  Seconds polling = Seconds(300);
  std::string storage = "/var/sota";
  std::string lock_path = "/var/lock/aklite.lock";
  TlsFiles tls;
  PackageSettings package;
  BootSettings boot;
  TrustSettings trust;

  std::string database() const { return storage + "/rota.db"; }
  std::string current_target_file() const { return storage + "/current-target"; }
};

// bad_input naming file and line of a value that is none. tls.server may be missing: commands that need no server go on.
Result<Settings> settings_of(const Config& config);

}  // namespace rota::device
