// What a client takes from a repository that may lie, at most (tuf-client.md 3).
#pragma once

#include <cstdint>

#include "tuf/search.h"

namespace rota::client {

struct Limits {
  // Bytes of a metadata file; 0: what its dialect allows (tuf::max_size). Root, timestamp and snapshot can only be lowered.
  std::size_t root = 0, timestamp = 0, snapshot = 0, targets = 0;
  std::uint64_t target = std::uint64_t{1} << 40;  // bytes of one target
  int roots_per_refresh = 1024;                   // the next refresh goes on from there
  tuf::SearchLimits search = {};
};

// The longest file of `role` that is asked for.
std::size_t limit_of(const Limits& limits, tuf::Role role, tuf::Dialect dialect);

}  // namespace rota::client
