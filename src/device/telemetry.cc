#include "device/telemetry.h"

#include <unistd.h>

#include "base/child.h"
#include "crypto/hash.h"

namespace rota::device {
namespace {

constexpr const char* kHardwareLister = "/usr/bin/lshw";

}  // namespace

Status Telemetry::try_send(const Report& report) {
  if (TRY(facts_.get(report.fact)) == report.fingerprint) return {};
  const auto reply = TRY(gateway_.fetch({.method = "PUT",
                                         .url = server_ + report.path,
                                         .headers = {{"Content-Type", report.type}},
                                         .body = report.body,
                                         .timeout = Seconds(20)}));
  // A server without this page never takes it: not asked again until it changes.
  if (reply.status / 100 != 2 && reply.status != 404)
    return unavailable("the server answers " + std::to_string(reply.status));
  return facts_.set(report.fact, report.fingerprint);
}

void Telemetry::send_when_changed(const Report& report) {
  if (gateway_.is_down()) return;
  if (const Status sent = try_send(report); !sent.ok()) notice_("report to " + report.path + ": " + sent.error().what);
}

void Telemetry::report_config(const Config& config) {
  const std::string toml = config.to_report();
  send_when_changed({"reported_config", "/system_info/config", "application/toml", toml, crypto::sha256_hex(toml)});
}

void Telemetry::report_network() {
  const std::string json = to_json(network_facts());
  send_when_changed({"reported_network", "/system_info/network", "application/json", json, crypto::sha256_hex(json)});
}

void Telemetry::report_hardware() {
  if (::access(kHardwareLister, X_OK) != 0) return;
  const auto listed = output_of({.argv = {kHardwareLister, "-json"}});
  if (!listed.ok()) return notice_("hardware: " + listed.error().what);
  send_when_changed({"reported_hardware", "/system_info", "application/json", *listed, crypto::sha256_hex(*listed)});
}

void Telemetry::report_trust(const Json& statement, Time now) {
  Json body = statement;
  body["clock"] = rfc3339(now);
  send_when_changed({"reported_trust", "/trust", "application/json", to_json(body), crypto::sha256_hex(to_json(statement))});
}

}  // namespace rota::device
