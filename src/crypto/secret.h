// Bytes that must not outlive their use: wiped on destruction, never copied by accident, never printed.
#pragma once

#include <string>

#include "base/bytes.h"

namespace rota::crypto {

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(Bytes&& bytes) : bytes_(std::move(bytes)) { wipe(bytes); }
  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { wipe(other.bytes_); }
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  ~SecretBytes() { wipe(bytes_); }

  SecretBytes copy() const;
  // The one way to read it; grep for `reveal` to find every use. Valid as long as this object.
  BytesView reveal() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

  static void wipe(Bytes& bytes);

 private:
  Bytes bytes_;
};

// For the start of a program: when this process crashes, its memory is not written to disk, and nobody else of this person's
// processes may read it (prctl(2), PR_SET_DUMPABLE).
void keep_memory_private();

// AES-256-GCM with a random 96-bit nonce: nonce ‖ ciphertext ‖ tag. `context` is authenticated, not stored.
// `key` is 32 bytes; another size aborts: whoever reads a key file refuses it there.
Bytes seal(const SecretBytes& key, BytesView context, BytesView plain);
// rejected when one bit of it, the key or the context differs.
Result<SecretBytes> unseal(const SecretBytes& key, BytesView context, BytesView sealed);

}  // namespace rota::crypto
