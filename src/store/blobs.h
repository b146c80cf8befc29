// Content by key in a folder: temp name, fsync, rename, fsync of the folder.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"

namespace rota::store {

// Keys: [A-Za-z0-9_.+-] segments joined by '/', none of them "." or ".."; anything else is bad_input and touches no
// file.
class Blobs {
 public:
  virtual ~Blobs() = default;
  virtual Result<bool> has(const std::string& key) = 0;
  virtual Result<Bytes> get(const std::string& key, std::uint64_t max) = 0;
  virtual Status put(const std::string& key, BytesView bytes) = 0;               // replaces atomically
  // Copies the files, one after the other, into one blob; replaces atomically.
  virtual Status put_files(const std::string& key, const std::vector<std::string>& paths) = 0;
  Status put_file(const std::string& key, const std::string& path) { return put_files(key, {path}); }
  virtual Status remove(const std::string& key) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& prefix) = 0;
  // For sendfile: the file's path, when this store has one and the key exists.
  virtual Result<std::string> path_of(const std::string& key) = 0;
};

Result<std::unique_ptr<Blobs>> open_folder_blobs(const std::string& folder);

}  // namespace rota::store
