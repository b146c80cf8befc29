// One meeting with the server: what the device trusts at the start, the refresh, what is reported about it, and the exit
// code it comes to (the table in device.md 2).
#pragma once

#include <optional>

#include "device/event_queue.h"
#include "device/outcome.h"
#include "device/refresh.h"
#include "device/telemetry.h"

namespace rota::device {

// What a command goes on with: the trust set after it, if there is one at all, and how it went.
struct CheckIn {
  Outcome outcome{Exit::ok};
  std::optional<Trust> trust = {};
  // The stored set may be used: listed, pulled from, installed from.
  bool has_targets() const { return trust && trust->has_valid_set(); }
};

struct TrustSources {
  const TrustSettings& settings;
  std::string stream;  // "ci" or "prod"
  std::string repo_server;
};

class Doorkeeper {
 public:
  struct Parts {
    Files& files;
    store::Database& db;
    TrustStore& store;
    EventQueue& events;
    Facts& facts;
    const Clock& clock;
  };
  Doorkeeper(Parts parts, TrustSources sources) : parts_(parts), sources_(std::move(sources)) {}

  // The time every expiry is judged by: the clock, never earlier than the agent's build and the last good refresh.
  // `notice`, if not empty, says that the clock was wrong.
  struct Reading {
    Time now;
    std::string notice;
  };
  Result<Reading> read_clock() const;

  // From the store alone. Exit ok, metadata_rejected (a damaged root), metadata_not_fetched (nothing stored yet),
  // metadata_expired.
  Result<CheckIn> from_store(Time now) const;
  // With a refresh. Exit ok, ok_from_store, metadata_not_fetched, metadata_expired, metadata_rejected,
  // metadata_rejected_store_kept. An error of the store itself is an error.
  Result<CheckIn> with_server(Fetcher& server, Time now);

 private:
  Result<Trust> start(Time now) const;
  Result<Trust> start_with(Fetcher& server, Time now);
  Status note(const Versions& before, const Trust* trust, const Status& how, Time now);
  Parts parts_;
  TrustSources sources_;
};

// What PUT /trust says, without the clock.
Json trust_statement(const Trust& trust, std::string_view last_error);

// The row of the table for a refresh that failed.
Exit exit_of_failed_refresh(Fault fault, const std::optional<Trust>& trust);

}  // namespace rota::device
