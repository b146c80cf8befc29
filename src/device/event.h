// What the device tells its server about a phase of an update (gateway.md 6.1).
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "base/time.h"

namespace rota::device {

enum class EventType {
  metadata_update_completed,
  download_started,
  download_completed,
  installation_started,
  installation_applied,  // a reboot is owed
  installation_completed,
};

std::string_view name_of(EventType type);  // "EcuDownloadStarted", …

struct Event {
  EventType type;
  std::string correlation_id;
  std::string target = {};
  std::string version = {};
  std::optional<bool> success = {};
  std::string details = {};
};

// At most 2048 bytes, cut between characters; of a failed installation the last 1024 are kept.
std::string cut_details(const Event& event);

// One element of the array that POST /events takes. `id` stays the same when it is sent again.
Json event_json(const Event& event, std::string_view id, Time at);

// "<prefix>-<uuid>", at most 63 characters of [A-Za-z0-9_-].
std::string correlation_id(std::string_view prefix);

}  // namespace rota::device
