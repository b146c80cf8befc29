// keys tuf updates add-offline-key, delete-offline-key, rotate-offline-key, rotate-online-key, set-threshold, sign (fioctl.md 9):
// edits of the draft that several people may make before one applies it.
#include <algorithm>

#include "ceremony/rotation.h"
#include "compat/fioctl_staging.h"

namespace rota::compat::fio {
namespace {

using ceremony::StagedRoots;
using ceremony::Stream;
using ceremony::UpdatesApi;
using tuf::KeyId;
using tuf::Role;

// What an earlier command of this archive left, settled or given up.
Status settle_leftovers(const Run& run, const OpenArchive& target) {
  const auto access = TRY(access_for(run, target.archive()));
  ceremony::Rotation rotation(target.file, access.source, run.world.clock,
                              [&run](std::string_view line) { run.progress(line); });
  const auto settled = TRY(run.asked.has("--resume") ? rotation.settle() : rotation.abandon());
  if (settled.outcome == ceremony::Settled::Outcome::rotated)
    run.progress("Updated credentials --> \"" + target.file.path() + "\"");
  else
    run.progress("Nothing was staged" +
                 (settled.set_aside.empty() ? std::string() : "; the new key is kept in '" + settled.set_aside + "'"));
  return report(run, {{"archive", target.file.path()}, {"set-aside", settled.set_aside}});
}

bool settles(const Run& run) { return run.asked.has("--resume") || run.asked.has("--abandon"); }

Status add_offline_key_to(const Run& run, const OpenArchive& target, Role role) {
  auto staging = TRY(Staging::begin(run, target.archive()));
  if (!run.asked.has("--allow-second-key") && !TRY(active_keys(target.archive(), staging.roots(), role)).empty())
    return bad_input("'" + target.file.path() + "': holds an active " + std::string(tuf::name_of(role)) + " key already",
                     "another person's key belongs into another file; --allow-second-key takes both into this one");
  auto made = TRY(new_key(run, target.archive(), role));
  const auto id = TRY(staging.roots().add_key(role, made.key.public_key(), TRY(staging.author())));
  const auto draft = TRY(staging.draft({}, {}));
  TRY(staging.put_with_archive(draft, target, std::move(made)));
  run.progress("New " + std::string(tuf::name_of(role)) + " keyid: " + id.hex);
  return report(run, {{"new-keyid", id.hex}, {"archive", target.file.path()}});
}

Status rotate_root_key(const Run& run, const OpenArchive& target) {
  auto staging = TRY(Staging::begin(run, target.archive()));
  const auto mine = TRY(active_keys(target.archive(), staging.roots(), Role::root));
  if (mine.empty()) return io_error("'" + target.file.path() + "': holds no active root key");
  const auto asked = run.asked.value("--key-id");
  std::optional<KeyId> old_id;
  for (const auto& key : mine) {
    const auto id = TRY(listed_id(staging.roots(), key.public_key));
    if (mine.size() == 1 || (asked && id.hex == *asked)) old_id = id;
  }
  if (!old_id) return io_error("'" + target.file.path() + "': holds several active root keys", "say which one with --key-id");
  auto made = TRY(new_key(run, target.archive(), Role::root));
  const auto id = TRY(staging.roots().replace_key(Role::root, *old_id, made.key.public_key(), TRY(staging.author())));
  staging.roots().renew(staging.now());
  std::vector<tuf::KeySigner> fresh;
  fresh.emplace_back(made.key);
  const auto draft = TRY(staging.draft(TRY(signers_if_asked(run, target.archive(), staging.roots(), std::move(fresh))), {}));
  TRY(staging.put_with_archive(draft, target, std::move(made)));
  run.progress("Old root keyid: " + old_id->hex);
  run.progress("New root keyid: " + id.hex);
  return report(run, {{"old-keyid", old_id->hex}, {"new-keyid", id.hex}, {"archive", target.file.path()}});
}

// The key that goes: named by id, or the archive's only active one of the role.
Result<KeyId> key_to_delete(const Run& run, const StagedRoots& roots, const keys::Archive& archive, Role role) {
  if (const auto id = run.asked.value("--key-id")) return KeyId{*id};
  const auto mine = TRY(active_keys(archive, roots, role));
  if (mine.size() == 1) return listed_id(roots, mine.front().public_key);
  return io_error("archive: want one active " + std::string(tuf::name_of(role)) + " key, got " +
                      std::to_string(mine.size()),
                  "name it with --key-id");
}

Result<std::vector<Role>> asked_online_roles(const Run& run) {
  std::vector<Role> roles;
  for (const auto& name : split(TRY(required(run, "--role")), ',')) {
    const auto role = tuf::role_named(lower(trim(name)));
    if (!role || *role == Role::root)
      return bad_input("--role: want targets, snapshot or timestamp, with a comma between them, got '" + name + "'");
    roles.push_back(*role);
  }
  return roles;
}

// --sign and --keys belong together.
Result<OpenArchive> archive_to_sign_with(const Run& run, keys::ArchiveUnlock& unlock) {
  const auto path = run.asked.value("--keys");
  if (path.has_value() != run.asked.has("--sign"))
    return bad_input(std::string(run.asked.command->words) + ": --sign and --keys belong together");
  if (!path) return OpenArchive{keys::ArchiveFile(run.world.files, "")};
  return open_archive(run, *path, unlock, Presence::required);
}

}  // namespace

Status updates_add_offline_key(const Run& run) {
  const auto role = TRY(asked_offline_role(run.asked));
  TRY(asked_key_type(run.asked));
  const auto path = TRY(required(run, "--keys"));
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, path, &unlock);
  if (settles(run)) {
    const auto held = TRY(file.lock());
    return settle_leftovers(run, TRY(open_archive(run, path, unlock, Presence::optional)));
  }
  TRY(file.prove_room(0));
  const auto held = TRY(file.lock());
  TRY(file.no_leftovers());
  const auto target = TRY(open_archive(run, path, unlock, Presence::optional));
  TRY(file.prove_room(target.disk ? target.disk->size : 0));
  return add_offline_key_to(run, target, role);
}

Status updates_delete_offline_key(const Run& run) {
  const auto role = TRY(asked_offline_role(run.asked));
  if (run.asked.has("--keys") == run.asked.has("--key-id"))
    return bad_input("keys tuf updates delete-offline-key: want one of --keys and --key-id");
  auto unlock = TRY(unlock_of(run));
  OpenArchive source{keys::ArchiveFile(run.world.files, "")};
  if (const auto path = run.asked.value("--keys")) source = TRY(open_archive(run, *path, unlock, Presence::required));
  auto staging = TRY(Staging::begin(run, source.archive()));
  const auto id = TRY(key_to_delete(run, staging.roots(), source.archive(), role));
  if (role == Role::targets && staging.online_targets_id() == id.hex)
    return bad_input("key " + id.hex + " is the online targets key", "fioctl keys tuf updates rotate-online-key -r targets");
  TRY(staging.roots().remove_key(role, id));
  const auto draft = TRY(staging.draft({}, {"fewer-keys", "replace-role"}));
  TRY(tell_unsigned(run, staging));
  TRY(staging.put(draft));
  run.progress("Removing unused key: " + id.hex);
  return report(run, {{"old-keyid", id.hex}});
}

Status updates_rotate_offline_key(const Run& run) {
  const auto role = TRY(asked_offline_role(run.asked));
  TRY(asked_key_type(run.asked));
  if (role == Role::root && run.asked.has("--targets-keys"))
    return bad_input("--targets-keys: goes with -r targets only");
  const auto keys_path = run.asked.value("--keys"), targets_path = run.asked.value("--targets-keys");
  if (role == Role::root && !keys_path) return bad_input("keys tuf updates rotate-offline-key -r root: want --keys");
  if (!keys_path && !targets_path) return bad_input("keys tuf updates rotate-offline-key: want --keys or --targets-keys");
  if (run.asked.has("--sign") && !keys_path) return bad_input("--sign: want --keys with the root key");
  const std::string path = role == Role::root ? *keys_path : targets_path.value_or(keys_path.value_or(""));
  auto unlock = TRY(unlock_of(run));
  const keys::ArchiveFile file(run.world.files, path, &unlock);
  const auto presence = role == Role::root || !targets_path ? Presence::required : Presence::optional;
  if (presence == Presence::required && !TRY(run.world.files.facts(path)).exists())
    return io_error("'" + path + "': there is no such file");
  TRY(file.prove_room(0));
  const auto held = TRY(file.lock());
  if (settles(run)) return settle_leftovers(run, TRY(open_archive(run, path, unlock, Presence::optional)));
  TRY(file.no_leftovers());
  const auto target = TRY(open_archive(run, path, unlock, presence));
  TRY(file.prove_room(target.disk ? target.disk->size : 0));
  if (role == Role::root) return rotate_root_key(run, target);
  auto unlock_signing = TRY(unlock_of(run));
  OpenArchive signing{keys::ArchiveFile(run.world.files, "")};
  if (keys_path) signing = TRY(open_archive(run, *keys_path, unlock_signing, Presence::required));
  return rotate_targets_key(run, target, signing.archive());
}

Status updates_rotate_online_key(const Run& run) {
  const auto roles = TRY(asked_online_roles(run));
  const auto type = TRY(asked_key_type(run.asked));
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(archive_to_sign_with(run, unlock));
  auto before = TRY(Staging::begin(run, source.archive()));
  TRY(before.scene().api.make_online_keys(before.txid(), type, roles));
  auto staging = TRY(Staging::begin(run, source.archive()));
  Json::Object facts;
  for (const auto role : roles) {
    const std::string name(tuf::name_of(role));
    const auto& online = staging.state().updated.online_keys;
    const auto& former = before.state().updated.online_keys;
    const auto id = online.find(name), old_id = former.find(name);
    const auto ids = staging.roots().root(Stream::ci).key_ids(role);
    const bool is_new = id != online.end() && (old_id == former.end() || old_id->second != id->second);
    if (!is_new || std::ranges::find(ids, KeyId{id->second}) == ids.end())
      return rejected("the server's draft names no new online key of " + name);
    run.progress("New online " + name + " keyid: " + id->second);
    facts.emplace(name, Json(id->second));
  }
  if (run.asked.has("--sign")) {
    const auto signers = TRY(root_signers(source.archive(), staging.roots()));
    TRY(staging.put(TRY(staging.draft(signers, {"replace-role"}))));
  }
  return report(run, facts);
}

Status updates_set_threshold(const Run& run) {
  const auto role = TRY(asked_offline_role(run.asked));
  if (run.asked.arguments.size() != 1) return bad_input("keys tuf updates set-threshold: want the number of signatures");
  const auto threshold = TRY_IN("set-threshold", decimal(run.asked.arguments.front(), 1000));
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(archive_to_sign_with(run, unlock));
  auto staging = TRY(Staging::begin(run, source.archive()));
  TRY(staging.roots().set_threshold(role, threshold));
  std::vector<tuf::KeySigner> signers;
  if (run.asked.has("--sign")) signers = TRY(root_signers(source.archive(), staging.roots()));
  const auto draft = TRY(staging.draft(signers, {"lower-threshold"}));
  TRY(tell_unsigned(run, staging));
  TRY(staging.put(draft));
  return report(run, {{"threshold", Json(threshold)}});
}

Status updates_sign(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(open_archive(run, TRY(required(run, "--keys")), unlock, Presence::required));
  auto staging = TRY(Staging::begin(run, source.archive()));
  const auto signers = TRY(root_signers(source.archive(), staging.roots()));
  run.progress("Signing new TUF root");
  const auto draft = TRY(staging.draft(signers, {"replace-role", "fewer-keys"}));
  run.progress("Uploading new signatures");
  TRY(staging.put(draft));
  remember_roots(run, staging.scene().access, {{Stream::ci, staging.scene().current.roots.at(Stream::ci)}});
  return report(run, {{"signatures", Json(static_cast<std::int64_t>(signers.size()))}});
}

}  // namespace rota::compat::fio
