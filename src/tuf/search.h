// TUF 5.6.7: the walk over delegated roles as a value. It says which file it wants next; whoever does input and output brings
// it, verified; it says what was found.
// In:    the top-level targets, the snapshot, a target path; delegated targets one by one.
// Out:   the target, or nothing, after a pre-order depth-first walk.
// Never: files or network; a role visited twice; a role believed under another delegator than the one it was reached through.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tuf/verify.h"

namespace rota::tuf {

struct SearchLimits {
  int levels = 32;
  int roles = 1024;  // visited in one search, the top-level role not counted
};

// A delegation that matches and is terminating ends the search with its descendants: what would come after it is not visited,
// neither behind it in its delegator nor in any role above (TUF 5.6.7.2.1). A role that was visited is passed over, also when
// another delegator names it; its delegation still terminates.
class TargetSearch {
 public:
  // `snapshot` and `top` outlive the search.
  TargetSearch(const Fresh<Snapshot>& snapshot, const Fresh<Targets>& top, std::string target_path,
               SearchLimits limits = {});

  // A role whose file is needed to go on, and by whose authority it is to be verified (next_delegated).
  struct Wish {
    std::string role;
    Authority authority;  // of the delegator through which it was reached; points into this search
    FileMeta listed;      // by the snapshot
  };
  // Nothing: the walk has ended. rejected: the snapshot does not list the role that is needed next, or a limit is reached;
  // nothing was found then, and nothing will be. The answer is the same until the next take().
  Result<std::optional<Wish>> wish();
  // The answer to the last wish, verified by its authority. Aborts when there was none.
  void take(Fresh<Targets> delegated);

  // The target, once the walk has ended; nothing when no role offers it.
  const std::optional<Target>& found() const { return found_; }
  // Roles visited so far, in order.
  const std::vector<std::string>& visited() const { return visited_; }

 private:
  // A role between the top and the place where the walk is.
  struct Step {
    std::string role;
    std::shared_ptr<const Fresh<Targets>> owned;  // none for the top
    const Targets* targets;
    std::vector<Speaker> speakers;
    std::size_t next = 0;  // of the speakers
  };
  void enter(Step step);
  std::optional<Speaker> next_speaker();
  Result<std::optional<Wish>> next_wish();
  Result<Wish> wish_for(const Speaker& speaker) const;
  Status within_limits(const Speaker& speaker) const;

  const Snapshot* snapshot_;
  std::string target_path_;
  SearchLimits limits_;
  std::vector<Step> steps_;
  std::optional<Wish> wished_;     // and not answered yet
  std::optional<Error> refused_;  // why the walk goes no further
  std::set<std::string, std::less<>> seen_;
  std::vector<std::string> visited_;
  std::optional<Target> found_;
};

}  // namespace rota::tuf
