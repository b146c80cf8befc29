// Tar in memory, behind libarchive.
#pragma once

#include <map>
#include <string>

#include "keys/archive.h"

namespace rota::keys {

// The regular files of a gzip tar under the limits of formats.md 10.4.
Result<Archive::Members> unpacked_members(BytesView packed, const ArchiveLimits& limits);
// gzip and ustar, folders first (formats.md 10.3).
Result<crypto::SecretBytes> packed_members(const Archive::Members& members, Time now);

}  // namespace rota::keys
