#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr std::size_t kSize = 32;
constexpr int kMaxLog2N = 22;

using KdfHandle = std::unique_ptr<EVP_KDF, FreedBy<EVP_KDF_free>>;
using KdfOperationHandle = std::unique_ptr<EVP_KDF_CTX, FreedBy<EVP_KDF_CTX_free>>;

OSSL_PARAM octets(const char* name, BytesView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

}  // namespace

SecretBytes hkdf_sha256(const SecretBytes& secret, BytesView salt, BytesView info) {
  const KdfHandle kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfOperationHandle operation(EVP_KDF_CTX_new(kdf.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                   octets(OSSL_KDF_PARAM_KEY, secret.reveal()), octets(OSSL_KDF_PARAM_SALT, salt),
                                   octets(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  Bytes out(kSize, '\0');
  if (EVP_KDF_derive(operation.get(), bytes_of(out), out.size(), parameters) != 1)
    abort_with("HKDF: " + openssl_reason());
  return SecretBytes(std::move(out));
}

Bytes hmac_sha256(const SecretBytes& key, BytesView message) {
  Bytes out(kSize, '\0');
  unsigned size = kSize;
  const auto* made = HMAC(sha256_algorithm(), key.reveal().data(), static_cast<int>(key.size()), bytes_of(message),
                          message.size(), bytes_of(out), &size);
  if (made == nullptr || size != kSize) abort_with("HMAC: " + openssl_reason());
  return out;
}

Result<SecretBytes> scrypt(const SecretBytes& passphrase, BytesView salt, int log2_n) {
  if (log2_n < 1 || log2_n > kMaxLog2N)
    return want_got("scrypt work factor", "1.." + std::to_string(kMaxLog2N), std::to_string(log2_n));
  const std::uint64_t n = std::uint64_t{1} << log2_n;
  const std::uint64_t memory = n * 1024 + (std::uint64_t{1} << 20);
  Bytes out(kSize, '\0');
  const BytesView text = passphrase.reveal();
  const int done = EVP_PBE_scrypt(text.data(), text.size(), bytes_of(salt), salt.size(), n, 8, 1, memory, bytes_of(out),
                                  out.size());
  if (done != 1) return io_error("scrypt: " + openssl_reason(), "it takes " + std::to_string(n / 1024) + " MiB of memory");
  return SecretBytes(std::move(out));
}

bool same_bytes(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rota::crypto
