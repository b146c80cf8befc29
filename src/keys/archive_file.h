// An archive on disk, and what a change of it leaves beside it (fioctl.md 8): FILE.lock while a command runs, FILE.tmp
// until the change is confirmed, FILE.journal, FILE.bak with the old archive, FILE.unused-<time> for one that was not
// needed. One that is sealed is opened in memory and its successor sealed in the same way.
// In:    the path of an archive, what opens it.
// Out:   the old archive or the new one under that name, whatever happens in between; the other one beside it.
// Never: FILE.tmp or a backup deleted or overwritten; a sealed archive's content on disk in the open.
#pragma once

#include <memory>
#include <string>

#include "base/files.h"
#include "keys/archive.h"
#include "keys/archive_unlock.h"

namespace rota::keys {

struct ArchiveOnDisk {
  Archive archive;
  std::string sha256;  // of the file
  std::size_t size = 0;
  unsigned mode = 0;
};

class ArchiveFile {
 public:
  // Without `unlock` a sealed archive is refused; it outlives this object.
  ArchiveFile(Files& files, std::string path, ArchiveUnlock* unlock = nullptr)
      : files_(&files), path_(std::move(path)), unlock_(unlock) {}
  const std::string& path() const { return path_; }
  std::string next_path() const { return path_ + ".tmp"; }
  std::string journal_path() const { return path_ + ".journal"; }
  Files& files() const { return *files_; }

  // Every error of this class but a conflict or a wrong passphrase (denied) is `io`: a matter of this machine, nothing was
  // sent.
  // conflict when another command works on this archive.
  Result<std::unique_ptr<FileLock>> lock() const;
  // conflict when FILE.tmp or FILE.journal is there.
  Status no_leftovers() const;
  // Ok when FILE may be replaced or made, its folder takes a new file and has room for two more of `size`. Leaves nothing.
  Status prove_room(std::size_t size) const;

  Result<ArchiveOnDisk> read() const;
  Result<ArchiveOnDisk> read_next() const;  // FILE.tmp
  Result<bool> has_next() const;
  Result<std::string> sha256_of(const std::string& path) const;

  // FILE.tmp, sealed as FILE is, 0600, durable, read again: every member of `before` unchanged, every new private key that of its public
  // half. Its sha256. On failure a half-written FILE.tmp is set aside.
  Result<std::string> write_next(const Archive& next, const Archive& before, Time now) const;
  // FILE, where there is one, copied to FILE.bak, FILE.bak.1, … (the first free name), durable and compared. Its path, "" where
  // there is no FILE. One that is there already with the same bytes will do.
  Result<std::string> keep_backup() const;
  // FILE.tmp becomes FILE, durably.
  Status replace() const;
  // FILE.tmp becomes FILE.unused-<UTC time>, durably. Its path.
  Result<std::string> set_next_aside(Time now) const;
  // The file whose name is FILE and then `ending` and more, and whose digest is this; "" when there is none.
  Result<std::string> beside(std::string_view ending, const std::string& sha256) const;

 private:
  Result<ArchiveOnDisk> read_path(const std::string& path) const;
  Status check_next(const Archive& before) const;
  Result<Bytes> sealed_as_now(const crypto::SecretBytes& packed, const Archive& archive) const;
  Files* files_;
  std::string path_;
  ArchiveUnlock* unlock_;
};

}  // namespace rota::keys
