// The envelope of ci.md 4, the addresses of builds and runs, and how the routes of CI are written down.
#pragma once

#include "server/answers.h"
#include "server/builds.h"

namespace rota::server {

// {"status":"success","data":…}
http::Response success(int status, Json data);

// A handler of /projects/…: an Error becomes {"status":"fail"|"error","message",…}.
http::Handler enveloped(Operation operation);
// As enveloped, for callers who hold `scope` in the factory of the path; others get 401 or 403.
http::Handler enveloped(App& app, std::string_view scope, Operation operation);

// Adds the route under /projects/{factory}/{project} and /v1/projects/{factory}/{project}, with and without a final slash.
void add_project_route(http::Router& router, const http::Route& route);

std::string build_url(const App& app, const BuildKey& key);
std::string run_url(const App& app, const RunKey& key);
Json build_json(const App& app, const Build& build);
Json run_json(const App& app, const Build& build, const Run& run);

// The {factory}, {project}, {number} and {run} of the path. not_found: {number} is not a number.
Result<BuildKey> build_key_of(const http::Request& request);
Result<RunKey> run_key_of(const http::Request& request);

}  // namespace rota::server
