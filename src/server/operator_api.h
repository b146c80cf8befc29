// The groups of rows that add_operator_routes puts together.
#pragma once

#include "http/router.h"
#include "server/app.h"

namespace rota::server {

void add_factory_routes(http::Router& router, App& app);       // operator_factories.cc: /v1/factories
void add_device_routes(http::Router& router, App& app);        // operator_devices.cc: /v1/devices, /v1/denied-devices
void add_trust_routes(http::Router& router, App& app);         // trust_api.cc: /v1/trust
void add_registration_routes(http::Router& router, App& app);  // registration.cc: POST /v1/devices, /ota/devices

}  // namespace rota::server
