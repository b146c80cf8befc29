#include "server/run_api.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>

#include "crypto/hash.h"
#include "server/artifacts.h"
#include "server/ci_answers.h"
#include "server/publish.h"
#include "server/run_admission.h"
#include "server/run_definition.h"
#include "server/run_log.h"

namespace rota::server {
namespace {

constexpr auto kLongestWait = std::chrono::seconds(3);  // of one ask; a worker asks again at once
constexpr auto kBetweenLooks = std::chrono::milliseconds(200);
constexpr int kMostWaiting = 3;  // each holds a thread of the pool; the others are told at once that there is nothing

BuildQueue queue_of(App& app) { return {app.db, app.clock}; }
Builds builds_of(App& app) { return {app.db, app.clock}; }

Result<std::vector<std::string>> tags_in(const Json& body) {
  std::vector<std::string> out;
  if (!body.find("host-tags")) return out;
  for (const auto& tag : *TRY(body.array("host-tags"))) {
    if (!tag.if_text() || !is_run_name(*tag.if_text())) return bad_input("host-tags: want names of [A-Za-z0-9_.-]{1,80}");
    out.push_back(*tag.if_text());
  }
  return out;
}

Result<http::Response> enrol(App& app, const http::Request& request, const Json& body) {
  auto caller = app.auth.caller_of_token(TRY(body.text("enlistment-token")));
  if (!caller.ok()) return refused(request, 401, "unauthorized", "enlistment token: not known");
  if (!caller->may("ci:read-update", caller->factory)) return denied("enlistment token: want scope 'ci:read-update'");
  auto tags = TRY(tags_in(body));
  Worker worker{request.param("worker"), caller->factory, std::move(tags), body.integer_or("concurrency", 1),
                body.integer_or("cpu", 0), body.integer_or("mem", 0)};
  if (!is_run_name(worker.name)) return bad_input("worker: name: want [A-Za-z0-9_.-]{1,80}");
  if (worker.concurrency < 1 || worker.concurrency > 64) return bad_input("concurrency: want 1 to 64");
  Json out;
  out["api_key"] = TRY(queue_of(app).enrol(worker));
  return http::json_response(201, out);
}

// The worker whose key the request carries, when it is the one of the path.
Result<Worker> worker_at_the_door(App& app, const http::Request& request) {
  auto worker = TRY(queue_of(app).worker_of_key(offered_key(request)));
  if (worker.name != request.param("worker")) return denied("worker: the key is another's");
  return worker;
}

Result<http::Response> heartbeat(App& app, const Worker& worker, const Json& body) {
  std::vector<RunKey> active;
  for (const auto& run : *TRY(body.array("active-runs"))) {
    if (!run.if_text()) return bad_input("active-runs: want factory/project/number/name");
    active.push_back(TRY(parse_run_key(*run.if_text())));
  }
  Json out;
  out["cancel"] = Json::Array{};
  for (const auto& run : TRY(queue_of(app).heartbeat(worker, active))) out["cancel"].push_back(run.text());
  return http::json_response(200, out);
}

http::Response unauthorized(const http::Request& request, const Error& error) {
  return refused(request, 401, "unauthorized", error.what);
}

Result<http::Response> post_worker(App& app, const http::Request& request) {
  auto body = TRY_IN("body", parse_json(request.body));
  if (body.find("enlistment-token")) return enrol(app, request, body);
  auto worker = worker_at_the_door(app, request);
  if (!worker.ok()) return unauthorized(request, worker.error());
  return heartbeat(app, *worker, body);
}

// A run that cannot be told (a secret without a value) fails here; the next one is tried.
Result<std::optional<Json>> next_run(App& app, const Worker& worker) {
  while (auto leased = TRY(queue_of(app).lease(worker))) {
    auto definition = run_definition(app, *leased);
    if (definition.ok()) return std::move(definition).value();
    if (definition.error().fault != Fault::not_found) return definition.error();
    TRY(builds_of(app).report(leased->key, RunState::failed, definition.error().what));
  }
  return std::nullopt;
}

// Counts those who wait, for as long as it lives.
class Seat {
 public:
  explicit Seat(std::atomic<int>& taken) : taken_(taken), had_(++taken <= kMostWaiting) {}
  ~Seat() { --taken_; }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;
  bool had() const { return had_; }

 private:
  std::atomic<int>& taken_;
  bool had_;
};

Result<http::Response> ask(App& app, const http::Request& request, std::atomic<int>& waiting) {
  auto worker = worker_at_the_door(app, request);
  if (!worker.ok()) return unauthorized(request, worker.error());
  auto wait = std::chrono::seconds(TRY_IN("wait", decimal(request.query_value("wait").value_or("0"), 3600)));
  auto until = std::chrono::steady_clock::now() + std::min(wait, kLongestWait);
  const Seat seat(waiting);
  for (;;) {
    if (auto run = TRY(next_run(app, *worker))) return http::json_response(200, *run);
    if (!seat.had() || std::chrono::steady_clock::now() >= until) return http::Response{204};
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

// The run of the path, when the request carries its key.
Result<Run> run_with_its_key(App& app, const http::Request& request, const RunKey& key) {
  auto owner = TRY(run_at_the_door(app, request));
  if (owner.text() != key.text()) return denied("run key: it is another run's");
  return builds_of(app).run(key);
}

Result<http::Response> patch_log(App& app, const http::Request& request, const Run& run) {
  auto offset = TRY_IN("X-OFFSET", decimal(request.header("X-OFFSET"), kMaxLog));
  auto digest = request.header("X-SHA256");
  if (!digest.empty() && digest != crypto::sha256_hex(request.body)) return bad_input("X-SHA256: does not fit the body");
  auto appended = TRY(append_log(app.db, {run.id, offset}, request.body));
  Json out;
  out["size"] = appended.size;
  return http::json_response(appended.how == Appended::How::stored ? 200 : 409, out);
}

Result<http::Response> create_signed(App& app, const http::Request& request, const Run& run) {
  auto body = TRY_IN("body", parse_json(request.body));
  const auto* paths = body.if_array();
  if (!paths || paths->size() > 1000) return bad_input("body: want a list of at most 1000 paths");
  if (is_terminal(run.state)) return conflict("run: is finished");
  const auto key = TRY(run_key_of(request));
  Json out;
  out["urls"] = Json::Object{};
  for (const auto& path : *paths) {
    if (!path.if_text() || !is_relative_path(*path.if_text())) return bad_input("body: want relative paths without '.' and '..'");
    out["urls"][*path.if_text()] = signed_artifact_url(app, {key, *path.if_text()});
  }
  return http::json_response(200, out);
}

// A state that a worker may report.
std::optional<RunState> reported_state(std::string_view name) {
  auto state = run_state_named(name);
  if (state == RunState::queued || state == RunState::cancelling) return std::nullopt;
  return state;
}

Result<http::Response> patch_run(App& app, const http::Request& request, const Run&) {
  auto body = TRY(body_object(request, {"status", "message"}));
  auto state = reported_state(TRY(body.text("status")));
  if (!state) return bad_input("status: want RUNNING, UPLOADING, PASSED, FAILED or SKIPPED");
  auto message = body.text_or("message", "").substr(0, 2000);
  TRY(builds_of(app).report(TRY_IN("run", run_key_of(request)), *state, message));
  return http::json_response(200, Json::Object{});
}

// The older form (ci.md 5): text at the log's end, the state in a header. Not safe to repeat; PATCH is.
Result<http::Response> post_run(App& app, const http::Request& request, const Run& run) {
  auto appended = TRY(append_log(app.db, {run.id, run.log_size}, request.body));
  if (appended.how != Appended::How::stored) return conflict("run: is finished, or somebody else is writing its log");
  auto response = http::json_response(200, Json::Object{});
  if (run.state == RunState::cancelling) response.headers.emplace_back("X-JOBSERV-CANCEL", "1");
  auto status = request.header("X-RUN-STATUS");
  if (status.empty()) return response;
  auto state = reported_state(status);
  if (!state) return bad_input("X-RUN-STATUS: want RUNNING, UPLOADING, PASSED, FAILED or SKIPPED");
  TRY(builds_of(app).report(TRY_IN("run", run_key_of(request)), *state, std::string(request.header("X-RUN-METADATA").substr(0, 2000))));
  return response;
}

Result<http::Response> put_artifact(App& app, const http::Request& request) {
  const auto key = TRY(run_key_of(request));
  const ArtifactName name{key, request.param("path")};
  TRY(is_signed_for(app, name, request));
  auto run = TRY(builds_of(app).run(name.run));
  if (is_terminal(run.state)) return conflict("run " + name.run.text() + ": is finished");
  TRY(keep_artifact(app, run.id, name.path, request.body_file));
  return http::Response{200};
}

Result<http::Response> post_targets(App& app, const http::Request& request) {
  auto build = TRY(build_key_of(request));
  TRY(builds_of(app).build(build));
  auto owner = run_at_the_door(app, request);
  if (!owner.ok()) return unauthorized(request, owner.error());
  if (owner->build.text() != build.text()) return denied("run key: it is of build " + owner->build.text());
  return publish_targets(app, request, *owner);
}

using RunOperation = Result<http::Response> (*)(App&, const http::Request&, const Run&);
using PlainOperation = Result<http::Response> (*)(App&, const http::Request&);

http::Handler with(App& app, PlainOperation operation) {
  return answering([&app, operation](const http::Request& request) { return operation(app, request); });
}

http::Handler with_run_key(App& app, RunOperation operation) {
  return answering([&app, operation](const http::Request& request) -> Result<http::Response> {
    auto key = TRY(run_key_of(request));
    auto run = run_with_its_key(app, request, key);
    if (!run.ok() && run.error().fault == Fault::denied) return unauthorized(request, run.error());
    return operation(app, request, TRY(std::move(run)));
  });
}

}  // namespace

void add_run_routes(http::Router& router, App& app) {
  for (const char* worker : {"/workers/{worker}", "/workers/{worker}/"}) router.add("POST", worker, with(app, post_worker));
  router.add("GET", "/workers/{worker}/next",
             answering([&app, waiting = std::make_shared<std::atomic<int>>(0)](const http::Request& request) {
               return ask(app, request, *waiting);
             }));
  add_project_route(router, {"PATCH", "/builds/{number}/runs/{run}/log", with_run_key(app, patch_log), kMaxLogChunk});
  add_project_route(router, {"POST", "/builds/{number}/runs/{run}/create_signed", with_run_key(app, create_signed), 1 << 20});
  add_project_route(router, {"PATCH", "/builds/{number}/runs/{run}", with_run_key(app, patch_run)});
  add_project_route(router, {"POST", "/builds/{number}/runs/{run}", with_run_key(app, post_run), kMaxLogChunk});
  add_project_route(router, {"POST", "/builds/{number}/targets", with(app, post_targets), 8 << 20});
  router.add({"PUT", "/artifacts/{factory}/{project}/{number}/{run}/{path...}", with(app, put_artifact), kMaxArtifact,
              http::Route::Body::spool});
}

}  // namespace rota::server
