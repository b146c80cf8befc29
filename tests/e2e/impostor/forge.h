// The impostor's workshop: metadata sets that a device must refuse.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "tuf/sign.h"
#include "tuf/verify.h"

namespace rota::impostor {

// What the attacker recorded from the real service.
struct Recorded {
  tuf::Root root;
  tuf::Timestamp timestamp;
  tuf::Snapshot snapshot;
  Json targets_body;
};
Result<Recorded> recorded_in(const std::string& folder);

// The build the attacker wants the device to run.
struct Wish {
  std::string machine;
  std::int64_t version = 0;
  std::string commit;
};

// File name -> bytes, as they are to be served below /repo/.
using Set = std::map<std::string, Bytes>;

// timestamp, snapshot and targets one version ahead of what was recorded, with the wished build in, signed by these keys.
struct RoleSigners {
  const tuf::Signer& targets;
  const tuf::Signer& snapshot;
  const tuf::Signer& timestamp;
};
Result<Set> forged_set(const Recorded& recorded, const Wish& wish, const RoleSigners& signers);

// As above, led by root N+1 that names the attacker's own keys, signed by `root_key` and by the attacker.
Result<Set> forged_root_and_set(const Recorded& recorded, const Wish& wish, const tuf::Signer& root_key);

}  // namespace rota::impostor
