// fioctl.yaml and the environment (fioctl.md 1). Private to fioctl*.cc.
#pragma once

#include <map>
#include <string>

#include "compat/fioctl.h"
#include "compat/fioctl_arguments.h"

namespace rota::compat::fio {

struct Config {
  std::string path;
  std::string factory = {};
  std::string token = {};         // an API token
  std::string access_token = {};  // of an OAuth login
  std::string server = "https://api.foundries.io";
  std::string token_header = "OSF-TOKEN";
  Headers extra_headers = {};
  unsigned mode = 0;  // of the file; 0 when there is none
  bool signed_in() const { return !token.empty() || !access_token.empty(); }
};

// Flag before environment before file; FIOCTL_CONFIG before --config. A missing file is fine. bad_input for one that
// cannot be read or understood, and for insecure_skip_verify, which nobody gets.
Result<Config> load_config(const Asked& asked, const FioctlWorld& world);

// $HOME, or "." without one.
std::string home_folder(const FioctlWorld& world);

}  // namespace rota::compat::fio
