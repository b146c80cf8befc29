// Signatures put under a draft, and drafts of one body put together.
// In:    checked drafts, the signers' keys.
// Out:   a draft with more signatures.
// Never: a draft signed that was not checked; a signature of another draft taken over.
#pragma once

#include <string>
#include <vector>

#include "ceremony/draft_file.h"

namespace rota::ceremony {

struct SignedDraft {
  Draft draft;
  std::vector<tuf::KeyId> added;   // keys that signed now
  std::vector<tuf::KeyId> before;  // keys given that had signed already
};
// io: none of the keys is one that can sign this step; names those that can.
Result<SignedDraft> signed_draft(const CheckedDraft& draft, const std::vector<const tuf::Signer*>& signers, Time now);

// The signatures of all, each key's once: the one with the earliest time. rejected, with the difference, when two are
// not the same draft. `drafts` is not empty.
Result<Draft> merged_drafts(const std::vector<CheckedDraft>& drafts);

}  // namespace rota::ceremony
