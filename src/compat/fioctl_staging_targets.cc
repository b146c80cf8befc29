// Drafts that replace a targets key or sign targets in use anew (fioctl.md 9).
#include <algorithm>

#include "ceremony/published_targets.h"
#include "compat/fioctl_staging.h"

namespace rota::compat::fio {

using ceremony::PublishedFiles;
using ceremony::StagedRoots;
using ceremony::Stream;
using ceremony::UpdatesApi;
using ceremony::UpdatesDraft;
using ceremony::UpdatesState;
using tuf::KeyId;
using tuf::Role;

namespace {

// Which targets key of the owner goes: the only one there is, or the archive's.
Result<std::optional<KeyId>> replaced_targets_key(const Run& run, const Staging& staging, const StagedRoots& roots,
                                                  const keys::Archive& archive) {
  if (staging.online_targets_id().empty())
    return rejected("root/updates: the server does not say which targets key is the online one");
  TRY(ceremony::not_the_owners(archive, staging.online_targets_id()));
  std::vector<KeyId> offline;
  for (const auto& id : roots.root(Stream::ci).key_ids(Role::targets))
    if (id.hex != staging.online_targets_id()) offline.push_back(id);
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
Status tell_unsigned_after(const Run& run, Staging& staging, const Resigned& added) {
  const auto next = TRY(tuf::read_root_body(staging.roots().root(Stream::prod).body()));
  for (const auto& [which, signatures] : {std::pair{UpdatesApi::Published::prod, &added.targets},
                                          std::pair{UpdatesApi::Published::waves, &added.waves}}) {
    const auto all = TRY(staging.scene().api.published(which));
    for (const auto& name : TRY(ceremony::falling_short(all, *signatures, next, staging.online_targets_id())))
      run.talk.warn("targets of '" + terminal_text(name) + "' still need signatures before this can be applied");
  }
  return {};
}

// The owner's one key of the role.
Result<tuf::KeySigner> offline_targets_signer(const keys::Archive& archive, Staging& staging) {
  std::vector<tuf::KeySigner> signers;
  for (const auto& key : TRY(active_keys(archive, staging.roots(), Role::targets)))
    if (TRY(listed_id(staging.roots(), key.public_key)).hex != staging.online_targets_id())
      signers.emplace_back(TRY(archive.private_key(key)));
  if (signers.size() == 1) return signers.front();
  return io_error("archive: want one active offline targets key, got " + std::to_string(signers.size()));
}

// All that are in use, or those of these names ("a,b").
Result<PublishedFiles> files_named(const Staging& staging, UpdatesApi::Published which, const std::optional<std::string>& asked) {
  auto files = TRY(staging.scene().api.published(which));
  if (!asked) return files;
  const auto names = split(*asked, ',');
  for (const auto& name : names)
    if (!files.contains(name)) return bad_input("no targets in use of '" + name + "'");
  std::erase_if(files, [&](const auto& file) { return std::ranges::find(names, file.first) == names.end(); });
  return files;
}

}  // namespace

Status tell_unsigned(const Run& run, Staging& staging) { return tell_unsigned_after(run, staging, {}); }

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
  TRY(tell_unsigned_after(run, staging, signatures));
  draft.targets_signatures = std::move(signatures.targets);
  draft.waves_signatures = std::move(signatures.waves);
  TRY(staging.put_with_archive(draft, target, std::move(made)));
  run.progress("New Target keyid: " + id.hex);
  if (replaced) run.progress("Removing unused key: " + replaced->hex);
  return report(run, {{"old-keyid", replaced ? replaced->hex : ""}, {"new-keyid", id.hex}, {"archive", target.file.path()}});
}

Status updates_sign_prod_targets(const Run& run) {
  auto unlock = TRY(unlock_of(run));
  const auto source = TRY(open_archive(run, TRY(required(run, "--keys")), unlock, Presence::required));
  auto staging = TRY(Staging::begin(run, source.archive()));
  const auto signer = TRY(offline_targets_signer(source.archive(), staging));
  const auto tags = run.asked.value("--tags"), waves = run.asked.value("--waves");
  Resigned added;
  const auto& prod = *staging.scene().current.roots.at(Stream::prod);
  for (const auto& [which, asked, other, to] :
       {std::tuple{UpdatesApi::Published::prod, &tags, &waves, &added.targets},
        std::tuple{UpdatesApi::Published::waves, &waves, &tags, &added.waves}}) {
    if (!asked->has_value() && other->has_value()) continue;
    const auto files = TRY(files_named(staging, which, *asked));
    if (!files.empty()) *to = TRY(ceremony::signatures_over(files, prod, signer, staging.now()));
  }
  if (added.targets.is_null() && added.waves.is_null()) return bad_input("no production or wave targets are in use");
  run.progress("Re-signing prod Targets");
  auto draft = TRY(staging.draft({}, {"replace-role", "fewer-keys"}));
  TRY(staging.agreed());
  draft.targets_signatures = added.targets;
  draft.waves_signatures = added.waves;
  run.progress("Uploading new signatures");
  TRY(staging.put(draft));
  TRY(tell_unsigned_after(run, staging, added));
  return report(run, {});
}

}  // namespace rota::compat::fio
