// Who works on which run: workers, leases, run keys (ci.md 5).
// In:    a worker that asks, heartbeats, the clock.
// Out:   each queued run leased to exactly one worker; lost ones put back once, then failed.
// Never: a key in the database (only its sha256); a key that is good for another run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/builds.h"

namespace rota::server {

constexpr Seconds kLease{60};

struct Worker {
  std::string name, factory;  // factory: whose runs it gets; empty: all
  std::vector<std::string> host_tags;
  std::int64_t concurrency = 1, cpu = 0, mem = 0;
};

struct Leased {
  RunKey key;
  Run run;
  Build build;
  std::string run_key;  // the secret, shown once
};

class BuildQueue {
 public:
  BuildQueue(store::Database& db, const Clock& clock) : db_(db), clock_(clock), builds_(db, clock) {}

  // The worker's API key. A worker that enrols again gets a new key and loses the old one.
  // conflict: the name belongs to a worker of another factory.
  Result<std::string> enrol(const Worker& worker);
  Result<Worker> worker_of_key(std::string_view api_key);  // denied

  // The oldest queued run that this worker may have, now RUNNING with a lease; nothing when there is none or the worker
  // has all it can carry.
  Result<std::optional<Leased>> lease(const Worker& worker);
  // Renews the leases of `active` and returns those of them that must be stopped: cancelled, or no longer this worker's.
  Result<std::vector<RunKey>> heartbeat(const Worker& worker, const std::vector<RunKey>& active);
  // Runs whose worker fell silent: put back once, then failed. Called by lease and heartbeat; call it before showing states.
  Status expire();

  // The run this key was made for. denied: unknown key.
  Result<RunKey> run_of_key(std::string_view run_key);

 private:
  Result<std::optional<std::int64_t>> oldest_for(const Worker& worker);
  Status expire_in_transaction();
  Status give_up(std::int64_t run_id, const std::string& worker, std::int64_t attempts);

  store::Database& db_;
  const Clock& clock_;
  Builds builds_;
};

}  // namespace rota::server
