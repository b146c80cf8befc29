#include "compat/fioctl_staging.h"

#include <algorithm>

#include "ceremony/owner_key.h"
#include "ceremony/rotation.h"
#include "keys/archive_index.h"

namespace rota::compat::fio {

using ceremony::StagedRoots;
using ceremony::Stream;
using ceremony::UpdatesApi;
using ceremony::UpdatesDraft;
using ceremony::UpdatesState;
using tuf::KeyId;
using tuf::Role;

namespace {

}  // namespace

Result<NewKey> new_key(const Run& run, const keys::Archive& archive, Role role) {
  const auto key = TRY(ceremony::new_owner_key(TRY(asked_new_key(run, archive))));
  NewKey made{key, archive.copy(), std::string(tuf::name_of(role))};
  TRY(made.archive.add_key(keys::new_key_member(made.role, key.public_key()), key));
  return made;
}

Result<Staging> Staging::begin(const Run& run, const keys::Archive& archive) {
  auto access = TRY(access_for(run, archive));
  auto state = TRY(open_state(UpdatesApi(access.source)));
  auto scene = TRY(scene_of(run, std::move(access), archive));
  auto roots = TRY(StagedRoots::in(state, scene.current, ceremony::Tolerance::shown));
  return Staging(run, std::move(scene), std::move(state), std::move(roots));
}

std::string Staging::online_targets_id() const {
  const auto id = state_.updated.online_keys.find("targets");
  return id == state_.updated.online_keys.end() ? std::string() : id->second;
}

Result<ceremony::RootEdit::Author> Staging::author() const {
  const auto known = TRY(scene_.api.polis_id());
  return ceremony::RootEdit::Author{known.empty() ? scene_.access.polis_id : known, now()};
}

Result<UpdatesDraft> Staging::draft(const std::vector<tuf::KeySigner>& signers, const std::vector<std::string>& allowed) const {
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

Status Staging::agreed() const {
  if (run_->asked.has("--yes")) return {};
  if (run_->world.ask) {
    if (run_->world.ask("Sign the next root of factory '" + scene_.access.factory + "' as shown?")) return {};
    return rejected("not confirmed; nothing was signed and nothing was sent");
  }
  if (!found_changed_) return {};
  return rejected("the draft holds changes that this command line did not ask for; nothing was signed",
                  "look at them as they are shown, then give --yes");
}

Status Staging::put(const UpdatesDraft& draft) const {
  TRY(scene_.api.put(txid(), draft));
  const auto after = TRY(scene_.api.present_state());
  if (!ceremony::shows(after, draft.roots))
    return rejected("the server's draft is not what was sent to it", "fioctl keys tuf updates review");
  remember();
  return {};
}

Status Staging::put_with_archive(const UpdatesDraft& draft, const OpenArchive& target, NewKey made) const {
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

Staging::Staging(const Run& run, Scene scene, UpdatesState state, StagedRoots roots)
    : run_(&run), scene_(std::move(scene)), state_(std::move(state)), roots_(std::move(roots)) {
  for (const auto& [stream, difference] : roots_.differences()) found_changed_ = found_changed_ || !difference.roles.empty();
}

// What was verified, for the next command of this machine.
void Staging::remember() const {
  ceremony::NewestRoots roots = scene_.current.roots;
  if (scene_.current.production == ceremony::CurrentRoots::Production::derived) roots.erase(Stream::prod);
  remember_roots(*run_, scene_.access, roots);
}

void Staging::note_index(keys::Archive& next, const NewKey& made) const {
  const auto& key = made.key.public_key();
  const auto member = keys::new_key_member(made.role, key) + ".pub";
  const auto index = keys::index_of(
      next, {scene_.access.factory, *scene_.current.roots.at(Stream::ci), key, member, now(), made.role});
  next.put(std::string(keys::kIndexMember), crypto::SecretBytes(to_pretty_json(index)));
}

// The verified roots, from which the archive's next command starts.
void Staging::note_roots(keys::Archive& next) const {
  for (const auto& [stream, trusted] : scene_.current.roots) {
    if (stream == Stream::prod && scene_.current.production == ceremony::CurrentRoots::Production::derived) continue;
    next.put(keys::trusted_member(ceremony::name_of(stream)), crypto::SecretBytes(Bytes(trusted.raw())));
  }
}

Result<std::vector<keys::ArchivedKey>> active_keys(const keys::Archive& archive, const StagedRoots& staged, Role role) {
  const auto next = TRY(tuf::read_root_body(staged.root(Stream::ci).body()));
  std::vector<keys::ArchivedKey> active;
  for (auto& key : archive.keys_among(next.material(role)))
    if (archive.find(key.sec_member) != nullptr) active.push_back(std::move(key));
  return active;
}

Result<KeyId> listed_id(const StagedRoots& staged, const crypto::PublicKey& key) {
  const auto next = TRY(tuf::read_root_body(staged.root(Stream::ci).body()));
  for (const auto& [id, known] : next.keys)
    if (known == key) return id;
  return tuf::key_id(key);
}

Result<std::vector<tuf::KeySigner>> signers_if_asked(const Run& run, const keys::Archive& archive, const StagedRoots& roots,
                                                     std::vector<tuf::KeySigner> also) {
  std::vector<tuf::KeySigner> signers;
  if (!run.asked.has("--sign")) return signers;
  signers = TRY(root_signers(archive, roots));
  for (auto& one : also) signers.push_back(std::move(one));
  return signers;
}

Status report(const Run& run, const Json::Object& facts) {
  Json json(facts);
  json["command"] = Json(run.asked.command->words);
  if (run.json()) run.talk.out() << to_json(json) << '\n';
  return {};
}

}  // namespace rota::compat::fio
