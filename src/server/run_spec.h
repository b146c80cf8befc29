// A run as it is stored and handed to a worker (docs/formats/builds.md, "run definition").
#pragma once

#include "base/json.h"
#include "server/ci_file.h"

namespace rota::server {

Json run_spec_json(const JobFile& file, const PlannedRun& run);
Json to_json_object(const Params& params);
Params params_of(const Json& object);  // the members that are text

}  // namespace rota::server
