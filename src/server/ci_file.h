// The job file `ci.yml` (ci.md 3) as data.
// In:    the bytes of ci.yml at the commit being built: a stranger's.
// Out:   triggers with their runs, checked as a whole, and the runs that one trigger plans.
// Never: a job with an unknown key, a secret its trigger does not declare, a cycle; it starts nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"

namespace rota::server {

using Params = std::map<std::string, std::string>;

struct Loop {
  std::string param;
  std::vector<std::string> values;
};

struct FollowUp {
  std::string trigger;
  std::string run_names;  // "publish-{name}": {name} is the run that passed
};

struct ScriptRepo {
  std::string clone_url, git_ref;
};

// Rota's extension: a folder of the run's /archive becomes an OSTree commit and a target (docs/formats/builds.md).
struct PublishSpec {
  std::string machine, tree;
};

struct RunSpec {
  std::string name;  // may hold {loop}
  std::string container, host_tag;
  std::string script;                                // the name of one of JobFile::scripts, or empty
  std::string script_repo, script_path;              // instead of `script`
  bool privileged = false;
  Params params;
  std::vector<Loop> loops;
  std::vector<std::string> secrets;
  std::map<std::string, std::string> volumes;        // name -> absolute path in the sandbox
  std::map<std::string, std::string> test_grepping;  // "test-pattern", "result-pattern"
  std::vector<FollowUp> follow_ups;
  std::optional<PublishSpec> publish;
};

struct TriggerSpec {
  enum class Type { push, git_poller, github_pr, gitlab_mr, simple };
  std::string name;
  Type type = Type::simple;
  std::vector<std::string> refs;  // shell patterns; of type push
  Params params;
  std::vector<std::string> secrets;
  std::vector<RunSpec> runs;
};

struct JobFile {
  Seconds timeout = std::chrono::minutes(60);
  Params params;
  std::vector<TriggerSpec> triggers;
  std::map<std::string, std::string> scripts;
  std::map<std::string, ScriptRepo> script_repos;
  std::string email_users;
  bool email_only_failures = false;

  const TriggerSpec* trigger(std::string_view name) const;
};

constexpr std::size_t kMaxJobFile = 256 * 1024;

// bad_input, "ci.yml: line 12: …": not YAML, longer than kMaxJobFile, an unknown or repeated key, a name twice, a value out of
// its grammar, a script or trigger that is not there, a secret the trigger does not declare, triggers that start each other
// in a circle.
Result<JobFile> parse_job_file(std::string_view yaml);

// One run as it will be queued: its final name and environment.
struct PlannedRun {
  std::string name;
  const RunSpec* spec;  // of the JobFile
  Params params;        // the file's, the trigger's, the run's and the loop's, the later ones winning
};
// Every run of the trigger, loops unrolled. `names` is empty or FollowUp::run_names with {name} filled in.
std::vector<PlannedRun> planned_runs(const JobFile& file, const TriggerSpec& trigger, const std::string& names = "");

// The push triggers whose patterns match `ref` ("refs/heads/main").
std::vector<const TriggerSpec*> triggered_by_push(const JobFile& file, const std::string& ref);

bool is_run_name(std::string_view name);      // [A-Za-z0-9_.-]{1,80}, not "." or ".."
bool is_relative_path(std::string_view path);  // segments of printable ASCII, none empty, "." or ".."

}  // namespace rota::server
