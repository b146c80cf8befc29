// What every group of routes is given: the doors, the stores, who may do what. One App lives as long as the process.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "http/router.h"
#include "store/blobs.h"
#include "store/sqlite.h"

namespace rota::repo {
class Repositories;  // repo/repositories.h
}

namespace rota::server {

class Audit;      // server/audit.h: who did what
class Auth;       // server/auth.h: tokens, scopes, users
class Devices;    // server/devices.h: the registry that the gateway asks at each request
class Factories;  // server/factories.h: what belongs to a factory beside its repository
class Pki;        // server/pki.h: the installation's and the factories' certificate authorities
class Writes;     // server/writes.h: small writes of many requests in few transactions

struct Settings {
  std::string data_folder;
  std::vector<std::string> names;  // DNS names of the server certificate; the first is the public one
  std::string gateway_url;         // "https://localhost:8443", without a final slash
  std::string api_url;             // "https://localhost:8080"
};

// Made by Installation::open (installation.h), also in tests: there is no other way to get one.
struct App {
  Settings settings;
  const Clock& clock;
  Files& files;
  store::Database& db;
  store::Blobs& blobs;
  const crypto::SecretBytes& seal_key;
  repo::Repositories& repos;
  Writes& writes;
  Audit& audit;
  Auth& auth;
  Pki& pki;
  Factories& factories;
  Devices& devices;
};

// Each group adds its rows to the table; none knows another. Gateway rows go to the mutual-TLS listener, all others to
// the API's.
void add_gateway_routes(http::Router& router, App& app);   // gateway.cc: /repo, /ostree, /events, /device, …
void add_operator_routes(http::Router& router, App& app);  // operator_api.cc: /v1/…, /ota/devices/…
void add_repo_routes(http::Router& router, App& app);  // repo_api.cc: /ota/repo/<F>/…, oauth2 token, first-root archive
void add_source_routes(http::Router& router, App& app);  // source_api.cc: /source/<F>/<name>.git
void add_build_routes(http::Router& router, App& app);   // build_api.cc: /projects/…, /workers/…
void add_hub_routes(http::Router& router, App& app);  // hub_api.cc: /ota/ostreehub/<F>/v2/repos/lmp, /ota/treehub/…

}  // namespace rota::server
