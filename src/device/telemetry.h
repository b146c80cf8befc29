// What the device reports about itself, each thing when it changed (device.md 9). A failure is a notice, nothing more.
#pragma once

#include "device/callbacks.h"
#include "device/config.h"
#include "device/gateway.h"
#include "device/rota_db.h"

namespace rota::device {

class Telemetry {
 public:
  Telemetry(Gateway& gateway, Facts facts, std::string server, Notice notice)
      : gateway_(gateway), facts_(facts), server_(std::move(server)), notice_(std::move(notice)) {}

  void report_config(const Config& config);
  void report_network();
  // `lshw -json`, when there is an lshw.
  void report_hardware();
  // PUT /trust: the roots and versions this device holds (gateway.md 3.4). `statement` without the clock.
  void report_trust(const Json& statement, Time now);

 private:
  struct Report {
    std::string fact, path, type, body;
    std::string fingerprint;  // what "changed" means
  };
  void send_when_changed(const Report& report);
  Status try_send(const Report& report);
  Gateway& gateway_;
  Facts facts_;
  std::string server_;
  Notice notice_;
};

// {"hostname","mac","local_ipv4"} of the interface of the default route, or of the first one that is up.
Json network_facts();

}  // namespace rota::device
