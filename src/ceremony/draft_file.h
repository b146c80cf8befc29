// A ceremony's draft: the next root, what it follows, and who has signed it so far, in one file that travels by any
// means (docs/formats/ceremony.md).
// In:    a file from a stranger.
// Out:   the draft with every signature checked; a verdict whether it starts from a root that one believes.
// Never: network; a member that nothing covers; a signature kept that does not verify.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ceremony/anchor.h"
#include "tuf/sign.h"

namespace rota::ceremony {

// A file longer than this, a longer chain, or more signatures are refused before anything is made of them.
constexpr std::size_t kMaxDraft = 2u << 20, kMaxDraftChain = 64, kMaxDraftSignatures = 64;

struct DraftSignature {
  tuf::KeyId key_id;
  std::string method;
  Bytes bytes;      // over the root
  Time signed_at;   // as the signer says
  Bytes statement;  // by the same key over statement_of(): whoever signed the root meant this draft, then
  bool operator==(const DraftSignature&) const = default;
};

struct Draft {
  std::string factory;  // for people; nothing is decided by it
  Stream stream = Stream::ci;
  std::vector<Bytes> chain;  // roots as served, in order; the last one is what `body` follows
  Json body;                 // the next root, with the reason in x-changelog and names in x-key-owners
  std::vector<DraftSignature> signatures = {};  // by key id, each once

  std::string reason() const;
  std::string author() const;
  bool operator==(const Draft&) const = default;
};

Json draft_json(const Draft& draft);
// Canonical JSON and a line end.
Bytes draft_bytes(const Draft& draft);
// Form only. rejected: over a limit, not canonical as it stands, a member missing, foreign or of another type,
// signatures out of order or two of one key id.
Result<Draft> read_draft(BytesView bytes);
Result<Draft> draft_from_json(const Json& json);

// The SHA-256 of everything but the signatures: what people compare by telephone. Any other member changed: another
// digest, and every statement made before is void.
std::string draft_digest(const Draft& draft);
// {"_type":"ceremony-statement","draft","keyid","signed-at"}: no role's metadata, whatever key signs it.
Bytes statement_of(std::string_view digest, const tuf::KeyId& key, Time signed_at);

// A draft whose chain, form and signatures hold among themselves. Where it starts is another question: see
// starts_from().
struct CheckedDraft {
  Draft draft;
  std::string digest;
  Chain chain;
  tuf::Root next;
  Bytes candidate;  // the signed envelope as it would be published now

  const tuf::Trusted<tuf::Root>& trusted() const { return chain.back(); }
  // The keys that can sign this step, by id: those of the root role before and after it.
  std::map<tuf::KeyId, crypto::PublicKey> signers() const;
};

// rejected: a step of the chain that a device would refuse; a next root that is none, or is not one version ahead; a
// signature or statement that does not verify, of a key outside both root roles, or the second one of the same key.
// bad_input: a root of the tuf dialect.
Result<CheckedDraft> checked_draft(Draft draft);

// Ok when the draft follows a root that the signer believes: a root of `believed` (one, or a chain) is in the draft's
// chain, or is the one right before it. conflict: `believed` knows a newer root than the draft starts from, which is
// stale then. rejected: another root of that version; bad_input: the draft's chain begins too late to tell.
Status starts_from(const CheckedDraft& draft, const Chain& believed);

}  // namespace rota::ceremony
