#include "server/sota_toml.h"

#include "server/toml_text.h"

namespace rota::server {
namespace {

using Section = std::map<std::string, std::string>;  // key -> TOML text; empty: commented out
using Sections = std::map<std::string, Section>;

bool is_bare_key(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

Sections defaults(const SotaSettings& s) {
  const auto in_folder = [&](std::string_view name) { return toml_string(s.config_folder + "/" + std::string(name)); };
  const std::string file = toml_string("file");
  return {
      {"tls",
       {{"server", toml_string(s.gateway_url)}, {"ca_source", file}, {"pkey_source", file}, {"cert_source", file}}},
      {"provision", {{"server", toml_string(s.gateway_url)}, {"primary_ecu_hardware_id", toml_string(s.hardware_id)}}},
      {"uptane", {{"repo_server", toml_string(s.gateway_url + "/repo")}, {"key_source", file}}},
      {"pacman",
       {{"type", toml_string("ostree")},
        {"ostree_server", toml_string(s.gateway_url + "/ostree")},
        {"compose_apps_proxy", toml_string(s.gateway_url + "/app-proxy-url")},
        {"packages_file", toml_string("/usr/package.manifest")}}},
      {"storage", {{"type", toml_string("sqlite")}, {"path", toml_string(s.config_folder)}}},
      {"import",
       {{"tls_cacert_path", in_folder("root.crt")},
        {"tls_pkey_path", in_folder("pkey.pem")},
        {"tls_clientcert_path", in_folder("client.pem")}}},
  };
}

Result<std::string> override_text(const Json& value, const std::string& where) {
  const auto* text = value.if_text();
  if (text == nullptr) return bad_input("overrides: " + where + ": want a text that holds TOML");
  if (trim(*text).empty()) return std::string();
  return TRY_IN("overrides: " + where, one_toml_value(*text));
}

Status override_with(Sections& sections, const Json& overrides) {
  const auto* named = overrides.if_object();
  if (named == nullptr) return bad_input("overrides: want an object");
  for (const auto& [section, keys] : *named) {
    if (!is_bare_key(section) || keys.if_object() == nullptr) return bad_input("overrides: want sections of keys");
    for (const auto& [key, value] : *keys.if_object()) {
      if (!is_bare_key(key)) return bad_input("overrides: a key is [A-Za-z0-9_-]{1,64}");
      sections[section][key] = TRY(override_text(value, section + "." + key));
    }
  }
  return {};
}

}  // namespace

Result<std::string> sota_toml(const SotaSettings& settings, const Json* overrides) {
  Sections sections = defaults(settings);
  if (overrides != nullptr) TRY(override_with(sections, *overrides));
  std::string text;
  for (const auto& [section, keys] : sections) {
    text += (text.empty() ? "[" : "\n[") + section + "]\n";
    for (const auto& [key, value] : keys) text += value.empty() ? "# " + key + " =\n" : key + " = " + value + "\n";
  }
  return text;
}

}  // namespace rota::server
