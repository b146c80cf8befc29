#include "keys/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <memory>
#include <set>

#include "base/files.h"
#include "keys/gzip_source.h"

namespace rota::keys {
namespace {

using crypto::SecretBytes;

struct ReadDeleter {
  void operator()(::archive* a) const { archive_read_free(a); }
};
struct WriteDeleter {
  void operator()(::archive* a) const { archive_write_free(a); }
};
struct EntryDeleter {
  void operator()(::archive_entry* e) const { archive_entry_free(e); }
};
using Reading = std::unique_ptr<::archive, ReadDeleter>;
using Writing = std::unique_ptr<::archive, WriteDeleter>;
using Entry = std::unique_ptr<::archive_entry, EntryDeleter>;

std::string reason(::archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "no reason given";
}

la_ssize_t next_piece(::archive* a, void* source, const void** buffer) {
  const auto piece = static_cast<GzipSource*>(source)->next();
  if (!piece) {
    archive_set_error(a, EINVAL, "%s", piece.error().what.c_str());
    return ARCHIVE_FATAL;
  }
  *buffer = piece->data();
  return static_cast<la_ssize_t>(piece->size());
}

// The name without "./"; bad_input for one that could leave the archive.
Result<std::string> safe_name(const char* raw) {
  if (raw == nullptr) return bad_input("a member whose name is not text");
  std::string_view name = raw;
  while (name.starts_with("./")) name.remove_prefix(2);
  const std::string quoted = "member '" + std::string(name.substr(0, 120)) + "'";
  if (name.starts_with("/")) return bad_input(quoted + ": an absolute name");
  for (const auto& part : split(name, '/'))
    if (part == "..") return bad_input(quoted + ": a name with '..'");
  for (const char c : name)
    if (static_cast<unsigned char>(c) < 0x20) return bad_input("a member with a control character in its name");
  return std::string(name);
}

class Unpacking {
 public:
  Unpacking(BytesView packed, const ArchiveLimits& limits) : packed_(packed), limits_(limits) {}

  Result<Archive::Members> members() {
    // Room for the headers and padding of every member besides their bytes.
    constexpr std::size_t kOverhead = 4096;
    GzipSource source = TRY(GzipSource::open(packed_, limits_.unpacked + limits_.members * kOverhead));
    const Reading reading(archive_read_new());
    archive_read_support_format_tar(reading.get());
    if (archive_read_open(reading.get(), &source, nullptr, next_piece, nullptr) != ARCHIVE_OK)
      return failure(source, reading.get(), "not a tar archive");
    for (;;) {
      ::archive_entry* entry = nullptr;
      const int code = archive_read_next_header(reading.get(), &entry);
      if (code == ARCHIVE_EOF) break;
      if (code != ARCHIVE_OK) return failure(source, reading.get(), "not a tar archive");
      TRY(take(source, reading.get(), entry));
    }
    while (!TRY(source.next()).empty()) {
    }
    return std::move(members_);
  }

 private:
  // What went wrong below the tar is said in its own words.
  static Error failure(GzipSource& source, ::archive* a, std::string_view what) {
    if (auto piece = source.next(); !piece) return piece.error();
    return bad_input(std::string(what) + ": " + reason(a));
  }

  Status take(GzipSource& source, ::archive* reading, ::archive_entry* entry) {
    if (++entries_ > limits_.members) return bad_input("more than " + std::to_string(limits_.members) + " members");
    const std::string name = TRY(safe_name(archive_entry_pathname(entry)));
    if (archive_entry_filetype(entry) == AE_IFDIR) return {};
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr || name.empty())
      return bad_input("member '" + name + "': want a file, got a link or a device");
    if (members_.contains(name)) return bad_input("member '" + name + "': twice in one archive");
    const auto size = archive_entry_size(entry);
    if (size < 0 || static_cast<std::uint64_t>(size) > limits_.member)
      return bad_input("member '" + name + "': want at most " + std::to_string(limits_.member) + " bytes, got " +
                       std::to_string(size));
    total_ += static_cast<std::size_t>(size);
    if (total_ > limits_.unpacked)
      return bad_input("unpacks to more than " + std::to_string(limits_.unpacked) + " bytes");
    Bytes bytes(static_cast<std::size_t>(size), '\0');
    if (archive_read_data(reading, bytes.data(), bytes.size()) != size)
      return failure(source, reading, "member '" + name + "': cut short");
    members_.emplace(name, SecretBytes(std::move(bytes)));
    return {};
  }

  BytesView packed_;
  ArchiveLimits limits_;
  Archive::Members members_;
  std::size_t entries_ = 0, total_ = 0;
};

la_ssize_t append_piece(::archive*, void* out, const void* buffer, std::size_t size) {
  static_cast<Bytes*>(out)->append(static_cast<const char*>(buffer), size);
  return static_cast<la_ssize_t>(size);
}

struct Header {
  std::string name;
  unsigned type;
  unsigned mode;
  std::size_t size;
  Time at;
};

Status write_header(::archive* writing, const Header& header) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), header.name.c_str());
  archive_entry_set_filetype(entry.get(), header.type);
  archive_entry_set_perm(entry.get(), static_cast<__LA_MODE_T>(header.mode));
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(header.size));
  archive_entry_set_mtime(entry.get(), header.at.time_since_epoch().count(), 0);
  if (archive_write_header(writing, entry.get()) != ARCHIVE_OK)
    return bad_input("member '" + header.name + "': " + reason(writing));
  return {};
}

// Every folder above `name` that is not in `seen`, outermost first.
Status write_folders(::archive* writing, std::string_view name, std::set<std::string>& seen, Time now) {
  for (auto slash = name.find('/'); slash != std::string_view::npos; slash = name.find('/', slash + 1)) {
    const std::string folder(name.substr(0, slash));
    if (folder.empty() || !seen.insert(folder).second) continue;
    TRY(write_header(writing, {folder, AE_IFDIR, 0700, 0, now}));
  }
  return {};
}

}  // namespace

Result<Archive::Members> unpacked_members(BytesView packed, const ArchiveLimits& limits) {
  return Unpacking(packed, limits).members();
}

Result<SecretBytes> packed_members(const Archive::Members& members, Time now) {
  Bytes out;
  const Writing writing(archive_write_new());
  archive_write_add_filter_gzip(writing.get());
  archive_write_set_format_ustar(writing.get());
  archive_write_set_bytes_in_last_block(writing.get(), 1);
  if (archive_write_open(writing.get(), &out, nullptr, append_piece, nullptr) != ARCHIVE_OK)
    return io_error("archive: " + reason(writing.get()));
  std::set<std::string> folders;
  for (const auto& [name, bytes] : members) {
    TRY(write_folders(writing.get(), name, folders, now));
    TRY(write_header(writing.get(), {name, AE_IFREG, 0600, bytes.size(), now}));
    if (archive_write_data(writing.get(), bytes.reveal().data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
      return io_error("archive: member '" + name + "': " + reason(writing.get()));
  }
  if (archive_write_close(writing.get()) != ARCHIVE_OK) return io_error("archive: " + reason(writing.get()));
  return SecretBytes(std::move(out));
}

}  // namespace rota::keys
