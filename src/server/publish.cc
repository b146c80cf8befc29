#include "server/publish.h"

#include <spdlog/spdlog.h>

#include "repo/repositories.h"
#include "server/ci_answers.h"
#include "server/ci_rules.h"
#include "server/factories.h"
#include "server/ostree_repo.h"

namespace rota::server {
namespace {

constexpr std::size_t kMostTargets = 64;  // of one request

// expired is this API's word for 422: understood, but not acceptable.
Error not_acceptable(const std::string& name, const std::string& what) {
  return Error{Fault::expired, "target '" + name + "': " + what, ""};
}

Status may_publish(const Run& run, const RunKey& key) {
  bool publishing = run.spec.find("publish") && (run.state == RunState::running || run.state == RunState::uploading);
  if (run.state == RunState::passed || publishing) return {};
  return conflict("run " + key.text() + ": want PASSED, got " + std::string(name_of(run.state)));
}

bool is_list_of_names(const Json* value) {
  const auto* items = value ? value->if_array() : nullptr;
  if (!items || items->empty()) return false;
  return std::all_of(items->begin(), items->end(),
                     [](const Json& item) { return item.if_text() && is_machine_name(*item.if_text()); });
}

// ci.md 7: `<name>-<version>`, with `-<tag>` when one build serves several.
bool is_named_after(const std::string& target, const std::string& name, const std::string& version) {
  auto plain = name + "-" + version;
  if (target == plain) return true;
  return target.starts_with(plain + "-") && is_machine_name(target.substr(plain.size() + 1));
}

Status check_custom(const std::string& target, const Json& custom, const BuildKey& build) {
  auto version = std::to_string(build.number);
  if (custom.text_or("version", "") != version) return not_acceptable(target, "version: want '" + version + "'");
  if (!is_named_after(target, custom.text_or("name", ""), version)) return not_acceptable(target, "name: want <custom.name>-" + version);
  if (custom.text_or("targetFormat", "") != "OSTREE") return not_acceptable(target, "targetFormat: want OSTREE");
  if (!is_list_of_names(custom.find("hardwareIds"))) return not_acceptable(target, "hardwareIds: want at least one machine");
  if (!is_list_of_names(custom.find("tags"))) return not_acceptable(target, "tags: want at least one tag");
  return {};
}

Result<tuf::Target> target_of(const std::string& name, const Json& described, const BuildKey& build) {
  tuf::Target target;
  target.name = name;
  const auto* hashes = described.find("hashes");
  target.hashes["sha256"] = hashes ? hashes->text_or("sha256", "") : "";
  target.length = described.integer_or("length", -1);
  if (!is_sha256_hex(target.sha256())) return not_acceptable(name, "hashes: want sha256, 64 hex digits");
  if (target.length != 0) return not_acceptable(name, "length: want 0");
  const auto* custom = described.find("custom");
  TRY(check_custom(name, custom ? *custom : Json(), build));
  target.custom = to_json(*custom);
  return target;
}

Result<std::vector<tuf::Target>> targets_in(const http::Request& request, const BuildKey& build) {
  auto body = TRY(body_object(request, {"targets"}));
  const auto& described = *TRY(body.object("targets"));
  if (described.empty() || described.size() > kMostTargets) return bad_input("targets: want 1 to 64");
  std::vector<tuf::Target> out;
  for (const auto& [name, target] : described) out.push_back(TRY(target_of(name, target, build)));
  return out;
}

// Fills in what only the server says. A target that is there keeps its dates, so that the same one again is the same.
bool complete(App& app, tuf::Target& target, const std::vector<tuf::Target>& present, const BuildKey& build) {
  auto now = rfc3339(app.clock.now());
  auto there = std::find_if(present.begin(), present.end(), [&](const tuf::Target& each) { return each.name == target.name; });
  bool known = there != present.end();
  const Json before = known ? there->custom_json() : Json();
  Json custom = target.custom_json();
  custom["createdAt"] = before.text_or("createdAt", now);
  custom["updatedAt"] = before.text_or("updatedAt", now);
  auto url = build_url(app, build);
  custom["uri"] = url.substr(0, url.size() - 1);
  target.custom = to_json(custom);
  return known;
}

Result<http::Response> answer_of(const Result<tuf::Version>& published, bool all_known) {
  if (!published.ok() && published.error().fault == Fault::rejected)
    return Error{Fault::expired, published.error().what, published.error().hint};
  if (!published.ok() && published.error().fault == Fault::unavailable)
    return http::json_response(202, Json::Object{{"status", "awaiting signature"}});
  Json out;
  if (!published.ok()) return published.error();
  out["targets-version"] = *published;
  return http::json_response(all_known ? 200 : 201, out);
}

}  // namespace

Result<http::Response> publish_targets(App& app, const http::Request& request, const RunKey& asking) {
  TRY(may_publish(TRY_IN("run", Builds(app.db, app.clock).run(asking)), asking));
  const auto& factory = asking.build.factory;
  auto targets = TRY(targets_in(request, asking.build));
  OstreeRepo ostree(app.files, app.factories.ostree_folder(factory));
  auto present = TRY(app.repos.published(factory));
  bool all_known = true;
  for (auto& target : targets) {
    auto whole = ostree.is_whole(std::string(target.sha256()));
    if (!whole.ok() && whole.error().fault == Fault::io) return whole.error();
    if (!whole.ok()) return not_acceptable(target.name, whole.error().what);
    all_known = complete(app, target, present->target_list, asking.build) && all_known;
  }
  auto published = app.repos.add_targets(factory, targets);
  if (published.ok()) spdlog::info("build {}: {} target(s), targets version {}", asking.build.text(), targets.size(), *published);
  return answer_of(published, all_known);
}

}  // namespace rota::server
