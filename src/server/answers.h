// How handlers answer: an Error becomes a status and a JSON body, a JSON body becomes checked members.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

#include "http/message.h"
#include "http/router.h"
#include "server/app.h"
#include "server/auth.h"

namespace rota::server {

// {"code","message","description","errorId"}: both the operator API's and the gateway's members (operator-api.md 1,
// gateway.md 1.1). A fault of ours (io) does not say what it was; the program logs it.
http::Response refused(const http::Request& request, int status, std::string_view code, std::string_view message);
http::Response refused(const http::Request& request, const Error& error);

// A handler that may fail: an Error becomes `refused`.
using Operation = std::function<Result<http::Response>(const http::Request&)>;
http::Handler answering(Operation operation);

// One request of somebody known.
struct Call {
  App& app;
  const http::Request& request;
  Caller caller;
  // denied (403) unless the caller holds `scope` for `factory`; empty: for the whole installation.
  Status needs(std::string_view scope, std::string_view factory) const;
};
using GuardedOperation = Result<http::Response> (*)(const Call&);
// 401 or 429 before `operation` runs, when the caller is unknown.
http::Handler guarded(App& app, GuardedOperation operation);

// `bytes` as the body; packed when there is `gzip` and the request wants that.
void carry(http::Response& response, const http::Request& request, std::shared_ptr<const Bytes> bytes,
           std::shared_ptr<const Bytes> gzip = nullptr);

// The body as an object that has no member outside `members` (bad_input otherwise).
Result<Json> body_object(const http::Request& request, std::initializer_list<std::string_view> members);

}  // namespace rota::server
