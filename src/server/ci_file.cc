#include "server/ci_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <set>

#include "server/ci_rules.h"

namespace rota::server {
namespace {

using Members = std::map<std::string, std::function<Status(const YAML::Node&)>>;

Error at(const YAML::Node& node, const std::string& what) {
  return bad_input("ci.yml: line " + std::to_string(std::max(node.Mark().line, 0) + 1) + ": " + what);
}

Result<std::string> text_of(const YAML::Node& node) {
  if (!node.IsScalar()) return at(node, "want text, got a list or map");
  return node.Scalar();
}

Result<bool> truth_of(const YAML::Node& node) {
  auto text = TRY(text_of(node));
  if (text == "true") return true;
  if (text == "false") return false;
  return at(node, "want true or false, got '" + text + "'");
}

// Calls the member's reader for each key; an unknown or repeated key is refused.
Status read_map(const YAML::Node& node, const std::string& what, const Members& members) {
  if (!node.IsMap()) return at(node, what + ": want a map");
  std::set<std::string> seen;
  for (const auto& entry : node) {
    auto key = TRY(text_of(entry.first));
    auto member = members.find(key);
    if (member == members.end()) return at(entry.first, what + ": unknown key '" + key + "'");
    if (!seen.insert(key).second) return at(entry.first, what + ": key '" + key + "' is there twice");
    TRY(member->second(entry.second));
  }
  return {};
}

Result<std::map<std::string, std::string>> texts_by_name(const YAML::Node& node, const std::string& what) {
  if (!node.IsMap()) return at(node, what + ": want a map");
  std::map<std::string, std::string> out;
  for (const auto& entry : node) {
    auto key = TRY(text_of(entry.first));
    if (!out.emplace(key, TRY(text_of(entry.second))).second)
      return at(entry.first, what + ": key '" + key + "' is there twice");
  }
  return out;
}

Result<std::vector<std::string>> texts_of(const YAML::Node& node, const std::string& what) {
  if (!node.IsSequence()) return at(node, what + ": want a list");
  std::vector<std::string> out;
  for (const auto& item : node) out.push_back(TRY(text_of(item)));
  return out;
}

template <typename T>
Result<std::vector<T>> items_of(const YAML::Node& node, const std::string& what,
                                const std::function<Result<T>(const YAML::Node&)>& read) {
  if (!node.IsSequence()) return at(node, what + ": want a list");
  std::vector<T> out;
  for (const auto& item : node) out.push_back(TRY(read(item)));
  return out;
}

// A member that fills `out` from the node.
template <typename T, typename Read>
std::function<Status(const YAML::Node&)> into(T& out, Read read) {
  return [&out, read](const YAML::Node& node) -> Status {
    out = TRY(read(node));
    return {};
  };
}

auto into_text(std::string& out) { return into(out, text_of); }

auto into_texts(std::vector<std::string>& out, const std::string& what) {
  return into(out, [what](const YAML::Node& node) { return texts_of(node, what); });
}

auto into_params(Params& out) {
  return [&out](const YAML::Node& node) -> Status {
    out = TRY(texts_by_name(node, "params"));
    for (const auto& [name, value] : out)
      if (!is_param_name(name)) return at(node, "params: '" + name + "' cannot be the name of a parameter");
    return {};
  };
}

Result<Loop> read_loop(const YAML::Node& node) {
  Loop loop;
  TRY(read_map(node, "loop-on",
               {{"param", into_text(loop.param)}, {"values", into_texts(loop.values, "values")}}));
  if (!is_param_name(loop.param)) return at(node, "loop-on: '" + loop.param + "' cannot be the name of a parameter");
  if (loop.values.empty() || loop.values.size() > 64) return at(node, "loop-on: want 1 to 64 values");
  return loop;
}

Result<FollowUp> read_follow_up(const YAML::Node& node) {
  FollowUp next;
  TRY(read_map(node, "triggers", {{"name", into_text(next.trigger)}, {"run-names", into_text(next.run_names)}}));
  if (next.trigger.empty()) return at(node, "triggers: 'name' is missing");
  return next;
}

Result<PublishSpec> read_publish(const YAML::Node& node) {
  PublishSpec publish;
  TRY(read_map(node, "publish", {{"machine", into_text(publish.machine)}, {"tree", into_text(publish.tree)}}));
  if (!is_machine_name(publish.machine)) return at(node, "publish: 'machine': want a hardware id, [A-Za-z0-9_.-]{1,64}");
  if (!is_relative_path(publish.tree)) return at(node, "publish: 'tree': want a folder below /archive");
  return publish;
}

Result<std::map<std::string, std::string>> read_volumes(const YAML::Node& node) {
  auto volumes = TRY(texts_by_name(node, "persistent-volumes"));
  for (const auto& [name, path] : volumes)
    if (!is_run_name(name) || path.size() < 2 || path[0] != '/' || !is_relative_path(path.substr(1)))
      return at(node, "persistent-volumes: '" + name + "': want a name and an absolute path");
  return volumes;
}

Result<std::map<std::string, std::string>> read_grepping(const YAML::Node& node) {
  std::map<std::string, std::string> out;
  auto pattern = [&out](const char* key) { return into_text(out[key]); };
  TRY(read_map(node, "test-grepping",
               {{"test-pattern", pattern("test-pattern")}, {"result-pattern", pattern("result-pattern")}}));
  return out;
}

Status read_script_repo_of(const YAML::Node& node, RunSpec& run) {
  TRY(read_map(node, "script-repo", {{"name", into_text(run.script_repo)}, {"path", into_text(run.script_path)}}));
  if (!is_relative_path(run.script_path)) return at(node, "script-repo: 'path': want a path inside the repository");
  return {};
}

Members members_of(RunSpec& run) {
  return {
      {"name", into_text(run.name)},
      {"container", into_text(run.container)},
      {"host-tag", into_text(run.host_tag)},
      {"script", into_text(run.script)},
      {"script-repo", [&run](const YAML::Node& n) { return read_script_repo_of(n, run); }},
      {"privileged", into(run.privileged, truth_of)},
      {"params", into_params(run.params)},
      {"loop-on", into(run.loops, [](const YAML::Node& n) { return items_of<Loop>(n, "loop-on", read_loop); })},
      {"secrets", into_texts(run.secrets, "secrets")},
      {"persistent-volumes", into(run.volumes, read_volumes)},
      {"test-grepping", into(run.test_grepping, read_grepping)},
      {"triggers",
       into(run.follow_ups, [](const YAML::Node& n) { return items_of<FollowUp>(n, "triggers", read_follow_up); })},
      {"publish", into(run.publish, read_publish)},
  };
}

Result<RunSpec> read_run(const YAML::Node& node) {
  RunSpec run;
  TRY(read_map(node, "run", members_of(run)));
  if (run.name.empty()) return at(node, "run: 'name' is missing");
  if (run.script.empty() == run.script_repo.empty())
    return at(node, "run '" + run.name + "': want either 'script' or 'script-repo'");
  return run;
}

Result<TriggerSpec::Type> read_type(const YAML::Node& node) {
  static const std::map<std::string, TriggerSpec::Type> types = {{"push", TriggerSpec::Type::push},
                                                                 {"git_poller", TriggerSpec::Type::git_poller},
                                                                 {"github_pr", TriggerSpec::Type::github_pr},
                                                                 {"gitlab_mr", TriggerSpec::Type::gitlab_mr},
                                                                 {"simple", TriggerSpec::Type::simple}};
  auto text = TRY(text_of(node));
  auto type = types.find(text);
  if (type == types.end()) return at(node, "type: want push, git_poller, github_pr, gitlab_mr or simple, got '" + text + "'");
  return type->second;
}

Result<TriggerSpec> read_trigger(const YAML::Node& node) {
  TriggerSpec trigger;
  auto runs = [](const YAML::Node& n) { return items_of<RunSpec>(n, "runs", read_run); };
  TRY(read_map(node, "trigger",
               {{"name", into_text(trigger.name)},
                {"type", into(trigger.type, read_type)},
                {"refs", into_texts(trigger.refs, "refs")},
                {"params", into_params(trigger.params)},
                {"secrets", into_texts(trigger.secrets, "secrets")},
                {"runs", into(trigger.runs, runs)}}));
  if (!is_run_name(trigger.name)) return at(node, "trigger: 'name': want [A-Za-z0-9_.-]{1,80}, got '" + trigger.name + "'");
  bool push = trigger.type == TriggerSpec::Type::push;
  if (push && trigger.refs.empty()) return at(node, "trigger '" + trigger.name + "': 'refs' is missing");
  if (trigger.runs.empty()) return at(node, "trigger '" + trigger.name + "': 'runs' is missing");
  return trigger;
}

Result<Seconds> read_timeout(const YAML::Node& node) {
  auto minutes = decimal(TRY(text_of(node)), 720);
  if (!minutes || *minutes < 1) return at(node, "timeout: want 1 to 720 minutes");
  return Seconds(std::chrono::minutes(*minutes));
}

Result<std::map<std::string, ScriptRepo>> read_script_repos(const YAML::Node& node) {
  std::map<std::string, ScriptRepo> out;
  Members members;
  if (node.IsMap())
    for (const auto& entry : node)
      members.emplace(TRY(text_of(entry.first)), [&out, name = entry.first.Scalar()](const YAML::Node& n) {
        auto& repo = out[name];
        return read_map(n, "script-repos", {{"clone-url", into_text(repo.clone_url)}, {"git-ref", into_text(repo.git_ref)}});
      });
  TRY(read_map(node, "script-repos", members));
  return out;
}

Members members_of(JobFile& file) {
  auto triggers = [](const YAML::Node& n) { return items_of<TriggerSpec>(n, "triggers", read_trigger); };
  auto scripts = [](const YAML::Node& n) { return texts_by_name(n, "scripts"); };
  auto email = [&file](const YAML::Node& n) {
    return read_map(n, "email", {{"users", into_text(file.email_users)},
                                 {"only_failures", into(file.email_only_failures, truth_of)}});
  };
  return {{"timeout", into(file.timeout, read_timeout)},
          {"params", into_params(file.params)},
          {"triggers", into(file.triggers, triggers)},
          {"scripts", into(file.scripts, scripts)},
          {"script-repos", into(file.script_repos, read_script_repos)},
          {"email", email}};
}

// The line of a trigger's entry, for errors found after reading.
int line_of(const YAML::Node& root, std::size_t trigger) { return root["triggers"][trigger].Mark().line + 1; }

Result<JobFile> read_file(const YAML::Node& root) {
  JobFile file;
  TRY(read_map(root, "the file", members_of(file)));
  if (file.triggers.empty()) return at(root, "'triggers' is missing");
  auto fault = first_fault(file);
  if (!fault) return file;
  return bad_input("ci.yml: line " + std::to_string(line_of(root, fault->trigger)) + ": " + fault->what);
}

}  // namespace

Result<JobFile> parse_job_file(std::string_view yaml) {
  if (yaml.size() > kMaxJobFile)
    return bad_input("ci.yml: want at most " + std::to_string(kMaxJobFile) + " bytes, got " + std::to_string(yaml.size()));
  try {
    auto root = YAML::Load(std::string(yaml));
    return read_file(root);
  } catch (const YAML::Exception& e) {
    auto line = e.mark.is_null() ? std::string() : "line " + std::to_string(e.mark.line + 1) + ": ";
    return bad_input("ci.yml: " + line + e.msg);
  }
}

}  // namespace rota::server
