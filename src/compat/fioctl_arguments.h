// fioctl's command line taken apart: words and flags in any order (fioctl.md 1, 5). Private to fioctl*.cc.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rota::compat::fio {

enum class Availability { now, later };

struct Known {
  std::string_view words;  // "keys rotate"
  Availability availability = Availability::later;
  std::string_view summary = {};
};

struct Flag {
  std::string_view name;  // "--changelog"
  char short_name = 0;
  enum class Kind { on, value } kind = Kind::value;
};

struct Asked {
  const Known* command = nullptr;      // none: only help or the version was asked for, or nothing at all
  std::vector<std::string> arguments;  // after the command's words
  std::map<std::string, std::string, std::less<>> flags;  // "--changelog" -> value, "" for switches
  bool has(std::string_view flag) const { return flags.contains(flag); }
  std::optional<std::string> value(std::string_view flag) const;
};

// bad_input: an unknown word or flag, a flag without its value, an empty or blank argument.
Result<Asked> parse_arguments(const std::vector<std::string>& args);

const std::vector<Known>& known_commands();
std::span<const Flag> known_flags();
std::string usage();

}  // namespace rota::compat::fio
