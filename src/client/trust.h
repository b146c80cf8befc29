// What a client trusts at a start: the chain of roots from the first one over every stored one, and what is stored under it.
// In:    roots obtained out of band, the store.
// Out:   Trust: the newest root held, the floors, the stored set if it still verifies, and whether it has expired.
// Never: a stored file believed because it is stored; more than one root of the chain in memory; anything written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/trust_store.h"

namespace rota::client {

using RootFiles = std::map<tuf::Version, tuf::FileBytes>;

struct Trust {
  tuf::Trusted<tuf::Root> root;
  tuf::Floors floors = {};
  tuf::Generation generation = {};           // empty files: not stored, or they do not verify any more
  tuf::Version floors_under = 0;             // the newest root that both take into account; above `root` after damage
  tuf::Version stored_under = 0;             // as the store has it: what lies between is still to be saved
  std::optional<tuf::VerifiedSet> set = {};  // verified under `root`; perhaps expired by now
  std::optional<Error> expired = {};         // why `set` must not be used at `now`, if so
  std::vector<AcceptedRoot> unsaved = {};    // of the chain, not in the store yet
  std::vector<std::string> notices = {};     // stored files that were damaged and are left out

  bool has_valid_set() const;
};

// How the stored set is to be read.
struct SetView {
  Time now;
  tuf::Reading targets = {};
};

// TUF 5.2, from the lowest of `provisioned` or, when there is none, from the oldest root in the store. rejected: the first
// root or a provisioned one does not verify, or cannot be reached from the one before; not_found: there is no root at all.
Result<Trust> load_trust(TrustStore& store, const RootFiles& provisioned, const SetView& view);

// Trust in a root that was met for the first time: only when nothing was provisioned and the owner asked for it.
Result<Trust> trust_first(tuf::FileBytes root);

// TUF 5.3.8, 5.3.11: `next` is the root from here on, and what it makes void is forgotten. `set` is to be judged again.
void step_to(Trust& trust, tuf::Trusted<tuf::Root> next);

// Verifies `generation` under `root`: sets `set` and `expired`. When the files make no set, each is kept that verifies alone.
void judge_set(Trust& trust, const SetView& view);

}  // namespace rota::client
