#include "runner/run_definition.h"

#include <algorithm>

namespace rota::runner {
namespace {

bool is_word(std::string_view text) {
  if (text.empty() || text.size() > 80 || text == "." || text == "..") return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

bool is_clean_path(std::string_view path) {
  auto parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(),
                      [](const std::string& part) { return part.empty() || part == "." || part == ".."; });
}

std::map<std::string, std::string> texts_in(const Json& told, std::string_view member) {
  std::map<std::string, std::string> out;
  const auto* found = told.find(member);
  const auto* members = found ? found->if_object() : nullptr;
  if (!members) return out;
  for (const auto& [name, value] : *members)
    if (const auto* text = value.if_text()) out[name] = *text;
  return out;
}

// Moves the text of a member into wiped storage.
Result<crypto::SecretBytes> taken_secret(Json* member) {
  if (!member || !member->if_text()) return rejected("run: want a secret text, got none");
  auto text = *member->if_text();
  crypto::SecretBytes secret{std::move(text)};
  auto blank = Bytes(secret.size(), '\0');
  *member = Json(std::move(blank));
  return secret;
}

Status take_secrets(RunDefinition& run, Json& told) {
  run.key = TRY(taken_secret(told.find("run-key")));
  auto* found = told.find("secrets");
  auto* secrets = found ? found->if_object() : nullptr;
  if (!secrets) return {};
  for (auto& [name, value] : *secrets) {
    if (!is_word(name)) return rejected("run: '" + name + "' cannot be the name of a secret");
    run.secrets.emplace(name, TRY(taken_secret(&value)));
  }
  return {};
}

Status read_id(RunDefinition& run) {
  auto parts = split(run.id, '/');
  if (parts.size() != 4 || !std::all_of(parts.begin(), parts.end(), is_word))
    return rejected("run: want factory/project/number/name, got '" + run.id + "'");
  run.factory = parts[0];
  run.project = parts[1];
  run.number = parts[2];
  run.name = parts[3];
  return {};
}

Status read_script(RunDefinition& run, const Json& told) {
  run.script = told.text_or("script", "");
  if (!run.script.empty()) return {};
  const auto* repo = told.find("script-repo");
  if (!repo) return rejected("run: want 'script' or 'script-repo'");
  run.script_clone_url = TRY(repo->text("clone-url"));
  run.script_git_ref = TRY(repo->text("git-ref"));
  run.script_path = TRY(repo->text("path"));
  if (!is_clean_path(run.script_path)) return rejected("run: script-repo: want a path inside the repository");
  return {};
}

Status read_publish(RunDefinition& run, const Json& told) {
  const auto* publish = told.find("publish");
  if (!publish) return {};
  auto& wanted = run.publish.emplace();
  wanted.machine = TRY(publish->text("machine"));
  wanted.tree = TRY(publish->text("tree"));
  if (!is_word(run.publish->machine) || !is_clean_path(run.publish->tree))
    return rejected("run: publish: want a machine and a folder below /archive");
  return {};
}

Status read_volumes(RunDefinition& run, const Json& told) {
  run.volumes = texts_in(told, "persistent-volumes");
  for (const auto& [name, path] : run.volumes)
    if (!is_word(name) || !path.starts_with("/") || !is_clean_path(std::string_view(path).substr(1)))
      return rejected("run: persistent-volumes: '" + name + "': want a name and an absolute path");
  return {};
}

}  // namespace

std::string RunDefinition::build_url() const { return url.substr(0, url.find("/runs/")); }

Result<RunDefinition> read_run_definition(Json& told) {
  RunDefinition run;
  TRY(take_secrets(run, told));
  run.id = TRY(told.text("run"));
  run.url = TRY(told.text("run-url"));
  run.timeout = Seconds(TRY(told.integer("timeout")));
  run.log_size = TRY(told.integer("log-size"));
  run.env = texts_in(told, "env");
  run.container = told.text_or("container", "");
  run.privileged = told.find("privileged") != nullptr;
  run.greps_tests = told.find("test-grepping") != nullptr;
  const auto* git = told.find("git");
  if (!git) return rejected("run: want 'git'");
  run.git_url = TRY(git->text("url"));
  run.git_sha = TRY(git->text("sha"));
  TRY(read_id(run));
  TRY(read_script(run, told));
  TRY(read_volumes(run, told));
  TRY(read_publish(run, told));
  return run;
}

}  // namespace rota::runner
