// Questions that a person answers at the terminal; nobody else is asked.
#pragma once

#include <optional>
#include <string_view>

namespace rota::cli {

// "<question> [y/N] " on stderr: whether the answer is yes. Nothing when standard input or stderr is no terminal.
std::optional<bool> agreed(std::string_view question);

}  // namespace rota::cli
