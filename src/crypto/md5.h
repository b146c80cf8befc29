// MD5, for Content-MD5 and the ETags of uploads alone: it finds accidents, never an attack. What is trusted is told by SHA-256.
#pragma once

#include <memory>

#include "base/bytes.h"

namespace rota::crypto {

// RFC 1321, of what comes in pieces.
class Md5 {
 public:
  Md5();
  ~Md5();
  void add(BytesView bytes);
  Bytes finish();  // 16 bytes; the object is then spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};
Bytes md5(BytesView bytes);

}  // namespace rota::crypto
