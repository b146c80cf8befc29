// Hashes and random bytes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace rota::crypto {

// FIPS 180-4. Raw digests; spell them with rota::hex.
Bytes sha256(BytesView bytes);  // 32 bytes
Bytes sha512(BytesView bytes);  // 64 bytes
inline std::string sha256_hex(BytesView bytes) {
  return hex(sha256(bytes));
}

// The hash of what comes in pieces.
class Digest {
 public:
  enum class Algorithm { sha256, sha512 };
  explicit Digest(Algorithm algorithm);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;
  void add(BytesView bytes);
  Bytes finish();  // 32 or 64 bytes; the object is then spent

 private:
  struct State;
  std::unique_ptr<State> state_;
};
class Sha256 : public Digest {
 public:
  Sha256() : Digest(Algorithm::sha256) {}
};

Bytes hmac_sha256(BytesView key, BytesView bytes);

// From the system's generator; aborts when there is none.
Bytes random_bytes(std::size_t n);
std::string random_hex(std::size_t bytes);
std::string random_uuid();  // RFC 9562 version 4

// Takes the same time whatever differs; false for different lengths.
bool constant_time_equal(BytesView a, BytesView b);

}  // namespace rota::crypto
