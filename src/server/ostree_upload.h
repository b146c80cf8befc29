// One PUT of the hub API: a tar of repository files into the repository (repo-api.md 8.2, 8.3).
#pragma once

#include <string>

#include "server/ostree_repo.h"

namespace rota::server {

struct UploadCounts {
  std::int64_t received = 0;  // entries of the tar
  std::int64_t present = 0;   // in the repository now
  std::int64_t stored = 0;    // of these, new
  std::int64_t failed = 0;    // wrong CRC, wrong checksum, a ref to a commit that is not whole
};

// rejected: not a tar of plain files whose names are paths of a repository; what came before the bad entry stays (objects
// are what they are named after). Refs move last, when every object is in. The repository's own config is never replaced.
Result<UploadCounts> unpack_upload(OstreeRepo& repo, const std::string& tar_file);

// "./objects/…" or "objects/…" as a path of the grammar of gateway.md 7; bad_input for anything else.
Result<std::string> repository_path(std::string_view name);

}  // namespace rota::server
