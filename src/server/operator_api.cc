#include "server/operator_api.h"

#include "server/answers.h"
#include "server/audit.h"
#include "server/paging.h"

namespace rota::server {
namespace {

constexpr int kMaxTokenDays = 3650;

http::Response healthy(const http::Request&) {
  return http::text_response(200, "ok\n");
}

Result<std::set<std::string>> scopes_of(const Json& body) {
  std::set<std::string> scopes;
  for (const auto& item : *TRY(body.array("scopes"))) {
    const auto* scope = item.if_text();
    if (scope == nullptr || scope->empty() || scope->find(' ') != std::string::npos)
      return bad_input("scopes: want names");
    scopes.insert(*scope);
  }
  if (scopes.empty()) return bad_input("scopes: want at least one");
  return scopes;
}

Result<std::optional<Time>> expiry_of(const Json& body, Time now) {
  const Json* life = body.find("expires-in-days");
  if (life == nullptr) return std::optional<Time>();
  const auto* count = life->if_int();
  if (count == nullptr || *count < 1 || *count > kMaxTokenDays) return bad_input("expires-in-days: want 1 to 3650");
  return std::optional(now + days(static_cast<int>(*count)));
}

// Nobody grants what they do not hold (operator-api.md 2.1).
Result<http::Response> post_token(const Call& call) {
  const Json body = TRY(body_object(call.request, {"name", "factory", "scopes", "expires-in-days"}));
  NewToken token{call.caller.user, "", body.text_or("factory", call.caller.factory), {}};
  token.name = TRY(body.text("name"));
  token.scopes = TRY(scopes_of(body));
  token.expires = TRY(expiry_of(body, call.app.clock.now()));
  if (token.name.empty() || token.name.size() > 64) return bad_input("name: want 1 to 64 characters");
  for (const auto& scope : token.scopes) TRY(call.needs(scope, token.factory));
  const std::string text = TRY(call.app.auth.make_token(token));
  call.app.audit.add({token.factory, call.caller.user, "token-created", token.name});
  return http::json_response(
      201, Json::Object{{"token", text}, {"name", token.name}, {"user", token.user}, {"factory", token.factory}});
}

Result<http::Response> get_audit(const Call& call) {
  const std::string factory = call.request.query_value("factory").value_or(call.caller.factory);
  TRY(call.needs("audit:read", factory));
  const auto page = TRY(page_of(call.request));
  auto entries = TRY(call.app.audit.newest(factory, static_cast<std::int64_t>(page.limit)));
  return http::json_response(200, Json::Object{{"entries", std::move(entries)}});
}

}  // namespace

void add_operator_routes(http::Router& router, App& app) {
  http::Route health{.method = "GET", .pattern = "/healthz", .handler = healthy};
  health.run = http::Route::Run::here;
  router.add(std::move(health));
  router.add("POST", "/v1/tokens", guarded(app, post_token));
  router.add("GET", "/v1/audit", guarded(app, get_audit));
  add_factory_routes(router, app);
  add_device_routes(router, app);
  add_trust_routes(router, app);
  add_registration_routes(router, app);
}

}  // namespace rota::server
