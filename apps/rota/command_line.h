// From the words of a command line to a command of the table, and the help that is made from the table.
#pragma once

#include <iosfwd>
#include <optional>

#include "nouns.h"

namespace rota::app {

struct Call {
  const Command* command;  // in the table
  Given given;
};

// Nothing: help or the version was asked for and is written to `out`. bad_input, with a hint at the right help: a word
// that is no command, an option nobody knows, something required that is missing.
Result<std::optional<Call>> read_command_line(const std::vector<Noun>& table, const std::vector<std::string>& words,
                                              std::ostream& out);

}  // namespace rota::app
