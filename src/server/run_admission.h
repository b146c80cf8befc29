// Run keys at the door: "Authorization: Token <run key>" (ci.md 5). A key is good for its own run while that runs; to fetch
// source and to upload OSTree objects it stands for the run's factory.
#pragma once

#include <optional>

#include "http/message.h"
#include "server/app.h"
#include "server/builds.h"

namespace rota::server {

// The text after "Token ", or empty.
std::string_view offered_key(const http::Request& request);

// The run whose key the request carries. denied: no key or an unknown one.
Result<RunKey> run_at_the_door(App& app, const http::Request& request);

// True when the request carries the key of a run of `factory` that is going on.
bool is_run_of_factory(App& app, const http::Request& request, const std::string& factory);

}  // namespace rota::server
