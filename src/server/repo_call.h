// One request to a factory's repository, whoever may: by path, by repository id, or by the namespace header.
#pragma once

#include <string>

#include "http/router.h"
#include "repo/repositories.h"
#include "server/app.h"

namespace rota::server {

constexpr std::string_view kRepoBases[] = {"/ota/repo/{factory}/api/v1/user_repo", "/api/v1/user_repo",
                                           "/api/v1/repo/{repo}"};
constexpr std::string_view kRead = "keys:read", kUpdate = "keys:update";

enum class Stream { ci, production };  // ?production=1

// A request of somebody who may, for a factory that exists.
struct RepoCall {
  App& app;
  const http::Request& request;
  std::string user;
  std::string factory;
  std::shared_ptr<const repo::Published> published;
  Stream stream = Stream::ci;

  http::Response answer(int status) const;
};
using RepoOperation = http::Response (*)(const RepoCall&);

// For either stream.
http::Handler stream_route(App& app, std::string_view scope, RepoOperation operation);
// 404 for ?production=1.
http::Handler repo_route(App& app, std::string_view scope, RepoOperation operation);

http::Response no_root(const http::Request& request);
// {"code","description","cause","errorId"}: `cause` lists every fault.
http::Response refusal_response(const http::Request& request, const repo::Refusal& refusal);

}  // namespace rota::server
