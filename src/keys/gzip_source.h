// A gzip stream unpacked piece by piece: no piece, and nothing but the piece, is in memory. Checks what libarchive's
// own filter does not: the checksum and the length at the end (RFC 1952 2.3.1), and that nothing follows.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"

namespace rota::keys {

class GzipSource {
 public:
  // bad_input when `packed` does not start as gzip. Unpacks at most `max` bytes. `packed` outlives this.
  static Result<GzipSource> open(BytesView packed, std::size_t max);
  GzipSource(GzipSource&&) noexcept;
  GzipSource& operator=(GzipSource&&) noexcept;
  ~GzipSource();

  // The next piece, valid until the next call; empty at the end. bad_input: damaged, cut short, longer than `max`, text
  // after the end. The same error again when asked again.
  Result<BytesView> next();

 private:
  struct State;
  explicit GzipSource(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace rota::keys
