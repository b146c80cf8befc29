// A large request body on its way to a handler: a temporary file of mode 0600 that goes when its owner goes.
#pragma once

#include <string>

#include "base/bytes.h"
#include "http/owned_fd.h"

namespace rota::http {

class SpoolFile {
 public:
  // io: the folder is missing, full or not ours.
  static Result<SpoolFile> make(const std::string& folder);
  SpoolFile(SpoolFile&&) = default;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  Status write(BytesView bytes);
  const std::string& path() const { return path_; }

 private:
  SpoolFile(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  OwnedFd fd_;
  std::string path_;
};

}  // namespace rota::http
