// A file that people and the server sign together: whose signatures stay, and whose come.
#pragma once

#include <vector>

#include "tuf/sign.h"
#include "tuf/verify.h"

namespace rota::repo {

// The targets file with the signatures of keys that `root` lists for targets, then those `given`, then the server's
// own; one per key. Whether they are enough is the verifier's matter. rejected: one of those given is malformed, by a
// key that the root does not list for targets, or does not verify.
Result<Bytes> signed_again(const Bytes& file, const tuf::Root& root, const std::vector<Json>& given,
                           const std::vector<const tuf::Signer*>& own);

}  // namespace rota::repo
