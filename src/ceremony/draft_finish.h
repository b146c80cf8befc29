// A draft that is signed by enough people becomes the factory's root: sent, read back, and written down (the care of
// rotation.h, with a draft in the place of the archive).
// In:    a checked draft on disk, a server, the chain that this machine verified of it.
// Out:   the server shows the draft's root, and the transcript lies on disk; or both are as they were.
// Never: a server's word taken without verifying it from the root believed here; a root sent that anything speaks
//        against.
// Running it again settles what was cut off: the draft holds everything that is sent. The journal says that something
// may have been sent, and keeps the draft from being changed until that is known.
#pragma once

#include <functional>
#include <string>

#include "ceremony/journal.h"
#include "ceremony/transcript.h"
#include "tuf/admit.h"

namespace rota::ceremony {

// A draft on disk and what lies beside it: FILE.lock while a command changes it, FILE.journal from the first request of
// `finish` until the transcript is there.
class DraftFile {
 public:
  DraftFile(Files& files, std::string path) : files_(&files), path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  std::string journal_path() const { return path_ + ".journal"; }
  Files& files() const { return *files_; }

  // conflict when another command works on this draft.
  Result<std::unique_ptr<FileLock>> lock() const;
  // conflict while a finish is not settled.
  Status no_journal() const;
  // not_found, io, rejected (see read_draft, checked_draft). `sha256`, when given, is that of the file.
  Result<CheckedDraft> read() const;
  Result<std::string> sha256() const;
  // The old draft or the new one, whatever happens in between.
  Status write(const Draft& draft) const { return replace_file(*files_, path_, draft_bytes(draft), 0644); }

 private:
  Files* files_;
  std::string path_;
};

struct Finish {
  const DraftFile& file;
  const CheckedDraft& draft;  // as it was shown to whoever finishes it
  const Clock& clock;
  std::string transcript_path;
  tuf::Allowed allowed = {};
};

// Publishes. `verified` is the chain from an anchor of this machine to the newest root the server shows
// (believed_chain). The draft was published before: the transcript is written if it is missing, and nothing is sent.
// rejected: signatures missing, a finding that `allowed` does not name, a chain that is not the draft's. conflict:
// stale, or a transaction of somebody else is open. unavailable: sent perhaps, and not seen; run it again.
Result<Transcript> finish_on(const RootSource& source, const Finish& finish, const Chain& verified);

// Without a network: the root is written to `output` for carrying. conflict when another file is there.
Result<Transcript> finish_carried(const Finish& finish, const std::string& output);

}  // namespace rota::ceremony
