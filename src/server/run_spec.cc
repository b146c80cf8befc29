#include "server/run_spec.h"

namespace rota::server {
namespace {

void put_script(Json& out, const JobFile& file, const RunSpec& spec) {
  if (!spec.script.empty()) {
    out["script"] = file.scripts.at(spec.script);
    return;
  }
  const auto& repo = file.script_repos.at(spec.script_repo);
  out["script-repo"]["clone-url"] = repo.clone_url;
  out["script-repo"]["git-ref"] = repo.git_ref;
  out["script-repo"]["path"] = spec.script_path;
}

Json follow_ups_of(const RunSpec& spec) {
  Json out = Json::Array{};
  for (const auto& next : spec.follow_ups) {
    Json item;
    item["trigger"] = next.trigger;
    item["run-names"] = next.run_names;
    out.push_back(item);
  }
  return out;
}

Json list_of(const std::vector<std::string>& texts) {
  Json out = Json::Array{};
  for (const auto& text : texts) out.push_back(text);
  return out;
}

}  // namespace

Json to_json_object(const Params& params) {
  Json out = Json::Object{};
  for (const auto& [name, value] : params) out[name] = value;
  return out;
}

Params params_of(const Json& object) {
  Params out;
  if (const auto* members = object.if_object())
    for (const auto& [name, value] : *members)
      if (const auto* text = value.if_text()) out[name] = *text;
  return out;
}

Json run_spec_json(const JobFile& file, const PlannedRun& run) {
  const auto& spec = *run.spec;
  Json out;
  out["timeout"] = static_cast<std::int64_t>(file.timeout.count());
  out["env"] = to_json_object(run.params);
  out["secrets"] = list_of(spec.secrets);
  out["host-tag"] = spec.host_tag;
  out["follow-ups"] = follow_ups_of(spec);
  put_script(out, file, spec);
  if (!spec.container.empty()) out["container"] = spec.container;
  if (spec.privileged) out["privileged"] = true;
  if (!spec.volumes.empty()) out["persistent-volumes"] = to_json_object(spec.volumes);
  if (!spec.test_grepping.empty()) out["test-grepping"] = to_json_object(spec.test_grepping);
  if (spec.publish) {
    out["publish"]["machine"] = spec.publish->machine;
    out["publish"]["tree"] = spec.publish->tree;
  }
  return out;
}

}  // namespace rota::server
