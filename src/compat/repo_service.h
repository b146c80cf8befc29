// The repository API as garage-sign uses it (garage-sign.md 5, 6).
// In:    config.json.
// Out:   requests with the right credentials, answers taken apart.
// Never: credentials to another origin; a redirect followed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "base/json.h"
#include "ceremony/trust.h"

namespace rota::compat {

// {code, description, cause} of an error answer.
struct ServiceRefusal {
  int status = 0;
  std::string code;
  std::string description;
  std::vector<std::string> cause;
  std::string text() const;
};

class RepoService {
 public:
  // bad_input: no reposerver in `config`, or an authentication this program does not have. One token is fetched per
  // run.
  static Result<RepoService> open(const Json& config, Fetcher& fetcher);

  // "<reposerver>/api/v1/user_repo/<name>" with the credentials.
  Result<FetchReply> call(std::string method, std::string_view name, std::string body = {}, Headers headers = {});
  ceremony::RootSource root_source() const;

 private:
  RepoService(Fetcher& fetcher, std::string base, Headers credentials)
      : fetcher_(&fetcher), base_(std::move(base)), credentials_(std::move(credentials)) {}
  Fetcher* fetcher_;
  std::string base_;
  Headers credentials_;
};

ServiceRefusal refusal_in(const FetchReply& reply);

// OAuth2 client credentials of an `auth` or `oauth2` object: an access token.
Result<std::string> client_credentials_token(const Json& auth, Fetcher& fetcher);

}  // namespace rota::compat
