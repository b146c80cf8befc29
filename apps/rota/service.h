// The service a command talks to: where it is and who is asking, from flags or the profile.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/fetcher.h"
#include "base/files.h"
#include "base/json.h"
#include "ceremony/trust.h"
#include "http/client.h"

namespace rota::app {

// ~/.config/rota/profile.json: {"server","token_file","ca"}. Members that were given by flag win.
struct Profile {
  std::string server;      // "https://host:port", without a final slash
  std::string token_file;  // the API token lies in this file, alone
  std::string ca;          // PEM; empty: the system's store
};
std::string profile_path();
// bad_input: there is neither a flag nor a profile for `server` or `token_file`.
Result<Profile> profile_with(Files& files, const Profile& flags);
// 0600, atomically; makes the folder. The paths are stored absolute: a profile holds wherever one stands.
Status save_profile(Files& files, const Profile& profile);

// Only https: a token is never sent in the clear. Errors of every call: unavailable, denied (401, 403, TLS), not_found,
// conflict, bad_input, with the service's own message.
class Service {
 public:
  Service(Files& files, Profile flags) : files_(files), flags_(std::move(flags)) {}
  Result<Json> get(const std::string& path);
  Result<Json> post(const std::string& path, const Json& body);
  Result<Json> send(const std::string& method, const std::string& path, const Json& body);  // null for an empty answer
  Status remove(const std::string& path);
  Result<Bytes> download(const std::string& path, std::uint64_t max);
  // Any exchange, for what the above does not fit: path and query in `url`; 4xx and 5xx are errors as well.
  Result<FetchReply> exchange(FetchRequest request);
  // Where a factory's roots are, for those who verify them; lives as long as this.
  Result<ceremony::RootSource> root_source(const std::string& factory);

 private:
  Status connect();
  Files& files_;
  Profile flags_;
  std::string server_;
  std::unique_ptr<http::Client> client_;
};

}  // namespace rota::app
