// What devices are answered (gateway.md).
// In:    requests over mutual TLS.
// Out:   the published metadata, OSTree content, 2xx for reports once they are stored.
// Never: anything to a device that is not known by its key; a file outside the factory's store; 5xx for what a client
// sent.
#pragma once

#include <functional>
#include <optional>

#include "http/router.h"
#include "server/app.h"
#include "server/devices.h"

namespace rota::server {

// Looked at for every request of the gateway's listener: 403 unless the certificate is one of a known device
// (gateway.md 1), 400 for a tag outside its grammar; otherwise the check-in is taken over (gateway.md 2) and the
// request goes on.
std::function<std::optional<http::Response>(const http::Request&)> gateway_gate(App& app);

// One request that passed the gate.
struct DeviceCall {
  App& app;
  const http::Request& request;
  const std::string& uuid;
  const std::string& factory;
};
using DeviceOperation = Result<http::Response> (*)(const DeviceCall&);
// Takes identity from the certificate, an Error becomes its response.
http::Handler for_device(App& app, DeviceOperation operation);

// The groups of rows that add_gateway_routes puts together.
void add_metadata_routes(http::Router& router, App& app);  // gateway_metadata.cc: /repo, /trust
void add_report_routes(http::Router& router, App& app);  // gateway_reports.cc: /events, /system_info, /apps-states, …
void add_content_routes(http::Router& router, App& app);  // gateway_content.cc: /ostree, /treehub, /app-proxy-url

}  // namespace rota::server
