// What the device trusts at a start: the chain from the provisioned root over every stored one, and the stored set under it.
// In:    provisioned root files, the store.
// Out:   Trust: the newest root held, the floors, the stored set if it still verifies, and whether it has expired.
// Never: a stored file believed because it is stored; trust on first use when a provisioned root is there but damaged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "device/settings.h"
#include "device/trust_store.h"

namespace rota::device {

using RootFiles = std::map<tuf::Version, Bytes>;

// <roots_path>/<stream>/<N>.root.json and the imported root. rejected: a file that holds another version than its name
// says, or is no root at all.
Result<RootFiles> provisioned_roots(Files& files, const TrustSettings& settings, std::string_view stream);

struct Trust {
  // A root of the chain that the store does not hold yet, with the floors as they are under it.
  struct Unsaved {
    tuf::Trusted<tuf::Root> root;
    tuf::Floors floors;
  };

  tuf::Trusted<tuf::Root> root;
  tuf::Floors floors;
  tuf::Generation generation;           // empty files: not stored, or they do not verify any more
  std::optional<tuf::VerifiedSet> set;  // verified under `root`; perhaps expired by now
  std::optional<Error> expired = {};    // why `set` must not be used at `now`, if so
  std::vector<Unsaved> unsaved = {};
  std::vector<std::string> notices = {};  // stored files that were damaged and are left out

  bool has_valid_set() const { return set.has_value() && !expired; }
};

// TUF 5.2 over provisioned and stored roots. rejected: a provisioned root is damaged, or cannot be reached from the one
// before; not_found: there is none, provisioned or stored (trust on first use must then have been asked for).
Result<Trust> load_trust(const RootFiles& provisioned, StoredTrust stored, Time now);

// Trust in a root that was met for the first time: only when nothing was provisioned and the owner asked for it.
Result<Trust> trust_first(BytesView root);

// Verifies `trust.generation` under `trust.root` and sets `set` and `expired`.
void judge_set(Trust& trust, Time now);

}  // namespace rota::device
