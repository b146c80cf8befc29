// Secrets taken out of a log as it streams by (ci.md 5, G12).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace rota::runner {

// Hides each secret's value and its base64 form, also when they arrive in pieces: what could be the beginning of one is held
// back until it is known. Where several fit, the longest is hidden.
class LogMask {
 public:
  // The value without white space around it; of a value of several lines also each line of eight bytes or more.
  void hide(const crypto::SecretBytes& secret);
  // What may be shown of all bytes so far.
  Bytes add(BytesView bytes);
  // The rest: nothing more will come.
  Bytes finish();

  LogMask() = default;
  ~LogMask();
  LogMask(const LogMask&) = delete;
  LogMask& operator=(const LogMask&) = delete;

 private:
  void hide_text(BytesView text);
  std::size_t match_at(std::size_t at) const;        // the longest secret there: its length, or 0
  bool may_grow_at(std::size_t at) const;            // what is there could become a (longer) secret
  Bytes shown(bool at_end);

  std::vector<Bytes> hidden_;
  Bytes held_;
};

}  // namespace rota::runner
