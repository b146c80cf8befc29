// A worker: enrols, asks for work, does it, again (ci.md 5).
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/fetcher.h"
#include "runner/job.h"

namespace rota::runner {

struct WorkerOptions {
  std::string server;      // "https://host:port", without a final slash
  std::string token_file;  // enlistment token: scope ci:read-update
  std::string ca_file;     // PEM; empty: the system's store
  std::string work_folder;
  std::string name;
  std::vector<std::string> host_tags;
  Seconds heartbeat_every{20};
};

class Worker {
 public:
  // Makes a connection of its own for each thread that talks to the server.
  using Connect = std::function<std::unique_ptr<Fetcher>()>;
  Worker(Files& files, WorkerOptions options, Connect connect)
      : files_(files), options_(std::move(options)), connect_(std::move(connect)), server_(connect_()) {}

  // Takes the work folder for itself, removes what an earlier life left in it, enrols when there is no key yet. The key is
  // kept in <work>/worker.key, 0600. conflict: another runner has the folder; denied: the token is not accepted.
  Status start();

  enum class Did { nothing, a_run };
  // Asks once and does what it gets. Errors: unavailable (the server is away), denied (our key is not accepted).
  Result<Did> turn();

  // From a signal: the run in hand is left to somebody else.
  void leave() { stop_ = Stop::leaving; }
  bool is_leaving() const { return stop_ == Stop::leaving; }
  // What to tell people, one line each.
  std::function<void(const std::string&)> say = [](const std::string&) {};

 private:
  Status enrol();
  Status perform(const RunDefinition& run);
  void beat(const RunDefinition& run, const std::atomic<bool>& over);
  FetchRequest as_worker(const std::string& method, const std::string& path) const;

  Files& files_;
  WorkerOptions options_;
  Connect connect_;
  std::unique_ptr<Fetcher> server_;
  std::unique_ptr<FileLock> lock_;
  crypto::SecretBytes key_;
  std::atomic<Stop> stop_ = Stop::none;
};

}  // namespace rota::runner
