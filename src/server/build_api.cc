// REST of builds, runs, logs and artifacts for people (ci.md 4). What workers call is in run_api.cc.
#include <spdlog/spdlog.h>

#include "server/artifacts.h"
#include "server/build_queue.h"
#include "server/ci_answers.h"
#include "server/ci_secrets.h"
#include "server/factories.h"
#include "server/run_api.h"
#include "server/run_log.h"
#include "server/run_spec.h"

namespace rota::server {
namespace {

constexpr std::int64_t kMostPerPage = 1000, kMostPages = 1'000'000, kLogPiece = 4 << 20;

Builds builds_of(App& app) { return {app.db, app.clock}; }

// Leases run out whether or not a worker asks: what people see is true now.
Status up_to_date(App& app) { return BuildQueue(app.db, app.clock).expire(); }

Result<std::int64_t> number_in(const http::Request& request, const char* name, std::int64_t otherwise) {
  auto text = request.query_value(name);
  if (!text) return otherwise;
  return TRY_IN(name, decimal(*text, kMostPages));
}

Result<http::Response> list_builds(App& app, const http::Request& request) {
  TRY(app.factories.check_exists(request.param("factory")));
  TRY(up_to_date(app));
  Builds::Page page;
  page.limit = TRY(number_in(request, "limit", 25));
  page.page = TRY(number_in(request, "page", 0));
  if (page.limit < 1 || page.limit > kMostPerPage) return bad_input("limit: want 1 to 1000");
  auto listing = TRY(builds_of(app).list(request.param("factory"), request.param("project"), page));
  Json data;
  data["builds"] = Json::Array{};
  for (const auto& build : listing.builds) data["builds"].push_back(build_json(app, build));
  data["limit"] = page.limit;
  data["page"] = page.page;
  data["total"] = listing.total;
  data["pages"] = (listing.total + page.limit - 1) / page.limit;
  return success(200, data);
}

Result<http::Response> show(App& app, const Build& build) {
  auto data = build_json(app, build);
  data["runs"] = Json::Array{};
  for (const auto& run : TRY(builds_of(app).runs(build))) data["runs"].push_back(run_json(app, build, run));
  Json out;
  out["build"] = std::move(data);
  return success(200, out);
}

Result<http::Response> show_build(App& app, const http::Request& request) {
  TRY(up_to_date(app));
  return show(app, TRY(builds_of(app).build(TRY_IN("build", build_key_of(request)))));
}

Result<http::Response> show_latest(App& app, const http::Request& request) {
  TRY(up_to_date(app));
  return show(app, TRY(builds_of(app).newest(request.param("factory"), request.param("project"))));
}

// A build of what was built last, or of the definition given, without a push.
Result<http::Response> post_build(App& app, const http::Request& request) {
  auto body = TRY(body_object(request, {"reason", "trigger-name", "params", "project-definition"}));
  const auto& factory = request.param("factory");
  const auto& project = request.param("project");
  const auto trigger = TRY(body.text("trigger-name"));
  NewBuild order{factory, project, trigger, body.text_or("reason", ""), {}};
  auto last = builds_of(app).newest(factory, project);
  if (last.ok()) {
    order.change = last->change;
    order.definition = last->definition;
  }
  if (body.find("project-definition")) order.definition = TRY(body.text("project-definition"));
  if (order.definition.empty()) return bad_input("project-definition: is missing, and nothing was built before");
  if (const auto* params = body.find("params")) order.params = params_of(*params);
  if (!TRY(parse_job_file(order.definition)).trigger(order.trigger))
    return bad_input("trigger-name: '" + order.trigger + "' does not exist");
  auto key = TRY(builds_of(app).create(order));
  Json data;
  data["url"] = build_url(app, key);
  data["web_url"] = build_url(app, key);
  data["build_id"] = key.number;
  return success(201, data);
}

Result<http::Response> cancel_build(App& app, const http::Request& request) {
  TRY(builds_of(app).cancel(TRY_IN("build", build_key_of(request))));
  return success(202, Json::Object{});
}

Result<http::Response> show_definition(App& app, const http::Request& request) {
  auto build = TRY(builds_of(app).build(TRY_IN("build", build_key_of(request))));
  return http::text_response(200, build.definition);
}

Result<http::Response> list_runs(App& app, const http::Request& request) {
  TRY(up_to_date(app));
  auto build = TRY(builds_of(app).build(TRY_IN("build", build_key_of(request))));
  Json data;
  data["runs"] = Json::Array{};
  for (const auto& run : TRY(builds_of(app).runs(build))) data["runs"].push_back(run_json(app, build, run));
  return success(200, data);
}

Result<http::Response> show_run(App& app, const http::Request& request) {
  TRY(up_to_date(app));
  auto key = TRY(run_key_of(request));
  auto run = TRY(builds_of(app).run(key));
  auto data = run_json(app, TRY(builds_of(app).build(key.build)), run);
  data["artifacts"] = Json::Array{};
  for (const auto& each : TRY(artifacts_of(app, run.id))) {
    Json item;
    item["name"] = each.path;
    item["url"] = run_url(app, key) + percent_encoded(each.path, "/");
    item["size"] = each.size;
    item["sha256"] = each.sha256;
    data["artifacts"].push_back(item);
  }
  Json out;
  out["run"] = std::move(data);
  return success(200, out);
}

// From X-OFFSET on, at most 4 MiB; X-LOG-SIZE tells a follower where it stands.
Result<http::Response> console_log(App& app, const http::Request& request) {
  TRY(up_to_date(app));
  auto run = TRY(builds_of(app).run(TRY_IN("run", run_key_of(request))));
  std::int64_t offset = 0;
  if (auto header = request.header("X-OFFSET"); !header.empty()) offset = TRY_IN("X-OFFSET", decimal(header, kMaxLog));
  auto bytes = TRY(read_log(app.db, {run.id, offset}, request.header("X-OFFSET").empty() ? kMaxLog : kLogPiece));
  auto response = http::text_response(200, std::move(bytes));
  response.headers.emplace_back("X-RUN-STATUS", name_of(run.state));
  response.headers.emplace_back("X-LOG-SIZE", std::to_string(run.log_size));
  return response;
}

Result<http::Response> get_artifact(App& app, const http::Request& request) {
  auto run = TRY(builds_of(app).run(TRY_IN("run", run_key_of(request))));
  http::Response response;
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  response.file = TRY(artifact_file(app, run.id, request.param("path")));
  return response;
}

BuildKey project_of(const http::Request& request) { return {request.param("factory"), request.param("project"), 0}; }

Result<http::Response> put_secret(App& app, const http::Request& request) {
  auto body = TRY(body_object(request, {"value"}));
  auto value = crypto::SecretBytes(TRY(body.text("value")));
  TRY(set_ci_secret(app, project_of(request), request.param("name"), value.reveal()));
  return success(200, Json::Object{});
}

Result<http::Response> delete_secret(App& app, const http::Request& request) {
  TRY(drop_ci_secret(app, project_of(request), request.param("name")));
  return success(200, Json::Object{});
}

Result<http::Response> list_secrets(App& app, const http::Request& request) {
  Json data;
  data["secrets"] = Json::Array{};
  for (const auto& name : TRY(ci_secret_names(app, project_of(request)))) data["secrets"].push_back(name);
  return success(200, data);
}

using CiOperation = Result<http::Response> (*)(App&, const http::Request&);

struct CiRoute {
  const char *method, *pattern, *scope;
  CiOperation operation;
};

constexpr CiRoute kRoutes[] = {
    {"GET", "/builds", "ci:read", list_builds},
    {"POST", "/builds", "ci:read-update", post_build},
    {"GET", "/builds/latest", "ci:read", show_latest},
    {"GET", "/builds/{number}", "ci:read", show_build},
    {"POST", "/builds/{number}/cancel", "ci:read-update", cancel_build},
    {"GET", "/builds/{number}/project.yml", "ci:read", show_definition},
    {"GET", "/builds/{number}/runs", "ci:read", list_runs},
    {"GET", "/builds/{number}/runs/{run}", "ci:read", show_run},
    {"GET", "/builds/{number}/runs/{run}/console.log", "ci:read", console_log},
    {"GET", "/builds/{number}/runs/{run}/{path...}", "ci:read", get_artifact},
    {"GET", "/secrets", "ci:read", list_secrets},
    {"PUT", "/secrets/{name}", "ci:read-update", put_secret},
    {"DELETE", "/secrets/{name}", "ci:delete", delete_secret},
};

}  // namespace

void add_build_routes(http::Router& router, App& app) {
  if (auto ready = builds_of(app).prepare(); !ready.ok()) spdlog::error("builds: {}", ready.error().what);
  add_run_routes(router, app);
  for (const auto& route : kRoutes) {
    auto operation = [&app, call = route.operation](const http::Request& request) { return call(app, request); };
    http::Route row{route.method, route.pattern, enveloped(app, route.scope, operation)};
    if (row.method == "POST" || row.method == "PUT") row.max_body = 1 << 20;
    add_project_route(router, row);
  }
}

}  // namespace rota::server
