#include "keys/tar.h"

#include <cerrno>
#include <set>

#include "keys/gzip_source.h"
#include "keys/members.h"

namespace rota::keys {
namespace {

using crypto::SecretBytes;

la_ssize_t next_piece(::archive* a, void* source, const void** buffer) {
  const auto piece = static_cast<GzipSource*>(source)->next();
  if (!piece) {
    archive_set_error(a, EINVAL, "%s", piece.error().what.c_str());
    return ARCHIVE_FATAL;
  }
  *buffer = piece->data();
  return static_cast<la_ssize_t>(piece->size());
}

// What went wrong below the tar is said in its own words.
Error failure(GzipSource& source, Error error) {
  if (auto piece = source.next(); !piece) return piece.error();
  return error;
}

Error not_tar(GzipSource& source, ::archive* reading) {
  return failure(source, bad_input("not a tar archive: " + reason(reading)));
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
  constexpr std::size_t kOverhead = 4096;  // headers and padding of a member
  GzipSource source = TRY(GzipSource::open(packed, limits.unpacked + limits.members * kOverhead));
  const Reading reading(archive_read_new());
  archive_read_support_format_tar(reading.get());
  if (archive_read_open(reading.get(), &source, nullptr, next_piece, nullptr) != ARCHIVE_OK)
    return not_tar(source, reading.get());
  CollectedMembers collected(limits);
  for (;;) {
    ::archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reading.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK) return not_tar(source, reading.get());
    if (auto taken = collected.take(reading.get(), entry); !taken) return failure(source, taken.error());
  }
  while (!TRY(source.next()).empty()) {
  }
  return std::move(collected).members();
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
    TRY(write_file(writing.get(), name, bytes, now));
  }
  if (archive_write_close(writing.get()) != ARCHIVE_OK) return io_error("archive: " + reason(writing.get()));
  return SecretBytes(std::move(out));
}

}  // namespace rota::keys
