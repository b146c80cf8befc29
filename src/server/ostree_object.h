// OSTree objects of an archive-z2 repository: their names, their checksums, what they refer to (ostree "Anatomy of a
// repository"; libostree is not needed for any of it).
// In:    a file somebody uploaded under an object's name.
// Out:   whether it is that object; which objects it needs.
// Never: a whole content object in memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace rota::server {

struct OstreeObject {
  enum class Kind { commit, commitmeta, dirtree, dirmeta, filez };
  Kind kind = Kind::filez;
  std::string checksum;  // 64 lower-case hex digits
  std::string path() const;  // "objects/ab/cd….filez"
  bool operator==(const OstreeObject&) const = default;
};

// Reads path(); nothing for any other text.
std::optional<OstreeObject> ostree_object_at(std::string_view path);

constexpr std::uint64_t kMaxOstreeMetadata = 10 << 20;   // as libostree
constexpr std::uint64_t kMaxOstreeContent = 4ull << 30;  // of one file, decompressed

// Ok when the file is the object of that name: metadata by the SHA-256 of its bytes, a filez by that of its header and
// decompressed content. A commitmeta is not addressed by content: it only has to be small. rejected otherwise; io.
Status verify_ostree_object(const OstreeObject& object, const std::string& file);

struct OstreeCommit {
  std::string parent;  // hex, or empty
  OstreeObject tree, meta;
};
Result<OstreeCommit> read_ostree_commit(BytesView bytes);
// The files, sub-trees and their metadata that a dirtree names. rejected: not a dirtree, a name with '/' or "..".
Result<std::vector<OstreeObject>> read_ostree_dirtree(BytesView bytes);

}  // namespace rota::server
