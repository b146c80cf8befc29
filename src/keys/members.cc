#include "keys/members.h"

namespace rota::keys {
namespace {

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

}  // namespace

std::string reason(::archive* a) {
  const char* text = archive_error_string(a);
  return text != nullptr ? text : "no reason given";
}

Status CollectedMembers::has_room(const std::string& name, ::archive_entry* entry) {
  const auto size = archive_entry_size(entry);
  if (archive_entry_size_is_set(entry) == 0 || size < 0 || static_cast<std::uint64_t>(size) > limits_.member)
    return bad_input("member '" + name + "': want at most " + std::to_string(limits_.member) + " bytes, got " +
                     std::to_string(size));
  total_ += static_cast<std::size_t>(size);
  if (total_ > limits_.unpacked)
    return bad_input("unpacks to more than " + std::to_string(limits_.unpacked) + " bytes");
  return {};
}

Status CollectedMembers::take(::archive* reading, ::archive_entry* entry) {
  if (++entries_ > limits_.members) return bad_input("more than " + std::to_string(limits_.members) + " members");
  const std::string name = TRY(safe_name(archive_entry_pathname(entry)));
  if (archive_entry_filetype(entry) == AE_IFDIR) return {};
  if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr || name.empty())
    return bad_input("member '" + name + "': want a file, got a link or a device");
  if (members_.contains(name)) return bad_input("member '" + name + "': twice in one archive");
  TRY(has_room(name, entry));
  Bytes bytes(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
  char more = 0;  // the end of a member is where its checksum is looked at
  if (archive_read_data(reading, bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()) ||
      archive_read_data(reading, &more, 1) != 0)
    return bad_input("member '" + name + "': cut short or damaged: " + reason(reading));
  members_.emplace(name, crypto::SecretBytes(std::move(bytes)));
  return {};
}

Status write_header(::archive* writing, const MemberHeader& header) {
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

Status write_file(::archive* writing, const std::string& name, const crypto::SecretBytes& bytes, Time at) {
  TRY(write_header(writing, {name, AE_IFREG, 0600, bytes.size(), at}));
  if (archive_write_data(writing, bytes.reveal().data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size()))
    return io_error("archive: member '" + name + "': " + reason(writing));
  return {};
}

la_ssize_t append_piece(::archive*, void* out, const void* buffer, std::size_t size) {
  static_cast<Bytes*>(out)->append(static_cast<const char*>(buffer), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace rota::keys
