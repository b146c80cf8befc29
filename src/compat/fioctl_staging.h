// What the commands that edit or sign a draft share (fioctl.md 8, 9). Private to fioctl*.cc.
#pragma once

#include "compat/fioctl_updates.h"

namespace rota::compat::fio {

struct NewKey {
  crypto::PrivateKey key;
  keys::Archive archive;  // with it
  std::string role;
};
// Made as --key-type says, and put into a copy of the archive.
Result<NewKey> new_key(const Run& run, const keys::Archive& archive, tuf::Role role);

// One staging command: the draft as it was found, and as it is to be.
class Staging {
 public:
  // bad_input, conflict: no transaction is open, or it is being applied. rejected: the draft is not what anybody may stage.
  static Result<Staging> begin(const Run& run, const keys::Archive& archive);

  ceremony::StagedRoots& roots() { return roots_; }
  const Scene& scene() const { return scene_; }
  const ceremony::UpdatesState& state() const { return state_; }
  std::string txid() const { return run_->asked.value("--txid").value_or(""); }
  Time now() const { return run_->world.clock.now(); }
  // The id of the server's own targets key in the draft; "" where it does not say.
  std::string online_targets_id() const;
  Result<ceremony::RootEdit::Author> author() const;

  // The envelopes, with the differences shown; when something is signed, agreed to and judged. `allowed`: findings of the linter
  // that this command line asks for.
  Result<ceremony::UpdatesDraft> draft(const std::vector<tuf::KeySigner>& signers,
                                       const std::vector<std::string>& allowed) const;
  // Asked at a terminal; without one, what others staged needs --yes.
  Status agreed() const;
  // The draft sent, and found again as it was sent.
  Status put(const ceremony::UpdatesDraft& draft) const;
  // The same with a new archive in the place of FILE (fioctl.md 8).
  Status put_with_archive(const ceremony::UpdatesDraft& draft, const OpenArchive& target, NewKey made) const;

 private:
  Staging(const Run& run, Scene scene, ceremony::UpdatesState state, ceremony::StagedRoots roots);
  void remember() const;
  void note_index(keys::Archive& next, const NewKey& made) const;
  void note_roots(keys::Archive& next) const;

  const Run* run_;
  Scene scene_;
  ceremony::UpdatesState state_;
  ceremony::StagedRoots roots_;
  bool found_changed_ = false;  // by others, or by an earlier command
};

// The role's keys of the staged root that are the archive's, with their private halves.
Result<std::vector<keys::ArchivedKey>> active_keys(const keys::Archive& archive, const ceremony::StagedRoots& staged,
                                                   tuf::Role role);
// The id under which the staged root lists a key.
Result<tuf::KeyId> listed_id(const ceremony::StagedRoots& staged, const crypto::PublicKey& key);
// With --sign: the archive's root keys, and `also`.
Result<std::vector<tuf::KeySigner>> signers_if_asked(const Run& run, const keys::Archive& archive,
                                                     const ceremony::StagedRoots& roots, std::vector<tuf::KeySigner> also);
// The facts, with --json.
Status report(const Run& run, const Json::Object& facts);

// The half of rotate-offline-key that targets need; `signing` holds the root key when the root is signed in the same run.
Status rotate_targets_key(const Run& run, const OpenArchive& target, const keys::Archive& signing);
// Warns of targets in use that would not verify under the staged production root.
Status tell_unsigned(const Run& run, Staging& staging);

}  // namespace rota::compat::fio
