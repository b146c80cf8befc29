#include "repo/packing.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "base/files.h"

namespace rota::repo {
namespace {

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

la_ssize_t append(archive*, void* to, const void* bytes, std::size_t size) {
  static_cast<Bytes*>(to)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

Error failure(archive* writer) {
  const char* why = archive_error_string(writer);
  return io_error(std::string("archive: ") + (why != nullptr ? why : "cannot be written"));
}

Entry entry_of(const std::string& path, Time now) {
  Entry entry(archive_entry_new(), archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_mtime(entry.get(), now.time_since_epoch().count(), 0);
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  return entry;
}

Status add_folder(archive* writer, const std::string& path, Time now) {
  const Entry entry = entry_of(path, now);
  archive_entry_set_filetype(entry.get(), AE_IFDIR);
  archive_entry_set_perm(entry.get(), 0700);
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return failure(writer);
  return {};
}

Status add_file(archive* writer, const std::string& path, BytesView bytes, Time now) {
  const Entry entry = entry_of(path, now);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0600);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return failure(writer);
  if (archive_write_data(writer, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
    return failure(writer);
  return {};
}

// Every folder before what lies in it; both in the order of their names.
Status add_members(archive* writer, const Members& members, Time now) {
  std::map<std::string, const Bytes*> all;
  for (const auto& [path, bytes] : members) {
    all[path] = &bytes;
    for (std::string folder = folder_of(path); folder != "."; folder = folder_of(folder)) all[folder + "/"] = nullptr;
  }
  for (const auto& [path, bytes] : all)
    TRY(bytes == nullptr ? add_folder(writer, path, now) : add_file(writer, path, *bytes, now));
  return {};
}

// What `fill` puts into it.
template <typename Fill>
Result<Bytes> packed(const Writer& writer, const Fill& fill) {
  Bytes bytes;
  archive_write_set_bytes_per_block(writer.get(), 0);
  if (archive_write_open(writer.get(), &bytes, nullptr, append, nullptr) != ARCHIVE_OK) return failure(writer.get());
  TRY(fill(writer.get()));
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failure(writer.get());
  return bytes;
}

}  // namespace

Result<Bytes> tar_gz(const Members& members, Time now) {
  Writer writer(archive_write_new(), archive_write_free);
  archive_write_add_filter_gzip(writer.get());
  archive_write_set_format_ustar(writer.get());
  return packed(writer, [&](archive* to) { return add_members(to, members, now); });
}

Result<Bytes> zip(const Members& members, Time now) {
  Writer writer(archive_write_new(), archive_write_free);
  archive_write_set_format_zip(writer.get());
  return packed(writer, [&](archive* to) { return add_members(to, members, now); });
}

Result<Bytes> gzip(BytesView file) {
  Writer writer(archive_write_new(), archive_write_free);
  archive_write_add_filter_gzip(writer.get());
  archive_write_set_filter_option(writer.get(), "gzip", "timestamp", nullptr);
  archive_write_set_format_raw(writer.get());
  return packed(writer, [&](archive* to) { return add_file(to, "file", file, Time()); });
}

}  // namespace rota::repo
