#include "sim/crash_files.h"

#include <utility>

namespace rota::sim {

class CrashLock final : public FileLock {
 public:
  CrashLock(CrashFiles* files, std::string path) : files_(files), path_(std::move(path)) {}
  ~CrashLock() override { files_->locks_.erase(path_); }

 private:
  CrashFiles* files_;
  std::string path_;
};

Status CrashFiles::step() {
  if (cut_ || steps_left_ == 0) {
    cut_ = true;
    return io_error("power cut");
  }
  if (steps_left_ > 0) --steps_left_;
  ++steps_taken_;
  return {};
}

void CrashFiles::restart(Lost lost) {
  if (lost == Lost::removals) {
    Names kept = now_;
    kept.insert(durable_.begin(), durable_.end());
    durable_ = std::move(kept);
  }
  now_ = durable_;
  for (auto& [path, inode] : now_) inode->bytes = inode->durable;
  locks_.clear();
  steps_left_ = -1;
  steps_taken_ = 0;
  cut_ = false;
}

Result<Bytes> CrashFiles::read(const std::string& path, std::uint64_t max) {
  const auto at = now_.find(path);
  if (at == now_.end() || at->second->folder) return not_found("read '" + path + "'");
  if (at->second->bytes.size() > max) return bad_input("read '" + path + "': too long");
  return at->second->bytes;
}

Result<FileFacts> CrashFiles::facts(const std::string& path) {
  const auto at = now_.find(path);
  if (at == now_.end()) return FileFacts{path == "/" ? FileFacts::Kind::folder : FileFacts::Kind::none, 0755, 0};
  const Inode& inode = *at->second;
  return FileFacts{inode.folder ? FileFacts::Kind::folder : FileFacts::Kind::file, inode.mode, inode.bytes.size()};
}

Result<std::vector<std::string>> CrashFiles::list(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& [path, inode] : now_)
    if (folder_of(path) == folder) names.push_back(file_name_of(path));
  return names;
}

Status CrashFiles::create(const std::string& path, BytesView bytes, unsigned mode) {
  TRY(step());
  if (now_.contains(path)) return conflict("create '" + path + "': exists");
  if (full_) return io_error("create '" + path + "': no space left on device");
  now_[path] = std::make_shared<Inode>(Inode{false, Bytes(bytes), {}, mode});
  return {};
}

Result<Bytes> CrashFiles::read_part(const std::string& path, std::uint64_t offset, std::size_t max) {
  const Bytes whole = TRY(read(path, UINT64_MAX));
  return offset < whole.size() ? whole.substr(offset, max) : Bytes();
}

Status CrashFiles::append(const std::string& path, BytesView bytes) {
  TRY(step());
  const auto at = now_.find(path);
  if (at == now_.end() || at->second->folder) return not_found("append '" + path + "'");
  if (full_) return io_error("append '" + path + "': no space left on device");
  at->second->bytes += bytes;
  return {};
}

Status CrashFiles::sync(const std::string& path) {
  TRY(step());
  const auto at = now_.find(path);
  if (at == now_.end()) return not_found("fsync '" + path + "'");
  at->second->durable = at->second->bytes;
  return {};
}

Status CrashFiles::sync_folder(const std::string& folder) {
  TRY(step());
  std::erase_if(durable_, [&](const auto& entry) { return folder_of(entry.first) == folder; });
  for (const auto& entry : now_)
    if (folder_of(entry.first) == folder) durable_.insert(entry);
  return {};
}

Status CrashFiles::rename(const std::string& from, const std::string& to) {
  TRY(step());
  const auto at = now_.find(from);
  if (at == now_.end()) return not_found("rename '" + from + "'");
  auto inode = at->second;
  now_.erase(at);
  if (inode->folder) {
    Names moved;
    for (const auto& [path, child] : now_)
      if (path.starts_with(from + "/")) moved[to + path.substr(from.size())] = child;
    std::erase_if(now_, [&](const auto& entry) { return entry.first.starts_with(from + "/"); });
    now_.insert(moved.begin(), moved.end());
  }
  now_[to] = std::move(inode);
  return {};
}

Status CrashFiles::remove(const std::string& path) {
  TRY(step());
  if (now_.erase(path) == 0) return not_found("remove '" + path + "'");
  return {};
}

Status CrashFiles::make_folder(const std::string& path, unsigned mode) {
  TRY(step());
  if (!now_.contains(path)) now_[path] = std::make_shared<Inode>(Inode{true, {}, {}, mode});
  return {};
}

Status CrashFiles::set_mode(const std::string& path, unsigned mode) {
  TRY(step());
  const auto at = now_.find(path);
  if (at == now_.end()) return not_found("chmod '" + path + "'");
  at->second->mode = mode;
  return {};
}

Result<std::unique_ptr<FileLock>> CrashFiles::lock(const std::string& path, Seconds) {
  if (!locks_.insert(path).second) return conflict("lock '" + path + "': held");
  return std::unique_ptr<FileLock>(new CrashLock(this, path));
}

Result<std::uint64_t> CrashFiles::free_bytes(const std::string&) { return full_ ? 0u : std::uint64_t{1} << 40; }

}  // namespace rota::sim
