#include "sim/power_cut_disk.h"

#include <sqlite3.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <new>
#include <vector>

namespace rota::sim {

// What the power cut would leave: the content at the last sync, and what was done since.
struct PowerCutDisk::Pending {
  std::string durable;
  struct Write {
    std::size_t at;
    std::string bytes;  // a truncation when empty
  };
  std::vector<Write> since;
};

namespace {

struct LayerFile {
  sqlite3_file base;  // first member: what SQLite sees
  PowerCutDisk* disk;
  PowerCutDisk::Pending* pending;
  sqlite3_file* real;
};

LayerFile* mine(sqlite3_file* file) {
  return reinterpret_cast<LayerFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return mine(file)->real;
}
PowerCutDisk* disk_of(sqlite3_vfs* vfs) {
  return static_cast<PowerCutDisk*>(vfs->pAppData);
}
sqlite3_vfs* real(sqlite3_vfs* vfs) {
  return disk_of(vfs)->real();
}

void apply(std::string& content, const PowerCutDisk::Pending::Write& write, std::size_t length) {
  if (write.bytes.empty()) return content.resize(write.at);
  if (content.size() < write.at + length) content.resize(write.at + length, '\0');
  content.replace(write.at, length, write.bytes, 0, length);
}

int layer_close(sqlite3_file* file) {
  const int code = real(file)->pMethods->xClose(real(file));
  ::operator delete(real(file));
  return code;
}
int layer_read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
  return real(file)->pMethods->xRead(real(file), to, size, at);
}
int layer_write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  if (!mine(file)->disk->step()) return SQLITE_IOERR_WRITE;
  mine(file)->pending->since.push_back(
      {static_cast<std::size_t>(at), std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
  return real(file)->pMethods->xWrite(real(file), from, size, at);
}
int layer_truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (!mine(file)->disk->step()) return SQLITE_IOERR_TRUNCATE;
  mine(file)->pending->since.push_back({static_cast<std::size_t>(size), {}});
  return real(file)->pMethods->xTruncate(real(file), size);
}
int layer_sync(sqlite3_file* file, int flags) {
  if (!mine(file)->disk->step()) return SQLITE_IOERR_FSYNC;
  auto& pending = *mine(file)->pending;
  for (const auto& write : pending.since) apply(pending.durable, write, write.bytes.size());
  pending.since.clear();
  return real(file)->pMethods->xSync(real(file), flags);
}
int layer_file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real(file)->pMethods->xFileSize(real(file), size);
}
int layer_lock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xLock(real(file), level);
}
int layer_unlock(sqlite3_file* file, int level) {
  return real(file)->pMethods->xUnlock(real(file), level);
}
int layer_reserved(sqlite3_file* file, int* out) {
  return real(file)->pMethods->xCheckReservedLock(real(file), out);
}
int layer_control(sqlite3_file* file, int op, void* arg) {
  return real(file)->pMethods->xFileControl(real(file), op, arg);
}
int layer_sector(sqlite3_file* file) {
  return real(file)->pMethods->xSectorSize(real(file));
}
// No promise of the real disk holds here: writes may tear and come in any order.
int layer_traits(sqlite3_file*) {
  return 0;
}
int layer_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
int layer_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void layer_shm_barrier(sqlite3_file* file) {
  real(file)->pMethods->xShmBarrier(real(file));
}
int layer_shm_unmap(sqlite3_file* file, int remove) {
  return real(file)->pMethods->xShmUnmap(real(file), remove);
}

const sqlite3_io_methods kMethods = {2,
                                     layer_close,
                                     layer_read,
                                     layer_write,
                                     layer_truncate,
                                     layer_sync,
                                     layer_file_size,
                                     layer_lock,
                                     layer_unlock,
                                     layer_reserved,
                                     layer_control,
                                     layer_sector,
                                     layer_traits,
                                     layer_shm_map,
                                     layer_shm_lock,
                                     layer_shm_barrier,
                                     layer_shm_unmap,
                                     nullptr,
                                     nullptr};

int layer_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* opened = new (file) LayerFile{};
  opened->disk = disk_of(vfs);
  opened->pending = &opened->disk->pending(name != nullptr ? name : "");
  opened->real = static_cast<sqlite3_file*>(::operator new(static_cast<std::size_t>(real(vfs)->szOsFile)));
  opened->real->pMethods = nullptr;
  const int code = real(vfs)->xOpen(real(vfs), name, opened->real, flags, out_flags);
  if (code == SQLITE_OK) {
    opened->base.pMethods = &kMethods;
    return code;
  }
  ::operator delete(opened->real);
  return code;
}

int layer_remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  if (!disk_of(vfs)->step()) return SQLITE_IOERR_DELETE;
  auto& pending = disk_of(vfs)->pending(name);
  pending = {};
  return real(vfs)->xDelete(real(vfs), name, sync_folder);
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

PowerCutDisk::PowerCutDisk() : real_(sqlite3_vfs_find(nullptr)) {
  layer_ =
      std::make_unique<sqlite3_vfs>(*real_);  // the functions not replaced below do not look at the vfs they are given
  layer_->zName = "rota-power-cut";
  layer_->szOsFile = static_cast<int>(sizeof(LayerFile));
  layer_->pNext = nullptr;
  layer_->pAppData = this;
  layer_->xOpen = layer_open;
  layer_->xDelete = layer_remove;
  layer_->xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    return sim::real(vfs)->xAccess(sim::real(vfs), name, flags, out);
  };
  layer_->xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
    return sim::real(vfs)->xFullPathname(sim::real(vfs), name, size, out);
  };
  sqlite3_vfs_register(layer_.get(), 1);
}

PowerCutDisk::~PowerCutDisk() {
  sqlite3_vfs_unregister(layer_.get());
  sqlite3_vfs_register(real_, 1);
}

bool PowerCutDisk::step() {
  if (cut_ || steps_left_ == 0) {
    cut_ = true;
    return false;
  }
  if (steps_left_ > 0) --steps_left_;
  ++steps_taken_;
  return true;
}

PowerCutDisk::Pending& PowerCutDisk::pending(const std::string& path) {
  auto& file = files_[path];
  if (file == nullptr) file = std::make_unique<Pending>(Pending{content_of(path), {}});
  return *file;
}

void PowerCutDisk::restart(Loss loss) {
  for (const auto& [path, file] : files_) {
    if (loss == Loss::nothing || path.empty() || file->since.empty()) continue;
    if (loss == Loss::torn)
      for (const auto& write : file->since) apply(file->durable, write, write.bytes.size() / 2);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << file->durable;
  }
  files_.clear();
  steps_left_ = -1;
  steps_taken_ = 0;
  cut_ = false;
}

}  // namespace rota::sim
