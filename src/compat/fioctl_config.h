// fioctl.yaml and the environment (fioctl.md 1). Private to fioctl*.cc.
#pragma once

#include <map>
#include <string>

#include "compat/fioctl.h"
#include "compat/fioctl_run.h"

namespace rota::compat::fio {

// clientcredentials: what a login left.
struct Login {
  std::string client_id = {}, client_secret = {};
  std::string access_token = {}, refresh_token = {}, token_type = {};
  std::int64_t expires_in = 0;  // seconds after `created`; 0: never
  std::string created = {};     // RFC 3339
  std::string url = {};         // where it was made, like https://app.foundries.io/oauth

  bool expired(Time now) const;
};

struct Config {
  std::string path;
  std::string factory = {};
  std::string token = {};  // an API token
  Login login = {};
  std::string server = "https://api.foundries.io";
  std::string token_header = "OSF-TOKEN";
  Headers extra_headers = {};
  unsigned mode = 0;  // of the file; 0 when there is none
  bool signed_in() const { return !token.empty() || !login.access_token.empty(); }
};

// Flag before environment before file; FIOCTL_CONFIG before --config. A missing file is fine. bad_input for one that
// cannot be read or understood, and for insecure_skip_verify, which nobody gets.
Result<Config> load_config(const Asked& asked, const FioctlWorld& world);

// "clientcredentials.access_token" -> value, like "factory" -> value: written into the file under its lock, 0600, old file or
// new file at any power cut. Everything else in it stays. conflict when another program holds the lock.
using ConfigChanges = std::map<std::string, std::string>;
Status save_config(Files& files, const std::string& path, const ConfigChanges& changes);

// load_config for a command that talks to the server: warns about a file that others can read, and renews a login that has
// expired (fioctl.md 2). denied when it cannot be renewed.
Result<Config> config_for(const Run& run);

// $HOME, or "." without one.
std::string home_folder(const FioctlWorld& world);

}  // namespace rota::compat::fio
