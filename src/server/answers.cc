#include "server/answers.h"

#include <spdlog/spdlog.h>

#include "http/gzip.h"

namespace rota::server {
namespace {

std::string_view code_of(Fault fault) {
  switch (fault) {
    case Fault::rejected:
      return "rejected";
    case Fault::expired:
      return "expired";
    case Fault::not_found:
      return "not_found";
    case Fault::unavailable:
      return "unavailable";
    case Fault::denied:
      return "forbidden";
    case Fault::bad_input:
      return "bad_request";
    case Fault::conflict:
      return "conflict";
    case Fault::io:
      return "internal";
  }
  abort_with("code_of: not a Fault");
}

}  // namespace

http::Response refused(const http::Request& request, int status, std::string_view code, std::string_view message) {
  Json body;
  body["code"] = code;
  body["message"] = message;
  body["description"] = message;
  body["errorId"] = request.id;
  return http::json_response(status, body);
}

http::Response refused(const http::Request& request, const Error& error) {
  const int status = http::status_of(error.fault);
  if (error.fault == Fault::io) {
    spdlog::error("{} {}: {} (request {})", request.method, request.path, error.what, request.id);
    return refused(request, status, code_of(error.fault), "this service failed; the request id names the log entry");
  }
  auto response = refused(request, status, code_of(error.fault), error.what);
  if (error.fault == Fault::unavailable) response.headers.emplace_back("Retry-After", "30");
  return response;
}

http::Handler answering(Operation operation) {
  return [operation = std::move(operation)](const http::Request& request) {
    auto response = operation(request);
    return response ? std::move(response).value() : refused(request, response.error());
  };
}

void carry(http::Response& response, const http::Request& request, std::shared_ptr<const Bytes> bytes,
           std::shared_ptr<const Bytes> gzip) {
  response.shared_body = std::move(bytes);
  if (!gzip) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!http::wants_gzip(request.header("Accept-Encoding"))) return;
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.shared_body = std::move(gzip);
}

Status Call::needs(std::string_view scope, std::string_view factory) const {
  if (caller.may(scope, factory)) return {};
  const std::string where = factory.empty() ? "the installation" : "factory '" + std::string(factory) + "'";
  return denied("scope '" + std::string(scope) + "' for " + where + ": not held by this credential");
}

http::Handler guarded(App& app, GuardedOperation operation) {
  return [&app, operation](const http::Request& request) {
    auto admission = admit_anyone(app.auth, request);
    if (admission.refusal) return std::move(*admission.refusal);
    auto response = operation(Call{app, request, std::move(*admission.caller)});
    return response ? std::move(response).value() : refused(request, response.error());
  };
}

Result<Json> body_object(const http::Request& request, std::initializer_list<std::string_view> members) {
  Json body = TRY_IN("body", parse_json(request.body));
  const auto* object = body.if_object();
  if (object == nullptr) return bad_input("body: want a JSON object");
  for (const auto& [name, value] : *object)
    if (std::find(members.begin(), members.end(), name) == members.end())
      return bad_input("body: unknown member '" + name.substr(0, 80) + "'");
  return body;
}

}  // namespace rota::server
