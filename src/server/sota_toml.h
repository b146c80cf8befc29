// The configuration a new device starts with (operator-api.md 10.2).
#pragma once

#include <string>

#include "base/json.h"

namespace rota::server {

struct SotaSettings {
  std::string gateway_url;    // without a final slash
  std::string config_folder;  // "/var/sota"
  std::string hardware_id;
};

// sota.toml with `overrides` ({section: {key: TOML text}}) on top. Each override is read as one TOML value and written
// anew; an empty one comments its key out. bad_input: an override that is not one value, or a section or key that is
// not [A-Za-z0-9_-]{1,64}.
Result<std::string> sota_toml(const SotaSettings& settings, const Json* overrides);

}  // namespace rota::server
