// Archives made in memory: gzip + ustar (formats.md 10.3) and zip; single files as gzip.
#pragma once

#include <map>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace rota::repo {

// Path -> content; std::map keeps them sorted by name.
using Members = std::map<std::string, Bytes>;

// Files 0600, their folders (as members of their own) 0700, owner 0, modified at `now`. io when the library fails.
Result<Bytes> tar_gz(const Members& members, Time now);
Result<Bytes> zip(const Members& members, Time now);
// One file (RFC 1952): the same bytes whenever the file is the same.
Result<Bytes> gzip(BytesView file);

}  // namespace rota::repo
