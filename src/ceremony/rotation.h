// A planned change of the roots carried out, or one that was cut off settled: archive durable, journal, send, read back,
// replace (fioctl.md 8 and 10, steps 9-12 and the table of --resume). It is sent in a transaction of the updates API; to a
// server without one, root by root. A change may also only be staged: then the draft of an open transaction is what must show
// it.
// In:    a plan, or the FILE.tmp and FILE.journal that an earlier run left.
// Out:   old state on both sides, or new state on both sides.
// Never: a request with the new key before its private half is durable; the old archive given up before the server
// shows
//        our root; a server's word taken without verifying it from the root in the archive.
#pragma once

#include <functional>
#include <string>

#include "ceremony/change.h"
#include "ceremony/journal.h"
#include "ceremony/plan.h"
#include "ceremony/staged_roots.h"
#include "ceremony/updates_api.h"
#include "keys/archive_file.h"

namespace rota::ceremony {

struct RotationOrigin {
  std::string command, factory, server;
  std::string message = {};  // of the transaction
  Journal::Aim aim = Journal::Aim::publish;
  std::string txid = {};     // of a transaction that this run has opened already
  bool bound_to_transaction = false;  // see Journal
};

// An archive of a change: what it is to hold; `before` is empty where there is none yet.
struct ArchiveChange {
  const keys::ArchiveFile* file;
  const keys::Archive* next;
  const std::optional<keys::ArchiveOnDisk>* before;
};

struct Settled {
  enum class Outcome {
    rotated,       // new on both sides; or staged, when that was the aim
    nothing_sent,  // old on both sides, also when the transaction was cancelled; what had been prepared is set aside
  };
  Outcome outcome = Outcome::rotated;
  std::string backup = {};     // of the old archive, when rotated
  std::string set_aside = {};  // FILE.unused-…, when nothing was sent
  std::map<Stream, tuf::Trusted<tuf::Root>> roots = {};  // ours, as signed
};

class Rotation {
 public:
  // `say` is told what happens ("Uploading new TUF root").
  Rotation(const keys::ArchiveFile& file, RootSource source, const Clock& clock,
           std::function<void(std::string_view)> say)
      : file_(file), source_(std::move(source)), clock_(clock), say_(std::move(say)) {}

  // Step 9. io on every failure; nothing was sent.
  Status prepare(const RotationPlan& plan, const keys::ArchiveOnDisk& before, const RotationOrigin& origin);

  // The same for a change of several archives, this one's first; the others were named to also().
  Status prepare_change(const ChangePlan& plan, const std::vector<ArchiveChange>& archives, const RotationOrigin& origin);

  // Another archive that the change writes, or wrote. It outlives this.
  void also(const keys::ArchiveFile& file) { also_.push_back(&file); }

  // The same for a change that is only staged: `next` takes the place of FILE, which need not be there, once a draft names its
  // new key.
  Status prepare_staged(const keys::Archive& next, const std::optional<keys::ArchiveOnDisk>& before,
                        const std::map<Stream, RootChange>& changes, const UpdatesDraft& draft,
                        const RotationOrigin& origin);

  // Steps 10-12 from whatever state the journal and the server are in; may be run again and again.
  // conflict: superseded by another root N+1, or a transaction is active. unavailable, denied: not known, nothing
  // changed here. rejected: the server refuses our root, or serves one that does not verify. io: a file.
  Result<Settled> settle();

  // Gives the change up: only when the server verifiably still shows N. The new archive is set aside, not deleted.
  Result<Settled> abandon();

 private:
  enum class Shown { old_root, ours, another };
  Result<Settled> settle_without_journal();
  Result<Settled> settle_staged(Journal journal);
  Result<bool> names_new_key(const keys::Archive& next, const Journal& journal) const;
  Result<Settled> take_over(const Journal& journal, Settled settled);
  Result<Settled> unneeded();
  Result<bool> is_cancelled(const keys::Archive& next, const Journal& journal) const;
  Result<const keys::ArchiveFile*> companion(const std::string& path) const;
  Status companions_wait(const Journal& journal) const;
  Status take_over_companions(const Journal& journal) const;
  Result<Settled> settle_journal(Journal journal);
  Result<Settled> settle_moved_aside(const Journal& journal);
  Result<tuf::Trusted<tuf::Root>> pinned(Stream stream, const keys::Archive& next, const Journal& journal) const;
  Result<Shown> shown(const RootSource& source, const tuf::Trusted<tuf::Root>& trusted, BytesView ours) const;
  // rotation_publish.cc
  Status publish(const keys::Archive& next, Journal& journal);
  Status publish_root(Stream stream, const keys::Archive& next, Journal& journal);
  Status publish_in_transaction(const UpdatesApi& api, UpdatesState state, const keys::Archive& next, Journal& journal);
  Status open_transaction(const UpdatesApi& api, const UpdatesState& state, Journal& journal);
  Status stage(const UpdatesApi& api, const keys::Archive& next, const Journal& journal);
  Status apply(const UpdatesApi& api, const Journal& journal);
  Error called_off(const UpdatesApi& api, Error error);
  Status cancel_own(const Journal& journal) const;
  static bool is_derived(Stream stream, const Journal& journal);
  Result<CurrentRoots> current(const keys::Archive& next, const Journal& journal) const;
  Status send(const RootSource& source, const tuf::Trusted<tuf::Root>& trusted, const Bytes& ours);
  Error superseded(const RootSource& source, const Journal& journal) const;
  Status advance(Journal& journal, Journal::State state) const;
  RootSource of(Stream stream) const;

  const keys::ArchiveFile& file_;
  std::vector<const keys::ArchiveFile*> also_;
  RootSource source_;
  const Clock& clock_;
  std::function<void(std::string_view)> say_;
  bool opened_here_ = false;  // the transaction, by this run
};

}  // namespace rota::ceremony
