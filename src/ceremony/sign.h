// Signatures over a root or targets: one per key, whatever ids it is listed under (formats.md 6, garage-sign.md 7.3).
// In:    a body or an envelope, and signers.
// Out:   the canonical envelope.
// Never: a private key in sight; the signed bytes changed; a second signature of one key.
#pragma once

#include <map>
#include <vector>

#include "tuf/sign.h"
#include "tuf/verify.h"

namespace rota::ceremony {

using KnownIds = std::map<tuf::KeyId, crypto::PublicKey>;

// The ids that the trusted root and the candidate's body list keys under. The candidate's id wins for one material.
KnownIds known_ids(const tuf::Root& trusted, const Json& body);

// The canonical envelope of `body` with exactly one signature of each distinct signer, in their order. A signer's id is
// the one in `ids`, else K1. bad_input when the body leaves the canonical subset.
Result<Bytes> sign_root(const Json& body, const std::vector<const tuf::Signer*>& signers, const KnownIds& ids);

// The envelope with the signers' signatures put in place of their old ones; every other signature that verifies under a
// key of `ids` is kept, all others are dropped. rejected when `envelope` is none.
Result<Bytes> append_signatures(BytesView envelope, const std::vector<const tuf::Signer*>& signers,
                                const KnownIds& ids);

// The same with a signature made elsewhere. rejected when it does not verify over the body.
struct GivenSignature {
  crypto::PublicKey key;
  Bytes bytes;
};
Result<Bytes> append_given(BytesView envelope, const std::vector<GivenSignature>& given, const KnownIds& ids);

// {"keyid","method","sig"} of one signer over the envelope's body: what travels alone between custodians.
Result<Json> detached_signature(BytesView envelope, const tuf::Signer& signer, const KnownIds& ids);

}  // namespace rota::ceremony
