#include "device/config.h"

#include <algorithm>
#include <functional>
#include <set>

namespace rota::device {
namespace {

constexpr std::uint64_t kMaxFile = 256 * 1024;

const std::map<std::string, std::set<std::string, std::less<>>, std::less<>> kKnown = {
    {"tls", {"server", "server_url_path", "ca_source", "cert_source", "pkey_source"}},
    {"p11", {"module", "pass", "pass_file", "label", "tls_pkey_id", "tls_clientcert_id", "tls_cacert_id", "uptane_key_id"}},
    {"provision", {"server", "primary_ecu_hardware_id", "primary_ecu_serial", "mode", "provision_path"}},
    {"uptane", {"repo_server", "polling_sec", "key_source", "director_server"}},
    {"pacman",
     {"type",
      "os",
      "sysroot",
      "ostree_server",
      "packages_file",
      "images_path",
      "booted",
      "tags",
      "callback_program",
      "compose_apps",
      "reset_apps",
      "compose_apps_root",
      "reset_apps_root",
      "compose_apps_proxy",
      "compose_apps_proxy_ca",
      "docker_compose_bin",
      "composectl_bin",
      "skopeo_bin",
      "images_data_root",
      "docker_prune",
      "create_containers_before_reboot",
      "stop_apps_before_update",
      "storage_watermark",
      "sysroot_ostree_reserved_space_percentage",
      "ostree_update_block",
      "force_update",
      "enforce_composeapp_engine",
      "bundle_targets",
      "ostree_program"}},
    {"storage",
     {"type", "path", "sqldb_path", "uptane_metadata_path", "tls_cacert_path", "tls_pkey_path", "tls_clientcert_path",
      "lock_path"}},
    {"import", {"base_path", "tls_cacert_path", "tls_clientcert_path", "tls_pkey_path"}},
    {"bootloader", {"rollback_mode", "reboot_sentinel_dir", "reboot_sentinel_name", "reboot_command"}},
    {"logger", {"loglevel"}},
    {"telemetry", {"report_network", "report_config"}},
    {"tuf", {"trust_on_first_use", "roots_path", "max_roots_per_check"}},
};

const std::set<std::string, std::less<>> kSecretNames = {"pass", "pin", "password", "secret", "token"};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
  });
}

bool is_comment(std::string_view text) { return text.empty() || text.front() == '#' || text.front() == ';'; }

// The inside of a quoted value; only a comment may follow it.
Result<std::string> unquoted(std::string_view text) {
  const char quote = text.front();
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == quote) {
      if (!is_comment(trim(text.substr(i + 1)))) return bad_input("text after the closing quote");
      return value;
    }
    if (quote == '"' && text[i] == '\\' && i + 1 < text.size()) {
      static constexpr std::string_view kEscapes = "\"\\nt", kMeanings = "\"\\\n\t";
      const auto at = kEscapes.find(text[++i]);
      if (at == std::string_view::npos) return bad_input(std::string("unknown escape '\\") + text[i] + "'");
      value += kMeanings[at];
    } else {
      value += text[i];
    }
  }
  return bad_input("want a closing quote");
}

Result<std::string> value_of(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.front() == '"' || text.front() == '\'') return unquoted(text);
  if (text.front() == '[' || text.front() == '{') return bad_input("want one value, got an array or a table");
  return std::string(text);
}

Result<std::string> section_of(std::string_view line) {
  const auto end = line.find(']');
  if (end == std::string_view::npos || !is_comment(trim(line.substr(end + 1)))) return bad_input("want [section]");
  const auto name = trim(line.substr(1, end - 1));
  if (!is_name(name)) return bad_input("want a section name, got '" + std::string(name) + "'");
  return std::string(name);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out + '"';
}

using FilesByName = std::map<std::string, std::string>;  // "sota.toml" -> its path

Status collect(Files& files, const std::string& path, FilesByName& found) {
  const FileFacts facts = TRY(files.facts(path));
  if (facts.kind == FileFacts::Kind::file) found[file_name_of(path)] = path;
  if (facts.kind != FileFacts::Kind::folder) return {};
  for (const auto& name : TRY(files.list(path)))
    if (name.ends_with(".toml")) found[name] = path + "/" + name;
  return {};
}

}  // namespace

Result<Config> Config::parse(std::string_view text, std::string_view name) {
  Config config;
  std::set<std::string> seen;
  Section* section = nullptr;
  std::string section_name;
  int number = 0;
  for (const auto& raw : split(text, '\n')) {
    const std::string where = std::string(name) + ":" + std::to_string(++number);
    const auto line = trim(raw);
    if (is_comment(line)) continue;
    if (line.front() == '[') {
      section_name = TRY_IN(where, section_of(line));
      if (!seen.insert("[" + section_name).second) return bad_input(where + ": section [" + section_name + "] said twice");
      section = &config.sections_[section_name];
      continue;
    }
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return bad_input(where + ": want key = value");
    const std::string key(trim(line.substr(0, equals)));
    if (section == nullptr) return bad_input(where + ": '" + key + "' stands before the first [section]");
    if (!is_name(key)) return bad_input(where + ": want a key, got '" + key + "'");
    if (!seen.insert(section_name + "." + key).second) return bad_input(where + ": '" + key + "' said twice");
    auto value = TRY_IN(where, value_of(trim(line.substr(equals + 1))));
    section->insert_or_assign(key, ConfigValue{std::move(value), where});
  }
  return config;
}

Result<Config> Config::load(Files& files, const std::vector<std::string>& paths) {
  FilesByName found;
  for (const auto& path : paths) {
    if (!TRY(files.facts(path)).exists()) return bad_input("configuration '" + path + "' does not exist");
    TRY(collect(files, path, found));
  }
  Config config;
  for (const auto& [name, path] : found) config.merge(TRY(parse(TRY(files.read(path, kMaxFile)), path)));
  return config;
}

Result<Config> Config::load_standard(Files& files) {
  std::vector<std::string> present;
  for (const char* path : {"/usr/lib/sota/conf.d", "/var/sota/sota.toml", "/etc/sota/conf.d"})
    if (TRY(files.facts(path)).exists()) present.emplace_back(path);
  if (present.empty())
    return bad_input("no configuration: /var/sota/sota.toml does not exist", "register the device, or name a file with -c");
  return load(files, present);
}

const ConfigValue* Config::find(std::string_view section, std::string_view key) const {
  const auto at = sections_.find(section);
  if (at == sections_.end()) return nullptr;
  const auto value = at->second.find(key);
  return value == at->second.end() ? nullptr : &value->second;
}

void Config::set(std::string_view section, std::string_view key, std::string_view value) {
  sections_[std::string(section)][std::string(key)] = ConfigValue{std::string(value), "set"};
}

void Config::merge(const Config& later) {
  for (const auto& [name, section] : later.sections_)
    for (const auto& [key, value] : section) sections_[name].insert_or_assign(key, value);
}

std::vector<std::string> Config::unknown_keys() const {
  std::vector<std::string> unknown;
  for (const auto& [name, section] : sections_) {
    const auto known = kKnown.find(name);
    for (const auto& [key, value] : section)
      if (known == kKnown.end() || !known->second.contains(key)) unknown.push_back(name + "." + key);
  }
  return unknown;
}

std::string Config::to_toml() const {
  std::string out;
  for (const auto& [name, section] : sections_) {
    out += "[" + name + "]\n";
    for (const auto& [key, value] : section) out += key + " = " + quoted(value.text) + "\n";
    out += "\n";
  }
  return out;
}

std::string Config::to_report() const {
  Config open = *this;
  for (auto& [name, section] : open.sections_)
    std::erase_if(section, [](const auto& entry) { return kSecretNames.contains(lower(entry.first)); });
  return open.to_toml();
}

}  // namespace rota::device
