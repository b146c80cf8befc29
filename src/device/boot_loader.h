// The boot loader's environment: how it is told that an untried system boots next, and that it booted well.
#pragma once

#include <string>

#include "base/child.h"
#include "device/settings.h"

namespace rota::device {

class BootLoader {
 public:
  BootLoader(BootLoaderKind kind, std::string sysroot) : kind_(kind), sysroot_(std::move(sysroot)) {}
  // bootcount 0, upgrade_available 1, rollback 0. A failed write is io: the installation must not go on.
  Status expect_trial_boot() const;
  // bootcount 0, upgrade_available 0: after the agent's own health check, not merely because the process started.
  Status confirm_boot() const;

 private:
  Status set(const std::string& name, const std::string& value) const;
  BootLoaderKind kind_;
  std::string sysroot_;
};

}  // namespace rota::device
