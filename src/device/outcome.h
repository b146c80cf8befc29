// What a command came to: a number for scripts and, when something was refused or failed, the reason for people.
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "device/exit_code.h"

namespace rota::device {

struct Outcome {
  Exit exit = Exit::ok;
  std::optional<Error> why = {};

  Outcome(Exit code) : exit(code) {}
  Outcome(Exit code, Error reason) : exit(code), why(std::move(reason)) {}
};

}  // namespace rota::device
