// The door to the file system. Primitive steps are virtual, so that a test can cut the power between any two of them;
// the safe sequences (create_durable, replace_file) are built here from the steps and used by everybody.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace rota {

struct FileFacts {
  enum class Kind { none, file, folder, other };
  Kind kind = Kind::none;
  unsigned mode = 0;  // permission bits
  std::uint64_t size = 0;
  bool exists() const { return kind != Kind::none; }
};

// Held until destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Errors: io (permission, full disk, broken medium), not_found (read, rename, remove of nothing),
// conflict (create of something that exists; lock not had in time), bad_input (longer than `max`).
class Files {
 public:
  virtual ~Files() = default;
  virtual Result<Bytes> read(const std::string& path, std::uint64_t max) = 0;
  virtual Result<FileFacts> facts(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;  // names, sorted, without . and ..
  // Exclusively creates and writes; the bytes may be lost until sync().
  virtual Status create(const std::string& path, BytesView bytes, unsigned mode) = 0;
  // As create and sync; where the file system knows how, the name is not there before all of the bytes are, whenever this is cut
  // off. The name may be lost until sync_folder().
  virtual Status create_whole(const std::string& path, BytesView bytes, unsigned mode);
  // At most `max` bytes from `offset`; fewer only where the file ends.
  virtual Result<Bytes> read_part(const std::string& path, std::uint64_t offset, std::size_t max) = 0;
  // Writes at the end of a file that is there; the bytes may be lost until sync().
  virtual Status append(const std::string& path, BytesView bytes) = 0;
  virtual Status sync(const std::string& path) = 0;
  virtual Status sync_folder(const std::string& folder) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;  // a file or an empty folder
  virtual Status make_folder(const std::string& path, unsigned mode) = 0;  // ok when it is there already
  virtual Status set_mode(const std::string& path, unsigned mode) = 0;
  // Exclusive advisory lock on `path` (created 0600 when missing). Seconds(0) does not wait.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path, Seconds wait) = 0;
  virtual Result<std::uint64_t> free_bytes(const std::string& folder) = 0;
};

class PosixFiles final : public Files {
 public:
  Result<Bytes> read(const std::string& path, std::uint64_t max) override;
  Result<FileFacts> facts(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create(const std::string& path, BytesView bytes, unsigned mode) override;
  Status create_whole(const std::string& path, BytesView bytes, unsigned mode) override;
  Result<Bytes> read_part(const std::string& path, std::uint64_t offset, std::size_t max) override;
  Status append(const std::string& path, BytesView bytes) override;
  Status sync(const std::string& path) override;
  Status sync_folder(const std::string& folder) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status make_folder(const std::string& path, unsigned mode) override;
  Status set_mode(const std::string& path, unsigned mode) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, Seconds wait) override;
  Result<std::uint64_t> free_bytes(const std::string& folder) override;
};

// A new file, durable when this returns: create_whole, sync_folder. conflict when it exists already.
Status create_durable(Files& files, const std::string& path, BytesView bytes, unsigned mode);
// Old content or new content, never a mixture, at any power cut: temporary file, sync, rename, sync_folder.
Status replace_file(Files& files, const std::string& path, BytesView bytes, unsigned mode);
// make_folder for every missing part of `path`.
Status make_folders(Files& files, const std::string& path, unsigned mode);

std::string folder_of(std::string_view path);     // "a/b" -> "a", "b" -> "."
std::string file_name_of(std::string_view path);  // "a/b" -> "b"

}  // namespace rota
