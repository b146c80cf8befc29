// The real world of a device: its disk, its clock, its gateway, its sysroot.
#pragma once

#include "device/session.h"

namespace rota::device {

class Machine {
 public:
  Machine(const Settings& settings, Pause pause, StopAsked stop, Notice notice);
  World world();
  Files& files() { return files_; }
  Fetcher& wire() { return wire_; }

 private:
  const Settings& settings_;
  PosixFiles files_;
  SystemClock clock_;
  GatewayWire wire_;
  OstreeSysroot sysroot_;
  Pause pause_;
  Notice notice_;
};

}  // namespace rota::device
