// The archive-z2 repository of a factory, as uploads see it (repo-api.md 8.3).
// In:    files that claim to be objects; refs.
// Out:   objects that are what their names say; refs to commits that are whole.
// Never: an object under a checksum it does not have; a ref to a commit of which something is missing.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/files.h"
#include "server/ostree_object.h"

namespace rota::server {

class OstreeRepo {
 public:
  // `folder` is an archive-z2 repository (Factories::create makes it).
  OstreeRepo(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  ~OstreeRepo() = default;

  std::string file_of(std::string_view path) const { return folder_ + "/" + std::string(path); }
  Result<bool> has(std::string_view path);
  // CRC-32C of that file; nothing when it is not there. `path` is of the grammar of gateway.md 7.
  Result<std::optional<std::uint32_t>> crc_of(std::string_view path);
  // A new path for a file to be taken, in the repository's own temporary folder.
  Result<std::string> new_temporary();

  enum class Taken { stored, present };
  // Verifies `file`, makes it durable and gives it the object's name; `file` is gone afterwards, whatever comes of it.
  // rejected: it is not that object. Durable when settle() has returned.
  Result<Taken> take(const OstreeObject& object, const std::string& file);
  // As take, for deltas: nothing to verify here, the device verifies what they make.
  Status take_plain(const std::string& path, const std::string& file);
  Status settle();

  // Ok when the commit and all that it reaches are here. not_found names what is missing; its parent may be.
  Status is_whole(const std::string& commit);

  enum class Ref { child_only, any };
  Result<std::string> ref(const std::string& name);  // not_found
  // not_found: the commit is not whole; conflict: child_only, and the present commit is not its parent.
  Status set_ref(const std::string& name, const std::string& commit, Ref rule);

 private:
  Status put(const std::string& path, const std::string& file);
  Status visit(const OstreeObject& object, std::set<std::string>& seen);
  Result<Bytes> metadata(const OstreeObject& object);

  Files& files_;
  std::string folder_;
  std::set<std::string> unsettled_;  // folders with new names
};

bool is_ostree_ref(std::string_view name);  // [A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*, no "." or ".." segment

}  // namespace rota::server
