// The rotation of an owner's root key, thought through before anything is written or sent (fioctl.md 10, steps 4-8).
// In:    the archive, the verified newest roots, the wish.
// Out:   signed next roots that a device would take, and the archive that can open them.
// Never: files, network; a key other than the archive's own replaced; a root signed that was not built here.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ceremony/check.h"
#include "ceremony/difference.h"
#include "ceremony/owner_key.h"
#include "ceremony/trust.h"
#include "keys/archive.h"

namespace rota::ceremony {

struct RotationWish {
  NewKeyWish new_key = {};
  std::optional<std::string> key_id = {};               // which key to replace, when several could be
  std::optional<Time> expires = {};                     // exactly then; else the later of the current one and a year
  std::string message = {};
  std::string polis_id = {};
  std::string factory = {};
  Time now = {};
};

struct RootChange {
  tuf::Trusted<tuf::Root> trusted;
  Bytes candidate;  // the signed envelope
  RootDifference difference;
};

struct RotationPlan {
  std::map<Stream, RootChange> changes;
  keys::Archive next;
  tuf::KeyId old_id, new_id;
  tuf::Version version = 0;
  Time expires;
  std::vector<std::string> warnings;
};

using NewestRoots = std::map<Stream, tuf::Trusted<tuf::Root>>;

// io: the archive holds no private key of the root's keys, or several and no key id was given, or a broken pair.
// rejected: a device or the rules of the field would refuse the next root; every reason and every missing signature
// named.
Result<RotationPlan> plan_rotation(const keys::Archive& archive, const NewestRoots& newest, const RotationWish& wish);

}  // namespace rota::ceremony
