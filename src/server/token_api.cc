// OAuth2 client credentials (RFC 6749 4.4; repo-api.md 1): a user and an API token in, a short-lived access token out.
#include "server/answers.h"
#include "server/auth.h"
#include "server/repo_api.h"

namespace rota::server {
namespace {

constexpr Seconds kTokenLife{3600};
constexpr std::uint64_t kMaxForm = 16 * 1024;

struct ClientCredentials {
  std::string id, secret;
};

std::string form_text(std::string_view encoded) {
  std::string text(encoded);
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decoded(text).ok() ? *percent_decoded(text) : std::string();
}

// A member of the body's form, or else of the query.
std::string given(const http::Request& request, std::string_view name) {
  for (const auto& pair : split(request.body, '&')) {
    const auto equals = pair.find('=');
    if (equals != std::string::npos && form_text(std::string_view(pair).substr(0, equals)) == name)
      return form_text(std::string_view(pair).substr(equals + 1));
  }
  return request.query_value(name).value_or("");
}

// HTTP Basic, or in the form (RFC 6749 2.3.1).
std::optional<ClientCredentials> credentials_of(const http::Request& request) {
  const std::string_view header = request.header("Authorization");
  if (header.size() > 6 && equals_ignoring_case(header.substr(0, 6), "Basic ")) {
    const auto decoded = unbase64(trim(header.substr(6)));
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos) return std::nullopt;
    return ClientCredentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
  }
  ClientCredentials credentials{given(request, "client_id"), given(request, "client_secret")};
  if (credentials.secret.empty()) return std::nullopt;
  return credentials;
}

// RFC 6749 5.2 beside the members all errors have.
http::Response token_refused(const http::Request& request, int status, std::string_view error, std::string_view why) {
  Json body;
  body["error"] = error;
  body["error_description"] = why;
  body["code"] = error;
  body["description"] = why;
  body["errorId"] = request.id;
  Headers headers = {{"Cache-Control", "no-store"}};
  if (status == 401) headers.emplace_back("WWW-Authenticate", "Basic realm=\"rota\", charset=\"UTF-8\"");
  return http::json_response(status, body, std::move(headers));
}

http::Response denied_token(App& app, const http::Request& request) {
  app.auth.failures().failed(request.peer ? request.peer->address : "");
  return token_refused(request, 401, "invalid_client", "client id or secret: unknown");
}

http::Response post_token(App& app, const http::Request& request) {
  if (given(request, "grant_type") != "client_credentials")
    return token_refused(request, 400, "unsupported_grant_type", "grant_type: want client_credentials");
  const auto credentials = credentials_of(request);
  if (!credentials)
    return token_refused(request, 401, "invalid_client", "client id and secret: want them by HTTP Basic");
  if (const auto open = app.auth.failures().open_for(request.peer ? request.peer->address : ""); !open) {
    auto response = token_refused(request, 429, "too_many_failures", open.error().what);
    response.headers.emplace_back("Retry-After", "300");
    return response;
  }
  const auto caller = app.auth.caller_of_token(credentials->secret);
  if (!caller && caller.error().fault != Fault::denied) return refused(request, caller.error());
  if (!caller) return denied_token(app, request);
  const auto factory = request.params.find("factory");
  if (factory != request.params.end() && !caller->factory.empty() && caller->factory != factory->second)
    return token_refused(request, 403, "invalid_client", "this credential is another factory's");
  const auto token = app.auth.access_token(credentials->id, credentials->secret, kTokenLife);
  if (!token && token.error().fault != Fault::denied) return refused(request, token.error());
  if (!token) return denied_token(app, request);
  Json orgs{Json::Array{}};  // fioctl makes the only one its factory
  if (!caller->factory.empty()) orgs.push_back(Json(Json::Object{{"name", caller->factory}}));
  return http::json_response(200,
                             Json::Object{{"access_token", *token},
                                          {"token_type", "bearer"},
                                          {"expires_in", static_cast<std::int64_t>(kTokenLife.count())},
                                          {"scope", "none"},
                                          {"orgs", std::move(orgs)}},
                             {{"Cache-Control", "no-store"}});
}

}  // namespace

void add_token_routes(http::Router& router, App& app) {
  const auto handler = [&app](const http::Request& request) { return post_token(app, request); };
  for (const std::string pattern : {"/ota/ostreehub/{factory}/oauth2/token", "/oauth2/token"})
    for (const char* end : {"", "/"})  // fioctl ends it so
      router.add({.method = "POST", .pattern = pattern + end, .handler = handler, .max_body = kMaxForm});
}

}  // namespace rota::server
