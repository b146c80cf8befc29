// What a worker is told of its run (docs/formats/builds.md, "run definition").
#pragma once

#include "server/build_queue.h"
#include "server/app.h"

namespace rota::server {

// not_found: a secret the run declares has no value.
Result<Json> run_definition(App& app, const Leased& leased);

}  // namespace rota::server
