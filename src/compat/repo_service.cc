#include "compat/repo_service.h"

#include "base/bytes.h"
#include "crypto/pkcs12.h"
#include "tuf/metadata.h"

namespace rota::compat {
namespace {

std::string without_final_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string base_of(const Json& config, const std::string& server) {
  const bool director = equals_ignoring_case(config.text_or("repoServerType", "RepoServer"), "Director");
  return without_final_slash(server) + (director ? "/api/v1/director/admin/repo" : "/api/v1/user_repo");
}

// The first exchange of every run: here it shows when nobody has said which CA the service's certificate is from.
Result<FetchReply> with_advice(Result<FetchReply> reply) {
  if (reply || reply.error().fault != Fault::denied) return reply;
  return Error{Fault::denied, reply.error().what, "a service with its own CA: SSL_CERT_FILE=server-ca.pem"};
}

Result<crypto::Pkcs12> pkcs12_named(const TufRepo& repo, const std::string& name) {
  const auto bytes = TRY(repo.file(name));
  return TRY_IN(name, crypto::read_pkcs12(bytes.reveal()));
}

bool is_by_certificate(const Json& auth) { return auth.find("certPath") != nullptr; }

// auth: {"certPath", "serverCertPath"?}: the client's certificate, and whom it trusts instead of the system's store.
Result<crypto::TlsClientOptions> tls_options(const TufRepo& repo, const Json& auth) {
  const std::string name = TRY_IN("config.json: auth", auth.text("certPath"));
  auto identity = TRY(pkcs12_named(repo, name));
  if (identity.key_pem.reveal().empty()) return bad_input(name + ": has no private key");
  crypto::TlsClientOptions options;
  options.certificate_pem = std::move(identity.certificate_pem);
  options.key_pem = std::move(identity.key_pem);
  if (const std::string trusted = auth.text_or("serverCertPath", ""); !trusted.empty())
    options.ca_pem = TRY(pkcs12_named(repo, trusted)).trusted_pem;
  return options;
}

}  // namespace

std::string ServiceRefusal::text() const {
  std::string out = "HTTP " + std::to_string(status) + " " + code;
  if (!description.empty()) out += ": " + description;
  for (const auto& line : cause) out += "\n  " + line;
  return out;
}

ServiceRefusal refusal_in(const FetchReply& reply) {
  ServiceRefusal refusal{reply.status, "unknown_error_repr", "", {}};
  const auto json = parse_json(reply.body, {.numbers = JsonRules::Numbers::any});
  if (!json) return refusal;
  refusal.code = json->text_or("code", refusal.code);
  refusal.description = json->text_or("description", "");
  if (const Json* cause = json->find("cause"); cause != nullptr && cause->if_array() != nullptr)
    for (const auto& line : *cause->if_array())
      if (line.if_text() != nullptr) refusal.cause.push_back(*line.if_text());
  return refusal;
}

Result<std::string> client_credentials_token(const Json& auth, Fetcher& fetcher) {
  FetchRequest request{.method = "POST"};
  request.url = TRY(auth.text("server"));
  request.body = "grant_type=client_credentials";
  if (request.url.ends_with("/token"))
    request.body += "&scope=" + percent_encoded(auth.text_or("scope", "none"));
  else
    request.url = without_final_slash(request.url) + "/token";
  const auto name_and_secret = TRY(auth.text("client_id")) + ":" + TRY(auth.text("client_secret"));
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Authorization", "Basic " + base64(name_and_secret)}};
  const auto reply = TRY_IN("sign in", with_advice(fetcher.fetch(request)));
  if (reply.status != 200) return denied("sign in at " + request.url + ": HTTP " + std::to_string(reply.status));
  return TRY_IN("sign in", TRY_IN("sign in", parse_json(reply.body)).text("access_token"));
}

Result<RepoService> RepoService::open(const Json& config, Fetcher& fetcher) {
  const std::string server = TRY_IN("config.json", config.text("reposerver"));
  const Json* auth = config.find("auth");
  if (auth == nullptr || auth->is_null()) return RepoService(fetcher, base_of(config, server), {});
  if (is_by_certificate(*auth)) return bad_input("config.json: the client certificate that it names is not here");
  const auto token = TRY(client_credentials_token(*auth, fetcher));
  return RepoService(fetcher, base_of(config, server), {{"Authorization", "Bearer " + token}});
}

Result<RepoService> RepoService::open(const TufRepo& repo, Fetcher& fetcher, const Connect& connect) {
  const Json config = TRY(repo.config());
  const Json* auth = config.find("auth");
  if (auth == nullptr || !is_by_certificate(*auth)) return open(config, fetcher);
  const std::string server = TRY_IN("config.json", config.text("reposerver"));
  return RepoService(TRY(connect(TRY(tls_options(repo, *auth)))), base_of(config, server));
}

Result<FetchReply> RepoService::call(std::string method, std::string_view name, std::string body, Headers headers) {
  FetchRequest request{.method = std::move(method), .url = base_ + "/" + std::string(name)};
  request.headers = credentials_;
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  for (auto& one : headers) request.headers.push_back(std::move(one));
  request.body = std::move(body);
  request.max_body = tuf::kMaxTargets;
  request.timeout = timeout_;
  return fetcher_->fetch(request);
}

Result<FetchReply> RepoService::put_file(std::string_view name, const std::string& path) {
  return fetcher_->fetch({.method = "PUT",
                          .url = base_ + "/" + std::string(name),
                          .headers = credentials_,
                          .body_file = path,
                          .timeout = timeout_});
}

Result<FetchReply> RepoService::put_to(const std::string& url, FetchRequest body) {
  const bool is_plain = base_.starts_with("http://") && url.starts_with("http://");
  if (!url.starts_with("https://") && !is_plain) return rejected("upload address: want https, got '" + url.substr(0, 80) + "'");
  body.method = "PUT";
  body.url = url;
  body.timeout = timeout_;
  return fetcher_->fetch(body);
}

ceremony::RootSource RepoService::root_source() const { return {fetcher_, base_, credentials_}; }

}  // namespace rota::compat
