// The repository API as garage-sign uses it (garage-sign.md 5, 6).
// In:    config.json, and the certificates it names.
// Out:   requests with the right credentials, answers taken apart.
// Never: credentials to another origin; a redirect followed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "base/json.h"
#include "ceremony/trust.h"
#include "compat/tufrepo.h"
#include "crypto/tls.h"

namespace rota::compat {

// {code, description, cause} of an error answer.
struct ServiceRefusal {
  int status = 0;
  std::string code;
  std::string description;
  std::vector<std::string> cause;
  std::string text() const;
};

// A client of one's own for a service that knows its callers by certificate.
using Connect = std::function<Result<std::shared_ptr<Fetcher>>(const crypto::TlsClientOptions&)>;

class RepoService {
 public:
  // Of a config.json alone. bad_input: no reposerver in it, or an authentication by certificates, which lie beside it. One
  // token is fetched per run.
  static Result<RepoService> open(const Json& config, Fetcher& fetcher);
  // Of a repository. With a client certificate no token is fetched, and what `connect` makes is used in place of `fetcher`.
  // bad_input also for certificates that cannot be read.
  static Result<RepoService> open(const TufRepo& repo, Fetcher& fetcher, const Connect& connect);

  // "<reposerver>/api/v1/user_repo/<name>" with the credentials.
  Result<FetchReply> call(std::string method, std::string_view name, std::string body = {}, Headers headers = {});
  // PUT of a file there.
  Result<FetchReply> put_file(std::string_view name, const std::string& path);
  // PUT to an address that the service has named, for what `body` brings along; without the credentials. rejected: not
  // https, unless the service itself is not.
  Result<FetchReply> put_to(const std::string& url, FetchRequest body);
  void give_time(Seconds timeout) { timeout_ = timeout; }  // to each exchange from here on
  ceremony::RootSource root_source() const;

 private:
  RepoService(Fetcher& fetcher, std::string base, Headers credentials)
      : fetcher_(&fetcher), base_(std::move(base)), credentials_(std::move(credentials)) {}
  RepoService(std::shared_ptr<Fetcher> own, std::string base)
      : own_(std::move(own)), fetcher_(own_.get()), base_(std::move(base)) {}
  std::shared_ptr<Fetcher> own_;
  Fetcher* fetcher_;
  std::string base_;
  Headers credentials_;
  Seconds timeout_ = Seconds(60);
};

ServiceRefusal refusal_in(const FetchReply& reply);

// OAuth2 client credentials of an `auth` or `oauth2` object: an access token.
Result<std::string> client_credentials_token(const Json& auth, Fetcher& fetcher);

}  // namespace rota::compat
