#include "client/limits.h"

namespace rota::client {
namespace {

std::size_t wish_for(const Limits& limits, tuf::Role role) {
  switch (role) {
    case tuf::Role::root:
      return limits.root;
    case tuf::Role::timestamp:
      return limits.timestamp;
    case tuf::Role::snapshot:
      return limits.snapshot;
    case tuf::Role::targets:
      return limits.targets;
  }
  abort_with("Role: not one of its values");
}

}  // namespace

std::size_t limit_of(const Limits& limits, tuf::Role role, tuf::Dialect dialect) {
  const std::size_t most = tuf::max_size(role, dialect), wish = wish_for(limits, role);
  if (wish == 0) return most;
  return role == tuf::Role::targets ? wish : std::min(wish, most);
}

}  // namespace rota::client
