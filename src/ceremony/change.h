// A change of the owner's keys in one run, thought through before anything is written or sent (fioctl.md 9): root key, targets
// key, both together with the server's own keys, or only a later expiry.
// In:    the archives, the draft that the change is made to, the wish.
// Out:   signed next roots that a device would take, signatures over the targets in use, and the archives that can open them.
// Never: files, network; a key other than the archive's own replaced; a root signed that was not built here.
#pragma once

#include <set>

#include "ceremony/owner_key.h"
#include "ceremony/published_targets.h"
#include "ceremony/staged_roots.h"

namespace rota::ceremony {

struct ChangeWish {
  std::set<tuf::Role> offline = {};  // whose owner's key is replaced, of root and targets; none: only the expiry is renewed
  const keys::Archive* targets_archive = nullptr;  // where the new targets key goes, when not beside the root key
  NewKeyWish new_key = {};  // of each role
  std::optional<std::string> key_id = {};  // which root key to replace, when several could be
  std::optional<tuf::KeyId> lost_targets_key = {};  // the one that goes, held by nobody any more
  std::optional<Time> expires = {};
  std::string polis_id = {};
  std::string factory = {};
  std::string online_targets_id = {};  // the server's own targets key, in the draft
  PublishedFiles tags = {}, waves = {};
  Time now = {};
};

struct ChangePlan {
  std::map<Stream, RootChange> changes;
  std::optional<keys::Archive> next_root, next_targets;  // those that change; next_root holds both keys when they live together
  Json targets_signatures = {}, waves_signatures = {};
  std::map<tuf::Role, tuf::KeyId> old_ids, new_ids;
  tuf::Version version = 0;
  Time expires;
  std::vector<std::string> warnings;
};

// io: `root_archive` holds no private key of the root's keys, or several and no key id was given. rejected: a device or the
// rules of the field would refuse the next roots, or a targets file in use would lose its quorum.
Result<ChangePlan> plan_change(const keys::Archive& root_archive, StagedRoots draft, const ChangeWish& wish);

}  // namespace rota::ceremony
