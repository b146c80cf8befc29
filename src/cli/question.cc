#include "cli/question.h"

#include <unistd.h>

#include <iostream>
#include <string>

#include "base/bytes.h"

namespace rota::cli {

std::optional<bool> agreed(std::string_view question) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) return std::nullopt;
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) return false;
  const std::string word = lower(trim(answer));
  return word == "y" || word == "yes";
}

}  // namespace rota::cli
