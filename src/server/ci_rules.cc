#include "server/ci_rules.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

namespace rota::server {
namespace {

constexpr std::size_t kMostRuns = 256;  // of one trigger, loops unrolled

bool in(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           extra.find(c) != std::string_view::npos;
  });
}

bool is_word(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && text != "." && text != ".." && in(text, "_.-");
}

std::string with(std::string text, std::string_view mark, const std::string& value) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
  return text;
}

// Every combination of the loops' values, the last loop turning fastest; one empty combination without loops.
std::vector<std::vector<std::string>> combinations(const std::vector<Loop>& loops) {
  std::vector<std::vector<std::string>> out = {{}};
  for (const auto& loop : loops) {
    std::vector<std::vector<std::string>> next;
    for (const auto& start : out)
      for (const auto& value : loop.values) {
        next.push_back(start);
        next.back().push_back(value);
      }
    out = std::move(next);
  }
  return out;
}

std::size_t count_of(const RunSpec& run) {
  std::size_t n = 1;
  for (const auto& loop : run.loops) n = std::min(n * loop.values.size(), kMostRuns + 1);
  return n;
}

void put_over(Params& params, const Params& over) {
  for (const auto& [name, value] : over) params[name] = value;
}

std::optional<std::string> fault_of_run(const JobFile& file, const TriggerSpec& trigger, const RunSpec& run) {
  auto named = "run '" + run.name + "': ";
  if (!run.script.empty() && !file.scripts.contains(run.script)) return named + "script '" + run.script + "' is not in 'scripts'";
  if (!run.script_repo.empty() && !file.script_repos.contains(run.script_repo))
    return named + "'" + run.script_repo + "' is not in 'script-repos'";
  for (const auto& secret : run.secrets)
    if (std::find(trigger.secrets.begin(), trigger.secrets.end(), secret) == trigger.secrets.end())
      return named + "secret '" + secret + "' is not declared by trigger '" + trigger.name + "'";
  for (const auto& next : run.follow_ups)
    if (!file.trigger(next.trigger)) return named + "trigger '" + next.trigger + "' does not exist";
  if (!run.loops.empty() && run.name.find("{loop}") == std::string::npos)
    return named + "'loop-on' needs {loop} in the name";
  return std::nullopt;
}

std::optional<std::string> fault_of_names(const JobFile& file, const TriggerSpec& trigger) {
  std::size_t count = 0;
  for (const auto& run : trigger.runs) count += count_of(run);
  if (count > kMostRuns) return "trigger '" + trigger.name + "': want at most " + std::to_string(kMostRuns) + " runs";
  std::set<std::string> seen;
  for (const auto& run : planned_runs(file, trigger)) {
    if (!is_run_name(run.name)) return "run '" + run.name + "': want a name of [A-Za-z0-9_.-]{1,80}";
    if (!seen.insert(run.name).second) return "run '" + run.name + "' is there twice";
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_trigger(const JobFile& file, const TriggerSpec& trigger) {
  for (const auto& secret : trigger.secrets)
    if (!is_run_name(secret)) return "trigger '" + trigger.name + "': '" + secret + "' cannot be the name of a secret";
  for (const auto& run : trigger.runs)
    if (auto fault = fault_of_run(file, trigger, run)) return fault;
  return fault_of_names(file, trigger);
}

// True when following `name`'s follow-ups comes back to `start`.
bool comes_back(const JobFile& file, const std::string& start, const std::string& name, std::set<std::string>& seen) {
  for (const auto& run : file.trigger(name)->runs)
    for (const auto& next : run.follow_ups) {
      if (next.trigger == start) return true;
      if (seen.insert(next.trigger).second && comes_back(file, start, next.trigger, seen)) return true;
    }
  return false;
}

}  // namespace

bool is_run_name(std::string_view name) { return is_word(name, 80); }
bool is_machine_name(std::string_view name) { return is_word(name, 64); }

bool is_relative_path(std::string_view path) {
  if (path.empty() || path.size() > 1024) return false;
  if (!std::all_of(path.begin(), path.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '\\'; })) return false;
  auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

bool is_param_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !in(name, "_") || (name[0] >= '0' && name[0] <= '9')) return false;
  bool reserved = name.starts_with("H_") || name.starts_with("LD_") || name == "PATH" || name == "HOME" || name == "IFS";
  return !reserved;
}

const TriggerSpec* JobFile::trigger(std::string_view name) const {
  auto found = std::find_if(triggers.begin(), triggers.end(), [name](const TriggerSpec& t) { return t.name == name; });
  return found == triggers.end() ? nullptr : &*found;
}

std::optional<JobFault> first_fault(const JobFile& file) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < file.triggers.size(); ++i) {
    const auto& trigger = file.triggers[i];
    if (!names.insert(trigger.name).second) return JobFault{i, "trigger '" + trigger.name + "' is there twice"};
    if (auto fault = fault_of_trigger(file, trigger)) return JobFault{i, *fault};
  }
  for (std::size_t i = 0; i < file.triggers.size(); ++i) {
    std::set<std::string> seen;
    if (comes_back(file, file.triggers[i].name, file.triggers[i].name, seen))
      return JobFault{i, "trigger '" + file.triggers[i].name + "' starts itself again, directly or through others"};
  }
  return std::nullopt;
}

std::vector<PlannedRun> planned_runs(const JobFile& file, const TriggerSpec& trigger, const std::string& names) {
  std::vector<PlannedRun> out;
  for (const auto& spec : trigger.runs)
    for (const auto& values : combinations(spec.loops)) {
      PlannedRun run{names.empty() ? spec.name : names, &spec, file.params};
      put_over(run.params, trigger.params);
      put_over(run.params, spec.params);
      std::string loop;
      for (std::size_t i = 0; i < values.size(); ++i) {
        run.params[spec.loops[i].param] = values[i];
        loop += (i ? "-" : "") + values[i];
      }
      run.name = with(run.name, "{loop}", loop);
      out.push_back(std::move(run));
    }
  return out;
}

std::vector<const TriggerSpec*> triggered_by_push(const JobFile& file, const std::string& ref) {
  std::vector<const TriggerSpec*> out;
  for (const auto& trigger : file.triggers) {
    bool matches = std::any_of(trigger.refs.begin(), trigger.refs.end(), [&ref](const std::string& pattern) {
      return fnmatch(pattern.c_str(), ref.c_str(), 0) == 0;
    });
    if (trigger.type == TriggerSpec::Type::push && matches) out.push_back(&trigger);
  }
  return out;
}

}  // namespace rota::server
