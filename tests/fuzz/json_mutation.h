// Mutations that keep JSON text near JSON, so that the checks behind the syntax are reached: members and items taken away,
// doubled and exchanged, values replaced by those at the edge of what is allowed, the same value spelled otherwise.
// In:    any text, and a number that decides.
// Out:   another text; most of the time it is JSON when the first one was.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace rota::fuzz {

Bytes mutated_json(BytesView text, std::uint32_t seed);

// The body of a target's LLVMFuzzerCustomMutator: the first `choices` bytes of an input decide something, what follows is
// JSON text. Now and then libFuzzer's own mutations are used on all of it.
std::size_t mutate_json_after(std::size_t choices, unsigned char* input, std::size_t size, std::size_t max,
                              std::uint32_t seed);

}  // namespace rota::fuzz

// For targets whose inputs are JSON text after `choices` bytes.
#define ROTA_FUZZ_MUTATES_JSON(choices)                                                                       \
  extern "C" std::size_t LLVMFuzzerCustomMutator(unsigned char* input, std::size_t size, std::size_t max,     \
                                                 unsigned seed) {                                             \
    return rota::fuzz::mutate_json_after(choices, input, size, max, seed);                                    \
  }
