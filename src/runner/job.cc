#include "runner/job.h"

#include <filesystem>

#include "runner/checkout.h"
#include "runner/ostree_push.h"
#include "runner/sandbox.h"

namespace rota::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxLog = 60u << 20;
constexpr std::size_t kMaxArtifacts = 1000;
constexpr std::uint64_t kMaxScript = 1u << 20;

// Errors that mean the run is somebody else's now, or nobody can be told.
bool is_lost(const Status& status) {
  if (status.ok()) return false;
  switch (status.error().fault) {
    case Fault::unavailable:
    case Fault::denied:
    case Fault::conflict: return true;
    case Fault::rejected:
    case Fault::expired:
    case Fault::not_found:
    case Fault::bad_input:
    case Fault::io: return false;
  }
  abort_with("Fault: not one of its values");
}

bool is_in(const std::string& path, const std::string& folder) { return path == folder || path.starts_with(folder + "/"); }

// Plain files below the archive, but not those of the tree that is published. Links are not followed.
Result<std::vector<std::string>> artifact_paths(const std::string& archive, const std::string& tree) {
  std::vector<std::string> out;
  std::error_code failed;
  fs::recursive_directory_iterator at(archive, failed), end;
  for (; !failed && at != end; at.increment(failed)) {
    auto path = fs::relative(at->path(), archive).string();
    if (!tree.empty() && is_in(path, tree)) at.disable_recursion_pending();
    else if (at->symlink_status(failed).type() == fs::file_type::regular) out.push_back(path);
  }
  if (failed) return io_error("/archive: " + failed.message());
  if (out.size() > kMaxArtifacts) return rejected("/archive: want at most 1000 files, got " + std::to_string(out.size()));
  std::sort(out.begin(), out.end());
  return out;
}

// A real folder below the archive: a link on the way would lead to files of this machine.
Status is_real_folder(const std::string& archive, const std::string& path) {
  auto at = archive;
  for (const auto& part : split(path, '/')) {
    at += "/" + part;
    std::error_code failed;
    if (fs::symlink_status(at, failed).type() != fs::file_type::directory)
      return rejected("publish: /archive/" + path + ": want a folder made by the script");
  }
  return {};
}

// ci.md 3: "main", "main:devel" (tagged main), or a comma list of these.
std::vector<std::string> tags_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto& part : split(text, ',')) {
    auto tag = trim(std::string_view(part).substr(0, part.find(':')));
    if (!tag.empty()) out.emplace_back(tag);
  }
  return out;
}

}  // namespace

Job::Job(const JobDoors& doors, const RunDefinition& run, std::string folder)
    : doors_(doors), run_(run), folder_(std::move(folder)), link_(doors.server, run_), log_(link_, run_) {}

Status Job::write_secrets() {
  TRY(doors_.files.make_folder(in("secrets"), 0700));
  for (const auto& [name, value] : run_.secrets) TRY(doors_.files.create(in("secrets/" + name), value.reveal(), 0600));
  return {};
}

Status Job::write_script() {
  if (!run_.script.empty()) return doors_.files.create(in("script"), run_.script + "\n", 0700);
  TRY_IN("script-repo", Checkout(doors_.files, run_, doors_.ca_file).fetch({run_.script_clone_url, run_.script_git_ref}, in("script-repo")));
  std::error_code failed;
  auto file = in("script-repo/" + run_.script_path);
  if (fs::symlink_status(file, failed).type() != fs::file_type::regular)
    return rejected("script-repo: '" + run_.script_path + "': want a plain file");
  return doors_.files.create(in("script"), TRY(doors_.files.read(file, kMaxScript)), 0700);
}

Status Job::prepare() {
  if (!run_.container.empty()) return rejected("container '" + run_.container + "': this runner has no container engine");
  if (run_.privileged) return rejected("privileged: not allowed by this runner");
  if (run_.greps_tests) TRY(log_.note("test-grepping is not evaluated by this runner"));
  TRY(log_.note("fetching " + run_.git_sha + " of " + run_.git_url));
  TRY(doors_.files.make_folder(in("archive"), 0700));
  TRY(Checkout(doors_.files, run_, doors_.ca_file).fetch({run_.git_url, run_.git_sha}, in("repo")));
  TRY(write_secrets());
  return write_script();
}

Result<std::vector<std::pair<std::string, std::string>>> Job::volumes() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, inside] : run_.volumes) {
    auto here = doors_.volumes_folder + "/" + run_.factory + "/" + run_.project + "/" + name;
    TRY(make_folders(doors_.files, here, 0700));
    out.emplace_back(here, inside);
  }
  return out;
}

Status Job::run_script() {
  TRY(log_.note("running in a sandbox without network, at most " + std::to_string(run_.timeout.count() / 60) + " minutes"));
  SandboxFolders folders{in("repo"), in("archive"), in("secrets"), in("script"), {}};
  folders.volumes = TRY(volumes());
  auto command = sandboxed(folders, run_.env);
  command.timeout = run_.timeout;
  command.max_output = kMaxLog;
  command.sink = [this](BytesView bytes) { return log_.add(bytes); };
  command.watch = [this] {
    log_state_ = log_.tick();
    bool go_on = log_state_.ok() && doors_.stop.load() == Stop::none;
    return go_on ? Command::GoOn::yes : Command::GoOn::no;
  };
  auto ended = TRY(run(command));
  TRY(std::move(log_state_));
  return check_end(ended);
}

Status Job::check_end(const Ended& ended) {
  switch (ended.how) {
    case Ended::How::exited:
      if (ended.code == 0) return {};
      return rejected("script: exit status " + std::to_string(ended.code));
    case Ended::How::killed: return rejected("script: ended by signal " + std::to_string(ended.code));
    case Ended::How::timed_out: return rejected("script: took longer than " + std::to_string(run_.timeout.count() / 60) + " minutes");
    case Ended::How::stopped:
      if (doors_.stop.load() == Stop::leaving) return unavailable("run: left, the runner is stopping");
      return rejected("cancelled");
  }
  abort_with("Ended: not one of its ways");
}

Status Job::deliver_artifacts() {
  auto paths = TRY(artifact_paths(in("archive"), run_.publish ? run_.publish->tree : ""));
  if (!paths.empty()) TRY(log_.note("keeping " + std::to_string(paths.size()) + " artifact(s)"));
  return link_.put_artifacts(in("archive"), paths);
}

Result<Json> Job::targets_for(const std::string& commit) {
  auto lite = run_.env.find("OTA_LITE_TAG");
  auto tags = lite == run_.env.end() ? std::vector<std::string>{} : tags_of(lite->second);
  if (tags.empty()) return rejected("publish: parameter OTA_LITE_TAG: want at least one tag");
  const auto& machine = run_.publish->machine;
  Json out;
  for (const auto& tag : tags) {
    auto name = machine + "-lmp-" + run_.number + (tags.size() > 1 ? "-" + tag : "");
    Json& target = out[name];
    target["hashes"]["sha256"] = commit;
    target["length"] = 0;
    Json& custom = target["custom"];
    custom["name"] = machine + "-lmp";
    custom["version"] = run_.number;
    custom["hardwareIds"] = Json::Array{machine};
    custom["targetFormat"] = "OSTREE";
    custom["tags"] = Json::Array{tag};
  }
  return out;
}

Status Job::publish() {
  TRY(is_real_folder(in("archive"), run_.publish->tree));
  TRY(link_.report("UPLOADING", ""));
  TreeCommit order{in("archive/" + run_.publish->tree), run_.publish->machine,
                   run_.factory + "/" + run_.project + " build " + run_.number, run_.number, {}};
  order.time = TRY(Checkout(doors_.files, run_, doors_.ca_file).commit_time(in("repo")));
  auto commit = TRY(commit_tree(order, in("ostree")));
  auto targets = TRY(targets_for(commit));
  auto pushed = TRY(push_repository(link_, in("ostree")));
  TRY(log_.note("ostree commit " + commit + ": " + std::to_string(pushed.files) + " objects, " +
                std::to_string(pushed.sent) + " of them new to the server"));
  auto version = TRY(link_.publish_targets(targets));
  for (const auto& [name, target] : *targets.if_object())
    TRY(log_.note(version ? "published " + name + " in targets.json version " + std::to_string(*version)
                          : name + " awaits a signature"));
  return {};
}

Status Job::all_steps() {
  TRY(prepare());
  auto script = run_script();
  if (is_lost(script)) return script;
  auto artifacts = deliver_artifacts();  // of a script that failed, too
  TRY(std::move(script));
  TRY(std::move(artifacts));
  return run_.publish ? publish() : Status{};
}

Status Job::report(const Status& outcome) {
  auto message = outcome.ok() ? "" : outcome.error().what;
  auto logged = log_.note(outcome.ok() ? "passed" : "failed: " + message);
  if (logged.ok()) logged = log_.finish();
  if (is_lost(logged)) return logged;  // a log that is full is no reason to keep the result back
  return link_.report(outcome.ok() ? "PASSED" : "FAILED", message);
}

Status Job::perform() {
  auto outcome = all_steps();
  if (is_lost(outcome) && doors_.stop.load() == Stop::leaving) return outcome;
  auto reported = report(outcome);
  return reported.ok() || !is_lost(outcome) ? reported : outcome;
}

}  // namespace rota::runner
