#include "crypto/x25519.h"

#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr std::size_t kSize = 32;

Result<KeyHandle> private_handle(const SecretBytes& key) {
  if (key.size() != kSize) return bad_input("X25519 key: want 32 bytes, got " + std::to_string(key.size()));
  KeyHandle handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes_of(key.reveal()), kSize));
  if (handle == nullptr) return bad_input("X25519 key: " + openssl_reason());
  return handle;
}

Result<KeyHandle> public_handle(BytesView point) {
  if (point.size() != kSize) return bad_input("X25519 public key: want 32 bytes, got " + std::to_string(point.size()));
  KeyHandle handle(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, bytes_of(point), kSize));
  if (handle == nullptr) return bad_input("X25519 public key: " + openssl_reason());
  return handle;
}

}  // namespace

SecretBytes new_x25519_key() { return SecretBytes(random_bytes(kSize)); }

Result<Bytes> x25519_public(const SecretBytes& key) {
  const KeyHandle handle = TRY(private_handle(key));
  Bytes out(kSize, '\0');
  std::size_t size = kSize;
  if (EVP_PKEY_get_raw_public_key(handle.get(), bytes_of(out), &size) != 1 || size != kSize)
    return io_error("X25519: " + openssl_reason());
  return out;
}

Result<SecretBytes> x25519_shared(const SecretBytes& key, BytesView other_public) {
  const KeyHandle mine = TRY(private_handle(key));
  const KeyHandle theirs = TRY(public_handle(other_public));
  const KeyOperationHandle operation(EVP_PKEY_CTX_new(mine.get(), nullptr));
  Bytes out(kSize, '\0');
  std::size_t size = kSize;
  const bool done = EVP_PKEY_derive_init(operation.get()) == 1 &&
                    EVP_PKEY_derive_set_peer(operation.get(), theirs.get()) == 1 &&
                    EVP_PKEY_derive(operation.get(), bytes_of(out), &size) == 1;
  SecretBytes shared(std::move(out));
  ERR_clear_error();
  if (!done || size != kSize || shared.reveal() == BytesView(Bytes(kSize, '\0')))
    return rejected("X25519: the other side's public key is no good point");
  return shared;
}

}  // namespace rota::crypto
