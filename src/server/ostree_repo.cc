#include "server/ostree_repo.h"

#include <fstream>

#include "crypto/hash.h"
#include "server/ostree_path.h"

namespace rota::server {
namespace {

constexpr std::size_t kPiece = 128 * 1024;
constexpr unsigned kFolderMode = 0755, kFileMode = 0644;

}  // namespace

bool is_ostree_ref(std::string_view name) { return ostree_content_type("refs/heads/" + std::string(name)).has_value(); }

Result<bool> OstreeRepo::has(std::string_view path) {
  return TRY(files_.facts(file_of(path))).kind == FileFacts::Kind::file;
}

Result<std::optional<std::uint32_t>> OstreeRepo::crc_of(std::string_view path) {
  if (!TRY(has(path))) return std::nullopt;
  std::ifstream in(file_of(path), std::ios::binary);
  Bytes buffer(kPiece, '\0');
  std::uint32_t crc = 0;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    crc = crc32c(BytesView(buffer.data(), static_cast<std::size_t>(in.gcount())), crc);
  if (in.bad() || !in.eof()) return io_error(file_of(path) + ": cannot be read");
  return crc;
}

Result<std::string> OstreeRepo::new_temporary() {
  TRY(make_folders(files_, folder_ + "/tmp", kFolderMode));
  return folder_ + "/tmp/rota-" + crypto::random_hex(16);
}

Status OstreeRepo::put(const std::string& path, const std::string& file) {
  auto to = file_of(path);
  TRY(make_folders(files_, folder_of(to), kFolderMode));
  TRY(files_.set_mode(file, kFileMode));
  TRY(files_.sync(file));
  TRY(files_.rename(file, to));
  unsettled_.insert(folder_of(to));
  unsettled_.insert(folder_of(folder_of(to)));
  return {};
}

Result<OstreeRepo::Taken> OstreeRepo::take(const OstreeObject& object, const std::string& file) {
  auto verified = verify_ostree_object(object, file);
  bool replaceable = object.kind == OstreeObject::Kind::commitmeta;
  auto present = has(object.path());
  if (verified.ok() && present.ok() && (replaceable || !*present)) {
    TRY(put(object.path(), file));
    return Taken::stored;
  }
  TRY(files_.remove(file));
  TRY(std::move(verified));
  TRY(std::move(present));
  return Taken::present;
}

Status OstreeRepo::take_plain(const std::string& path, const std::string& file) { return put(path, file); }

Status OstreeRepo::settle() {
  for (const auto& folder : std::exchange(unsettled_, {})) TRY(files_.sync_folder(folder));
  return {};
}

Result<Bytes> OstreeRepo::metadata(const OstreeObject& object) {
  auto bytes = files_.read(file_of(object.path()), kMaxOstreeMetadata);
  if (!bytes.ok() && bytes.error().fault == Fault::not_found) return not_found("ostree: " + object.path() + ": is missing");
  return bytes;
}

Status OstreeRepo::visit(const OstreeObject& object, std::set<std::string>& seen) {
  std::vector<OstreeObject> open = {object};
  while (!open.empty()) {
    auto next = std::move(open.back());
    open.pop_back();
    if (!seen.insert(next.path()).second) continue;
    if (!TRY(has(next.path()))) return not_found("ostree: " + next.path() + ": is missing");
    if (next.kind != OstreeObject::Kind::dirtree) continue;
    auto needs = TRY(read_ostree_dirtree(TRY_IN("ostree", metadata(next))));
    open.insert(open.end(), needs.begin(), needs.end());
  }
  return {};
}

Status OstreeRepo::is_whole(const std::string& commit) {
  if (!is_sha256_hex(commit)) return bad_input("ostree: commit: want 64 hex digits");
  auto bytes = TRY(metadata({OstreeObject::Kind::commit, commit}));
  auto head = TRY(read_ostree_commit(bytes));
  std::set<std::string> seen;
  TRY(visit(head.meta, seen));
  return visit(head.tree, seen);
}

Result<std::string> OstreeRepo::ref(const std::string& name) {
  auto bytes = TRY(files_.read(file_of("refs/heads/" + name), 256));
  auto commit = std::string(trim(bytes));
  if (!is_sha256_hex(commit)) return io_error("ostree: ref '" + name + "': want a commit");
  return commit;
}

Status OstreeRepo::set_ref(const std::string& name, const std::string& commit, Ref rule) {
  if (!is_ostree_ref(name)) return bad_input("ostree: ref '" + name + "': cannot be a ref's name");
  TRY(is_whole(commit));
  auto now = ref(name);
  if (!now.ok() && now.error().fault != Fault::not_found) return now.error();
  auto head = TRY(read_ostree_commit(TRY_IN("ostree", metadata({OstreeObject::Kind::commit, commit}))));
  if (rule == Ref::child_only && now.ok() && *now != commit && head.parent != *now)
    return conflict("ostree: ref '" + name + "': " + commit + " is not a child of " + *now);
  auto path = file_of("refs/heads/" + name);
  TRY(make_folders(files_, folder_of(path), kFolderMode));
  return replace_file(files_, path, commit + "\n", kFileMode);
}

}  // namespace rota::server
