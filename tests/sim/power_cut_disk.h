// The disk below SQLite, which loses power between any two steps. As long as one of these lives, every database of this
// process is opened through it; the bytes go to the real files by way of SQLite's own layer.
// Model: what was written is durable after xSync of that file; at the cut, the files are what Loss says.
#pragma once

#include <map>
#include <memory>
#include <string>

struct sqlite3_vfs;

namespace rota::sim {

class PowerCutDisk {
 public:
  enum class Loss {
    nothing,   // the process was killed, the machine goes on
    unsynced,  // the power went: only what was synced is there
    torn,      // the power went: of the writes since the sync, only the first half of each is there
  };

  PowerCutDisk();
  ~PowerCutDisk();  // no database may be open
  PowerCutDisk(const PowerCutDisk&) = delete;
  PowerCutDisk& operator=(const PowerCutDisk&) = delete;

  // Every step (write, truncate, sync, remove) after this many fails, and so does everything after it.
  void cut_after(int steps) { steps_left_ = steps; }
  bool was_cut() const { return cut_; }
  int steps_taken() const { return steps_taken_; }
  // Power comes back: close the databases first.
  void restart(Loss loss);

  // For the layer's own functions: counts a step; false when the power is gone.
  bool step();
  struct Pending;  // a file since its last sync
  Pending& pending(const std::string& path);
  sqlite3_vfs* real() const { return real_; }

 private:
  std::unique_ptr<sqlite3_vfs> layer_;
  sqlite3_vfs* real_;
  std::map<std::string, std::unique_ptr<Pending>> files_;
  int steps_left_ = -1;
  int steps_taken_ = 0;
  bool cut_ = false;
};

}  // namespace rota::sim
