#include "store/blobs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace rota::store {
namespace {

constexpr const char* kIncoming = "~incoming";  // '~' is in no key

bool is_key_segment(std::string_view segment) {
  if (segment.empty() || segment == "." || segment == "..") return false;
  return std::all_of(segment.begin(), segment.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.+-").find(c) != std::string_view::npos;
  });
}

Status is_key(const std::string& key) {
  const auto segments = split(key, '/');
  if (key.size() <= 512 && std::all_of(segments.begin(), segments.end(), is_key_segment)) return {};
  return bad_input("blob key: want segments of [A-Za-z0-9_.+-] joined by '/', got '" + key.substr(0, 80) + "'");
}

Error errno_error(std::string_view verb, const std::string& path) {
  const std::string what = std::string(verb) + " '" + path + "': " + std::strerror(errno);
  return errno == ENOENT ? not_found(what) : io_error(what);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

Status write_all(int fd, BytesView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error("write", path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Status copy_all(int from, int to, const std::string& path) {
  std::vector<char> buffer(256 * 1024);
  for (;;) {
    const ssize_t n = ::read(from, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read", path);
    if (n == 0) return {};
    TRY(write_all(to, BytesView(buffer.data(), static_cast<std::size_t>(n)), path));
  }
}

class FolderBlobs final : public Blobs {
 public:
  explicit FolderBlobs(std::string folder) : folder_(std::move(folder)) {}

  // Makes the folders and clears what a power cut left half-written.
  Status prepare() {
    const std::string incoming = folder_ + "/" + kIncoming;
    TRY(make_folders(files_, incoming, 0700));
    for (const auto& name : TRY(files_.list(incoming))) TRY(files_.remove(incoming + "/" + name));
    return {};
  }

  Result<bool> has(const std::string& key) override { return TRY(facts(key)).kind == FileFacts::Kind::file; }

  Result<Bytes> get(const std::string& key, std::uint64_t max) override {
    if (!TRY(has(key))) return not_found("blob '" + key + "'");
    return files_.read(file_of(key), max);
  }

  Status put(const std::string& key, BytesView bytes) override {
    return replace(key, [&](int fd, const std::string& path) { return write_all(fd, bytes, path); });
  }

  Status put_files(const std::string& key, const std::vector<std::string>& sources) override {
    return replace(key, [&](int fd, const std::string& path) -> Status {
      for (const auto& source : sources) {
        const Descriptor from(::open(source.c_str(), O_RDONLY | O_CLOEXEC));
        if (from.get() < 0) return errno_error("read", source);
        TRY(copy_all(from.get(), fd, path));
      }
      return {};
    });
  }

  Status remove(const std::string& key) override {
    if (!TRY(has(key))) return not_found("blob '" + key + "'");
    TRY(files_.remove(file_of(key)));
    return files_.sync_folder(folder_of(file_of(key)));
  }

  Result<std::vector<std::string>> list(const std::string& prefix) override {
    std::vector<std::string> keys;
    TRY(collect("", prefix, keys));
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  Result<std::string> path_of(const std::string& key) override {
    if (!TRY(has(key))) return not_found("blob '" + key + "'");
    return file_of(key);
  }

 private:
  std::string file_of(const std::string& key) const { return folder_ + "/" + key; }

  Result<FileFacts> facts(const std::string& key) {
    TRY(is_key(key));
    return files_.facts(file_of(key));
  }

  template <typename Fill>
  Status replace(const std::string& key, Fill fill) {
    TRY(is_key(key));
    const std::string path = file_of(key);
    TRY(make_folders(files_, folder_of(path), 0700));
    std::string temporary = folder_ + "/" + kIncoming + "/XXXXXX";
    const Descriptor to(::mkostemp(temporary.data(), O_CLOEXEC));
    if (to.get() < 0) return errno_error("create", temporary);
    auto renamed = [&]() -> Status {
      TRY(fill(to.get(), temporary));
      if (::fsync(to.get()) != 0) return errno_error("fsync", temporary);
      return files_.rename(temporary, path);
    }();
    if (!renamed) {
      ::unlink(temporary.c_str());
      return renamed;
    }
    return files_.sync_folder(folder_of(path));
  }

  // Keys below `folder` ("" or "a/b/") that start with `prefix`; other folders are not entered.
  Status collect(const std::string& folder, const std::string& prefix, std::vector<std::string>& keys) {
    for (const auto& name : TRY(files_.list(folder_ + "/" + folder))) {
      if (!is_key_segment(name)) continue;
      const std::string key = folder + name;
      const bool is_folder = TRY(files_.facts(file_of(key))).kind == FileFacts::Kind::folder;
      if (!is_folder && key.starts_with(prefix)) keys.push_back(key);
      if (is_folder && (key + "/").substr(0, prefix.size()) == prefix.substr(0, key.size() + 1))
        TRY(collect(key + "/", prefix, keys));
    }
    return {};
  }

  PosixFiles files_;
  std::string folder_;
};

}  // namespace

Result<std::unique_ptr<Blobs>> open_folder_blobs(const std::string& folder) {
  auto blobs = std::make_unique<FolderBlobs>(folder);
  TRY(blobs->prepare());
  return std::unique_ptr<Blobs>(std::move(blobs));
}

}  // namespace rota::store
