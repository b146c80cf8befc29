// The command lines of the two tools that came before: nested words and options, as a table (garage-sign.md 1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rota::compat {

struct Option {
  enum class Kind { flag, value, list };
  enum class Need { optional, required };
  std::string_view name;  // "--key-name"
  char short_name = 0;    // 'k' or 0
  Kind kind = Kind::value;
  Need need = Need::optional;
};

struct Command {
  std::string_view words;  // "root key add"
  std::string_view summary;
  std::vector<Option> options;
};

// What was asked for: words that name a command (or the front part of some), and its options.
struct Asked {
  std::string words;
  std::map<std::string, std::vector<std::string>, std::less<>> values;  // by option name, in the order given

  bool has(std::string_view option) const { return values.contains(option); }
  std::string value(std::string_view option) const;  // "" when not given
  std::optional<std::string> value_if(std::string_view option) const;
  // Last to first: the order in which these tools process repeatable options.
  std::vector<std::string> list(std::string_view option) const;
};

class Grammar {
 public:
  Grammar(std::vector<Command> commands, std::vector<Option> everywhere);
  // bad_input: an unknown word or option, a missing value, an option given more often than it may be, one that is
  // required and missing. `--opt value`, `--opt=value`, `--opt:value`, `-k value`. Options of a parent may stand before
  // the next word.
  Result<Asked> parse(const std::vector<std::string>& arguments) const;
  // The command of exactly these words, or nullptr when they are only the front part of others.
  const Command* command(std::string_view words) const;
  // All commands that start with these words, one line each.
  std::string usage(std::string_view program, std::string_view words) const;

 private:
  const Option* option(std::string_view text, std::string_view words) const;
  std::optional<std::string> next_words(std::string_view words, std::string_view word) const;
  Status check(const Asked& asked) const;
  std::vector<Command> commands_;
  std::vector<Option> everywhere_;
};

}  // namespace rota::compat
