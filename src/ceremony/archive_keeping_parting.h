// Part of an archive goes to a second one: what is not needed any more, or a role's keys (fioctl.md 8, 11).
// In:    an archive, the newest root that it is held against, the wish.
// Out:   two archives that hold, between them, everything that was in the one; the old one stays as a backup.
// Never: a member that is in none of the two, at any power cut; a sealed archive's part in the open; an archive left
//        without the keys that the newest root wants of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ceremony/anchor.h"
#include "keys/archive_file.h"

namespace rota::ceremony {

struct Parting {
  std::vector<std::string> leaving;  // members that the archive loses to the second one
  std::vector<std::string> shared;   // members that are in both: pins, recipients
  std::vector<std::string> retired = {};  // of those leaving, the pairs that only older roots name: their .pub
  std::vector<std::string> said;     // for people: "key 4f1c… (tufrepo/keys/root.sec): no role has it in root 7"
  bool empty() const { return leaving.empty(); }
};

// What nobody needs at hand: pairs that no role of the newest verified root names and that no unpublished root waits
// for; of layout A the configuration with its secret, credentials.zip and the online targets keys. `newest`, when
// given, is held beside the archive's own pins. bad_input when there is no root at all to tell by.
Result<Parting> prune_parting(const keys::Archive& archive, const Chain* newest);
// The pairs of a role, by the archive's roots and by name (fioctl-<role>-…); those that are of the other role as well
// stay and are shared. bad_input when there are none, or no private key would be left.
Result<Parting> split_parting(const keys::Archive& archive, tuf::Role role);

struct Parted {
  std::string second, backup;
};
// The second archive, durable and read back, sealed as FILE is; then FILE without what left, in the safe way of
// ArchiveFile. Cut off at any point, the same call finishes it. conflict: `second` is another file; FILE.tmp is another
// change. The caller holds the lock.
Result<Parted> part_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const Parting& parting,
                            const std::string& second, Time now);

}  // namespace rota::ceremony
