#include "server/builds.h"

#include "server/run_spec.h"

namespace rota::server {
namespace {

constexpr const char* kBuildColumns =
    "SELECT b.id, p.factory, p.name, b.number, b.trigger_name, b.reason, b.message, b.definition, b.params, b.source,"
    " b.git_ref, b.git_sha, b.git_old_sha, b.status, b.created, b.completed"
    " FROM ci_builds b JOIN ci_projects p ON p.id = b.project_id ";

constexpr const char* kRunColumns =
    "SELECT r.id, r.name, r.message, r.host_tag, r.worker, r.status, r.spec, r.log_size, r.attempts, r.created, r.started,"
    " r.completed FROM ci_runs r JOIN ci_builds b ON b.id = r.build_id JOIN ci_projects p ON p.id = b.project_id ";

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }

std::optional<Time> time_at(const store::Row& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return Time(Seconds(row.integer(column)));
}

Result<Build> build_of(const store::Row& row) {
  auto state = build_state_named(row.text(13));
  if (!state) return io_error("build " + std::to_string(row.integer(0)) + ": unknown state '" + row.text(13) + "'");
  Build build;
  build.id = row.integer(0);
  build.key = {row.text(1), row.text(2), row.integer(3)};
  build.trigger = row.text(4);
  build.reason = row.text(5);
  build.message = row.text(6);
  build.definition = row.text(7);
  build.params = params_of(TRY(parse_json(row.text(8))));
  build.change = {row.text(9), row.text(10), row.text(11), row.text(12)};
  build.state = *state;
  build.created = time_at(row, 14);
  build.completed = time_at(row, 15);
  return build;
}

Result<Run> run_of(const store::Row& row) {
  auto state = run_state_named(row.text(5));
  if (!state) return io_error("run " + std::to_string(row.integer(0)) + ": unknown state '" + row.text(5) + "'");
  Run run;
  run.id = row.integer(0);
  run.name = row.text(1);
  run.message = row.text(2);
  run.host_tag = row.text(3);
  run.worker = row.text(4);
  run.state = *state;
  run.spec = TRY(parse_json(row.text(6)));
  run.log_size = row.integer(7);
  run.attempts = row.integer(8);
  run.created = time_at(row, 9);
  run.started = time_at(row, 10);
  run.completed = time_at(row, 11);
  return run;
}

// The state of a build whose runs are counted.
struct Counts {
  std::int64_t all = 0, queued = 0, failed = 0, open = 0;
};

BuildState state_of(const Counts& runs, BuildState now) {
  if (runs.open == 0) return runs.failed > 0 ? BuildState::failed : BuildState::passed;
  if (now == BuildState::cancelling) return now;
  if (runs.failed > 0) return BuildState::running_with_failures;
  return runs.queued == runs.all ? BuildState::queued : BuildState::running;
}

}  // namespace

Status Builds::need_project(const std::string& factory, const std::string& project,
                            std::optional<std::int64_t> first_build) {
  return db_.transaction([&]() -> Status {
    TRY(db_.execute("INSERT INTO ci_projects (factory, name, next_build) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                    {factory, project, first_build.value_or(1)}));
    if (!first_build) return {};
    auto raised = TRY(db_.execute("UPDATE ci_projects SET next_build = ? WHERE factory = ? AND name = ? AND next_build <= ?",
                                  {*first_build, factory, project, *first_build}));
    if (raised == 0)
      return conflict("project '" + project + "': first build " + std::to_string(*first_build) + ": already passed");
    return {};
  });
}

Result<BuildKey> Builds::create(const NewBuild& build) {
  BuildKey key;
  auto work = [&]() -> Status {
    key = TRY(insert(build));
    return {};
  };
  TRY(db_.transaction(work));
  return key;
}

Result<BuildKey> Builds::insert(const NewBuild& build) {
  auto rows = TRY(db_.query("UPDATE ci_projects SET next_build = next_build + 1 WHERE factory = ? AND name = ?"
                            " RETURNING id, next_build - 1",
                            {build.factory, build.project}));
  if (rows.empty()) return not_found("project '" + build.factory + "/" + build.project + "': does not exist");
  auto number = rows[0].integer(1);
  TRY(db_.execute("INSERT INTO ci_builds (project_id, number, trigger_name, reason, status, definition, params, source,"
                  " git_ref, git_sha, git_old_sha, created) VALUES (?, ?, ?, ?, 'QUEUED', ?, ?, ?, ?, ?, ?, ?)",
                  {rows[0].integer(0), number, build.trigger, build.reason, build.definition,
                   to_json(to_json_object(build.params)), build.change.source, build.change.ref, build.change.sha,
                   build.change.old_sha, seconds_of(clock_.now())}));
  TRY(plan(db_.last_row_id(), build));
  return BuildKey{build.factory, build.project, number};
}

Status Builds::plan(std::int64_t build_id, const NewBuild& build) {
  auto file = parse_job_file(build.definition);
  if (!file.ok()) return fail_at_once(build_id, file.error().what);
  const auto* trigger = file->trigger(build.trigger);
  if (!trigger) return fail_at_once(build_id, "ci.yml: trigger '" + build.trigger + "' does not exist");
  return insert_runs(build_id, *file, planned_runs(*file, *trigger), build.params);
}

Status Builds::fail_at_once(std::int64_t build_id, const std::string& message) {
  TRY(db_.execute("UPDATE ci_builds SET status = 'FAILED', message = ?, completed = ? WHERE id = ?",
                  {message, seconds_of(clock_.now()), build_id}));
  return {};
}

Status Builds::insert_runs(std::int64_t build_id, const JobFile& file, const std::vector<PlannedRun>& runs,
                           const Params& over) {
  for (auto run : runs) {
    for (const auto& [name, value] : over) run.params[name] = value;
    TRY(db_.execute("INSERT INTO ci_runs (build_id, name, spec, status, host_tag, created) VALUES (?, ?, ?, 'QUEUED', ?, ?)",
                    {build_id, run.name, to_json(run_spec_json(file, run)), run.spec->host_tag,
                     seconds_of(clock_.now())}));
  }
  return {};
}

Result<std::vector<Build>> Builds::select(const std::string& where, const std::vector<store::Value>& values) {
  std::vector<Build> out;
  for (const auto& row : TRY(db_.query(kBuildColumns + where, values))) out.push_back(TRY(build_of(row)));
  return out;
}

Result<std::vector<Run>> Builds::select_runs(const std::string& where, const std::vector<store::Value>& values) {
  std::vector<Run> out;
  for (const auto& row : TRY(db_.query(kRunColumns + where, values))) out.push_back(TRY(run_of(row)));
  return out;
}

Result<Build> Builds::build(const BuildKey& key) {
  auto found = TRY(select("WHERE p.factory = ? AND p.name = ? AND b.number = ?", {key.factory, key.project, key.number}));
  if (found.empty()) return not_found("build " + key.text() + ": does not exist");
  return std::move(found[0]);
}

Result<Build> Builds::newest(const std::string& factory, const std::string& project) {
  auto found = TRY(select("WHERE p.factory = ? AND p.name = ? ORDER BY b.number DESC LIMIT 1", {factory, project}));
  if (found.empty()) return not_found("project '" + factory + "/" + project + "': no build yet");
  return std::move(found[0]);
}

Result<Builds::Listing> Builds::list(const std::string& factory, const std::string& project, const Page& page) {
  Listing out;
  out.builds = TRY(select("WHERE p.factory = ? AND p.name = ? ORDER BY b.number DESC LIMIT ? OFFSET ?",
                          {factory, project, page.limit, page.limit * page.page}));
  auto count = TRY(db_.query("SELECT count(*) FROM ci_builds b JOIN ci_projects p ON p.id = b.project_id"
                             " WHERE p.factory = ? AND p.name = ?",
                             {factory, project}));
  out.total = count.at(0).integer(0);
  return out;
}

Result<std::vector<Run>> Builds::runs(const Build& build) { return select_runs("WHERE b.id = ? ORDER BY r.id", {build.id}); }

Result<Run> Builds::run(const RunKey& key) {
  auto found = TRY(select_runs("WHERE p.factory = ? AND p.name = ? AND b.number = ? AND r.name = ?",
                               {key.build.factory, key.build.project, key.build.number, key.run}));
  if (found.empty()) return not_found("run " + key.text() + ": does not exist");
  return std::move(found[0]);
}

Status Builds::report(const RunKey& key, RunState state, const std::string& message) {
  return db_.transaction([&]() -> Status {
    auto now = TRY(run(key));
    if (is_terminal(now.state) && now.state == state && now.message == message) return {};
    if (is_terminal(now.state))
      return conflict("run " + key.text() + ": is " + std::string(name_of(now.state)) + " already");
    bool going_on = state == RunState::running || state == RunState::uploading;
    if (now.state == RunState::cancelling && going_on) return {};  // it is told to stop by the next heartbeat
    return move(now.id, state, message);
  });
}

Status Builds::cancel(const BuildKey& key) {
  return db_.transaction([&]() -> Status {
    auto now = TRY(build(key));
    if (is_terminal(now.state)) return conflict("build " + key.text() + ": is " + std::string(name_of(now.state)) + " already");
    TRY(db_.execute("UPDATE ci_builds SET status = 'CANCELLING' WHERE id = ?", {now.id}));
    for (const auto& each : TRY(runs(now))) {
      if (is_terminal(each.state)) continue;
      TRY(move(each.id, each.state == RunState::queued ? RunState::failed : RunState::cancelling, "cancelled"));
    }
    return {};
  });
}

Status Builds::move(std::int64_t run_id, RunState state, const std::string& message) {
  store::Value completed = nullptr;
  if (is_terminal(state)) completed = seconds_of(clock_.now());
  TRY(db_.execute("UPDATE ci_runs SET status = ?, message = ?, completed = ? WHERE id = ? AND completed IS NULL",
                  {std::string(name_of(state)), message, completed, run_id}));
  if (state == RunState::passed) TRY(queue_follow_ups(run_id));
  auto rows = TRY(db_.query("SELECT build_id FROM ci_runs WHERE id = ?", {run_id}));
  return settle(rows.at(0).integer(0));
}

Status Builds::queue_follow_ups(std::int64_t run_id) {
  auto passed = TRY(select_runs("WHERE r.id = ?", {run_id})).at(0);
  auto build = TRY(select("WHERE b.id = (SELECT build_id FROM ci_runs WHERE id = ?)", {run_id})).at(0);
  if (build.state == BuildState::cancelling) return {};
  auto file = TRY(parse_job_file(build.definition));
  for (const auto& next : *TRY(passed.spec.array("follow-ups"))) {
    auto names = TRY(next.text("run-names"));
    if (auto at = names.find("{name}"); at != std::string::npos) names.replace(at, 6, passed.name);
    const auto* trigger = file.trigger(TRY(next.text("trigger")));
    TRY(insert_runs(build.id, file, planned_runs(file, *trigger, names), build.params));
  }
  return {};
}

Status Builds::settle(std::int64_t build_id) {
  auto build = TRY(select("WHERE b.id = ?", {build_id})).at(0);
  if (is_terminal(build.state)) return {};
  Counts counts;
  for (const auto& each : TRY(runs(build))) {
    ++counts.all;
    counts.queued += each.state == RunState::queued;
    counts.failed += each.state == RunState::failed;
    counts.open += !is_terminal(each.state);
  }
  auto state = state_of(counts, build.state);
  store::Value completed = nullptr;
  if (is_terminal(state)) completed = seconds_of(clock_.now());
  TRY(db_.execute("UPDATE ci_builds SET status = ?, completed = ? WHERE id = ?",
                  {std::string(name_of(state)), completed, build_id}));
  return {};
}

}  // namespace rota::server
