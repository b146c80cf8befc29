#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr std::size_t kKeySize = 32, kNonceSize = 12, kTagSize = 16;

int size_of(BytesView bytes) {
  return static_cast<int>(bytes.size());
}

const EVP_CIPHER* aes_256_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (!cipher) abort_with("AES-256-GCM: " + openssl_reason());
  return cipher;
}

void want_key_size(const SecretBytes& key) {
  if (key.size() != kKeySize) abort_with("seal key: want 32 bytes, got " + std::to_string(key.size()));
}

}  // namespace

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe(bytes_);
  bytes_ = std::move(other.bytes_);
  wipe(other.bytes_);
  return *this;
}

void keep_memory_private() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
    abort_with("core dumps cannot be switched off");
}

SecretBytes SecretBytes::copy() const {
  return SecretBytes(Bytes(bytes_));
}

void SecretBytes::wipe(Bytes& bytes) {
  bytes.resize(bytes.capacity());  // a short string's characters stay behind in the object after a move
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

Bytes seal(const SecretBytes& key, BytesView context, BytesView plain) {
  want_key_size(key);
  Bytes sealed = random_bytes(kNonceSize);
  sealed.resize(kNonceSize + plain.size() + kTagSize);
  unsigned char* const nonce = bytes_of(sealed);
  unsigned char* const body = nonce + kNonceSize;
  const CipherHandle cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool done = EVP_EncryptInit_ex2(cipher.get(), aes_256_gcm(), bytes_of(key.reveal()), nonce, nullptr) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), nullptr, &n, bytes_of(context), size_of(context)) == 1 &&
                    EVP_EncryptUpdate(cipher.get(), body, &n, bytes_of(plain), size_of(plain)) == 1 &&
                    EVP_EncryptFinal_ex(cipher.get(), body + plain.size(), &n) == 1 &&
                    EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, body + plain.size()) == 1;
  if (!done) abort_with("seal: " + openssl_reason());
  return sealed;
}

Result<SecretBytes> unseal(const SecretBytes& key, BytesView context, BytesView sealed) {
  want_key_size(key);
  if (sealed.size() < kNonceSize + kTagSize) return rejected("sealed bytes: shorter than a nonce and a tag");
  const BytesView body = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  Bytes tag(sealed.substr(sealed.size() - kTagSize));
  Bytes plain(body.size(), '\0');
  const CipherHandle cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool done =
      EVP_DecryptInit_ex2(cipher.get(), aes_256_gcm(), bytes_of(key.reveal()), bytes_of(sealed), nullptr) == 1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &n, bytes_of(context), size_of(context)) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &n, bytes_of(body), size_of(body)) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + plain.size(), &n) == 1;
  SecretBytes opened(std::move(plain));
  ERR_clear_error();
  if (!done) return rejected("sealed bytes: changed, or sealed with another key or for another purpose");
  return opened;
}

}  // namespace rota::crypto
