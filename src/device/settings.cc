#include "device/settings.h"

#include <unistd.h>

#include <array>

namespace rota::device {
namespace {

// Reads one section with defaults.
class SectionReader {
 public:
  SectionReader(const Config& config, std::string_view name) : config_(config), name_(name) {}

  std::string text(std::string_view key, std::string_view otherwise = "") const {
    const auto* value = config_.find(name_, key);
    return value == nullptr || value->text.empty() ? std::string(otherwise) : value->text;
  }

  Result<std::int64_t> number(std::string_view key, std::int64_t otherwise, std::int64_t max) const {
    const auto* value = config_.find(name_, key);
    if (value == nullptr || value->text.empty()) return otherwise;
    const auto read = decimal(value->text, max);
    if (!read || *read < 1) return refused(key, "a number from 1 to " + std::to_string(max));
    return *read;
  }

  // The index of the value among `choices`.
  template <std::size_t N>
  Result<std::size_t> choice(std::string_view key, const std::array<std::string_view, N>& choices) const {
    const std::string value = text(key, choices[0]);
    std::string wanted;
    for (std::size_t i = 0; i < N; ++i) {
      if (value == choices[i]) return i;
      wanted += (i == 0 ? "" : ", ") + std::string(choices[i]);
    }
    return refused(key, wanted);
  }

  Error refused(std::string_view key, const std::string& wanted) const {
    const auto* value = config_.find(name_, key);
    return bad_input(value->where + ": " + name_ + "." + std::string(key) + ": want " + wanted + ", got '" + value->text +
                     "'");
  }

 private:
  const Config& config_;
  std::string name_;
};

std::string without_final_slash(std::string text) {
  while (text.ends_with('/') && text.size() > 1) text.pop_back();
  return text;
}

std::string under(const std::string& base, const std::string& path) {
  return path.starts_with('/') ? path : base + "/" + path;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> found;
  std::string word;
  for (const char c : std::string(text) + ' ') {
    if (c != ' ' && c != ',' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      found.push_back(std::exchange(word, {}));
    }
  }
  return found;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

Result<PackageSettings> package_settings(const Config& config, const std::string& server) {
  const SectionReader pacman(config, "pacman");
  PackageSettings out;
  out.type = pacman.text("type", "ostree");
  out.os = pacman.text("os", out.os);
  out.sysroot = without_final_slash(pacman.text("sysroot", out.sysroot));
  out.ostree_server = without_final_slash(pacman.text("ostree_server", server + "/treehub"));
  static constexpr std::array<std::string_view, 2> kBooted = {"booted", "staged"};
  out.booted = TRY(pacman.choice("booted", kBooted)) == 0 ? BootedMode::booted : BootedMode::staged;
  out.tags = words(pacman.text("tags"));
  out.callback_program = pacman.text("callback_program");
  out.ostree_program = pacman.text("ostree_program");
  if (const auto* apps = config.find("pacman", "compose_apps")) {
    const auto names = words(apps->text);
    out.compose_apps.emplace(names.begin(), names.end());
  }
  return out;
}

Result<BootSettings> boot_settings(const Config& config) {
  const SectionReader section(config, "bootloader");
  BootSettings out;
  static constexpr std::array<std::string_view, 5> kModes = {"none", "uboot_generic", "uboot_masked", "fiovb", "fioefi"};
  out.kind = static_cast<BootLoaderKind>(TRY(section.choice("rollback_mode", kModes)));
  out.reboot_flag = section.text("reboot_sentinel_dir", "/var/run/aktualizr-session") + "/" +
                    section.text("reboot_sentinel_name", "need_reboot");
  out.reboot_command = section.text("reboot_command", out.reboot_command);
  return out;
}

Result<TrustSettings> trust_settings(const Config& config, const std::string& import_base) {
  const SectionReader tuf(config, "tuf");
  TrustSettings out;
  static constexpr std::array<std::string_view, 2> kFirstUse = {"off", "on"};
  out.first_use = TRY(tuf.choice("trust_on_first_use", kFirstUse)) == 0 ? FirstUse::off : FirstUse::on;
  out.roots_path = without_final_slash(tuf.text("roots_path", out.roots_path));
  out.imported_root = import_base + "/repo/root.json";
  out.max_roots = static_cast<int>(TRY(tuf.number("max_roots_per_check", out.max_roots, 1'000'000)));
  return out;
}

// [import] names the files the factory gave the device; [storage] names them otherwise. Relative names are below the base
// of the section they stand in.
TlsFiles tls_files(const Config& config, const std::string& storage_base, const std::string& import_base) {
  const SectionReader import(config, "import"), storage(config, "storage");
  const auto path = [&](std::string_view key, std::string_view otherwise) {
    const std::string imported = import.text(key);
    return imported.empty() ? under(storage_base, storage.text(key, otherwise)) : under(import_base, imported);
  };
  return {path("tls_cacert_path", "root.crt"), path("tls_clientcert_path", "client.pem"), path("tls_pkey_path", "pkey.pem")};
}

Status check_sources(const Config& config) {
  const SectionReader tls(config, "tls");
  static constexpr std::array<std::string_view, 1> kSources = {"file"};
  for (const char* key : {"ca_source", "cert_source", "pkey_source"}) TRY(tls.choice(key, kSources));
  return {};
}

}  // namespace

Result<Settings> settings_of(const Config& config) {
  TRY(check_sources(config));
  Settings out;
  const SectionReader storage(config, "storage"), uptane(config, "uptane");
  out.server = without_final_slash(SectionReader(config, "tls").text("server"));
  out.repo_server = without_final_slash(uptane.text("repo_server", out.server + "/repo"));
  out.hardware_id = SectionReader(config, "provision").text("primary_ecu_hardware_id", host_name());
  out.polling = Seconds(TRY(uptane.number("polling_sec", out.polling.count(), 7 * 24 * 3600)));
  out.storage = without_final_slash(storage.text("path", out.storage));
  out.lock_path = storage.text("lock_path", out.lock_path);
  const std::string import_base = without_final_slash(SectionReader(config, "import").text("base_path", "/var/sota/import"));
  out.tls = tls_files(config, out.storage, import_base);
  out.package = TRY(package_settings(config, out.server));
  out.boot = TRY(boot_settings(config));
  out.trust = TRY(trust_settings(config, import_base));
  return out;
}

}  // namespace rota::device
