// One meeting with the server: what the device trusts at the start, the refresh, what is reported about it, and the exit
// code it comes to (the table in device.md 2).
#pragma once

#include <optional>

#include "client/clock.h"
#include "client/refresh.h"
#include "device/event_queue.h"
#include "device/outcome.h"
#include "device/provisioned_roots.h"
#include "device/telemetry.h"
#include "device/trust_store.h"

namespace rota::device {

// What a command goes on with: the trust set after it, if there is one at all, and how it went.
struct CheckIn {
  Outcome outcome{Exit::ok};
  std::optional<client::Trust> trust = {};
  Time now = {};  // by which everything of this run is judged
  // The stored set may be used: listed, pulled from, installed from.
  bool has_targets() const { return trust && trust->has_valid_set(); }
};

struct TrustSources {
  const TrustSettings& settings;
  std::string stream;  // "ci" or "prod"
  std::string repo_server;
  tuf::Wanted wanted;  // entries of the targets file that are kept
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

  // The time every expiry of a run is judged by.
  Result<client::ClockReading> read_clock() const;

  // From the store alone. Exit ok, metadata_rejected (a damaged root), metadata_not_fetched (nothing stored yet),
  // metadata_expired.
  Result<CheckIn> from_store(Time now) const;
  // With a refresh. Exit ok, ok_from_store, metadata_not_fetched, metadata_expired, metadata_rejected,
  // metadata_rejected_store_kept. An error of the store itself is an error.
  Result<CheckIn> with_server(Fetcher& server, Time now);

  // TUF 5.6.7: what a delegated role offers under that name. Nothing: no role does, or the dialect is uptane, whose devices
  // choose among the top-level targets alone (device.md 5.2). Errors: those of a refresh.
  Result<std::optional<tuf::Target>> find_delegated(Fetcher& server, const CheckIn& met, const std::string& name) const;

 private:
  client::RefreshPolicy policy(Time now) const;
  Result<client::Trust> start(Time now) const;
  Result<client::Trust> start_with(Fetcher& server, Time now);
  Status note(const client::Versions& before, const client::Trust* trust, const Status& how, Time now);
  Parts parts_;
  TrustSources sources_;
};

// What PUT /trust says, without the clock.
Json trust_statement(const client::Trust& trust, std::string_view last_error);

// The row of the table for a refresh that failed.
Exit exit_of_failed_refresh(Fault fault, const std::optional<client::Trust>& trust);

}  // namespace rota::device
