// The device's configuration as text: `[section]`, `key = value`, quotes stripped, lines that start with ';' or '#' are
// comments, no arrays. Where each value was said is remembered, so that a wrong one can be pointed at.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace rota::device {

struct ConfigValue {
  std::string text;
  std::string where;  // "sota.toml:12"
};

class Config {
 public:
  using Section = std::map<std::string, ConfigValue, std::less<>>;

  // One file. bad_input "name:line: …": no section yet, no '=', an array, an open quote, a section or key said twice.
  static Result<Config> parse(std::string_view text, std::string_view name);
  // Files, and the *.toml files of folders: keyed by file name (a later path replaces an equal name), applied in the order
  // of their names, a later value wins. bad_input when a path does not exist.
  static Result<Config> load(Files& files, const std::vector<std::string>& paths);
  // As load, over the standard places, of which any may be missing: /usr/lib/sota/conf.d, /var/sota/sota.toml,
  // /etc/sota/conf.d.
  static Result<Config> load_standard(Files& files);

  const ConfigValue* find(std::string_view section, std::string_view key) const;
  void set(std::string_view section, std::string_view key, std::string_view value);
  // "section.key" of what no part of Rota or aktualizr-lite reads.
  std::vector<std::string> unknown_keys() const;
  // As TOML, every value quoted.
  std::string to_toml() const;
  // The same without what must not leave the device: keys named pass, pin, password, secret or token.
  std::string to_report() const;

 private:
  void merge(const Config& later);
  std::map<std::string, Section, std::less<>> sections_;
};

}  // namespace rota::device
