#include "server/ci_answers.h"

namespace rota::server {
namespace {

Json instant(const std::optional<Time>& time) { return time ? Json(rfc3339(*time)) : Json(); }

// The response of `refused` with the envelope's member.
http::Response in_envelope(http::Response response) {
  auto body = parse_json(response.body);
  if (!body.ok()) return response;
  (*body)["status"] = response.status >= 500 ? "error" : "fail";
  response.body = to_json(*body);
  return response;
}

}  // namespace

http::Response success(int status, Json data) {
  Json body;
  body["status"] = "success";
  body["data"] = std::move(data);
  return http::json_response(status, body);
}

http::Handler enveloped(Operation operation) {
  return [operation = std::move(operation)](const http::Request& request) {
    auto response = operation(request);
    return response.ok() ? std::move(response).value() : in_envelope(refused(request, response.error()));
  };
}

http::Handler enveloped(App& app, std::string_view scope, Operation operation) {
  return enveloped([&app, scope, operation = std::move(operation)](const http::Request& request) -> Result<http::Response> {
    auto admission = admit(app.auth, request, scope, request.param("factory"));
    if (admission.refusal) return in_envelope(std::move(*admission.refusal));
    return operation(request);
  });
}

void add_project_route(http::Router& router, const http::Route& route) {
  for (const char* top : {"", "/v1"}) {
    auto one = route;
    one.pattern = std::string(top) + "/projects/{factory}/{project}" + route.pattern;
    router.add(one);
    if (one.pattern.ends_with("...}")) continue;
    one.pattern += "/";
    router.add(one);
  }
}

std::string build_url(const App& app, const BuildKey& key) {
  return app.settings.api_url + "/projects/" + key.factory + "/" + key.project + "/builds/" + std::to_string(key.number) + "/";
}

std::string run_url(const App& app, const RunKey& key) { return build_url(app, key.build) + "runs/" + key.run + "/"; }

Json build_json(const App& app, const Build& build) {
  Json out;
  out["build_id"] = build.key.number;
  out["project"] = build.key.factory + "/" + build.key.project;
  out["url"] = build_url(app, build.key);
  out["web_url"] = build_url(app, build.key);
  out["status"] = name_of(build.state);
  out["message"] = build.message;
  out["trigger_name"] = build.trigger;
  out["reason"] = build.reason;
  out["created"] = instant(build.created);
  out["completed"] = instant(build.completed);
  out["git"]["source"] = build.change.source;
  out["git"]["ref"] = build.change.ref;
  out["git"]["sha"] = build.change.sha;
  return out;
}

Json run_json(const App& app, const Build& build, const Run& run) {
  auto url = run_url(app, {build.key, run.name});
  Json out;
  out["name"] = run.name;
  out["url"] = url;
  out["web_url"] = url;
  out["log_url"] = url + "console.log";
  out["status"] = name_of(run.state);
  out["message"] = run.message;
  out["host_tag"] = run.host_tag;
  out["worker"] = run.worker;
  out["created"] = instant(run.created);
  out["started"] = instant(run.started);
  out["completed"] = instant(run.completed);
  return out;
}

Result<BuildKey> build_key_of(const http::Request& request) {
  auto number = decimal(request.param("number"));
  if (!number.ok()) return not_found("build '" + request.param("number") + "': does not exist");
  return BuildKey{request.param("factory"), request.param("project"), *number};
}

Result<RunKey> run_key_of(const http::Request& request) {
  auto build = TRY(build_key_of(request));
  return RunKey{std::move(build), request.param("run")};
}

}  // namespace rota::server
