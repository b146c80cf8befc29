// The repository API of those who publish (repo-api.md): garage-sign, fioctl, CI jobs.
// In:    signed roots and targets, tokens.
// Out:   the published set and its chain, the first root key while it may be had, access tokens.
// Never: an online private key; a fetch on a caller's behalf; a factory the caller has no right to.
#pragma once

#include <functional>
#include <optional>

#include "http/router.h"
#include "server/app.h"

namespace rota::server {

// The groups of rows that add_repo_routes puts together.
void add_user_repo_routes(http::Router& router, App& app);  // repo_api.cc: …/user_repo/…
void add_updates_routes(http::Router& router, App& app);    // root_updates_api.cc: …/root/updates
void add_production_routes(http::Router& router, App& app); // production_api.cc: /ota/factories/<F>/prod-targets/, …
void add_key_routes(http::Router& router, App& app);        // repo_keys_api.cc: /v1/factories/<F>/keys/…
void add_upload_routes(http::Router& router, App& app);     // upload_api.cc: …/multipart/…, uploads/…, targets/<file>
void add_token_routes(http::Router& router, App& app);      // token_api.cc: …/oauth2/token

// Of the API's listener: 403 for a PUT to an upload address that was not made here, before its body is read.
std::function<std::optional<http::Response>(const http::Request&)> upload_gate(App& app);  // upload_api.cc

}  // namespace rota::server
