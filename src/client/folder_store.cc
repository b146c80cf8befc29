#include "client/folder_store.h"

#include <algorithm>

#include "crypto/hash.h"

namespace rota::client {
namespace {

constexpr std::uint64_t kMaxFile = 64u << 20;  // verified against its own limit before it is used
constexpr std::string_view kRootSuffix = ".root.json";
constexpr unsigned kMode = 0644, kFolderMode = 0755;
constexpr std::size_t kMaxName = 240;  // a file system takes 255 bytes, and replace_file needs some

std::optional<tuf::Version> version_in(std::string_view name) {
  if (!name.ends_with(kRootSuffix)) return std::nullopt;
  const auto version = decimal(name.substr(0, name.size() - kRootSuffix.size()));
  return version.ok() && *version > 0 ? std::optional<tuf::Version>(*version) : std::nullopt;
}

constexpr tuf::Role kSet[] = {tuf::Role::timestamp, tuf::Role::snapshot, tuf::Role::targets};  // as the workflow goes

tuf::FileBytes& file_of(tuf::Generation& generation, tuf::Role role) {
  if (role == tuf::Role::timestamp) return generation.timestamp;
  return role == tuf::Role::snapshot ? generation.snapshot : generation.targets;
}

std::string text_of(tuf::Role role) { return std::string(tuf::name_of(role)); }

}  // namespace

Result<std::unique_ptr<FolderStore>> FolderStore::open(Files& files, const std::string& folder, Seconds wait) {
  TRY(make_folders(files, folder + "/history", kFolderMode));
  auto lock = TRY(files.lock(folder + "/history/lock", wait));
  return std::unique_ptr<FolderStore>(new FolderStore(files, folder, std::move(lock)));
}

Status FolderStore::init(Files& files, const std::string& folder, BytesView root) {
  TRY(tuf::anchor_root(root));
  const auto store = TRY(open(files, folder));
  TRY(store->forget_all());
  return replace_file(files, store->path_of("root"), root, kMode);
}

// The newest root goes last: until then the folder is a shorter start of the same chain.
Status FolderStore::forget_all() {
  for (const auto& name : TRY(files_.list(folder_)))
    if (name.ends_with(".json") && name != "root.json") TRY(files_.remove(folder_ + "/" + name));
  TRY(files_.sync_folder(folder_));
  auto versions = TRY(history_versions());
  for (auto it = versions.rbegin(); it != versions.rend(); ++it) TRY(files_.remove(old_root(*it)));
  if (TRY(files_.facts(history() + "/clock")).exists()) TRY(files_.remove(history() + "/clock"));
  return files_.sync_folder(history());
}

std::string FolderStore::path_of(std::string_view role) const {
  const std::string name = percent_encoded(role);
  return folder_ + "/" + (name.size() <= kMaxName ? name : crypto::sha256_hex(role)) + ".json";
}

std::string FolderStore::old_root(tuf::Version version) const {
  return history() + "/" + std::to_string(version) + std::string(kRootSuffix);
}

Result<std::vector<tuf::Version>> FolderStore::history_versions() {
  if (in_history_) return *in_history_;
  std::vector<tuf::Version> versions;
  for (const auto& name : TRY(files_.list(history())))
    if (const auto version = version_in(name)) versions.push_back(*version);
  std::ranges::sort(versions);
  in_history_ = versions;
  return versions;
}

// Empty: not there, or longer than anything that is ever stored.
Result<Bytes> FolderStore::read(const std::string& path) {
  auto bytes = files_.read(path, kMaxFile);
  if (bytes.ok() || bytes.error().fault == Fault::io) return bytes;
  return Bytes();
}

// What root.json holds, as far as it is a root at all.
Result<std::optional<AcceptedRoot>> FolderStore::newest_root() {
  if (shown_) return shown_;
  Bytes bytes = TRY(read(path_of("root")));
  if (bytes.empty()) return std::optional<AcceptedRoot>();
  const auto envelope = TRY_IN("root.json", tuf::parse_envelope(bytes, tuf::max_size(tuf::Role::root, tuf::Dialect::tuf)));
  const tuf::Version version = TRY_IN("root.json", tuf::read_root(envelope)).version;
  shown_ = AcceptedRoot{version, std::move(bytes)};
  return shown_;
}

Result<std::vector<tuf::Version>> FolderStore::root_versions() {
  auto versions = TRY(history_versions());
  if (!versions.empty()) return versions;
  if (const auto only = TRY(newest_root())) versions.push_back(only->version);
  return versions;
}

Result<Bytes> FolderStore::root(tuf::Version version) {
  if (std::ranges::binary_search(TRY(history_versions()), version)) return read(old_root(version));
  return TRY(newest_root()).value_or(AcceptedRoot{}).bytes.bytes();  // the only one
}

// root.json is written last of all that a new root changes, so it says under which root the other files stand; unless it is
// not the one that the history has.
Result<Stored> FolderStore::load() {
  for (const tuf::Role role : kSet) file_of(held_, role) = TRY(read(path_of(text_of(role))));
  Stored stored{.generation = held_, .floors = {}};
  const auto shown = newest_root();
  if (!shown.ok() && shown.error().fault == Fault::io) return shown.error();
  if (shown.ok() && *shown && TRY(root((*shown)->version)) == (*shown)->bytes.bytes()) stored.under = (*shown)->version;
  return stored;
}

Status FolderStore::accept_roots(std::span<const AcceptedRoot> roots, const Stored& left) {
  TRY(write_history(roots));
  TRY(remove_cleared(left.generation));
  return show_root(left.under);
}

Status FolderStore::write_history(std::span<const AcceptedRoot> roots) {
  std::vector<AcceptedRoot> all(roots.begin(), roots.end());
  if (TRY(history_versions()).empty())
    if (const auto only = TRY(newest_root())) all.insert(all.begin(), *only);
  in_history_.reset();
  for (const auto& [version, bytes] : all) {
    const std::string temporary = old_root(version) + ".new~";
    if (TRY(files_.facts(temporary)).exists()) TRY(files_.remove(temporary));
    TRY(files_.create(temporary, bytes, kMode));
    TRY(files_.sync(temporary));
    TRY(files_.rename(temporary, old_root(version)));
  }
  return all.empty() ? Status() : files_.sync_folder(history());
}

// The snapshot first: it is never there without a timestamp.
Status FolderStore::remove_cleared(const tuf::Generation& left) {
  const std::pair<const tuf::FileBytes&, tuf::Role> files[] = {
      {left.snapshot, tuf::Role::snapshot}, {left.timestamp, tuf::Role::timestamp}, {left.targets, tuf::Role::targets}};
  for (const auto& [bytes, role] : files) {
    const std::string path = path_of(text_of(role));
    if (!bytes.empty() || !TRY(files_.facts(path)).exists()) continue;
    file_of(held_, role) = {};
    TRY(files_.remove(path));
    TRY(files_.sync_folder(folder_));
  }
  return {};
}

Status FolderStore::show_root(tuf::Version version) {
  const Bytes bytes = TRY(root(version));
  if (bytes.empty() || (shown_ && shown_->bytes == bytes)) return {};
  shown_.reset();
  return replace_file(files_, path_of("root"), bytes, kMode);
}

Status FolderStore::accept(tuf::Role role, const tuf::FileBytes& bytes, const tuf::Floors&) {
  TRY(replace_file(files_, path_of(text_of(role)), bytes, kMode));
  file_of(held_, role) = bytes;
  return {};
}

// In the order of the workflow, so that a cut leaves what the workflow itself would leave.
Status FolderStore::replace(const tuf::Generation& generation, const tuf::Floors& floors) {
  tuf::Generation next = generation;
  for (const tuf::Role role : kSet)
    if (const auto& bytes = file_of(next, role); !(bytes == file_of(held_, role))) TRY(accept(role, bytes, floors));
  return {};
}

Result<Bytes> FolderStore::delegated(const std::string& role) {
  Bytes bytes = TRY(read(path_of(role)));
  if (bytes.empty()) return not_found("role '" + role.substr(0, 80) + "': not stored");
  return bytes;
}

Status FolderStore::keep_delegated(const std::string& role, BytesView bytes) {
  if (tuf::role_named(role)) return rejected("role '" + role + "': it is not a delegated one");
  return replace_file(files_, path_of(role), bytes, kMode);
}

Result<std::optional<Time>> FolderStore::clock_floor() {
  const Bytes text = TRY(read(history() + "/clock"));
  const auto time = parse_rfc3339(trim(text));
  return time.ok() ? std::optional<Time>(*time) : std::nullopt;  // one that somebody broke is none
}

Status FolderStore::set_clock_floor(Time time) {
  return replace_file(files_, history() + "/clock", rfc3339(time) + "\n", kMode);
}

}  // namespace rota::client
