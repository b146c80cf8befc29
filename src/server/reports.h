// What devices report of themselves beside events (gateway.md 6.2): the newest of each kind, ten states of the apps.
#pragma once

#include <string>

#include "base/json.h"
#include "base/time.h"
#include "store/sqlite.h"

namespace rota::server {

struct Report {
  std::string device, kind;  // "hardware", "network", "config", "ecus"
  std::string body;          // JSON or TOML text
};

// For use inside a transaction.
Status store_report(store::Database& db, const Report& report, Time at);
Status store_apps_state(store::Database& db, const std::string& device, const Json& state);

// The body of the newest report of that kind, or an empty text.
Result<std::string> report_of(store::Database& db, const std::string& device, const std::string& kind);
// Newest first, at most ten.
Result<Json> apps_states_of(store::Database& db, const std::string& device);

}  // namespace rota::server
