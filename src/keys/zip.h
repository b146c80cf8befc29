// Zip in memory: credentials.zip (formats.md 3).
// In:    the packed bytes of a zip, of whatever hand.
// Out:   its members byte for byte; the bytes of a new one.
// Never: the disk; more memory than the limits, whatever the bytes claim.
#pragma once

#include "keys/archive.h"

namespace rota::keys {

// The plain files of a zip. bad_input, in words of its own each: no zip, cut short, a wrong checksum, an encrypted
// member, over a limit, an unsafe name, a name twice.
Result<Archive::Members> unzipped_members(BytesView packed, const ArchiveLimits& limits = {});
// Members sorted by name, 0600, modified at `now`.
Result<crypto::SecretBytes> zipped_members(const Archive::Members& members, Time now);

}  // namespace rota::keys
