#include "http/spool_file.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace rota::http {

Result<SpoolFile> SpoolFile::make(const std::string& folder) {
  std::string path = folder + "/body-XXXXXX";
  OwnedFd fd(mkostemp(path.data(), O_CLOEXEC));  // creates with 0600
  if (!fd) return io_error("spool " + folder + ": " + std::strerror(errno));
  return SpoolFile(std::move(fd), std::move(path));
}

SpoolFile::~SpoolFile() {
  if (fd_) unlink(path_.c_str());  // a handler may have renamed it away
}

Status SpoolFile::write(BytesView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("spool " + path_ + ": " + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace rota::http
