// Git over HTTP (ci.md 1) and the list of source repositories.
#include <spdlog/spdlog.h>

#include <fstream>

#include "crypto/hash.h"
#include "server/answers.h"
#include "server/app.h"
#include "server/auth.h"
#include "server/cgi_answer.h"
#include "server/factories.h"
#include "server/run_admission.h"
#include "server/sources.h"

namespace rota::server {
namespace {

constexpr std::uint64_t kMaxPack = 2ull << 30;

struct Git {
  App& app;
  Sources sources;
  explicit Git(App& a) : app(a), sources({a.db, a.files, a.clock}, a.settings.data_folder + "/git") {}
};

enum class Wants { fetch, push };

Json source_json(const App& app, const Source& source) {
  Json out;
  out["name"] = source.name;
  out["project"] = source.project;
  out["url"] = app.settings.api_url + "/source/" + source.factory + "/" + source.name + ".git";
  return out;
}

Result<http::Response> create_source(Git& git, const http::Request& request) {
  auto body = TRY(body_object(request, {"name", "project", "first-build"}));
  const auto name = TRY(body.text("name"));
  NewSource order{request.param("factory"), name};
  order.project = body.text_or("project", order.project);
  if (body.find("first-build")) order.first_build = TRY(body.integer("first-build"));
  if (!git.app.factories.exists(order.factory)) return not_found("factory '" + order.factory + "': does not exist");
  return http::json_response(201, source_json(git.app, TRY(git.sources.create(order))));
}

Result<http::Response> list_sources(Git& git, const http::Request& request) {
  TRY(git.app.factories.check_exists(request.param("factory")));
  Json out = Json::Array{};
  for (const auto& source : TRY(git.sources.list(request.param("factory")))) out.push_back(source_json(git.app, source));
  return http::json_response(200, out);
}

Result<Source> source_of(Git& git, const http::Request& request) {
  std::string_view name = request.param("repo");
  if (!name.ends_with(".git")) return not_found("source '" + std::string(name) + "': want a name ending in .git");
  name.remove_suffix(4);
  return git.sources.find(request.param("factory"), std::string(name));
}

// Nothing, or the response that refuses the caller. A run may fetch from its own factory with its run key.
std::optional<http::Response> refusal(Git& git, const http::Request& request, Wants wants) {
  const auto& factory = request.param("factory");
  if (wants == Wants::fetch && is_run_of_factory(git.app, request, factory)) return std::nullopt;
  return admit(git.app.auth, request, wants == Wants::push ? "source:read-update" : "source:read", factory).refusal;
}

// RFC 3875: everything http-backend is told. The path is made of names we know, not of the request's text.
Command backend_command(const Git& git, const http::Request& request, const Source& source) {
  auto service = request.path.substr(request.path.find(".git/") + 5);
  auto command = git_command({"http-backend"});
  Headers cgi = {{"GIT_PROJECT_ROOT", git.sources.git_folder()},
                 {"GIT_HTTP_EXPORT_ALL", "1"},
                 {"PATH_INFO", "/" + source.factory + "/" + source.name + ".git/" + service},
                 {"REQUEST_METHOD", request.method == "POST" ? "POST" : "GET"},
                 {"QUERY_STRING", request.query},
                 {"CONTENT_TYPE", std::string(request.header("Content-Type"))},
                 {"CONTENT_LENGTH", std::to_string(request.body_size)},
                 {"HTTP_CONTENT_ENCODING", std::string(request.header("Content-Encoding"))},
                 {"GIT_PROTOCOL", std::string(request.header("Git-Protocol"))},
                 {"REMOTE_USER", "rota"},
                 {"REMOTE_ADDR", request.peer ? request.peer->address : ""}};
  command.environment.insert(command.environment.end(), cgi.begin(), cgi.end());
  command.input_file = request.body_file;
  command.timeout = std::chrono::minutes(30);
  command.max_output = kMaxPack;
  return command;
}

Result<http::Response> backend_response(Git& git, const http::Request& request, const Source& source) {
  CgiAnswer answer(git.app.settings.data_folder + "/spool/git-" + crypto::random_hex(8));
  auto command = backend_command(git, request, source);
  command.sink = [&answer](BytesView bytes) { return answer.take(bytes); };
  auto ended = TRY(run(command));
  if (!ended.well()) return io_error("git http-backend: " + ended.errors);
  return answer.response();
}

Result<http::Response> pushed(Git& git, const http::Request& request, const Source& source) {
  auto mine = git.sources.turn(source);
  auto response = TRY(backend_response(git, request, source));
  for (const auto& build : TRY(git.sources.notice(source))) spdlog::info("build {} queued", build.text());
  return response;
}

Result<http::Response> info_refs(Git& git, const http::Request& request) {
  auto service = request.query_value("service").value_or("");
  if (service != "git-upload-pack" && service != "git-receive-pack")
    return denied("git: want the smart protocol (?service=git-upload-pack or git-receive-pack)");
  if (auto no = refusal(git, request, service == "git-receive-pack" ? Wants::push : Wants::fetch)) return std::move(*no);
  return backend_response(git, request, TRY(source_of(git, request)));
}

Result<http::Response> upload_pack(Git& git, const http::Request& request) {
  if (auto no = refusal(git, request, Wants::fetch)) return std::move(*no);
  return backend_response(git, request, TRY(source_of(git, request)));
}

Result<http::Response> receive_pack(Git& git, const http::Request& request) {
  if (auto no = refusal(git, request, Wants::push)) return std::move(*no);
  return pushed(git, request, TRY(source_of(git, request)));
}

using GitOperation = Result<http::Response> (*)(Git&, const http::Request&);

http::Handler with(const std::shared_ptr<Git>& git, GitOperation operation) {
  return answering([git, operation](const http::Request& request) { return operation(*git, request); });
}

http::Handler scoped(const std::shared_ptr<Git>& git, std::string_view scope, GitOperation operation) {
  return answering([git, scope, operation](const http::Request& request) -> Result<http::Response> {
    auto admission = admit(git->app.auth, request, scope, request.param("factory"));
    if (admission.refusal) return std::move(*admission.refusal);
    return operation(*git, request);
  });
}

http::Route spooled(std::string pattern, http::Handler handler) {
  return {"POST", std::move(pattern), std::move(handler), kMaxPack, http::Route::Body::spool};
}

}  // namespace

void add_source_routes(http::Router& router, App& app) {
  auto git = std::make_shared<Git>(app);
  Status ready = Builds(app.db, app.clock).prepare();
  if (ready.ok()) ready = git->sources.notice_all();
  if (!ready.ok()) spdlog::error("source repositories: {}", ready.error().what);
  router.add("GET", "/v1/factories/{factory}/sources", scoped(git, "source:read", list_sources));
  router.add("POST", "/v1/factories/{factory}/sources", scoped(git, "source:read-update", create_source));
  router.add("GET", "/source/{factory}/{repo}/info/refs", with(git, info_refs));
  router.add(spooled("/source/{factory}/{repo}/git-upload-pack", with(git, upload_pack)));
  router.add(spooled("/source/{factory}/{repo}/git-receive-pack", with(git, receive_pack)));
}

}  // namespace rota::server
