#include "server/events.h"

namespace rota::server {
namespace {

constexpr std::size_t kMaxId = 128;

bool is_correlation_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxId && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<DeviceEvent> read_event(const Json& item, Time received) {
  const Json* event = item.find("event");
  const Json* type = item.find("eventType");
  if (event == nullptr) return std::nullopt;
  DeviceEvent read{.id = item.text_or("id", ""),
                   .correlation_id = event->text_or("correlationId", ""),
                   .type = type == nullptr ? "" : type->text_or("id", ""),
                   .target = event->text_or("targetName", ""),
                   .version = event->text_or("version", ""),
                   .device_time = received,
                   .body = item};
  if (read.id.empty() || read.id.size() > kMaxId || !is_correlation_id(read.correlation_id)) return std::nullopt;
  if (const auto said = parse_instant(item.text_or("deviceTime", ""))) read.device_time = *said;
  return read;
}

}  // namespace

Result<std::vector<DeviceEvent>> read_events(BytesView body, Time received) {
  const Json batch = TRY_IN("events", parse_json(body, {.numbers = JsonRules::Numbers::any}));
  const auto* items = batch.if_array();
  if (items == nullptr) return bad_input("events: want a JSON array");
  std::vector<DeviceEvent> events;
  for (const auto& item : *items)
    if (auto event = read_event(item, received)) events.push_back(std::move(*event));
  return events;
}

std::optional<std::int64_t> root_reached(const DeviceEvent& event) {
  const Json* body = event.body.find("event");
  const Json* success = body == nullptr ? nullptr : body->find("success");
  if (event.type != "MetadataUpdateCompleted" || success == nullptr || success->if_bool() == nullptr ||
      !*success->if_bool())
    return std::nullopt;
  constexpr std::string_view kRoot = "root: ", kTo = " -> ";
  const std::string first = split(body->text_or("details", ""), ';').front();
  const auto arrow = first.find(kTo);
  if (!first.starts_with(kRoot) || arrow == std::string::npos) return std::nullopt;
  const auto version = decimal(std::string_view(first).substr(arrow + kTo.size()), INT32_MAX);
  return version ? std::optional(*version) : std::nullopt;
}

Status insert_events(store::Database& db, const std::string& device, const std::vector<DeviceEvent>& events,
                     Time received) {
  for (const auto& event : events)
    TRY(db.execute(
        "INSERT OR IGNORE INTO events (device, id, correlation_id, received_at, device_time, type, target,"
        " version, body, arrival) VALUES (?,?,?,?,?,?,?,?,?,"
        " (SELECT COALESCE(MAX(arrival), 0) + 1 FROM events WHERE device = ?))",
        {device, event.id, event.correlation_id, received.time_since_epoch().count(),
         event.device_time.time_since_epoch().count(), event.type, event.target, event.version, to_json(event.body), device}));
  return {};
}

Result<Json> updates_of(store::Database& db, const std::string& device) {
  const auto rows =
      TRY(db.query("SELECT correlation_id, MAX(device_time), COUNT(*), MAX(received_at) AS newest,"
                   " MAX(target), MAX(version) FROM events WHERE device = ?"
                   " GROUP BY correlation_id ORDER BY newest DESC, MAX(device_time) DESC"
                   " LIMIT 1000",
                   {device}));
  Json updates{Json::Array{}};
  for (const auto& row : rows)
    updates.push_back(Json::Object{{"correlation-id", row.text(0)},
                                   {"time", rfc3339(Time(Seconds(row.integer(1))))},
                                   {"events", row.integer(2)},
                                   {"target", row.text(4)},
                                   {"version", row.text(5)}});
  return updates;
}

Result<Json> events_of(store::Database& db, const std::string& device, const std::string& correlation_id) {
  const auto rows = TRY(
      db.query("SELECT body FROM events WHERE device = ? AND correlation_id = ? ORDER BY arrival",
               {device, correlation_id}));
  if (rows.empty()) return not_found("update '" + correlation_id + "': this device has sent no event of it");
  Json events{Json::Array{}};
  for (const auto& row : rows) events.push_back(TRY(parse_json(row.text(0), {.numbers = JsonRules::Numbers::any})));
  return events;
}

Status forget_events(store::Database& db, Time time) {
  TRY(db.execute("DELETE FROM events WHERE received_at < ?", {time.time_since_epoch().count()}));
  return {};
}

}  // namespace rota::server
