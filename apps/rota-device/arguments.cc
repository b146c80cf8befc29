#include "arguments.h"

#include <algorithm>
#include <set>

#include "base/bytes.h"

namespace rota::device_app {
namespace {

const std::set<std::string, std::less<>> kCommands = {"register", "check",    "list",     "pull",   "install", "update",
                                                      "run",      "finalize", "rollback", "status", "daemon"};
const std::set<std::string, std::less<>> kOptions = {"json",     "update-name",    "interval",
                                                     "loglevel", "report-hw-info", "command"};
const std::set<std::string, std::less<>> kRegisterOptions = {
    "api", "token-file", "ca", "factory", "name", "hardware-id", "tags", "sota-dir", "sysroot", "os", "group"};

struct Limits {
  std::int64_t least, most;
};
const std::map<std::string, Limits, std::less<>> kNumbers = {
    {"json", {0, 1}}, {"report-hw-info", {0, 1}}, {"loglevel", {0, 5}}, {"interval", {1, 7 * 24 * 3600}}};

Status check_value(const std::string& option, const std::string& value) {
  const auto limits = kNumbers.find(option);
  if (limits == kNumbers.end()) return {};
  const auto number = decimal(value, limits->second.most);
  if (number.ok() && *number >= limits->second.least) return {};
  return bad_input("--" + option + ": want " + std::to_string(limits->second.least) + ".." +
                   std::to_string(limits->second.most) + ", got '" + value + "'");
}

// Walks over the words once.
class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Result<Arguments> read() {
    while (at_ < words_.size()) TRY(word(words_[at_++]));
    if (out_.ask != Arguments::Ask::command) return out_;
    if (out_.command.empty()) out_.command = out_.text("command");
    if (out_.wanted.empty()) out_.wanted = out_.text("update-name");
    if (!out_.command.empty() && !kCommands.contains(out_.command))
      return bad_input("unknown command '" + out_.command + "'", "see: rota-device --help");
    for (const auto& [option, value] : out_.options)
      if (kRegisterOptions.contains(option) && out_.command != "register")
        return bad_input("--" + option + " goes with the command register");
    return out_;
  }

 private:
  Status word(const std::string& text) {
    if (text == "-h" || text == "--help") {
      out_.ask = Arguments::Ask::help;
    } else if (text == "-v" || text == "--version") {
      out_.ask = Arguments::Ask::version;
    } else if (text == "-c" || text == "--config") {
      out_.config_paths.push_back(TRY(value_of(text)));
    } else if (text.starts_with("-")) {
      return option(text);
    } else if (out_.command.empty()) {
      out_.command = text;
    } else if (out_.wanted.empty()) {
      out_.wanted = text;
    } else {
      return bad_input("too many arguments: '" + text + "'");
    }
    return {};
  }

  Status option(const std::string& text) {
    const auto equals = text.find('=');
    const std::string name =
        text.starts_with("--") ? text.substr(2, equals == std::string::npos ? equals : equals - 2) : text;
    if (!kOptions.contains(name) && !kRegisterOptions.contains(name))
      return bad_input("unknown flag '" + text.substr(0, equals) + "'", "see: rota-device --help");
    const std::string value = equals == std::string::npos ? TRY(value_of(text)) : text.substr(equals + 1);
    TRY(check_value(name, value));
    out_.options[name] = value;
    return {};
  }

  Result<std::string> value_of(const std::string& flag) {
    if (at_ == words_.size()) return bad_input("flag '" + flag + "': its value is missing");
    return words_[at_++];
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  Arguments out_;
};

}  // namespace

bool Arguments::is_on(std::string_view option) const { return text(option) == "1"; }

std::string Arguments::text(std::string_view option) const {
  const auto at = options.find(option);
  return at == options.end() ? "" : at->second;
}

Result<std::string> Arguments::needed(std::string_view option) const {
  std::string value = text(option);
  if (value.empty()) return bad_input("--" + std::string(option) + " is missing");
  return value;
}

Result<Arguments> read_arguments(const std::vector<std::string>& words) { return Reader(words).read(); }

std::string usage() {
  return R"(usage: rota-device <command> [name|version] [flags]

  check       ask the server, list the targets for this device, say what would be installed
  list        the same list from stored metadata
  pull        download a target
  install     install what was pulled
  update      check, pull and install
  run         complete an installation after the reboot (also: finalize)
  rollback    mark the current or pending target bad, install the previous good one
  status      what runs, what is pending
  daemon      do all of it, again and again
  register    join a factory: --api URL --token-file FILE --ca FILE --factory F --name N --hardware-id H
              --sota-dir DIR [--tags T,T] [--group G] [--sysroot DIR] [--os NAME]

  -c PATH                 configuration file or folder, repeatable
  --json 1                one JSON value on stdout
  --update-name NAME      as the second word: only digits mean a version
  --interval SECONDS      of the daemon, instead of uptane.polling_sec
  --loglevel 0..5         5 says nothing but errors
  --report-hw-info 1      send the hardware description
  -h, --help   -v, --version
)";
}

}  // namespace rota::device_app
