// Where a change of the operating system stands: the device's table of states, from facts alone. Asked at every start,
// so that a power cut at any step is found again here (device.md 7).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/install_log.h"

namespace rota::device {

// What the sysroot and the volatile flag say.
struct BootFacts {
  enum class RebootFlag { gone, stands };
  std::string first;   // the commit that boots next; empty: nothing is deployed
  std::string booted;  // the commit that runs; empty: unknown
  RebootFlag flag = RebootFlag::gone;
};

enum class Standing {
  idle,          // nothing under way
  not_deployed,  // intended, but the deployment is not there: forget it
  reboot_owed,   // deployed, the old one still runs
  booted,        // the new one runs: confirm it
  rolled_back,   // a boot happened and the old one runs: the new one is bad
};

//  phase    first = target  runs target  flag     standing
//  intent   no              -            -        not_deployed
//  any      yes             yes          -        booted
//  any      -               no           stands   reboot_owed
//  any      -               no           gone     rolled_back
//  pending  no              yes          -        booted
Standing standing_of(const std::optional<Change>& change, const BootFacts& facts);

// On a development machine (`booted = "staged"`) the first deployment runs, unless the flag still stands over a change:
// then what ran when that change began.
std::string staged_booted(const std::string& first, const std::optional<Change>& change, BootFacts::RebootFlag flag);

}  // namespace rota::device
