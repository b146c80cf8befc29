// The next roots of a factory, as several people stage them on its server before one applies them (fioctl.md 7.3-7.6, 9).
// In:    the verified current roots, the draft a server shows, the edits of a command line.
// Out:   the bodies of the next roots, made here from the verified ones; signed envelopes; what differs.
// Never: a body signed that a server wrote: what it shows is rebuilt from the verified root, and refused where that leaves a
//        difference nobody asked for; network, files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ceremony/check.h"
#include "ceremony/difference.h"
#include "ceremony/edit.h"
#include "ceremony/plan.h"
#include "ceremony/updates_api.h"
#include "tuf/sign.h"

namespace rota::ceremony {

// What a draft may change, besides the version, the change log and an expiry that is later.
enum class Tolerance {
  nothing,      // one that was opened just now
  online_keys,  // and online keys made in this transaction
  shown,        // keys and thresholds that other administrators staged, to be shown to the operator
};

// The verified roots that the next ones follow. Where a factory has no production chain yet, its production root follows the
// ci root (fioctl.md 7.4).
struct CurrentRoots {
  NewestRoots roots;  // ci and prod
  enum class Production { own, derived } production = Production::own;
};
CurrentRoots current_roots(NewestRoots verified);

// Production needs the owner's signature besides the server's, as soon as the owner has a key: targets threshold 2.
void raise_production_threshold(RootEdit& production);

class StagedRoots {
 public:
  // The draft of `state` rebuilt from `current`. rejected, listing field by field what is different and not tolerated;
  // also for a draft that is no root, or that names a key under an id that is not its own.
  static Result<StagedRoots> in(const UpdatesState& state, const CurrentRoots& current, Tolerance tolerance);
  // An untouched draft, as this side would open it.
  static Result<StagedRoots> fresh(const CurrentRoots& current, const RootEdit::Author& author, std::string_view message);

  // The edits of fioctl.md 9, each to both roots; errors are those of RootEdit. `author` enters x-key-owners with a key.
  Result<tuf::KeyId> add_key(tuf::Role role, const crypto::PublicKey& key, const RootEdit::Author& author);
  // rejected when fewer keys than the threshold would remain, in either root.
  Status remove_key(tuf::Role role, const tuf::KeyId& id);
  Result<tuf::KeyId> replace_key(tuf::Role role, const tuf::KeyId& old_id, const crypto::PublicKey& key,
                                 const RootEdit::Author& author);
  // Of root in both; of targets in production only, and at least 2. rejected above the number of keys.
  Status set_threshold(tuf::Role role, std::int64_t threshold);
  // The expiry of both: the later of the present one and a year from now, or exactly `expires`.
  void renew(Time now, std::optional<Time> expires = {});

  const RootEdit& root(Stream stream) const { return edits_.at(stream); }
  const CurrentRoots& current() const { return current_; }
  // No signature is left on a body that was edited.
  bool was_edited() const { return was_edited_; }
  std::map<Stream, RootDifference> differences() const;

  // The envelopes: the signatures that the draft had (unless it was edited) and those of `signers`, one per key.
  Result<std::map<Stream, Bytes>> signed_by(const std::vector<const tuf::Signer*>& signers) const;

 private:
  explicit StagedRoots(CurrentRoots current) : current_(std::move(current)) {}
  void edited();
  CurrentRoots current_;
  std::map<Stream, RootEdit> edits_;
  std::map<Stream, Json> signatures_;  // of the draft
  bool was_edited_ = false;
};

// The later half of fioctl.md 7.6 for both roots: admitted by the linter under `allowed`. With Quorum::later a root may still
// lack signatures; which, in words, are appended to `missing`.
struct DraftVerdict {
  std::vector<std::string> missing = {}, warnings = {};
};
Result<DraftVerdict> judged(const CurrentRoots& current, const std::map<Stream, Bytes>& envelopes, Time now,
                            const tuf::Allowed& allowed);

// A server says which targets key is its own, and with it which one a rotation replaces. rejected: it names one that the owner
// made and whose private half is in the archive.
Status not_the_owners(const keys::Archive& archive, const std::string& online_targets_id);

// True when the draft of `state` has the bodies of these envelopes and at least their signatures.
bool shows(const UpdatesState& state, const std::map<Stream, Bytes>& envelopes);

}  // namespace rota::ceremony
