// Who may sign for a role, and how many of them must.
#pragma once

#include <cstdint>
#include <vector>

#include "tuf/key.h"

namespace rota::tuf {

struct RoleKeys {
  std::vector<KeyId> key_ids;  // in file order
  std::int64_t threshold = 0;
  bool operator==(const RoleKeys&) const = default;
};

}  // namespace rota::tuf
