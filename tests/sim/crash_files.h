// A file system in memory that forgets what was not synced and can lose power between any two steps.
// Model: contents are durable after sync(), names (create, rename, remove, make_folder) after sync_folder() of their folder.
// At the power cut everything else is lost; a file whose name survived without its contents is empty.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/files.h"

namespace rota::sim {

class CrashFiles final : public Files {
 public:
  // Every step after this many (creates, appends, syncs, renames, removes, folders) fails with io, until restart().
  void cut_after(int steps) { steps_left_ = steps; }
  bool was_cut() const { return cut_; }
  int steps_taken() const { return steps_taken_; }
  // Power comes back: only what was durable is there. A disk may have kept more than it had to: with `removals`, every name that
  // was not synced but those that were removed.
  enum class Lost { everything, removals };
  void restart(Lost lost = Lost::everything);
  // The disk takes no more bytes until false.
  void set_full(bool full) { full_ = full; }

  Result<Bytes> read(const std::string& path, std::uint64_t max) override;
  Result<FileFacts> facts(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create(const std::string& path, BytesView bytes, unsigned mode) override;
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

 private:
  struct Inode {
    bool folder = false;
    Bytes bytes;
    Bytes durable;  // what survives
    unsigned mode = 0;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;  // path -> file or folder

  Status step();
  Names now_;      // as programs see it
  Names durable_;  // as it is after a power cut
  std::set<std::string> locks_;
  int steps_left_ = -1;
  int steps_taken_ = 0;
  bool cut_ = false;
  bool full_ = false;
  friend class CrashLock;
};

}  // namespace rota::sim
