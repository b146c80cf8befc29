// keys tuf updates add-offline-key … sign-prod-targets (fioctl.md 8, 9): edits of the draft that several people may make before
// one applies it.
#include <algorithm>

#include "ceremony/published_targets.h"
#include "ceremony/rotation.h"
#include "compat/fioctl_updates.h"
#include "keys/archive_index.h"

namespace rota::compat::fio {
namespace {

using ceremony::PublishedFiles;
using ceremony::StagedRoots;
using ceremony::Stream;
using ceremony::UpdatesApi;
using ceremony::UpdatesDraft;
using ceremony::UpdatesState;
using tuf::KeyId;
using tuf::Role;

constexpr int kRsaBits = 4096;

Result<crypto::PrivateKey> generated(crypto::KeyType type) {
  return type == crypto::KeyType::rsa ? crypto::PrivateKey::generate_rsa(kRsaBits)
                                      : crypto::PrivateKey::generate_ed25519();
}

struct NewKey {
  crypto::PrivateKey key;
  keys::Archive archive;  // with it
  std::string role;
};

// One staging command: the draft as it was found, and as it is to be.
class Staging {
 public:
  static Result<Staging> begin(const Run& run, const keys::Archive& archive) {
    auto access = TRY(access_for(run, archive));
    auto state = TRY(open_state(UpdatesApi(access.source)));
    auto scene = TRY(scene_of(run, std::move(access), archive));
    auto roots = TRY(StagedRoots::in(state, scene.current, ceremony::Tolerance::shown));
    return Staging(run, std::move(scene), std::move(state), std::move(roots));
  }

  StagedRoots& roots() { return roots_; }
  const Scene& scene() const { return scene_; }
  const UpdatesState& state() const { return state_; }
  std::string txid() const { return run_->asked.value("--txid").value_or(""); }
  Time now() const { return run_->world.clock.now(); }

  Result<ceremony::RootEdit::Author> author() const {
    const auto known = TRY(scene_.api.polis_id());
    return ceremony::RootEdit::Author{known.empty() ? scene_.access.polis_id : known, now()};
  }

  // The envelopes, with the differences shown; when something is signed, agreed to and judged.
  Result<UpdatesDraft> draft(const std::vector<tuf::KeySigner>& signers, const std::vector<std::string>& allowed) const {
    UpdatesDraft draft;
    draft.roots = TRY(roots_.signed_by({}));
    show_differences(*run_, roots_.differences());
    if (!signers.empty()) {
      TRY(agreed());
      draft.roots = TRY(roots_.signed_by(pointers(signers)));
    }
    tuf::Allowed names{.names = allowed, .short_expiry = true};  // whoever applies it is told
    for (const auto& name : allowed_names(run_->asked)) names.names.push_back(name);
    const auto is_weaker = [](const auto& name) { return name == "fewer-keys" || name == "lower-threshold"; };
    if (std::ranges::any_of(names.names, is_weaker)) draft.weaker = UpdatesDraft::Weaker::allowed;
    // What earlier commands staged is the matter of those who sign it.
    if (signers.empty()) names.names = {"lower-threshold", "fewer-keys", "replace-role"};
    const auto verdict = TRY(ceremony::judged(scene_.current, draft.roots, now(), names));
    for (const auto& warning : verdict.warnings) run_->talk.warn(warning);
    for (const auto& line : verdict.missing) run_->progress("Still to be signed: " + line);
    return draft;
  }

  // Asked at a terminal; without one, what others staged needs --yes.
  Status agreed() const {
    if (run_->asked.has("--yes")) return {};
    if (run_->world.ask) {
      if (run_->world.ask("Sign the next root of factory '" + scene_.access.factory + "' as shown?")) return {};
      return rejected("not confirmed; nothing was signed and nothing was sent");
    }
    if (!found_changed_) return {};
    return rejected("the draft holds changes that this command line did not ask for; nothing was signed",
                    "look at them as they are shown, then give --yes");
  }

  // The draft sent, and found again as it was sent.
  Status put(const UpdatesDraft& draft) const {
    TRY(scene_.api.put(txid(), draft));
    const auto after = TRY(scene_.api.present_state());
    if (!ceremony::shows(after, draft.roots))
      return rejected("the server's draft is not what was sent to it", "fioctl keys tuf updates review");
    remember();
    return {};
  }

  // The same with a new archive in the place of FILE (fioctl.md 8).
  Status put_with_archive(const UpdatesDraft& draft, const OpenArchive& target, NewKey made) const {
    keys::Archive next = std::move(made.archive);
    note_roots(next);
    note_index(next, made);
    std::map<Stream, ceremony::RootChange> changes;
    for (const auto& [stream, trusted] : scene_.current.roots)
      changes.emplace(stream, ceremony::RootChange{trusted, draft.roots.at(stream), {}});
    ceremony::Rotation rotation(target.file, scene_.access.source, run_->world.clock,
                                [this](std::string_view line) { run_->progress(line); });
    const auto& words = run_->asked.command->words;
    TRY(rotation.prepare_staged(next, target.disk, changes, draft,
                                {.command = std::string(words), .factory = scene_.access.factory,
                                 .server = scene_.access.source.base, .txid = txid()}));
    const auto sent = scene_.api.put(txid(), draft);
    if (!sent.ok() && sent.error().fault == Fault::unavailable)
      return Error{sent.error().fault, sent.error().what, "run the same command with --resume: it finds out and finishes"};
    const auto settled = TRY(rotation.settle());
    if (settled.outcome == ceremony::Settled::Outcome::rotated) {
      run_->progress("Updated credentials --> \"" + target.file.path() + "\"; keep this file safe");
      remember();
      return {};
    }
    const Error why = sent.ok() ? rejected("the server's draft is not what was sent to it") : sent.error();
    return Error{why.fault, why.what, "the new key, which no draft names, is kept in '" + settled.set_aside + "'"};
  }

 private:
  Staging(const Run& run, Scene scene, UpdatesState state, StagedRoots roots)
      : run_(&run), scene_(std::move(scene)), state_(std::move(state)), roots_(std::move(roots)) {
    for (const auto& [stream, difference] : roots_.differences()) found_changed_ = found_changed_ || !difference.roles.empty();
  }

  // What was verified, for the next command of this machine.
  void remember() const {
    ceremony::NewestRoots roots = scene_.current.roots;
    if (scene_.current.production == ceremony::CurrentRoots::Production::derived) roots.erase(Stream::prod);
    remember_roots(*run_, scene_.access, roots);
  }

  void note_index(keys::Archive& next, const NewKey& made) const {
    const auto& key = made.key.public_key();
    const auto member = keys::new_key_member(made.role, key) + ".pub";
    const auto index = keys::index_of(
        next, {scene_.access.factory, *scene_.current.roots.at(Stream::ci), key, member, now(), made.role});
    next.put(std::string(keys::kIndexMember), crypto::SecretBytes(to_pretty_json(index)));
  }

  // The verified roots, from which the archive's next command starts.
  void note_roots(keys::Archive& next) const {
    for (const auto& [stream, trusted] : scene_.current.roots) {
      if (stream == Stream::prod && scene_.current.production == ceremony::CurrentRoots::Production::derived) continue;
      next.put(keys::trusted_member(ceremony::name_of(stream)), crypto::SecretBytes(Bytes(trusted.raw())));
    }
  }

  const Run* run_;
  Scene scene_;
  UpdatesState state_;
  StagedRoots roots_;
  bool found_changed_ = false;  // by others, or by an earlier command
};

Status report(const Run& run, const Json::Object& facts) {
  Json json(facts);
  json["command"] = Json(run.asked.command->words);
  if (run.json()) run.talk.out() << to_json(json) << '\n';
  return {};
}

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

// The role's keys of the staged root that are the archive's, with their private halves.
Result<std::vector<keys::ArchivedKey>> active_keys(const keys::Archive& archive, const StagedRoots& staged, Role role) {
  const auto next = TRY(tuf::read_root_body(staged.root(Stream::ci).body()));
  std::vector<keys::ArchivedKey> active;
  for (auto& key : archive.keys_among(next.material(role)))
    if (archive.find(key.sec_member) != nullptr) active.push_back(std::move(key));
  return active;
}

// The id under which the staged root lists a key.
Result<KeyId> listed_id(const StagedRoots& staged, const crypto::PublicKey& key) {
  const auto next = TRY(tuf::read_root_body(staged.root(Stream::ci).body()));
  for (const auto& [id, known] : next.keys)
    if (known == key) return id;
  return tuf::key_id(key);
}

Result<NewKey> new_key(const Run& run, const keys::Archive& archive, Role role) {
  const auto key = TRY(generated(TRY(asked_key_type(run.asked))));
  NewKey made{key, archive.copy(), std::string(tuf::name_of(role))};
  TRY(made.archive.add_key(keys::new_key_member(made.role, key.public_key()), key));
  return made;
}

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

// Which targets key of the owner goes: the only one there is, or the archive's.
Result<std::optional<KeyId>> replaced_targets_key(const Run& run, const Staging& staging, const StagedRoots& roots,
                                                  const keys::Archive& archive) {
  const auto online = staging.state().updated.online_keys.find("targets");
  if (online == staging.state().updated.online_keys.end())
    return rejected("root/updates: the server does not say which targets key is the online one");
  std::vector<KeyId> offline;
  for (const auto& id : roots.root(Stream::ci).key_ids(Role::targets))
    if (id.hex != online->second) offline.push_back(id);
  if (const auto lost = run.asked.value("--lost-key")) {
    if (std::ranges::find(offline, KeyId{*lost}) == offline.end())
      return bad_input("--lost-key: no offline targets key has the id " + *lost);
    return std::optional<KeyId>(KeyId{*lost});
  }
  if (offline.empty()) return std::optional<KeyId>();
  if (offline.size() == 1) return std::optional<KeyId>(offline.front());
  const auto mine = TRY(active_keys(archive, roots, Role::targets));
  if (mine.size() == 1) return std::optional<KeyId>(TRY(listed_id(roots, mine.front().public_key)));
  return bad_input("several offline targets keys could be replaced", "name one with --lost-key, or give an archive with one");
}

struct Resigned {
  Json targets = {}, waves = {};
};

// Published files that the replaced key has signed; all, when that key is lost.
Result<Resigned> resigned(const Run& run, const Staging& staging, const std::optional<KeyId>& replaced,
                          const tuf::Signer& signer) {
  const auto& prod = *staging.scene().current.roots.at(Stream::prod);
  Resigned out;
  for (const auto& [which, to] : {std::pair{UpdatesApi::Published::prod, &out.targets},
                                  std::pair{UpdatesApi::Published::waves, &out.waves}}) {
    const auto all = TRY(staging.scene().api.published(which));
    PublishedFiles files = all;
    if (!run.asked.has("--lost-key")) files = replaced ? TRY(ceremony::signed_under(all, {*replaced})) : PublishedFiles{};
    if (!files.empty()) *to = TRY(ceremony::signatures_over(files, prod, signer, staging.now()));
  }
  if (!out.targets.is_null() || !out.waves.is_null()) run.progress("Re-signing prod Targets");
  return out;
}

// Names the files that would not verify under the staged production root.
Status tell_unsigned(const Run& run, Staging& staging, const Resigned& added) {
  const auto next = TRY(tuf::read_root_body(staging.roots().root(Stream::prod).body()));
  const auto online = staging.state().updated.online_keys.find("targets");
  const std::string online_id = online == staging.state().updated.online_keys.end() ? "" : online->second;
  for (const auto& [which, signatures] : {std::pair{UpdatesApi::Published::prod, &added.targets},
                                          std::pair{UpdatesApi::Published::waves, &added.waves}}) {
    const auto all = TRY(staging.scene().api.published(which));
    for (const auto& name : TRY(ceremony::falling_short(all, *signatures, next, online_id)))
      run.talk.warn("targets of '" + terminal_text(name) + "' still need signatures before this can be applied");
  }
  return {};
}

Result<std::vector<tuf::KeySigner>> signers_if_asked(const Run& run, const keys::Archive& archive, const StagedRoots& roots,
                                                     std::vector<tuf::KeySigner> also) {
  std::vector<tuf::KeySigner> signers;
  if (!run.asked.has("--sign")) return signers;
  signers = TRY(root_signers(archive, roots));
  for (auto& one : also) signers.push_back(std::move(one));
  return signers;
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

// `signing` holds the root key when the root is signed in the same run.
Status rotate_targets_key(const Run& run, const OpenArchive& target, const keys::Archive& signing) {
  auto staging = TRY(Staging::begin(run, signing.members().empty() ? target.archive() : signing));
  const auto replaced = TRY(replaced_targets_key(run, staging, staging.roots(), target.archive()));
  auto made = TRY(new_key(run, target.archive(), Role::targets));
  const auto author = TRY(staging.author());
  const auto id = replaced ? TRY(staging.roots().replace_key(Role::targets, *replaced, made.key.public_key(), author))
                           : TRY(staging.roots().add_key(Role::targets, made.key.public_key(), author));
  const tuf::KeySigner fresh(made.key);
  const auto signers = TRY(signers_if_asked(run, signing, staging.roots(), {}));
  auto draft = TRY(staging.draft(signers, {"replace-role"}));
  auto signatures = TRY(resigned(run, staging, replaced, fresh));
  TRY(tell_unsigned(run, staging, signatures));
  draft.targets_signatures = std::move(signatures.targets);
  draft.waves_signatures = std::move(signatures.waves);
  TRY(staging.put_with_archive(draft, target, std::move(made)));
  run.progress("New Target keyid: " + id.hex);
  if (replaced) run.progress("Removing unused key: " + replaced->hex);
  return report(run, {{"old-keyid", replaced ? replaced->hex : ""}, {"new-keyid", id.hex}, {"archive", target.file.path()}});
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
  const auto online = staging.state().updated.online_keys.find("targets");
  if (role == Role::targets && online != staging.state().updated.online_keys.end() && online->second == id.hex)
    return bad_input("key " + id.hex + " is the online targets key", "fioctl keys tuf updates rotate-online-key -r targets");
  TRY(staging.roots().remove_key(role, id));
  const auto draft = TRY(staging.draft({}, {"fewer-keys", "replace-role"}));
  TRY(tell_unsigned(run, staging, {}));
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
    const auto id = online.find(name);
    const auto ids = staging.roots().root(Stream::ci).key_ids(role);
    if (id == online.end() || std::ranges::find(ids, KeyId{id->second}) == ids.end())
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
  TRY(tell_unsigned(run, staging, {}));
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

Status updates_sign_prod_targets(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(open_archive(run, TRY(required(run, "--keys")), unlock, Presence::required));
  auto staging = TRY(Staging::begin(run, source.archive()));
  const auto mine = TRY(active_keys(source.archive(), staging.roots(), Role::targets));
  const auto online = staging.state().updated.online_keys.find("targets");
  std::vector<tuf::KeySigner> signers;
  for (const auto& key : mine) {
    const bool is_online = online != staging.state().updated.online_keys.end() &&
                           TRY(listed_id(staging.roots(), key.public_key)).hex == online->second;
    if (!is_online) signers.emplace_back(TRY(source.archive().private_key(key)));
  }
  if (signers.size() != 1)
    return io_error("archive: want one active offline targets key, got " + std::to_string(signers.size()));
  const auto tags = run.asked.value("--tags"), waves = run.asked.value("--waves");
  Resigned added;
  const auto& prod = *staging.scene().current.roots.at(Stream::prod);
  for (const auto& [which, asked, other, to] :
       {std::tuple{UpdatesApi::Published::prod, &tags, &waves, &added.targets},
        std::tuple{UpdatesApi::Published::waves, &waves, &tags, &added.waves}}) {
    if (!asked->has_value() && other->has_value()) continue;
    auto files = TRY(staging.scene().api.published(which));
    if (asked->has_value()) {
      const auto names = split(**asked, ',');
      for (const auto& name : names)
        if (!files.contains(name)) return bad_input("no targets in use of '" + name + "'");
      std::erase_if(files, [&](const auto& file) { return std::ranges::find(names, file.first) == names.end(); });
    }
    if (!files.empty()) *to = TRY(ceremony::signatures_over(files, prod, signers.front(), staging.now()));
  }
  if (added.targets.is_null() && added.waves.is_null()) return bad_input("no production or wave targets are in use");
  run.progress("Re-signing prod Targets");
  auto draft = TRY(staging.draft({}, {"replace-role", "fewer-keys"}));
  TRY(staging.agreed());
  draft.targets_signatures = added.targets;
  draft.waves_signatures = added.waves;
  run.progress("Uploading new signatures");
  TRY(staging.put(draft));
  TRY(tell_unsigned(run, staging, added));
  return report(run, {});
}

}  // namespace rota::compat::fio
