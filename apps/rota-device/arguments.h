// The command line of rota-device (device.md 1): the same grammar as aktualizr-lite's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace rota::device_app {

struct Arguments {
  enum class Ask { command, help, version };
  Ask ask = Ask::command;
  std::string command;  // empty: none given
  std::string wanted;   // a version or a name
  std::vector<std::string> config_paths;
  std::map<std::string, std::string, std::less<>> options;  // "json" -> "1"

  bool is_on(std::string_view option) const;
  std::string text(std::string_view option) const;
  // bad_input when it is missing.
  Result<std::string> needed(std::string_view option) const;
};

// bad_input: an unknown command or flag, a flag without its value, a value of the wrong form.
Result<Arguments> read_arguments(const std::vector<std::string>& words);

std::string usage();

}  // namespace rota::device_app
