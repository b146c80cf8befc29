// TUF 5.6.7: the walk over delegated roles as a value. It says which file it wants next; whoever does input and output brings
// it, verified; it says what was found.
// In:    the top-level targets, the snapshot, a target path; delegated targets one by one.
// Out:   the target, or nothing, after a pre-order depth-first walk.
// Never: files or network; a role visited twice; a role believed under another delegator than the one it was reached through.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tuf/verify.h"

namespace rota::tuf {

struct SearchLimits {
  int levels = 32;
  int roles = 1024;  // visited in one search, the top-level role not counted
};

class TargetSearch {
 public:
  TargetSearch(const Fresh<Snapshot>& snapshot, Fresh<Targets> top, std::string target_path, SearchLimits limits = {});

  // A role whose file is needed to go on, and by whose authority it is to be verified (next_delegated).
  struct Wish {
    std::string role;
    Authority authority;  // of the delegator through which it was reached; points into this search
    FileMeta listed;      // by the snapshot
  };
  // Nothing: the walk has ended. rejected: the snapshot does not list the role that is needed next, or a limit is reached.
  Result<std::optional<Wish>> wish();
  // The answer to the last wish.
  void take(Fresh<Targets> delegated);

  // The target, once the walk has ended; nothing when no role offers it.
  const std::optional<Target>& found() const { return found_; }
  // Roles visited so far, in order.
  const std::vector<std::string>& visited() const { return visited_; }

 private:
  std::vector<std::string> visited_;
  std::optional<Target> found_;
};

}  // namespace rota::tuf
