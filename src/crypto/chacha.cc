#include "crypto/chacha.h"

#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr std::size_t kKey = 32, kNonce = 12;
constexpr int kTag = static_cast<int>(kChachaTag);

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  if (cipher == nullptr) abort_with("ChaCha20-Poly1305: " + openssl_reason());
  return cipher;
}

void want_sizes(const SecretBytes& key, BytesView nonce) {
  if (key.size() != kKey || nonce.size() != kNonce) abort_with("ChaCha20-Poly1305: want a key of 32 bytes, a nonce of 12");
}

}  // namespace

Bytes chacha_sealed(const SecretBytes& key, BytesView nonce, BytesView plain) {
  want_sizes(key, nonce);
  Bytes out(plain.size() + kChachaTag, '\0');
  const CipherHandle cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool done =
      EVP_EncryptInit_ex2(cipher.get(), algorithm(), bytes_of(key.reveal()), bytes_of(nonce), nullptr) == 1 &&
      EVP_EncryptUpdate(cipher.get(), bytes_of(out), &n, bytes_of(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher.get(), bytes_of(out) + plain.size(), &n) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTag, bytes_of(out) + plain.size()) == 1;
  if (!done) abort_with("ChaCha20-Poly1305: " + openssl_reason());
  return out;
}

Result<SecretBytes> chacha_opened(const SecretBytes& key, BytesView nonce, BytesView sealed) {
  want_sizes(key, nonce);
  if (sealed.size() < kChachaTag) return rejected("sealed bytes: shorter than their tag");
  const BytesView body = sealed.substr(0, sealed.size() - kChachaTag);
  Bytes tag(sealed.substr(body.size()));
  Bytes plain(body.size(), '\0');
  const CipherHandle cipher(EVP_CIPHER_CTX_new());
  int n = 0;
  const bool done =
      EVP_DecryptInit_ex2(cipher.get(), algorithm(), bytes_of(key.reveal()), bytes_of(nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(cipher.get(), bytes_of(plain), &n, bytes_of(body), static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), bytes_of(plain) + plain.size(), &n) == 1;
  SecretBytes opened(std::move(plain));
  ERR_clear_error();
  if (!done) return rejected("sealed bytes: changed, or sealed with another key");
  return opened;
}

}  // namespace rota::crypto
