// Builds and their runs: what was triggered, how far it is, what came of it (ci.md 1, 4).
// In:    a trigger with the job file of its commit; results of runs.
// Out:   rows that say where each build and run stands.
// Never: a build number twice in a project; a terminal state that changes; a half-made build (each change is one transaction).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "server/ci_file.h"
#include "store/sqlite.h"

namespace rota::server {

enum class RunState { queued, running, uploading, cancelling, passed, failed, skipped };
enum class BuildState { queued, running, running_with_failures, cancelling, passed, failed, promoted };
std::string_view name_of(RunState state);    // "QUEUED", …
std::string_view name_of(BuildState state);  // "RUNNING_WITH_FAILURES", …
std::optional<RunState> run_state_named(std::string_view name);
std::optional<BuildState> build_state_named(std::string_view name);
bool is_terminal(RunState state);
bool is_terminal(BuildState state);

struct BuildKey {
  std::string factory, project;
  std::int64_t number = 0;
  std::string text() const { return factory + "/" + project + "/" + std::to_string(number); }
};

struct RunKey {
  BuildKey build;
  std::string run;
  std::string text() const { return build.text() + "/" + run; }
};
// Reads RunKey::text(); bad_input for anything else.
Result<RunKey> parse_run_key(std::string_view text);

struct GitChange {
  std::string source;  // name of the source repository, "foo-os"
  std::string ref, sha, old_sha;
};

struct NewBuild {
  std::string factory, project, trigger, reason;
  GitChange change;
  Params params = {};      // laid over those of the file
  std::string definition = {};  // the bytes of ci.yml
};

struct Run {
  std::int64_t id = 0;
  std::string name, message, host_tag, worker;
  RunState state = RunState::queued;
  Json spec;  // docs/formats/builds.md, "run definition"
  std::int64_t log_size = 0, attempts = 0;
  std::optional<Time> created, started, completed;
};

struct Build {
  std::int64_t id = 0;
  BuildKey key;
  std::string trigger, reason, message, definition;
  GitChange change;
  Params params;
  BuildState state = BuildState::queued;
  std::optional<Time> created, completed;
};

// Stateless: everything is in the database, so any number of these may share one.
class Builds {
 public:
  Builds(store::Database& db, const Clock& clock) : db_(db), clock_(clock) {}
  // The tables. Cheap when they are there.
  Status prepare();

  // The project, made when missing with `first_build` as its first number (docs/decisions/0007). conflict: it exists and
  // has passed that number already.
  Status need_project(const std::string& factory, const std::string& project, std::optional<std::int64_t> first_build);

  // A build with the next number of the project and the runs its trigger plans. When the definition or the trigger is wrong
  // the build is made all the same: FAILED, with the message. Must be called inside a transaction.
  Result<BuildKey> insert(const NewBuild& build);
  Result<BuildKey> create(const NewBuild& build);  // insert in a transaction of its own

  Result<Build> build(const BuildKey& key);  // not_found
  Result<Build> newest(const std::string& factory, const std::string& project);
  struct Page {
    std::int64_t limit = 25, page = 0;
  };
  struct Listing {
    std::vector<Build> builds;  // newest first
    std::int64_t total = 0;
  };
  Result<Listing> list(const std::string& factory, const std::string& project, const Page& page);
  Result<std::vector<Run>> runs(const Build& build);
  Result<Run> run(const RunKey& key);

  // The run's result. The same one again is ok; another after a terminal state is a conflict. PASSED queues the runs of its
  // follow-up triggers and, like FAILED, moves the build on.
  Status report(const RunKey& key, RunState state, const std::string& message);
  // Queued runs fail at once, running ones when their worker hears of it. conflict: the build is finished.
  Status cancel(const BuildKey& key);

  // For the queue, inside its transaction: the state of one run, and of its build accordingly.
  Status move(std::int64_t run_id, RunState state, const std::string& message);

 private:
  Status fail_at_once(std::int64_t build_id, const std::string& message);
  Status insert_runs(std::int64_t build_id, const JobFile& file, const std::vector<PlannedRun>& runs, const Params& over);
  Status plan(std::int64_t build_id, const NewBuild& build);
  Status queue_follow_ups(std::int64_t run_id);
  Status settle(std::int64_t build_id);
  Result<std::vector<Build>> select(const std::string& where, const std::vector<store::Value>& values);
  Result<std::vector<Run>> select_runs(const std::string& where, const std::vector<store::Value>& values);

  store::Database& db_;
  const Clock& clock_;
};

}  // namespace rota::server
