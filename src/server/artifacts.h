// Files a run left behind (ci.md 4, 5; G8): addresses that are good for one thing, and what was put there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/app.h"
#include "server/builds.h"

namespace rota::server {

constexpr std::uint64_t kMaxArtifact = 1ull << 30;

struct ArtifactName {
  RunKey run;
  std::string path;  // relative and clean: is_relative_path
};

// The URL to PUT it to within 15 minutes: bound by an HMAC to the method, the run, the path, the size limit and the expiry.
std::string signed_artifact_url(const App& app, const ArtifactName& name);
// denied: expired, altered, or made for something else; `request` is a PUT of that URL.
Status is_signed_for(const App& app, const ArtifactName& name, const http::Request& request);

struct Artifact {
  std::string path, sha256;
  std::int64_t size = 0;
};
// Copies the file into the blobs, then the row. The same path again replaces it.
Status keep_artifact(App& app, std::int64_t run_id, const std::string& path, const std::string& file);
Result<std::vector<Artifact>> artifacts_of(App& app, std::int64_t run_id);
Result<std::string> artifact_file(App& app, std::int64_t run_id, const std::string& path);  // not_found

}  // namespace rota::server
