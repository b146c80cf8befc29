// The entries of a targets file, one at a time.
#pragma once

#include "tuf/canonical_reader.h"
#include "tuf/signed_file.h"

namespace rota::tuf {

// The value of `targets`, which stands before `reader`: every entry checked for form, those that are wanted kept.
// Nothing when it is not canonical or an entry has a fault.
std::optional<SignedFile::Entries> read_entries(CanonicalReader& reader, const Wanted& wanted);

}  // namespace rota::tuf
