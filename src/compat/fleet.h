// Which devices of a factory trust which root, as its server tells (operator-api.md 4), for `rota` and `fioctl`.
// In:    the answer to GET /v1/trust.
// Out:   tables for people; whether the keys that a root has retired may go.
// Never: a fleet that is not known taken for one that has followed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ceremony/trust.h"

namespace rota::compat {

struct FleetDevice {
  std::string name, uuid, source, since, last_seen;
  std::int64_t root = 0;
};

struct FleetRoot {
  std::int64_t version = 0, devices = 0;
  std::string sources;  // "8 statement, 1 request"
  std::string first, last;
};

struct Fleet {
  std::int64_t newest = 0, devices = 0;
  std::int64_t behind = 0;   // on an older root, seen within 90 days
  std::int64_t silent = 0;   // on an older root, not seen for 90 days
  std::int64_t unknown = 0;  // have shown nothing yet
  std::int64_t forked = 0;   // state a root that was never published
  std::string eta;           // empty: none
  std::vector<FleetRoot> roots;              // newest first
  std::vector<FleetDevice> laggards, forks;  // the first of them
  Json json;                                 // as served
};

// An error: a member is missing or of another type.
Result<Fleet> read_fleet(const Json& json);
// Of the server that `source` is at. not_found: it keeps no census.
Result<Fleet> fetch_fleet(const ceremony::RootSource& source, std::string_view factory);

// "ROOT  DEVICES …", then who lags behind.
std::string fleet_text(const Fleet& fleet);
// The names of the first few, "foo (root 5), bar (root 6) and 7 more".
std::string names_of(const std::vector<FleetDevice>& devices, std::int64_t all);

// Keys that only older roots name: rejected while devices are behind (repo-api.md 7, "retiring gate").
Status retired_keys_may_go(const Fleet& fleet);
constexpr std::string_view kDevicesBehind = "devices-behind";  // the name that --allow takes

}  // namespace rota::compat
