// A planned rotation carried out, or one that was cut off settled: archive durable, journal, send, read back, replace
// (fioctl.md 8 and 10, steps 9-12 and the table of --resume).
// In:    a plan, or the FILE.tmp and FILE.journal that an earlier run left.
// Out:   old state on both sides, or new state on both sides.
// Never: a request with the new key before its private half is durable; the old archive given up before the server
// shows
//        our root; a server's word taken without verifying it from the root in the archive.
#pragma once

#include <functional>
#include <string>

#include "ceremony/journal.h"
#include "ceremony/plan.h"
#include "keys/archive_file.h"

namespace rota::ceremony {

struct RotationOrigin {
  std::string command, factory, server;
};

struct Settled {
  enum class Outcome {
    rotated,       // new on both sides
    nothing_sent,  // old on both sides; what had been prepared is set aside
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

  // Steps 10-12 from whatever state the journal and the server are in; may be run again and again.
  // conflict: superseded by another root N+1, or a transaction is active. unavailable, denied: not known, nothing
  // changed here. rejected: the server refuses our root, or serves one that does not verify. io: a file.
  Result<Settled> settle();

  // Gives the change up: only when the server verifiably still shows N. The new archive is set aside, not deleted.
  Result<Settled> abandon();

 private:
  enum class Shown { old_root, ours, another };
  Result<Settled> settle_without_journal();
  Result<Settled> settle_journal(Journal journal);
  Result<Settled> settle_moved_aside(const Journal& journal);
  Result<tuf::Trusted<tuf::Root>> pinned(Stream stream, const keys::Archive& next, const Journal& journal) const;
  Result<Shown> shown(const RootSource& source, const tuf::Trusted<tuf::Root>& trusted, BytesView ours) const;
  Status publish(Stream stream, const keys::Archive& next, Journal& journal);
  Status send(const RootSource& source, const tuf::Trusted<tuf::Root>& trusted, const Bytes& ours);
  Status no_transaction() const;
  Error superseded(const RootSource& source, const Journal& journal) const;
  Status advance(Journal& journal, Journal::State state) const;
  RootSource of(Stream stream) const;

  const keys::ArchiveFile& file_;
  RootSource source_;
  const Clock& clock_;
  std::function<void(std::string_view)> say_;
};

}  // namespace rota::ceremony
