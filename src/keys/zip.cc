#include "keys/zip.h"

#include "keys/members.h"

namespace rota::keys {

Result<Archive::Members> unzipped_members(BytesView packed, const ArchiveLimits& limits) {
  if (packed.size() > limits.packed) return bad_input("zip: want at most " + std::to_string(limits.packed) + " bytes");
  const Reading reading(archive_read_new());
  archive_read_support_format_zip_seekable(reading.get());
  if (archive_read_open_memory(reading.get(), packed.data(), packed.size()) != ARCHIVE_OK)
    return bad_input("not a zip file: " + reason(reading.get()));
  CollectedMembers collected(limits);
  for (;;) {
    ::archive_entry* entry = nullptr;
    const int code = archive_read_next_header(reading.get(), &entry);
    if (code == ARCHIVE_EOF) return std::move(collected).members();
    if (code != ARCHIVE_OK) return bad_input("not a zip file: " + reason(reading.get()));
    TRY(collected.take(reading.get(), entry));
  }
}

Result<crypto::SecretBytes> zipped_members(const Archive::Members& members, Time now) {
  Bytes out;
  const Writing writing(archive_write_new());
  archive_write_set_format_zip(writing.get());
  archive_write_set_bytes_per_block(writing.get(), 0);
  if (archive_write_open(writing.get(), &out, nullptr, append_piece, nullptr) != ARCHIVE_OK)
    return io_error("zip: " + reason(writing.get()));
  for (const auto& [name, bytes] : members) TRY(write_file(writing.get(), name, bytes, now));
  if (archive_write_close(writing.get()) != ARCHIVE_OK) return io_error("zip: " + reason(writing.get()));
  return crypto::SecretBytes(std::move(out));
}

}  // namespace rota::keys
