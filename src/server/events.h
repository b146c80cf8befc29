// Update events of devices (gateway.md 6.1): read from what a device posts, stored once per id, told by correlation.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "store/sqlite.h"

namespace rota::server {

struct DeviceEvent {
  std::string id, correlation_id, type, target, version;
  Time device_time;
  Json body;  // as posted
};

// The items of a posted batch that may be stored; those without an id or with a correlation id outside
// [A-Za-z0-9_-]{1,128} are left out, a bad deviceTime becomes `received`. bad_input: not a JSON array.
Result<std::vector<DeviceEvent>> read_events(BytesView body, Time received);

// The root that a refresh ended with: of a MetadataUpdateCompleted that went well, N of "root: M -> N" in its details.
std::optional<std::int64_t> root_reached(const DeviceEvent& event);

// An event whose id this device has sent before changes nothing. For use inside a transaction.
Status insert_events(store::Database& db, const std::string& device, const std::vector<DeviceEvent>& events,
                     Time received);

// [{"correlation-id","target","version","time","events":n}], newest first.
Result<Json> updates_of(store::Database& db, const std::string& device);
// The events of one update as posted, oldest first; not_found when there is none.
Result<Json> events_of(store::Database& db, const std::string& device, const std::string& correlation_id);
// Those received before `time`.
Status forget_events(store::Database& db, Time time);

}  // namespace rota::server
