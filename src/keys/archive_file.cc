#include "keys/archive_file.h"

#include "crypto/hash.h"

namespace rota::keys {
namespace {

using crypto::SecretBytes;

constexpr unsigned kAnyWrite = 0222;
constexpr std::size_t kSomeRoom = 64 * 1024;
const ArchiveLimits kLimits;

// Whatever the fault, nothing was sent: the caller's person looks at this machine, or for the right passphrase.
Error local(const Error& error) {
  return Error{error.fault == Fault::denied ? Fault::denied : Fault::io, error.what, error.hint};
}

template <typename T>
Result<T> local(Result<T> result) {
  if (!result.ok()) return local(result.error());
  return result;
}

// 20300101T000000Z
std::string compact(Time time) {
  std::string text;
  for (const char c : rfc3339(time))
    if (c != '-' && c != ':') text.push_back(c);
  return text;
}

}  // namespace

Result<std::unique_ptr<FileLock>> ArchiveFile::lock() const {
  auto held = files_->lock(path_ + ".lock", Seconds(0));
  if (!held.ok() && held.error().fault == Fault::conflict)
    return conflict("'" + path_ + "': another command is working on this archive");
  return local(std::move(held));
}

Status ArchiveFile::no_leftovers() const {
  for (const auto& leftover : {next_path(), journal_path()}) {
    if (TRY(local(files_->facts(leftover))).exists())
      return conflict("'" + leftover + "' is there: an earlier change of this archive was not finished",
                      "run the same command with --resume to finish it, or with --abandon to set it aside; "
                      "'keys archive show FILE' tells what it was");
  }
  return {};
}

Status ArchiveFile::prove_room(std::size_t size) const {
  const std::string folder = folder_of(path_);
  const auto refused = [&](const std::string& what) {
    return io_error(what, "nothing was changed and nothing was sent");
  };
  const auto facts = TRY(local(files_->facts(path_)));
  if (facts.exists() && (facts.mode & kAnyWrite) == 0) return refused("'" + path_ + "' is read-only");
  const auto of_folder = TRY(local(files_->facts(folder)));
  if (of_folder.kind != FileFacts::Kind::folder) return refused("'" + folder + "': there is no such folder");
  if ((of_folder.mode & kAnyWrite) == 0) return refused("folder '" + folder + "' is read-only");
  const auto free = TRY(local(files_->free_bytes(folder)));
  if (free < 2 * size + kSomeRoom)
    return refused("folder '" + folder + "': no room for the new archive: want " +
                   std::to_string(2 * size + kSomeRoom) + " bytes free, got " + std::to_string(free));
  const std::string probe = path_ + ".probe~";
  if (TRY(local(files_->facts(probe))).exists()) TRY(local(files_->remove(probe)));
  TRY(local(files_->create(probe, "", 0600)));
  return local(files_->remove(probe));
}

Result<ArchiveOnDisk> ArchiveFile::read_path(const std::string& path) const {
  const auto facts = TRY(local(files_->facts(path)));
  if (facts.kind != FileFacts::Kind::file)
    return io_error("'" + path + "': want an archive, " +
                    (facts.exists() ? "got no plain file" : "there is no such file"));
  const SecretBytes packed(TRY(local(files_->read(path, kLimits.packed))));
  ArchiveUnlock nothing;
  const SecretBytes open = TRY(local((unlock_ == nullptr ? nothing : *unlock_).opened(packed.reveal(), "'" + path + "'")));
  auto archive = Archive::read(open.reveal());
  if (!archive) return local(archive.error().in("'" + path + "'"));
  if (unlock_ != nullptr) archive->reach(unlock_->homes());
  return ArchiveOnDisk{std::move(archive).value(), crypto::sha256_hex(packed.reveal()), packed.size(), facts.mode};
}

Result<ArchiveOnDisk> ArchiveFile::read() const { return read_path(path_); }
Result<ArchiveOnDisk> ArchiveFile::read_next() const { return read_path(next_path()); }

Result<bool> ArchiveFile::has_next() const { return TRY(local(files_->facts(next_path()))).exists(); }

Result<std::string> ArchiveFile::sha256_of(const std::string& path) const {
  const SecretBytes packed(TRY(local(files_->read(path, kLimits.packed))));
  return crypto::sha256_hex(packed.reveal());
}

Status ArchiveFile::check_next(const Archive& before) const {
  const auto next = TRY(read_next());
  TRY(before.kept_by(next.archive));
  for (const auto& key : next.archive.keys())
    if (before.find(key.pub_member) == nullptr) TRY(next.archive.private_key(key));
  return {};
}

Result<Bytes> ArchiveFile::sealed_as_now(const SecretBytes& packed, const Archive& archive) const {
  if (unlock_ == nullptr || !TRY(local(files_->facts(path_))).exists()) return Bytes(packed.reveal());
  const SecretBytes now(TRY(local(files_->read(path_, kLimits.packed))));
  if (age_lock(now.reveal()) == AgeLock::none) return Bytes(packed.reveal());
  return local(unlock_->sealed_like(now.reveal(), packed.reveal(), archive));
}

Result<std::string> ArchiveFile::write_next(const Archive& next, const Archive& before, Time now) const {
  const SecretBytes packed = TRY(local(next.packed(now)));
  const SecretBytes file(TRY(sealed_as_now(packed, next)));
  const auto written = [&]() -> Status {
    TRY(create_durable(*files_, next_path(), file.reveal(), 0600));
    return check_next(before);
  }();
  if (written.ok()) return crypto::sha256_hex(file.reveal());
  const auto facts = files_->facts(next_path());
  if (!facts.ok() || !facts->exists()) return local(written.error());
  const auto aside = set_next_aside(now);
  Error error = local(written.error());
  error.hint = "nothing was sent" + (aside.ok() ? "; what was written is '" + *aside + "'" : std::string());
  return error;
}

Result<std::string> ArchiveFile::keep_backup() const {
  if (!TRY(local(files_->facts(path_))).exists()) return std::string();
  const SecretBytes bytes(TRY(local(files_->read(path_, kLimits.packed))));
  for (int n = 0;; ++n) {
    const std::string name = path_ + ".bak" + (n == 0 ? "" : "." + std::to_string(n));
    if (!TRY(local(files_->facts(name))).exists()) {
      TRY(local(create_durable(*files_, name, bytes.reveal(), 0600)));
    } else if (TRY(sha256_of(name)) == crypto::sha256_hex(bytes.reveal())) {
      TRY(local(files_->sync(name)));  // perhaps of a run that was cut here
      TRY(local(files_->sync_folder(folder_of(name))));
    } else {
      continue;
    }
    if (TRY(sha256_of(name)) == crypto::sha256_hex(bytes.reveal())) return name;
    return io_error("'" + name + "': the backup does not read back as it was written");
  }
}

Status ArchiveFile::replace() const {
  TRY(local(files_->rename(next_path(), path_)));
  return local(files_->sync_folder(folder_of(path_)));
}

Result<std::string> ArchiveFile::set_next_aside(Time now) const {
  const std::string first = path_ + ".unused-" + compact(now);
  for (int n = 0;; ++n) {
    const std::string name = first + (n == 0 ? "" : "." + std::to_string(n));
    if (TRY(local(files_->facts(name))).exists()) continue;
    TRY(local(files_->rename(next_path(), name)));
    TRY(local(files_->sync_folder(folder_of(path_))));
    return name;
  }
}

Result<std::string> ArchiveFile::beside(std::string_view ending, const std::string& sha256) const {
  const std::string folder = folder_of(path_), start = file_name_of(path_) + std::string(ending);
  for (const auto& name : TRY(local(files_->list(folder)))) {
    if (!name.starts_with(start)) continue;
    const std::string path = folder == "." ? name : folder + "/" + name;
    if (TRY(sha256_of(path)) == sha256) return path;
  }
  return std::string();
}

}  // namespace rota::keys
