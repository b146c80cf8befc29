#include "server/repo_call.h"

#include "server/answers.h"

namespace rota::server {
namespace {

// Empty: none of them names one.
std::string factory_named(const App& app, const http::Request& request) {
  if (const auto named = request.params.find("factory"); named != request.params.end()) return named->second;
  const auto id = request.params.find("repo");
  if (id == request.params.end()) return std::string(trim(request.header("x-ats-namespace")));
  for (const auto& factory : app.repos.factories().value()) {
    const auto published = app.repos.published(factory);
    if (published && (*published)->repo_id == id->second) return factory;
  }
  return "";
}

}  // namespace

http::Response RepoCall::answer(int status) const {
  http::Response response;
  response.status = status;
  response.headers = {{"x-ats-tuf-repo-id", published->repo_id}};
  return response;
}

http::Handler stream_route(App& app, std::string_view scope, RepoOperation operation) {
  return [&app, scope, operation](const http::Request& request) {
    const std::string factory = factory_named(app, request);
    auto admission = admit(app.auth, request, scope, factory);
    if (admission.refusal) return std::move(*admission.refusal);
    const auto name_space = request.header_if("x-ats-namespace");
    if (name_space && trim(*name_space) != factory)
      return refused(request, 403, "forbidden", "x-ats-namespace: names another factory");
    auto published = app.repos.published(factory);
    if (!published) return refused(request, 404, "repo_not_found", "factory '" + factory + "': does not exist");
    const auto stream = request.query_value("production") == "1" ? Stream::production : Stream::ci;
    return operation({app, request, admission.caller->user, factory, *published, stream});
  };
}

http::Handler repo_route(App& app, std::string_view scope, RepoOperation operation) {
  return [route = stream_route(app, scope, operation)](const http::Request& request) {
    return request.query_value("production") == "1" ? no_root(request) : route(request);
  };
}

http::Response no_root(const http::Request& request) {
  return refused(request, 404, "root_role_not_found", "no such root in this repository");
}

http::Response refusal_response(const http::Request& request, const repo::Refusal& refusal) {
  Json body;
  body["code"] = refusal.code;
  body["description"] = refusal.description;
  body["errorId"] = request.id;
  for (const auto& fault : refusal.cause) body["cause"].push_back(fault);
  return http::json_response(refusal.status, body);
}

}  // namespace rota::server
