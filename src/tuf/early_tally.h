// The signatures of a large file, checked on a second thread while the file is read on the first: an Ed25519 signature
// hashes the whole of it.
// In:    the file as received, and whose signatures count.
// Out:   "met", once the file is read and turns out to have the signatures and the signed bytes that were checked.
// Never: belief in a file that was not read; an answer other than tally() would give.
#pragma once

#include <optional>
#include <thread>

#include "tuf/signed_file.h"
#include "tuf/verify.h"

namespace rota::tuf {

class EarlyTally {
 public:
  // Begins when the file is large and starts like a canonical one. `by` and what it points to must outlive this object,
  // which waits for its thread when it goes.
  EarlyTally(const Authority& by, const FileBytes& bytes);
  EarlyTally(const EarlyTally&) = delete;
  EarlyTally& operator=(const EarlyTally&) = delete;

  // False: nothing is known, count again.
  bool met(const SignedFile& file);

 private:
  struct Opening {
    std::vector<Signature> signatures;
    BytesView text;  // of `signed`, if the file is what it seems
  };
  static std::optional<Opening> opening_of(BytesView bytes, Dialect dialect);
  void count(const Authority& by);
  bool is_of(const SignedFile& file) const;

  Dialect dialect_;
  std::optional<Opening> opening_;
  bool met_ = false;  // once counting_ has ended
  std::jthread counting_;
};

}  // namespace rota::tuf
