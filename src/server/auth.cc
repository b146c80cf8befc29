#include "server/auth.h"

#include "crypto/hash.h"

namespace rota::server {
namespace {

constexpr double kFailures = 5;
constexpr Seconds kRefill{60}, kShutOut{300};
constexpr std::size_t kAddresses = 100'000;  // accounts kept; more are forgotten at once
constexpr std::size_t kMaxCredential = 4096;

std::string joined(const std::set<std::string>& scopes) {
  std::string text;
  for (const auto& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

std::set<std::string> scopes_of(std::string_view text) {
  std::set<std::string> scopes;
  for (auto& scope : split(text, ' '))
    if (!scope.empty()) scopes.insert(std::move(scope));
  return scopes;
}

// What a request says of itself: the tokens it may mean, likeliest first. Empty: it carries no credential.
std::vector<std::string> offered_tokens(const http::Request& request) {
  if (const auto token = request.header("OSF-TOKEN"); !token.empty()) return {std::string(trim(token))};
  const std::string_view header = request.header("Authorization");
  const auto space = header.find(' ');
  if (space == std::string_view::npos || header.size() > kMaxCredential) return {};
  const std::string_view scheme = header.substr(0, space), value = trim(header.substr(space + 1));
  const auto decoded = unbase64(value);
  if (equals_ignoring_case(scheme, "Bearer")) {
    std::vector<std::string> tokens{std::string(value)};
    if (decoded) tokens.emplace_back(trim(*decoded));
    return tokens;
  }
  if (!equals_ignoring_case(scheme, "Basic") || !decoded) return {};
  const auto colon = decoded->find(':');
  return {colon == std::string::npos ? *decoded : decoded->substr(colon + 1)};
}

http::Response too_many(const http::Request& request, const Error& error) {
  auto response = http::error_response(request, 429, "too_many_failures", error.what);
  response.headers.emplace_back("Retry-After", std::to_string(kShutOut.count()));
  return response;
}

http::Response unauthorized(const http::Request& request, const Error& error) {
  auto response = http::error_response(request, 401, "unauthorized", error.what);
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"rota\", charset=\"UTF-8\"");
  response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"rota\"");
  return response;
}

// No text of a token hashes to this.
std::string name_of(const crypto::Certificate& certificate) { return "certificate:" + crypto::sha256_hex(certificate.der()); }

}  // namespace

bool Caller::may(std::string_view scope, std::string_view in_factory) const {
  if (!factory.empty() && factory != in_factory) return false;
  const std::string wanted(scope);
  const auto holds = [&](const std::string& name) {
    return scopes.contains(name) || (!in_factory.empty() && scopes.contains(std::string(in_factory) + ":" + name));
  };
  if (holds("*") || holds(wanted)) return true;
  return wanted.ends_with(":read") && holds(wanted + "-update");
}

Status FailureLimit::open_for(const std::string& address) const {
  const std::lock_guard lock(mutex_);
  const auto found = accounts_.find(address);
  if (found == accounts_.end() || found->second.shut_until <= clock_.now()) return {};
  return unavailable("credentials: too many wrong ones from this address", "wait five minutes");
}

void FailureLimit::failed(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (accounts_.size() > kAddresses) accounts_.clear();
  const Time now = clock_.now();
  auto& account = accounts_.try_emplace(address, Account{kFailures, now, Time{}}).first->second;
  const double refilled =
      account.left + static_cast<double>((now - account.counted).count()) / static_cast<double>(kRefill.count());
  account.left = std::min(kFailures, refilled) - 1;
  account.counted = now;
  if (account.left < 1) account.shut_until = now + kShutOut;
}

Auth::Auth(store::Database& db, const Clock& clock) : db_(db), clock_(clock), failures_(clock) {}

Status Auth::prepare() {
  return db_.migrate(
      {"CREATE TABLE tokens (hash TEXT PRIMARY KEY, user_name TEXT NOT NULL, name TEXT NOT NULL,"
       " factory TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER)"});
}

Status Auth::store(const std::string& hash, const NewToken& token) {
  const store::Value expires = token.expires ? store::Value(token.expires->time_since_epoch().count()) : nullptr;
  TRY(db_.execute(
      "INSERT INTO tokens (hash, user_name, name, factory, scopes, created_at, expires_at) VALUES (?,?,?,?,?,?,?)",
      {hash, token.user, token.name, token.factory, joined(token.scopes), clock_.now().time_since_epoch().count(), expires}));
  return {};
}

Result<std::string> Auth::make_token(const NewToken& token) {
  std::string text = crypto::random_hex(32);
  TRY(store(crypto::sha256_hex(text), token));
  return text;
}

Status Auth::admit_certificate(const crypto::Certificate& certificate, const NewToken& rights) {
  return store(name_of(certificate), rights);
}

Status Auth::drop_tokens(const std::string& user, const std::string& factory) {
  TRY(db_.execute("DELETE FROM tokens WHERE user_name = ? AND factory = ?", {user, factory}));
  return {};
}

Result<Caller> Auth::caller_of_token(std::string_view token) const { return caller_of_hash(crypto::sha256_hex(token)); }

Result<Caller> Auth::caller_of_certificate(const crypto::Certificate& certificate) const {
  if (clock_.now() > certificate.not_after()) return denied("credential: the client certificate has expired");
  return caller_of_hash(name_of(certificate));
}

Result<Caller> Auth::caller_of_hash(const std::string& hash) const {
  const auto rows =
      TRY(db_.query("SELECT user_name, name, factory, scopes, expires_at FROM tokens WHERE hash = ?", {hash}));
  if (rows.empty()) return denied("credential: unknown");
  const auto& row = rows.front();
  if (!row.is_null(4) && row.integer(4) <= clock_.now().time_since_epoch().count())
    return denied("credential: expired");
  std::optional<Time> expires;
  if (!row.is_null(4)) expires = Time(Seconds(row.integer(4)));
  return Caller{row.text(0), row.text(1), row.text(2), scopes_of(row.text(3)), expires};
}

Result<Caller> Auth::caller_of(const http::Request& request) const {
  const auto tokens = offered_tokens(request);
  if (tokens.empty() && request.peer && request.peer->certificate) return caller_of_certificate(*request.peer->certificate);
  if (tokens.empty())
    return denied("credential: none given", "send 'Authorization: Bearer <token>', 'OSF-TOKEN: <token>', or a client certificate");
  const std::string address = request.peer ? request.peer->address : "";
  TRY(failures_.open_for(address));
  Result<Caller> caller = denied("credential: unknown");
  for (const auto& token : tokens) {
    caller = caller_of_token(token);
    if (caller || caller.error().fault != Fault::denied) return caller;
  }
  failures_.failed(address);
  return caller;
}

Result<std::string> Auth::access_token(std::string_view client_id, std::string_view client_secret, Seconds life) {
  const auto caller = TRY(caller_of_token(client_secret));
  if (!crypto::constant_time_equal(caller.user, client_id)) return denied("credential: unknown");
  const Time now = clock_.now();
  TRY(db_.execute("DELETE FROM tokens WHERE expires_at <= ?", {now.time_since_epoch().count()}));
  const Time until = std::min(now + life, caller.expires.value_or(Time::max()));
  return make_token({caller.user, caller.token_name, caller.factory, caller.scopes, until});
}

Admission admit_anyone(const Auth& auth, const http::Request& request) {
  auto caller = auth.caller_of(request);
  if (caller) return {std::move(caller).value(), {}};
  const Error& error = caller.error();
  if (error.fault == Fault::unavailable) return {{}, too_many(request, error)};
  if (error.fault == Fault::denied) return {{}, unauthorized(request, error)};
  return {{}, http::error_response(request, http::status_of(error.fault), "internal", "credentials cannot be read")};
}

Admission admit(const Auth& auth, const http::Request& request, std::string_view scope, std::string_view factory) {
  auto admission = admit_anyone(auth, request);
  if (!admission.caller || admission.caller->may(scope, factory)) return admission;
  const std::string where = factory.empty() ? "the installation" : "factory '" + std::string(factory) + "'";
  return {{}, http::error_response(request, 403, "forbidden", "want scope '" + std::string(scope) + "' for " + where)};
}

}  // namespace rota::server
