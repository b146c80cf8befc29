#include "server/ostree_upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "server/ostree_path.h"
#include "server/upload_tar.h"

namespace rota::server {
namespace {

constexpr std::string_view kRefs = "refs/heads/";

// A file being written; removed unless somebody takes it.
class Draft {
 public:
  explicit Draft(std::string path) : path_(std::move(path)), fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) {}
  ~Draft() {
    if (fd_ >= 0) close(fd_);
    unlink(path_.c_str());
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const std::string& path() const { return path_; }

  Status add(BytesView bytes) {
    while (!bytes.empty()) {
      auto n = write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error(path_ + ": " + std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

 private:
  std::string path_;
  int fd_;
};

class Upload {
 public:
  Upload(OstreeRepo& repo, const std::string& file) : repo_(repo), tar_(file) {}

  Result<UploadCounts> unpack() {
    for (auto entry = TRY(tar_.next()); entry; entry = TRY(tar_.next())) {
      ++counts_.received;
      TRY(take(*entry, TRY_IN("tar", repository_path(entry->name))));
    }
    TRY(repo_.settle());
    for (const auto& [name, commit] : refs_) TRY(move_ref(name, commit));
    return counts_;
  }

 private:
  Status take(const TarEntry& entry, const std::string& path) {
    Draft draft(TRY(repo_.new_temporary()));
    std::uint32_t crc = 0;
    for (auto bytes = TRY(tar_.piece()); !bytes.empty(); bytes = TRY(tar_.piece())) {
      crc = crc32c(bytes, crc);
      TRY(draft.add(bytes));
    }
    if (entry.crc != crc) return count_failed();
    if (auto object = ostree_object_at(path)) return take_object(*object, draft.path());
    if (path.starts_with(kRefs)) return note_ref(path, draft.path());
    bool ours = path == "config" || path.starts_with("summary");  // kept as they are; PUT summary renews the summary
    if (!ours) TRY(repo_.take_plain(path, draft.path()));
    counts_.stored += !ours;
    ++counts_.present;
    return {};
  }

  Status take_object(const OstreeObject& object, const std::string& file) {
    auto taken = repo_.take(object, file);
    if (!taken.ok() && taken.error().fault == Fault::rejected) return count_failed();
    counts_.stored += TRY(std::move(taken)) == OstreeRepo::Taken::stored;
    ++counts_.present;
    return {};
  }

  Status note_ref(const std::string& path, const std::string& file) {
    PosixFiles files;
    auto commit = TRY(files.read(file, 256));
    refs_[path.substr(kRefs.size())] = std::string(trim(commit));
    return {};
  }

  Status move_ref(const std::string& name, const std::string& commit) {
    auto moved = repo_.set_ref(name, commit, OstreeRepo::Ref::any);
    if (!moved.ok() && moved.error().fault == Fault::io) return moved.error();
    if (!moved.ok()) return count_failed();
    ++counts_.stored;
    ++counts_.present;
    return {};
  }

  Status count_failed() {
    ++counts_.failed;
    return {};
  }

  OstreeRepo& repo_;
  UploadTar tar_;
  UploadCounts counts_;
  std::map<std::string, std::string> refs_;
};

}  // namespace

Result<std::string> repository_path(std::string_view name) {
  auto path = name.starts_with("./") ? name.substr(2) : name;
  if (!ostree_content_type(path)) return bad_input("'" + std::string(name.substr(0, 200)) + "': not a path of an OSTree repository");
  return std::string(path);
}

Result<UploadCounts> unpack_upload(OstreeRepo& repo, const std::string& tar_file) { return Upload(repo, tar_file).unpack(); }

}  // namespace rota::server
