// From what a run says it made to a signed target (ci.md 6, 7).
// In:    target descriptions of a run that PASSED, or of the run that publishes itself.
// Out:   one new generation with all of them, or none.
// Never: a target whose commit is not whole in the factory's repository; an existing target changed.
#pragma once

#include "http/message.h"
#include "server/app.h"
#include "server/builds.h"

namespace rota::server {

// Answers POST …/builds/<n>/targets for the run that asks: 201, or 200 when they are there already; 202 awaiting signature;
// 409 other content or the run is not in a state to publish; 422 naming what is wrong or missing.
Result<http::Response> publish_targets(App& app, const http::Request& request, const RunKey& asking);

}  // namespace rota::server
