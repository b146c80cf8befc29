// The loop: meet the server, install what is new, reboot or wait (device.md 10).
#pragma once

#include <functional>

#include "device/commands.h"

namespace rota::device {

struct DaemonOptions {
  Seconds polling;
  StopAsked stop;
  // Waits that long, or until the stop is asked; says which.
  std::function<Command::GoOn(std::chrono::milliseconds)> wait;
};

// Ends with ok (stopped, or a reboot is under way) or failed (cannot start, or a pending reboot has not happened).
Result<Outcome> run_daemon(Session& session, const DaemonOptions& options);

// The wait after `failures` in a row: polling x 0.9..1.1, or min(polling x 2^failures, 1 h) x 0.8..1.2. `dice`: 0..1.
std::chrono::milliseconds wait_after(Seconds polling, int failures, double dice);

}  // namespace rota::device
