#include "server/run_definition.h"

#include "server/ci_answers.h"
#include "server/ci_secrets.h"

namespace rota::server {
namespace {

std::string source_url(const App& app, const Build& build) {
  return app.settings.api_url + "/source/" + build.key.factory + "/" + build.change.source + ".git";
}

// ci.md 2 and 3: the parameters of every run, over those of its file.
void put_environment(Json& env, const App& app, const Leased& leased) {
  const auto& build = leased.build;
  env["H_PROJECT"] = build.key.factory + "/" + build.key.project;
  env["H_BUILD"] = std::to_string(build.key.number);
  env["H_RUN"] = leased.key.run;
  env["H_RUN_URL"] = run_url(app, leased.key);
  env["H_TRIGGER_URL"] = build_url(app, build.key);
  env["GIT_URL"] = source_url(app, build);
  env["GIT_REF"] = build.change.ref;
  env["GIT_SHA"] = build.change.sha;
  env["GIT_OLD_SHA"] = build.change.old_sha;
}

}  // namespace

Result<Json> run_definition(App& app, const Leased& leased) {
  auto out = leased.run.spec;
  out["run"] = leased.key.text();
  out["run-url"] = run_url(app, leased.key);
  out["run-key"] = leased.run_key;
  out["log-size"] = leased.run.log_size;
  out["git"]["url"] = source_url(app, leased.build);
  out["git"]["ref"] = leased.build.change.ref;
  out["git"]["sha"] = leased.build.change.sha;
  put_environment(out["env"], app, leased);
  Json secrets = Json::Object{};
  for (const auto& name : *TRY(leased.run.spec.array("secrets"))) {
    auto value = TRY(ci_secret(app, leased.key.build, *name.if_text()));
    secrets[*name.if_text()] = value.reveal();
  }
  out["secrets"] = std::move(secrets);
  return out;
}

}  // namespace rota::server
