// A folder of the run's output as an OSTree commit in the factory's repository (ci.md 6, repo-api.md 8.2).
#pragma once

#include <string>

#include "base/files.h"
#include "runner/run_link.h"

namespace rota::runner {

struct TreeCommit {
  std::string tree;     // folder to commit; owned by root in the commit
  std::string branch;   // the machine
  std::string subject, version;
  std::string time;     // RFC 3339; the same tree at the same time is the same commit
};

// Commits into a fresh archive repository in the new folder `repo`; the commit's checksum.
Result<std::string> commit_tree(const TreeCommit& order, const std::string& repo);

struct Pushed {
  std::size_t files = 0, sent = 0;
};
// Uploads what the server lacks of that repository: asks a hundred paths at a time, sends one tar, the branch last.
// rejected: the server refused a file.
Result<Pushed> push_repository(RunLink& link, const std::string& repo);

}  // namespace rota::runner
