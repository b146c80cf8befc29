// Where a stranger's script runs: a bubblewrap sandbox (ci.md 3, 5).
// In:    a script, folders, an environment.
// Out:   what it prints, how it ends.
// Never: a network, a way to write outside its folders, a process left when it is over, this process's environment.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/child.h"

namespace rota::runner {

struct SandboxFolders {
  std::string repo;     // -> /repo, writable, the working folder
  std::string archive;  // -> /archive, writable
  std::string secrets;  // -> /secrets, read-only
  std::string script;   // a file -> /script, read-only
  std::vector<std::pair<std::string, std::string>> volumes = {};  // folder here -> absolute path inside, writable
};

// The command that runs /script inside: with the interpreter of its #! line, or `sh -e`. The system (/usr and what belongs to
// it) is read-only, /tmp is its own, there is no network; stderr goes with stdout. The caller adds sink, watch and timeout.
Command sandboxed(const SandboxFolders& folders, const std::map<std::string, std::string>& environment);

}  // namespace rota::runner
