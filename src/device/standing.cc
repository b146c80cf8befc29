#include "device/standing.h"

namespace rota::device {

Standing standing_of(const std::optional<Change>& change, const BootFacts& facts) {
  if (!change) return Standing::idle;
  const bool deployed = facts.first == change->target.hash;
  if (change->phase == Change::Phase::intent && !deployed) return Standing::not_deployed;
  if (facts.booted == change->target.hash) return Standing::booted;
  return facts.flag == BootFacts::RebootFlag::stands ? Standing::reboot_owed : Standing::rolled_back;
}

std::string staged_booted(const std::string& first, const std::optional<Change>& change, BootFacts::RebootFlag flag) {
  return change && flag == BootFacts::RebootFlag::stands ? change->previous_hash : first;
}

}  // namespace rota::device
