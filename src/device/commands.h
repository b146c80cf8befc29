// The verbs of the device agent, as functions: the outcome is a value, and no process ends here (device.md 1, 13).
#pragma once

#include <string>

#include "device/session.h"

namespace rota::device {

// What a command says: for people, and with --json for programs.
struct Report {
  Outcome outcome{Exit::ok};
  std::string text = {};
  Json json = Json::Object{};
};

// `wanted`: a version (only digits), a name, or empty for the best one. An error is a fault of the store or the machine.
Result<Report> check(Session& session, std::string_view wanted);
Result<Report> list(Session& session, std::string_view wanted);
Result<Report> pull(Session& session, std::string_view wanted);
Result<Report> install(Session& session, std::string_view wanted);
Result<Report> update(Session& session, std::string_view wanted);
Result<Report> complete(Session& session);
Result<Report> roll_back(Session& session);

// The parts of `update`, for the daemon: one meeting with the server with everything that goes with it, and what to do then.
Result<CheckIn> meet_server(Session& session);
struct Wish {
  enum class WhenCurrent { install_again, leave };
  std::string_view target = "";
  WhenCurrent when_current = WhenCurrent::install_again;
};
Result<Report> act_on(Session& session, const CheckIn& met, const Wish& wish);
// The meeting left a set that may be installed from.
bool goes_on(const CheckIn& met);

// uuid, name, factory, active and pending target, trust. Asks GET /device when the server answers. `session` null: nothing is
// stored yet.
struct StatusSources {
  const Settings& settings;
  const Identity& identity;
  Fetcher& wire;
};
Result<Report> status(const StatusSources& sources, Session* session);

}  // namespace rota::device
