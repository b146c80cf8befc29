// Secrets of a project: written by an operator, sealed at rest, handed only to runs that declare them (ci.md 3, 4).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/secret.h"
#include "server/app.h"
#include "server/builds.h"

namespace rota::server {

constexpr std::size_t kMaxSecret = 64 * 1024;

Status set_ci_secret(App& app, const BuildKey& project, const std::string& name, BytesView value);  // not_found: the project
Status drop_ci_secret(App& app, const BuildKey& project, const std::string& name);
Result<std::vector<std::string>> ci_secret_names(App& app, const BuildKey& project);
Result<crypto::SecretBytes> ci_secret(App& app, const BuildKey& project, const std::string& name);  // not_found

}  // namespace rota::server
