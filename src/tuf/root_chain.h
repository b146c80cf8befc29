// Many roots in one answer: the root chain file (docs/formats/root-chain.md). Each root is preceded by its length in decimal
// and a line end, and followed by a line end; the bytes are those of N.root.json. Nothing in it is trusted: every root is
// verified like one that was asked for alone.
// In:    pieces of a file that somebody may have made up.
// Out:   its roots one by one, in order, each as soon as it is whole.
// Never: more than one root in memory; a second spelling of the same roots; a root that was read after a broken frame.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace rota::tuf {

// At most so many roots are in one file; who wants more asks again from where it ended.
constexpr int kMaxChainRoots = 1024;
constexpr std::string_view kRootChainMediaType = "application/vnd.rota.root-chain";

// What one root contributes to the file.
Bytes root_chain_frame(BytesView root);
// The length of that, for a root of so many bytes.
std::size_t root_chain_frame_size(std::size_t root_size);

// Takes the file piece by piece as it arrives and hands on each root when it is whole.
class RootChainReader {
 public:
  RootChainReader(std::size_t max_root, std::function<Status(Bytes root)> take)
      : max_root_(max_root), take_(std::move(take)) {}

  // rejected: a length that is no plain decimal, zero, or above max_root, known from its digits before a byte of the root is
  // kept; another byte than a line end after a root; more than kMaxChainRoots. Errors of `take` are passed on as they are.
  // After an error every further call returns it again, and `take` is not called.
  Status add(BytesView piece);
  // rejected: the file ends inside a root or its length, or holds no root at all.
  Status end() const;

 private:
  enum class Part { length, root, line_end };

  Status add_some(BytesView& piece);
  Status add_length(BytesView& piece);
  Status open_root();
  void add_root(BytesView& piece);
  Status close_root(BytesView& piece);
  Error broken(std::string_view what) const;

  std::size_t max_root_;
  std::function<Status(Bytes root)> take_;
  Part part_ = Part::length;
  std::string digits_;          // of the length being read
  std::size_t root_size_ = 0;
  Bytes root_;
  int taken_ = 0;
  std::optional<Error> error_;
};

}  // namespace rota::tuf
