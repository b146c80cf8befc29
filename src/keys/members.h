// What tar.cc and zip.cc share: libarchive's objects, and the members of an archive while it is read or written.
// Private to them.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <string>

#include "keys/archive.h"

namespace rota::keys {

struct ReadDeleter {
  void operator()(::archive* a) const { archive_read_free(a); }
};
struct WriteDeleter {
  void operator()(::archive* a) const { archive_write_free(a); }
};
struct EntryDeleter {
  void operator()(::archive_entry* e) const { archive_entry_free(e); }
};
using Reading = std::unique_ptr<::archive, ReadDeleter>;
using Writing = std::unique_ptr<::archive, WriteDeleter>;
using Entry = std::unique_ptr<::archive_entry, EntryDeleter>;

std::string reason(::archive* a);

// Plain files with honest names, each once, within the limits (formats.md 10.4).
class CollectedMembers {
 public:
  explicit CollectedMembers(const ArchiveLimits& limits) : limits_(limits) {}
  // Reads the member whose header was read last; folders are skipped.
  Status take(::archive* reading, ::archive_entry* entry);
  Archive::Members members() && { return std::move(members_); }

 private:
  Status has_room(const std::string& name, ::archive_entry* entry);
  ArchiveLimits limits_;
  Archive::Members members_;
  std::size_t entries_ = 0, total_ = 0;
};

struct MemberHeader {
  std::string name;
  unsigned type;
  unsigned mode;
  std::size_t size;
  Time at;
};
Status write_header(::archive* writing, const MemberHeader& header);
// Header and bytes of a file, 0600.
Status write_file(::archive* writing, const std::string& name, const crypto::SecretBytes& bytes, Time at);
// libarchive's callback that appends to a Bytes.
la_ssize_t append_piece(::archive*, void* out, const void* buffer, std::size_t size);

}  // namespace rota::keys
