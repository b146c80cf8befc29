#include "server/reports.h"

namespace rota::server {
namespace {

constexpr std::int64_t kAppsStates = 10;

}  // namespace

Status store_report(store::Database& db, const Report& report, Time at) {
  TRY(db.execute("INSERT OR REPLACE INTO device_reports (device, kind, at, body) VALUES (?,?,?,?)",
                 {report.device, report.kind, at.time_since_epoch().count(), report.body}));
  return {};
}

Status store_apps_state(store::Database& db, const std::string& device, const Json& state) {
  TRY(
      db.execute("INSERT INTO apps_states (device, id, body)"
                 " SELECT ?1, COALESCE(MAX(id), 0) + 1, ?2 FROM apps_states WHERE device = ?1",
                 {device, to_json(state)}));
  TRY(db.execute(
      "DELETE FROM apps_states WHERE device = ?1 AND id <= (SELECT MAX(id) FROM apps_states WHERE device = ?1) - ?2",
      {device, kAppsStates}));
  return {};
}

Result<std::string> report_of(store::Database& db, const std::string& device, const std::string& kind) {
  const auto rows = TRY(db.query("SELECT body FROM device_reports WHERE device = ? AND kind = ?", {device, kind}));
  return rows.empty() ? std::string() : rows.front().text(0);
}

Result<Json> apps_states_of(store::Database& db, const std::string& device) {
  Json states{Json::Array{}};
  for (const auto& row : TRY(db.query("SELECT body FROM apps_states WHERE device = ? ORDER BY id DESC", {device})))
    states.push_back(TRY(parse_json(row.text(0), {.numbers = JsonRules::Numbers::any})));
  return states;
}

}  // namespace rota::server
