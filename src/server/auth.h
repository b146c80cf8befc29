// Who is calling, and what they may do (operator-api.md 2).
#pragma once

#include <optional>
#include <set>
#include <string>

#include "http/message.h"
#include "base/time.h"
#include "store/sqlite.h"

namespace rota::server {

struct Caller {
  std::string user;            // "owner@acme", "admin"
  std::string token_name;
  std::string factory;         // the factory the credential is bound to; empty: all
  std::set<std::string> scopes;  // "devices:create", "source:read-update", …; "*" is all of them
  // True when the caller holds `scope` for `in_factory`.
  bool may(std::string_view scope, std::string_view in_factory) const;
};

struct NewToken {
  std::string user, name, factory;
  std::set<std::string> scopes;
};

class Auth {
 public:
  Auth(store::Database& db, const Clock& clock);
  // Makes a token, stores its sha256, returns its text: shown once, here.
  Result<std::string> make_token(const NewToken& token);
  // Credentials in any accepted form: "OSF-TOKEN: t", "Authorization: Bearer t" raw or base64-wrapped, or Basic with the
  // token as password (git). denied when there is none or it is unknown or expired.
  Result<Caller> caller_of(const http::Request& request) const;
  Result<Caller> caller_of_token(std::string_view token) const;
  // OAuth2 client credentials: user and API token in, short-lived access token out (repo-api.md 1).
  Result<std::string> access_token(std::string_view client_id, std::string_view client_secret, Seconds life);

 private:
  store::Database& db_;
  const Clock& clock_;
};

// The caller, or the response that refuses it: 401 (with WWW-Authenticate for git) or 403.
struct Admission {
  std::optional<Caller> caller;
  std::optional<http::Response> refusal;
};
Admission admit(const Auth& auth, const http::Request& request, std::string_view scope, std::string_view factory);

}  // namespace rota::server
