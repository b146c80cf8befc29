#include "ceremony/archive_keeping_parting.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using crypto::PublicKey;
using crypto::SecretBytes;
using keys::Archive;
using keys::ArchivedKey;
using tuf::Role;

constexpr Role kRoles[] = {Role::root, Role::targets, Role::snapshot, Role::timestamp};
constexpr Stream kStreams[] = {Stream::ci, Stream::prod};
constexpr std::string_view kSecrets[] = {"tufrepo/config.json", "tufrepo/credentials.zip"};
constexpr std::string_view kOnlinePairs[] = {"tufrepo/keys/offline-targets", "tufrepo/keys/targets"};
constexpr std::string_view kRotaFolder = "tufrepo/rota/";
const keys::ArchiveLimits kLimits;

// Every root that the archive holds for verified or signed, and the newest one that was brought.
class Roots {
 public:
  static Result<Roots> of(const Archive& archive, const Chain* newest) {
    Roots roots;
    for (const auto stream : kStreams) {
      const auto pin = TRY(archive_pin(archive, stream)), candidate = TRY(archive_candidate(archive, stream));
      for (const auto* known : {&pin, &candidate})
        if (*known && !(stream == Stream::ci && newest != nullptr && (**known)->version <= newest->back()->version))
          roots.add(***known);
    }
    if (newest != nullptr) roots.add(*newest->back());
    return roots;
  }

  bool none() const { return newest_ == 0; }
  tuf::Version newest() const { return newest_; }
  bool names(const PublicKey& key) const {
    return std::ranges::any_of(kRoles, [&](Role role) { return names(key, role); });
  }
  bool names(const PublicKey& key, Role role) const {
    const auto at = material_.find(role);
    return at != material_.end() && at->second.contains(key);
  }

 private:
  void add(const tuf::Root& root) {
    newest_ = std::max(newest_, root.version);
    for (const Role role : kRoles) material_[role].merge(root.material(role));
  }
  std::map<Role, std::set<PublicKey>> material_;
  tuf::Version newest_ = 0;
};

// Pending by the archive's own notes: made, and perhaps not in any root yet.
std::set<std::string> pending_members(const Archive& archive) {
  std::set<std::string> members;
  const auto* note = archive.find(keys::kIndexMember);
  const auto index = note == nullptr ? Result<Json>(Json()) : parse_json(note->reveal());
  const Json* keys = index.ok() ? index->find("keys") : nullptr;
  if (keys == nullptr || keys->if_array() == nullptr) return members;
  for (const Json& entry : *keys->if_array())
    if (entry.text_or("status", "") == "pending") members.insert(entry.text_or("pub", ""));
  return members;
}

class PartingList {
 public:
  explicit PartingList(const Archive& archive) : archive_(archive) {
    for (const auto& [name, bytes] : archive.members())
      if (name.starts_with(kRotaFolder) && name != keys::kIndexMember) list_.shared.push_back(name);
  }
  void leave(const ArchivedKey& key, const std::string& why) {
    for (const auto& name : {key.pub_member, key.sec_member})
      if (archive_.find(name) != nullptr) list_.leaving.push_back(name);
    list_.said.push_back("key " + tuf::key_id(key.public_key).brief() + " ('" + key.sec_member + "'): " + why);
  }
  void retire(const ArchivedKey& key, const std::string& why) {
    list_.retired.push_back(key.pub_member);
    leave(key, why);
  }
  void leave(std::string_view member, const std::string& why) {
    if (archive_.find(member) == nullptr) return;
    list_.leaving.emplace_back(member);
    list_.said.push_back("'" + std::string(member) + "': " + why);
  }
  void share(const ArchivedKey& key) {
    for (const auto& name : {key.pub_member, key.sec_member})
      if (archive_.find(name) != nullptr) list_.shared.push_back(name);
    list_.said.push_back("key " + tuf::key_id(key.public_key).brief() + " ('" + key.sec_member +
                         "'): of another role too, in both");
  }
  bool has(const std::string& member) const { return std::ranges::find(list_.leaving, member) != list_.leaving.end(); }
  Parting done() && { return std::move(list_); }

 private:
  const Archive& archive_;
  Parting list_;
};

Status keeps_a_private_key(const Archive& archive, const PartingList& list) {
  for (const auto& key : archive.keys())
    if (archive.find(key.sec_member) != nullptr && !list.has(key.sec_member)) return {};
  return bad_input("no private key would be left in the archive");
}

bool is_online_pair(const ArchivedKey& key) {
  return std::ranges::any_of(kOnlinePairs,
                             [&](std::string_view name) { return key.pub_member == std::string(name) + ".pub"; });
}

bool is_named_for(const ArchivedKey& key, Role role) {
  return file_name_of(key.pub_member).starts_with("fioctl-" + std::string(tuf::name_of(role)) + "-");
}

Archive with_members(const Archive& archive, const Parting& parting) {
  Archive second;
  for (const auto* names : {&parting.leaving, &parting.shared})
    for (const auto& name : *names) second.put(name, archive.find(name)->copy());
  return second;
}

Archive without_members(const Archive& archive, const Parting& parting) {
  Archive next;
  for (const auto& [name, bytes] : archive.members())
    if (std::ranges::find(parting.leaving, name) == parting.leaving.end()) next.put(name, bytes.copy());
  return next;
}

bool same_members(const Archive& a, const Archive& b) {
  return std::ranges::equal(a.members(), b.members(), [](const auto& one, const auto& other) {
    return one.first == other.first && one.second.reveal() == other.second.reveal();
  });
}

class PartingRun {
 public:
  PartingRun(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, Time now)
      : file_(file), unlock_(unlock), now_(now) {}

  Status write_second(const Archive& second, const std::string& path) {
    const keys::ArchiveFile place(file_.files(), path, &unlock_);
    if (TRY(file_.files().facts(path)).exists()) {
      const auto there = place.read();
      if (there.ok() && same_members(there->archive, second)) return file_.files().sync_folder(folder_of(path));
      return conflict("'" + path + "': exists already, and is another file", "name another one with -o");
    }
    const SecretBytes like(TRY(file_.files().read(file_.path(), kLimits.packed)));
    const SecretBytes packed = TRY(second.packed(now_));
    TRY(replace_file(file_.files(), path, TRY(unlock_.sealed_like(like.reveal(), packed.reveal(), second)), 0600));
    const auto again = TRY(place.read());
    if (same_members(again.archive, second)) return {};
    return io_error("'" + path + "': does not read back as it was written");
  }

  Result<std::string> replace(const Archive& next) {
    if (!TRY(is_waiting(next))) TRY(file_.write_next(next, next, now_));
    const std::string backup = TRY(file_.keep_backup());
    TRY(file_.replace());
    return backup;
  }

 private:
  // FILE.tmp of an earlier run that was cut off. Half of one is set aside; another change's is not ours to touch.
  Result<bool> is_waiting(const Archive& next) {
    if (!TRY(file_.has_next())) return false;
    const auto there = file_.read_next();
    if (there.ok() && same_members(there->archive, next)) return true;
    if (there.ok())
      return conflict("'" + file_.next_path() + "' is of another change of this archive",
                      "finish or abandon that first");
    if (there.error().fault == Fault::denied) return there.error();
    TRY(file_.set_next_aside(now_));
    return false;
  }

  const keys::ArchiveFile& file_;
  keys::ArchiveUnlock& unlock_;
  Time now_;
};

}  // namespace

Result<Parting> prune_parting(const Archive& archive, const Chain* newest) {
  const auto roots = TRY(Roots::of(archive, newest));
  if (roots.none())
    return bad_input("the archive holds no root to tell by which keys are retired",
                     "give --trusted-root with the newest root");
  const auto pending = pending_members(archive);
  PartingList list(archive);
  for (const auto& key : archive.keys()) {
    if (archive.is_tufrepo() && is_online_pair(key))
      list.leave(key, "the server signs targets with it; it is not needed offline");
    else if (!roots.names(key.public_key) && !pending.contains(key.pub_member))
      list.retire(key, "no role has it in root " + std::to_string(roots.newest()));
  }
  for (const auto name : kSecrets) list.leave(name, "credentials, not keys");
  TRY(keeps_a_private_key(archive, list));
  return std::move(list).done();
}

Result<Parting> split_parting(const Archive& archive, Role role) {
  const auto roots = TRY(Roots::of(archive, nullptr));
  PartingList list(archive);
  for (const auto& key : archive.keys()) {
    if (archive.find(key.sec_member) == nullptr) continue;
    const bool is_of_role = roots.names(key.public_key, role) || is_named_for(key, role);
    const bool is_of_other =
        std::ranges::any_of(kRoles, [&](Role other) { return other != role && roots.names(key.public_key, other); });
    if (is_of_role && is_of_other) list.share(key);
    if (is_of_role && !is_of_other) list.leave(key, "of the role " + std::string(tuf::name_of(role)));
  }
  TRY(keeps_a_private_key(archive, list));
  auto parting = std::move(list).done();
  if (parting.empty())
    return bad_input("the archive holds no private key that is of the role " + std::string(tuf::name_of(role)) +
                     " alone");
  return parting;
}

Result<Parted> part_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const Parting& parting,
                            const std::string& second, Time now) {
  if (TRY(file.files().facts(file.journal_path())).exists())
    return conflict("'" + file.journal_path() + "' is there: an earlier change of this archive was not finished",
                    "finish it with --resume of that command");
  const auto disk = TRY(file.read());
  TRY(file.prove_room(disk.size));
  PartingRun run(file, unlock, now);
  TRY(run.write_second(with_members(disk.archive, parting), second));
  const std::string backup = TRY(run.replace(without_members(disk.archive, parting)));
  return Parted{second, backup};
}

}  // namespace rota::ceremony
