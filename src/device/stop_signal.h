// SIGTERM and SIGINT as something that can be asked about and waited for.
#pragma once

#include <chrono>

#include "base/child.h"

namespace rota::device {

// Takes both signals from its construction on. One at a time in a process.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  Command::GoOn asked() const;
  // Returns early when a signal comes.
  Command::GoOn wait(std::chrono::milliseconds time) const;
};

}  // namespace rota::device
