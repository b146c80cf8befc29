#include "server/sources.h"

#include <algorithm>

namespace rota::server {
namespace {

std::int64_t seconds_of(Time time) { return time.time_since_epoch().count(); }

// What a fresh bare repository is set to. No background work: everything a push starts ends with it.
constexpr std::pair<const char*, const char*> kSettings[] = {
    {"http.receivepack", "true"},          {"uploadpack.allowAnySHA1InWant", "true"},
    {"transfer.fsckObjects", "true"},      {"receive.maxInputSize", "2147483648"},
    {"receive.autogc", "false"},           {"gc.auto", "0"},
    {"core.fsync", "committed,reference"}, {"core.logAllRefUpdates", "true"},
};

std::map<std::string, std::string> refs_in(const std::string& listing) {
  std::map<std::string, std::string> refs;
  for (const auto& line : split(listing, '\n')) {
    auto words = split(line, ' ');  // "<object> <peeled or nothing> <ref>"
    if (words.size() == 3) refs[words[2]] = words[1].empty() ? words[0] : words[1];
  }
  return refs;
}

bool starts_builds(std::string_view ref) { return ref.starts_with("refs/heads/") || ref.starts_with("refs/tags/"); }

}  // namespace

Command git_command(std::vector<std::string> arguments) {
  Command command;
  command.argv = {"git"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}, {"HOME", "/nonexistent"},
                         {"LC_ALL", "C"}};
  return command;
}

bool is_source_name(std::string_view name) {
  auto lower_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 64 || !lower_or_digit(name[0]) || name.ends_with(".git")) return false;
  return std::all_of(name.begin(), name.end(),
                     [&](char c) { return lower_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

std::string Sources::folder(const Source& source) const {
  return git_folder_ + "/" + source.factory + "/" + source.name + ".git";
}

// Built beside its place and renamed there: a half-made repository is never found under its name.
Status Sources::make_repository(const std::string& path) {
  if (TRY(doors_.files.facts(path)).exists()) return {};  // left by a creation that was cut short
  TRY(make_folders(doors_.files, folder_of(path), 0700));
  auto fresh = path + ".new";
  Command clear;
  clear.argv = {"rm", "-rf", "--", fresh};
  TRY(output_of(clear));
  TRY(output_of(git_command({"init", "--quiet", "--bare", "--template=", "--initial-branch=main", fresh})));
  for (const auto& [name, value] : kSettings) TRY(output_of(git_command({"--git-dir=" + fresh, "config", name, value})));
  TRY(doors_.files.rename(fresh, path));
  return doors_.files.sync_folder(folder_of(path));
}

Result<Source> Sources::create(const NewSource& order) {
  if (!is_source_name(order.name)) return bad_input("source: name: want [a-z0-9][a-z0-9_.-]{0,63}, got '" + order.name + "'");
  if (!is_source_name(order.project)) return bad_input("source: project: want [a-z0-9][a-z0-9_.-]{0,63}, got '" + order.project + "'");
  if (order.first_build && (*order.first_build < 1 || *order.first_build > INT32_MAX))
    return bad_input("source: first-build: want 1 to 2147483647");
  if (!TRY(select("WHERE factory = ? AND name = ?", {order.factory, order.name})).empty())
    return conflict("source '" + order.name + "': exists already");
  Source source{0, order.factory, order.name, order.project};
  TRY(make_repository(folder(source)));
  TRY(builds_.need_project(order.factory, order.project, order.first_build));
  TRY(doors_.db.execute("INSERT INTO ci_sources (factory, name, project, created) VALUES (?, ?, ?, ?)",
                        {order.factory, order.name, order.project, seconds_of(doors_.clock.now())}));
  return find(order.factory, order.name);
}

Result<std::vector<Source>> Sources::select(const std::string& where, const std::vector<store::Value>& values) {
  std::vector<Source> out;
  for (const auto& row : TRY(doors_.db.query("SELECT id, factory, name, project FROM ci_sources " + where, values)))
    out.push_back({row.integer(0), row.text(1), row.text(2), row.text(3)});
  return out;
}

Result<Source> Sources::find(const std::string& factory, const std::string& name) {
  auto found = TRY(select("WHERE factory = ? AND name = ?", {factory, name}));
  if (found.empty()) return not_found("source '" + factory + "/" + name + "': does not exist");
  return std::move(found[0]);
}

Result<std::vector<Source>> Sources::list(const std::string& factory) {
  return select("WHERE factory = ? ORDER BY name", {factory});
}

std::unique_lock<std::mutex> Sources::turn(const Source& source) {
  std::mutex* one = nullptr;
  {
    std::lock_guard lock(mutex_);
    one = &turns_[source.id];
  }
  return std::unique_lock(*one);
}

Result<std::vector<Sources::Moved>> Sources::moved_refs(const Source& source) {
  auto list_refs = git_command({"--git-dir=" + folder(source), "for-each-ref", "--format=%(objectname) %(*objectname) %(refname)"});
  list_refs.max_output = 16 << 20;
  auto now = refs_in(TRY(output_of(list_refs)));
  std::vector<Moved> out;
  for (const auto& row : TRY(doors_.db.query("SELECT ref, sha FROM ci_source_refs WHERE source_id = ?", {source.id}))) {
    auto same_name = now.extract(row.text(0));
    if (same_name.empty()) out.push_back({row.text(0), "", row.text(1)});
    else if (same_name.mapped() != row.text(1)) out.push_back({row.text(0), same_name.mapped(), row.text(1)});
  }
  for (const auto& [ref, commit] : now) out.push_back({ref, commit, ""});
  return out;
}

// The text of ci.yml in that commit when it is a plain file there. rejected: longer than a job file may be.
Result<std::optional<std::string>> Sources::job_file_at(const Source& source, const std::string& commit) {
  auto git_dir = "--git-dir=" + folder(source);
  auto entry = TRY(output_of(git_command({git_dir, "ls-tree", "--full-tree", "-l", commit, "--", "ci.yml"})));
  if (!entry.starts_with("100")) return std::nullopt;  // "<mode> blob <object> <size>\tci.yml"; no link, no folder
  auto words = split(entry.substr(0, entry.find('\t')), ' ');
  auto show = git_command({git_dir, "cat-file", "blob", words.at(2)});
  show.max_output = kMaxJobFile;
  return TRY(output_of(show));
}

Result<std::vector<NewBuild>> Sources::builds_of(const Source& source, const Moved& moved) {
  std::vector<NewBuild> out;
  if (moved.commit.empty() || !starts_builds(moved.ref)) return out;
  NewBuild build{source.factory, source.project, "push", "push to " + moved.ref,
                 {source.name, moved.ref, moved.commit, moved.old_commit}};
  auto text = job_file_at(source, moved.commit);
  if (!text.ok() && text.error().fault != Fault::rejected) return text.error();
  if (text.ok() && !*text) return out;
  // A file that cannot be read makes a build that says so.
  build.definition = text.ok() ? **text : std::string(kMaxJobFile + 1, ' ');
  auto file = parse_job_file(build.definition);
  if (!file.ok()) return std::vector{build};
  for (const auto* trigger : triggered_by_push(*file, moved.ref)) {
    build.trigger = trigger->name;
    out.push_back(build);
  }
  return out;
}

Status Sources::remember(const Source& source, const Moved& moved) {
  if (moved.commit.empty())
    TRY(doors_.db.execute("DELETE FROM ci_source_refs WHERE source_id = ? AND ref = ?", {source.id, moved.ref}));
  else
    TRY(doors_.db.execute("INSERT INTO ci_source_refs (source_id, ref, sha) VALUES (?, ?, ?)"
                          " ON CONFLICT (source_id, ref) DO UPDATE SET sha = excluded.sha",
                          {source.id, moved.ref, moved.commit}));
  return {};
}

Result<std::vector<BuildKey>> Sources::notice(const Source& source) {
  auto moved = TRY(moved_refs(source));
  if (moved.empty()) return std::vector<BuildKey>{};
  std::vector<NewBuild> planned;
  for (const auto& each : moved) {
    auto builds = TRY(builds_of(source, each));
    planned.insert(planned.end(), builds.begin(), builds.end());
  }
  std::vector<BuildKey> made;
  auto record = [&]() -> Status {
    for (const auto& each : moved) TRY(remember(source, each));
    for (const auto& each : planned) made.push_back(TRY(builds_.insert(each)));
    return {};
  };
  TRY(doors_.db.transaction(record));
  return made;
}

Status Sources::notice_all() {
  for (const auto& source : TRY(select("", {}))) {
    auto mine = turn(source);
    TRY_IN("source '" + source.name + "'", notice(source));
  }
  return {};
}

}  // namespace rota::server
