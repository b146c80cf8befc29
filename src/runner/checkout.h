// The commit to build, fetched from the server with the run's own key.
#pragma once

#include <string>

#include "base/child.h"
#include "base/files.h"
#include "runner/run_definition.h"

namespace rota::runner {

struct Remote {
  std::string url, commit;  // commit: an id, or a ref
};

// Fetches with git; the key is in a file of mode 0600 that is gone when an operation ends, never in argv, environment or the
// fetched repository. Only http and https remotes; no redirects; the key goes to the server's own origin alone.
class Checkout {
 public:
  Checkout(Files& files, const RunDefinition& run, std::string ca_file)
      : files_(files), run_(run), ca_file_(std::move(ca_file)) {}
  // That commit, detached, in the new folder `into`.
  Status fetch(const Remote& remote, const std::string& into);
  // The commit's own time, RFC 3339, of a folder that was fetched.
  Result<std::string> commit_time(const std::string& folder);

 private:
  Command git(std::vector<std::string> arguments, const std::string& config) const;

  Files& files_;
  const RunDefinition& run_;
  std::string ca_file_;
};

}  // namespace rota::runner
