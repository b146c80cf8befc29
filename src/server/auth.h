// Who is calling, and what they may do (operator-api.md 2).
// In:    a request's credential.
// Out:   a Caller with its scopes, or the refusal to send.
// Never: a token in clear in the database or a log.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "http/message.h"
#include "store/sqlite.h"

namespace rota::server {

struct Caller {
  std::string user;  // "owner@acme", "admin"
  std::string token_name;
  std::string factory;           // the factory the credential is bound to; empty: all
  std::set<std::string> scopes;  // "devices:create", "source:read-update", …; "*" is all of them
  std::optional<Time> expires = {};  // of the credential; none: it does not
  // True when the caller holds `scope` for `in_factory`. "x:read" is held with "x:read-update". An empty `in_factory`
  // means the whole installation: only a caller bound to no factory has that.
  bool may(std::string_view scope, std::string_view in_factory) const;
};

struct NewToken {
  std::string user, name, factory;
  std::set<std::string> scopes;
  std::optional<Time> expires = {};
};

// Wrong credentials per address: 5, refilled by one a minute; after that 300 s of refusal. Credentials that are right
// cost nothing, and a request without any is no failure. Threads may share it.
class FailureLimit {
 public:
  explicit FailureLimit(const Clock& clock) : clock_(clock) {}
  Status open_for(const std::string& address) const;  // unavailable while the address is shut out
  void failed(const std::string& address);

 private:
  struct Account {
    double left = 0;
    Time counted, shut_until;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Account> accounts_;
};

class Auth {
 public:
  Auth(store::Database& db, const Clock& clock);
  // The table of tokens. Called once, before anything else.
  Status prepare();
  // Makes a token, stores its sha256, returns its text: shown once, here.
  Result<std::string> make_token(const NewToken& token);
  // The same for whoever proves in TLS that he has the key of this certificate. It replaces nothing.
  Status admit_certificate(const crypto::Certificate& certificate, const NewToken& rights);
  // Every token and certificate of `user` for `factory`.
  Status drop_tokens(const std::string& user, const std::string& factory);
  // Credentials in any accepted form: "OSF-TOKEN: t", "Authorization: Bearer t" raw or base64-wrapped, or Basic with
  // the token as password (git); without any of these, the client certificate that the listener has verified. denied when there is none or it is unknown or expired; unavailable (answer 429) when
  // too many wrong ones came from that address.
  Result<Caller> caller_of(const http::Request& request) const;
  Result<Caller> caller_of_certificate(const crypto::Certificate& certificate) const;
  // Without the failure limit: the caller counts with `failures()` where strangers can reach it.
  Result<Caller> caller_of_token(std::string_view token) const;
  // OAuth2 client credentials: user and API token in, short-lived access token out (repo-api.md 1), which never
  // outlives the token it was made for.
  Result<std::string> access_token(std::string_view client_id, std::string_view client_secret, Seconds life);
  FailureLimit& failures() const { return failures_; }

 private:
  Status store(const std::string& hash, const NewToken& token);
  Result<Caller> caller_of_hash(const std::string& hash) const;
  store::Database& db_;
  const Clock& clock_;
  mutable FailureLimit failures_;
};

// The caller, or the response that refuses it: 401 (with WWW-Authenticate for git), 403, or 429 with Retry-After.
struct Admission {
  std::optional<Caller> caller;
  std::optional<http::Response> refusal;
};
Admission admit(const Auth& auth, const http::Request& request, std::string_view scope, std::string_view factory);
// Any known caller, whatever its scopes.
Admission admit_anyone(const Auth& auth, const http::Request& request);

}  // namespace rota::server
