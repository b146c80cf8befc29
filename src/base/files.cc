#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace rota {
namespace {

constexpr std::uint64_t kUnsized = 64 * 1024;  // what a file without a size (in /proc, a pipe) is read by

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(int fd) : fd_(fd) {}

 private:
  Descriptor fd_;
};

Error errno_error(std::string_view verb, const std::string& path) {
  const int code = errno;
  const std::string what = std::string(verb) + " '" + path + "': " + std::strerror(code);
  if (code == ENOENT) return not_found(what);
  if (code == EEXIST) return conflict(what);
  return io_error(what);
}

Status write_all(int fd, BytesView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status sync_path(const std::string& path, int flags) {
  const Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (fd.get() < 0) return errno_error("open", path);
  if (::fsync(fd.get()) != 0) return errno_error("fsync", path);
  return {};
}

}  // namespace

Result<Bytes> PosixFiles::read(const std::string& path, std::uint64_t max) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno_error("read", path);
  struct stat st {};
  const bool sized = ::fstat(fd.get(), &st) == 0 && st.st_size > 0;
  // One byte more than it seems to have: a read that comes back short has met the end.
  Bytes bytes(1 + static_cast<std::size_t>(std::min(sized ? static_cast<std::uint64_t>(st.st_size) : kUnsized, max)), '\0');
  std::size_t have = 0;
  for (;;) {
    const ssize_t n = ::read(fd.get(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error("read '" + path + "': " + std::strerror(errno));
    have += static_cast<std::size_t>(n);
    if (have > max) return bad_input("read '" + path + "': longer than " + std::to_string(max) + " bytes");
    if (n == 0 || (sized && have == static_cast<std::size_t>(st.st_size))) break;
    if (have == bytes.size()) bytes.resize(1 + std::min<std::uint64_t>(2 * have, max));
  }
  bytes.resize(have);
  return bytes;
}

Result<FileFacts> PosixFiles::facts(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return FileFacts{};
    return errno_error("look at", path);
  }
  const auto kind = S_ISREG(st.st_mode)   ? FileFacts::Kind::file
                    : S_ISDIR(st.st_mode) ? FileFacts::Kind::folder
                                          : FileFacts::Kind::other;
  return FileFacts{kind, static_cast<unsigned>(st.st_mode) & 07777u, static_cast<std::uint64_t>(st.st_size)};
}

Result<std::vector<std::string>> PosixFiles::list(const std::string& folder) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return errno_error("list", folder);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  return names;
}

Status PosixFiles::create(const std::string& path, BytesView bytes, unsigned mode) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (fd.get() < 0) return errno_error("create", path);
  if (::fchmod(fd.get(), mode) != 0) return errno_error("chmod", path);
  if (auto written = write_all(fd.get(), bytes, path); !written) {
    ::unlink(path.c_str());
    return written;
  }
  if (::close(fd.release()) != 0) return errno_error("close", path);
  return {};
}

Status Files::create_whole(const std::string& path, BytesView bytes, unsigned mode) {
  TRY(create(path, bytes, mode));
  return sync(path);
}

// A file without a name, which gets it once everything is on the medium (open(2), O_TMPFILE).
Status PosixFiles::create_whole(const std::string& path, BytesView bytes, unsigned mode) {
  const Descriptor fd(::open(folder_of(path).c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode));
  if (fd.get() < 0) return Files::create_whole(path, bytes, mode);  // not of this file system; or it says why not
  if (::fchmod(fd.get(), mode) != 0) return errno_error("chmod", path);
  TRY(write_all(fd.get(), bytes, path));
  if (::fsync(fd.get()) != 0) return errno_error("fsync", path);
  const std::string open_file = "/proc/self/fd/" + std::to_string(fd.get());
  if (::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0) return {};
  if (errno == ENOENT) return Files::create_whole(path, bytes, mode);  // no /proc here
  return errno_error("create", path);
}

Result<Bytes> PosixFiles::read_part(const std::string& path, std::uint64_t offset, std::size_t max) {
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno_error("read", path);
  Bytes bytes(max, '\0');
  std::size_t have = 0;
  while (have < max) {
    const ssize_t n = ::pread(fd.get(), bytes.data() + have, max - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read", path);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  bytes.resize(have);
  return bytes;
}

Status PosixFiles::append(const std::string& path, BytesView bytes) {
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  if (fd.get() < 0) return errno_error("append to", path);
  TRY(write_all(fd.get(), bytes, path));
  if (::close(fd.release()) != 0) return errno_error("close", path);
  return {};
}

Status PosixFiles::sync(const std::string& path) { return sync_path(path, O_RDONLY); }
Status PosixFiles::sync_folder(const std::string& folder) { return sync_path(folder, O_RDONLY | O_DIRECTORY); }

Status PosixFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename to", to);
  return {};
}

Status PosixFiles::remove(const std::string& path) {
  if (::remove(path.c_str()) != 0) return errno_error("remove", path);
  return {};
}

Status PosixFiles::make_folder(const std::string& path, unsigned mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
  return errno_error("make folder", path);
}

Status PosixFiles::set_mode(const std::string& path, unsigned mode) {
  if (::chmod(path.c_str(), mode) != 0) return errno_error("chmod", path);
  return {};
}

Result<std::unique_ptr<FileLock>> PosixFiles::lock(const std::string& path, Seconds wait) {
  Descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return errno_error("lock", path);
  constexpr int kStepsASecond = 20;
  for (long step = 0;; ++step) {
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return std::unique_ptr<FileLock>(new PosixLock(fd.release()));
    if (errno != EWOULDBLOCK && errno != EINTR) return errno_error("lock", path);
    if (step >= wait.count() * kStepsASecond) return conflict("lock '" + path + "': held by another process");
    const timespec pause{0, 1'000'000'000 / kStepsASecond};
    ::nanosleep(&pause, nullptr);
  }
}

Result<std::uint64_t> PosixFiles::free_bytes(const std::string& folder) {
  struct statvfs fs {};
  if (::statvfs(folder.c_str(), &fs) != 0) return errno_error("look at", folder);
  return static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
}

Status create_durable(Files& files, const std::string& path, BytesView bytes, unsigned mode) {
  TRY(files.create_whole(path, bytes, mode));
  return files.sync_folder(folder_of(path));
}

Status replace_file(Files& files, const std::string& path, BytesView bytes, unsigned mode) {
  const std::string temporary = path + ".new~";
  auto made = files.create(temporary, bytes, mode);
  if (!made.ok() && made.error().fault == Fault::conflict) {  // what a power cut left
    TRY(files.remove(temporary));
    made = files.create(temporary, bytes, mode);
  }
  TRY(std::move(made));
  auto renamed = [&]() -> Status {
    TRY(files.sync(temporary));
    return files.rename(temporary, path);
  }();
  if (!renamed) {
    if (auto removed = files.remove(temporary); !removed) return renamed.error();
    return renamed;
  }
  return files.sync_folder(folder_of(path));
}

Status make_folders(Files& files, const std::string& path, unsigned mode) {
  if (path.empty() || path == "/" || path == ".") return {};
  if (TRY(files.facts(path)).kind == FileFacts::Kind::folder) return {};
  TRY(make_folders(files, folder_of(path), mode));
  TRY(files.make_folder(path, mode));
  return files.sync_folder(folder_of(path));
}

std::string folder_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string file_name_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

}  // namespace rota
