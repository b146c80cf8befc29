// keys tuf rotate-offline-key, keys tuf rotate-all-keys, and the older words for them (fioctl.md 9, 10): a transaction from init
// to apply as one journalled run.
#include "ceremony/rotation.h"
#include "compat/fioctl_updates.h"

namespace rota::compat::fio {
namespace {

using ceremony::ChangePlan;
using ceremony::ChangeWish;
using ceremony::Settled;
using ceremony::StagedRoots;
using ceremony::Stream;
using ceremony::UpdatesApi;
using ceremony::UpdatesState;
using tuf::Role;

struct Kind {
  std::set<Role> offline;
  enum class Online { kept, replaced } online = Online::kept;
  std::string_view message;
};
const Kind kRoot{{Role::root}, Kind::Online::kept, "Rotate TUF root offline signing key"};
const Kind kTargets{{Role::targets}, Kind::Online::kept, "Rotate TUF targets offline signing key"};
const Kind kAll{{Role::root, Role::targets}, Kind::Online::replaced, "Rotate all TUF root signing keys"};
const Kind kRefresh{{}, Kind::Online::kept, "Refresh TUF root expiration by 1 year"};

class Shortcut {
 public:
  struct Files {
    std::string root;
    std::optional<std::string> targets = {};  // when the targets key lives in another archive
  };
  Shortcut(const Run& run, const Kind& kind, const Files& files, keys::ArchiveUnlock unlock)
      : run_(run), kind_(kind), unlock_(std::move(unlock)), root_(run.world.files, files.root, &unlock_) {
    if (files.targets && *files.targets != files.root) targets_.emplace(run.world.files, *files.targets, &unlock_);
  }

  Status carry_out() {
    for (const auto* file : written()) TRY(file->prove_room(0));
    if (run_.asked.has("--dry-run")) return change();  // leaves nothing, not even FILE.lock
    std::vector<std::unique_ptr<FileLock>> held;
    for (const auto* file : written()) held.push_back(TRY(file->lock()));
    if (run_.asked.has("--resume") || run_.asked.has("--abandon")) return settle_leftovers();
    return change();
  }

 private:
  bool rotates(Role role) const { return kind_.offline.contains(role); }
  // The archives that change; the journal lies at the first.
  std::vector<const keys::ArchiveFile*> written() const {
    std::vector<const keys::ArchiveFile*> files;
    if (!targets_ || rotates(Role::root)) files.push_back(&root_);
    if (targets_ && rotates(Role::targets)) files.push_back(&*targets_);
    return files;
  }
  ceremony::Rotation rotation(const Access& access) const {
    const auto files = written();
    ceremony::Rotation made(*files.front(), access.source, run_.world.clock,
                            [this](std::string_view line) { run_.progress(line); });
    for (std::size_t i = 1; i < files.size(); ++i) made.also(*files[i]);
    return made;
  }
  std::string message() const { return run_.asked.value("--changelog").value_or(std::string(kind_.message)); }
  Time now() const { return run_.world.clock.now(); }

  Status read_archives() {
    for (const auto* file : written()) TRY(file->no_leftovers());
    root_disk_ = TRY(open_archive(run_, root_.path(), unlock_, Presence::required)).disk;
    if (targets_) targets_disk_ = TRY(open_archive(run_, targets_->path(), unlock_, Presence::optional)).disk;
    for (const auto* file : written()) {
      const auto& disk = file == &root_ ? root_disk_ : targets_disk_;
      if (!run_.asked.has("--dry-run")) TRY(file->prove_room(disk ? disk->size : 0));
    }
    return {};
  }

  // The draft that the change is made to; with new keys of the server, in a transaction that is open from here on.
  Result<StagedRoots> draft(const Scene& scene, const ceremony::RootEdit::Author& author) {
    if (kind_.online == Kind::Online::kept || run_.asked.has("--dry-run"))
      return StagedRoots::fresh(scene.current, author, message());
    run_.progress("Creating new TUF updates transaction");
    txid_ = TRY(scene.api.start({.message = message(), .shortcut = UpdatesApi::Start::Shortcut::yes})).txid;
    TRY(scene.api.make_online_keys(txid_, TRY(asked_key_type(run_.asked)), {Role::targets, Role::snapshot, Role::timestamp}));
    const auto before = state_.current.online_keys;
    state_ = TRY(scene.api.present_state());
    TRY(all_are_new(before, state_.updated.online_keys));
    return StagedRoots::in(state_, scene.current, ceremony::Tolerance::online_keys);
  }

  // A server that said yes to new online keys names them.
  static Status all_are_new(const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after) {
    for (const auto role : {Role::targets, Role::snapshot, Role::timestamp}) {
      const std::string name(tuf::name_of(role));
      const auto old_id = before.find(name), id = after.find(name);
      if (id == after.end() || (old_id != before.end() && old_id->second == id->second))
        return rejected("the server's draft names no new online key of " + name);
    }
    return {};
  }

  Result<ChangeWish> wish(const Scene& scene, const ceremony::RootEdit::Author& author) const {
    ChangeWish wish{.offline = kind_.offline, .key_id = run_.asked.value("--key-id"), .polis_id = author.polis_id,
                    .factory = scene.access.factory, .now = now()};
    if (const auto lost = run_.asked.value("--lost-key")) wish.lost_targets_key = tuf::KeyId{*lost};
    if (targets_) wish.targets_archive = targets_disk_ ? &targets_disk_->archive : &nothing_;
    wish.new_key = TRY(asked_new_key(run_, root_disk_->archive));
    const auto& online = txid_.empty() ? state_.current.online_keys : state_.updated.online_keys;
    if (const auto id = online.find("targets"); id != online.end()) wish.online_targets_id = id->second;
    wish.tags = TRY(scene.api.published(UpdatesApi::Published::prod));
    wish.waves = TRY(scene.api.published(UpdatesApi::Published::waves));
    return wish;
  }

  Result<ChangePlan> planned(const Scene& scene) {
    const auto known = TRY(scene.api.polis_id());
    const ceremony::RootEdit::Author author{known.empty() ? scene.access.polis_id : known, now()};
    auto roots = TRY(draft(scene, author));
    const auto asked = TRY(wish(scene, author));
    auto plan = TRY(ceremony::plan_change(root_disk_->archive, std::move(roots), asked));
    for (const auto& warning : plan.warnings) run_.talk.warn(warning);
    show(plan);
    if (!run_.asked.has("--dry-run")) TRY(confirmed(scene));
    return plan;
  }

  Status confirmed(const Scene& scene) const {
    if (!run_.world.ask || run_.asked.has("--yes")) return {};
    if (run_.world.ask("Change the keys of factory '" + scene.access.factory + "' as shown?")) return {};
    return rejected("not confirmed; nothing was written");
  }

  void show(const ChangePlan& plan) const {
    std::map<Stream, ceremony::RootDifference> differences;
    for (const auto& [stream, change] : plan.changes) differences.emplace(stream, change.difference);
    show_differences(run_, differences);
    if (!plan.targets_signatures.is_null() || !plan.waves_signatures.is_null()) run_.progress("Re-signing prod Targets");
  }

  Status change() {
    TRY(read_archives());
    const auto scene = TRY(scene_of(run_, TRY(access_for(run_, root_disk_->archive)), root_disk_->archive));
    state_ = TRY(scene.api.present_state());
    if (state_.status != UpdatesState::Status::none)
      return conflict("a TUF updates transaction is active on the server (" +
                          std::string(ceremony::name_of(state_.status)) + ")",
                      "let its owner apply or cancel it");
    auto plan = planned(scene);
    if (!plan) return called_off(scene, plan.error());
    if (run_.asked.has("--dry-run")) return report_plan(*plan);
    run_.progress("Signing new TUF root");
    auto run = rotation(scene.access);
    if (auto prepared = run.prepare_change(*plan, archives(*plan), origin(scene)); !prepared.ok())
      return called_off(scene, prepared.error());
    const auto settled = TRY(run.settle());
    if (settled.outcome == Settled::Outcome::rotated) return summarise(scene.access, settled, *plan);
    return conflict("the transaction was cancelled by somebody else; nothing was published",
                    "the new keys, which no root names, are kept in '" + settled.set_aside + "'");
  }

  // Nothing with a new key was sent yet: a transaction of this run is closed again.
  Status called_off(const Scene& scene, Error error) const {
    if (txid_.empty()) return error;
    if (const auto cancelled = scene.api.cancel(); !cancelled.ok())
      run_.talk.warn("the transaction is still open: " + cancelled.error().what);
    return error;
  }

  std::vector<ceremony::ArchiveChange> archives(const ChangePlan& plan) const {
    std::vector<ceremony::ArchiveChange> all;
    if (plan.next_root) all.push_back({&root_, &*plan.next_root, &root_disk_});
    if (plan.next_targets) all.push_back({&*targets_, &*plan.next_targets, &targets_disk_});
    return all;
  }

  ceremony::RotationOrigin origin(const Scene& scene) const {
    return {.command = std::string(run_.asked.command->words),
            .factory = scene.access.factory,
            .server = scene.access.source.base,
            .message = message(),
            .txid = txid_,
            .bound_to_transaction = !txid_.empty()};
  }

  Status settle_leftovers() {
    if (run_.asked.has("--resume") && run_.asked.has("--abandon"))
      return bad_input("--resume and --abandon: want one of them");
    const auto archive = TRY(open_archive(run_, root_.path(), unlock_, Presence::optional));
    const auto access = TRY(access_for(run_, archive.archive()));
    TRY(same_server(run_, *written().front(), access));
    auto run = rotation(access);
    const auto settled = TRY(run_.asked.has("--resume") ? run.settle() : run.abandon());
    if (settled.outcome == Settled::Outcome::rotated) return summarise(access, settled, {});
    run_.progress("The archives and the server are as they were");
    if (!settled.set_aside.empty()) run_.progress("The new key, which no root names, is kept in '" + settled.set_aside + "'");
    return report({{"outcome", "unchanged"}, {"set-aside", settled.set_aside}});
  }

  Status summarise(const Access& access, const Settled& settled, const ChangePlan& plan) const {
    remember_roots(run_, access, settled.roots);
    const auto& root = settled.roots.at(Stream::ci);
    Json::Object facts{{"version", Json(root->version)}, {"expires", rfc3339(root->expires)}};
    for (const auto& [role, id] : plan.old_ids) {
      run_.progress("Old " + std::string(tuf::name_of(role)) + " keyid: " + id.hex);
      facts.emplace("old-" + std::string(tuf::name_of(role)) + "-keyid", Json(id.hex));
    }
    for (const auto& [role, id] : plan.new_ids) {
      run_.progress("New " + std::string(role == Role::targets ? "Target" : "root") + " keyid: " + id.hex);
      facts.emplace("new-" + std::string(tuf::name_of(role)) + "-keyid", Json(id.hex));
    }
    run_.progress("Version: " + std::to_string(root->version));
    run_.progress("Expires: " + rfc3339(root->expires));
    if (!run_.json())
      for (const auto* file : written())
        run_.talk.out() << "Updated credentials --> \"" << file->path() << "\"; keep this file safe\n";
    return report(std::move(facts));
  }

  Status report_plan(const ChangePlan& plan) const {
    run_.progress("Dry run: nothing is written, nothing but GET is sent, the new keys are thrown away");
    if (kind_.online == Kind::Online::replaced)
      run_.progress("New online keys of targets, snapshot and timestamp would be made by the server");
    run_.progress("Version: " + std::to_string(plan.version));
    run_.progress("Expires: " + rfc3339(plan.expires));
    Json differences{Json::Object{}};
    for (const auto& [stream, change] : plan.changes)
      differences[ceremony::name_of(stream)] = ceremony::to_json(change.difference);
    return report({{"version", Json(plan.version)}, {"expires", rfc3339(plan.expires)}, {"root_diff", std::move(differences)}});
  }

  Status report(Json::Object facts) const {
    facts.emplace("command", Json(run_.asked.command->words));
    if (run_.json()) run_.talk.out() << to_pretty_json(Json(std::move(facts)));
    return {};
  }

  const Run& run_;
  const Kind& kind_;
  keys::ArchiveUnlock unlock_;
  keys::ArchiveFile root_;
  std::optional<keys::ArchiveFile> targets_;
  std::optional<keys::ArchiveOnDisk> root_disk_, targets_disk_;
  const keys::Archive nothing_;
  UpdatesState state_;
  std::string txid_;  // of a transaction that this run opened before its journal
};

Result<std::string> only_file(const Run& run) {
  if (run.asked.arguments.size() == 1) return run.asked.arguments.front();
  const std::string words(run.asked.command->words);
  return bad_input(words + ": want one archive file, got " + std::to_string(run.asked.arguments.size()) + " arguments",
                   "fioctl " + words + " FILE");
}

Status carry_out(const Run& run, const Kind& kind, const Shortcut::Files& files) {
  TRY(asked_key_type(run.asked));
  auto unlock = TRY(unlock_of(run));
  return Shortcut(run, kind, files, std::move(unlock)).carry_out();
}

}  // namespace

Status tuf_rotate_offline_key(const Run& run) {
  const auto role = TRY(asked_offline_role(run.asked));
  const auto path = TRY(required(run, "--keys"));
  const Shortcut::Files files{path, run.asked.value("--targets-keys")};
  if (role == Role::root && files.targets) return bad_input("--targets-keys: goes with -r targets only");
  if (role == Role::root && run.asked.has("--lost-key")) return bad_input("--lost-key: goes with -r targets only");
  if (role == Role::targets && run.asked.has("--initial")) return bad_input("--first-time: goes with -r root only");
  if (takes_first_root(run)) TRY(take_first_root(run, files.root));
  return carry_out(run, role == Role::root ? kRoot : kTargets, files);
}

Status tuf_rotate_all_keys(const Run& run) {
  const auto path = TRY(required(run, "--keys"));
  const Shortcut::Files files{path, run.asked.value("--targets-keys")};
  if (takes_first_root(run)) TRY(take_first_root(run, files.root));
  return carry_out(run, kAll, files);
}

Status keys_rotate_targets(const Run& run) {
  const auto path = TRY(only_file(run));
  return carry_out(run, kTargets, {path});
}

Status keys_resign_root(const Run& run) {
  const auto path = TRY(only_file(run));
  return carry_out(run, kRefresh, {path});
}

Status keys_copy_targets(const Run& run) {
  if (run.asked.arguments.size() != 2) return bad_input("keys copy-targets: want two archives", "fioctl keys copy-targets SRC DST");
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(open_archive(run, run.asked.arguments.front(), unlock, Presence::required));
  const keys::ArchiveFile target(run.world.files, run.asked.arguments.back(), &unlock);
  if (TRY(run.world.files.facts(target.path())).exists()) return io_error("'" + target.path() + "': is there already");
  TRY(target.prove_room(source.disk->size));
  const auto access = TRY(access_for(run, source.archive()));
  const auto newest = TRY(believed_roots(run, access, source.archive()));
  const auto state = TRY(UpdatesApi(access.source).present_state());
  const auto online = state.current.online_keys.find("targets");
  keys::Archive copy;
  for (const auto& key : source.archive().keys_among(newest.at(Stream::ci)->material(Role::targets))) {
    if (online != state.current.online_keys.end() && online->second == tuf::key_id(key.public_key).hex) continue;
    TRY(source.archive().private_key(key));
    for (const auto& member : {key.pub_member, key.sec_member}) copy.put(member, source.archive().find(member)->copy());
  }
  if (copy.members().empty()) return io_error("'" + source.file.path() + "': holds no active offline targets key");
  TRY(target.write_next(copy, keys::Archive(), run.world.clock.now()));
  TRY(target.replace());
  run.progress("Targets key --> \"" + target.path() + "\"; keep this file safe");
  return {};
}

}  // namespace rota::compat::fio
