// What workers call: enrol, ask, heartbeat, log, artifacts, result, targets (ci.md 5, 6).
#pragma once

#include "http/router.h"
#include "server/app.h"

namespace rota::server {

// Called by add_build_routes.
void add_run_routes(http::Router& router, App& app);

}  // namespace rota::server
