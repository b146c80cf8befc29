// One run from its definition to its result (ci.md 3, 5, 6).
// In:    a run definition; an empty folder.
// Out:   log, artifacts, a published target; PASSED or FAILED at the server.
// Never: a result of a run that is no longer ours; a secret in the log, in argv or in an environment.
#pragma once

#include <atomic>
#include <string>

#include "base/child.h"
#include "base/files.h"
#include "runner/log_stream.h"
#include "runner/run_link.h"

namespace rota::runner {

// Why work should end early: the server says so, or this program is told to go.
enum class Stop { none, cancelled, leaving };

struct JobDoors {
  Fetcher& server;
  Files& files;
  std::string ca_file;         // for git; empty: the system's store
  std::string volumes_folder;  // persistent volumes live here
  const std::atomic<Stop>& stop;
};

class Job {
 public:
  // `folder` exists and is empty.
  Job(const JobDoors& doors, const RunDefinition& run, std::string folder);
  // Does everything and reports. unavailable, denied, conflict: the run was lost or the server is away; nothing was
  // reported and the server gives the run to somebody else.
  Status perform();

 private:
  Status prepare();
  Status write_secrets();
  Status write_script();
  Status run_script();
  Status check_end(const Ended& ended);
  Status deliver_artifacts();
  Status publish();
  Status all_steps();
  Status report(const Status& outcome);
  Result<Json> targets_for(const std::string& commit);
  Result<std::vector<std::pair<std::string, std::string>>> volumes();
  std::string in(const std::string& name) const { return folder_ + "/" + name; }

  JobDoors doors_;
  const RunDefinition& run_;
  std::string folder_;
  RunLink link_;
  LogStream log_;
  Status log_state_;  // of the log while the script runs
};

}  // namespace rota::runner
