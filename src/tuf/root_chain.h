// Many roots in one answer: the root chain file (docs/formats/root-chain.md). Each root is preceded by its length in decimal
// and a line end, and followed by a line end; the bytes are those of N.root.json. Nothing in it is trusted: every root is
// verified like one that was asked for alone.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"

namespace rota::tuf {

// What one root contributes to the file.
Bytes root_chain_frame(BytesView root);

// Takes the file piece by piece as it arrives and hands on each root when it is whole; never holds more than one.
class RootChainReader {
 public:
  RootChainReader(std::size_t max_root, std::function<Status(Bytes root)> take) : max_root_(max_root), take_(std::move(take)) {}

  // rejected: a length that is no plain decimal, zero, or above max_root; a missing line end. Errors of `take` are passed on.
  // After an error every further call returns it again.
  Status add(BytesView piece);
  // rejected when the file ends inside a root.
  Status end() const;

 private:
  std::size_t max_root_;
  std::function<Status(Bytes root)> take_;
};

}  // namespace rota::tuf
