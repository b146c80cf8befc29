// Counting the signatures of a file that was taken apart once, however many authorities are asked about it.
#pragma once

#include "tuf/signed_file.h"
#include "tuf/verify.h"

namespace rota::tuf {

// The signatures of one file over the bytes they may cover.
struct Signatures {
  Dialect dialect;
  const std::vector<Signature>& listed;
  SignedBytes& covered;
};
Tally tally(const Authority& by, Signatures signatures);
Status signed_by(const Authority& by, Signatures signatures, std::string_view what);

}  // namespace rota::tuf
