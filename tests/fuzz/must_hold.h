// What a fuzz target promises of every input.
#pragma once

#include "base/result.h"

namespace rota::fuzz {

inline void must_hold(bool truth, std::string_view promise) {
  if (!truth) abort_with(promise);
}

}  // namespace rota::fuzz
