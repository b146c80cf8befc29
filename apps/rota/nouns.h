// The commands of `rota` as data: a noun is a row in main.cc and one file; nothing here knows the option parser.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/talk.h"
#include "service.h"

namespace rota::app {

struct Option {
  enum class Kind { argument, arguments, required_value, value, values, flag };  // argument: by position, required; …s: several
  Kind kind = Kind::value;
  std::string name;  // "factory" for an argument, "--key-type" or "-o,--output" for the others
  std::string summary;
};

// What was given on the command line, by the option's long name without dashes.
class Given {
 public:
  using Lists = std::map<std::string, std::vector<std::string>>;
  explicit Given(std::map<std::string, std::string> values, Lists lists = {})
      : values_(std::move(values)), lists_(std::move(lists)) {}
  bool has(const std::string& name) const { return values_.contains(name); }
  // The value, or empty when it was not given.
  std::string text(const std::string& name) const { return has(name) ? values_.at(name) : std::string(); }
  std::string text_or(const std::string& name, const std::string& otherwise) const {
    return has(name) ? values_.at(name) : otherwise;
  }
  // All that was given for an option that takes several; empty when none was.
  std::vector<std::string> list(const std::string& name) const {
    const auto at = lists_.find(name);
    return at == lists_.end() ? std::vector<std::string>() : at->second;
  }

 private:
  std::map<std::string, std::string> values_;
  Lists lists_;
};

// What a command works with. `service` connects at its first request.
struct Invocation {
  const Given& given;
  Service& service;
  Files& files;
  const cli::Talk& talk;
  bool json() const { return given.has("json"); }
};

struct Command {
  std::string name, summary;    // a name of two words stands behind its first: "archive show"
  std::vector<Option> options;  // beside common_options()
  std::function<Status(const Invocation&)> run;
};

struct Noun {
  std::string name, summary;
  std::vector<Command> commands;  // one with an empty name: the noun is the command (`rota login`)
  std::vector<std::string> examples = {};  // whole command lines, for the help
  int (*exit_code)(Fault) = cli::exit_code;
};

// What every command takes: --server, --token-file, --ca, --json.
const std::vector<Option>& common_options();

// One function per file of this folder.
Noun factory_noun();  // factory.cc
Noun device_noun();   // device.cc
Noun target_noun();   // target.cc
Noun login_noun();    // login.cc
Noun source_noun();   // source.cc
Noun build_noun();    // build.cc
Noun keys_noun();     // keys.cc
Noun ceremony_noun(); // ceremony.cc
// 1 misuse and anything else, 2 refused by a safety check, 3 this machine, 4 conflict, 5 not authorised, 6 outcome unknown: for
// the commands that handle root keys, as fioctl has them.
int key_holder_exit_code(Fault fault);  // ceremony.cc
// Scripts that complete the commands of `table` and its own: completion.cc.
Noun completion_noun(std::vector<Noun> table);

}  // namespace rota::app
