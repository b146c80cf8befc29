#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

Bytes digest(BytesView bytes, const EVP_MD* algorithm) {
  Bytes out(static_cast<std::size_t>(EVP_MD_get_size(algorithm)), '\0');
  if (EVP_Digest(bytes.data(), bytes.size(), bytes_of(out), nullptr, algorithm, nullptr) != 1)
    abort_with("digest: " + openssl_reason());
  return out;
}

const EVP_MD* sha512_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  if (!algorithm) abort_with("SHA-512: " + openssl_reason());
  return algorithm;
}

}  // namespace

const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (!algorithm) abort_with("SHA-256: " + openssl_reason());
  return algorithm;
}

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  return "error " + std::to_string(code);
}

Bytes sha256(BytesView bytes) {
  return digest(bytes, sha256_algorithm());
}
Bytes sha512(BytesView bytes) {
  return digest(bytes, sha512_algorithm());
}

struct Digest::State {
  DigestHandle context{EVP_MD_CTX_new()};
};

Digest::Digest(Algorithm algorithm) : state_(std::make_unique<State>()) {
  const EVP_MD* hash = algorithm == Algorithm::sha256 ? sha256_algorithm() : sha512_algorithm();
  if (EVP_DigestInit_ex2(state_->context.get(), hash, nullptr) != 1) abort_with("digest: " + openssl_reason());
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::add(BytesView bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1)
    abort_with("digest: " + openssl_reason());
}

Bytes Digest::finish() {
  Bytes out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), bytes_of(out), &size) != 1) abort_with("digest: " + openssl_reason());
  out.resize(size);
  return out;
}

Bytes hmac_sha256(BytesView key, BytesView bytes) {
  Bytes out(32, '\0');
  if (!HMAC(sha256_algorithm(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(), bytes_of(out),
            nullptr))
    abort_with("HMAC: " + openssl_reason());
  return out;
}

Bytes random_bytes(std::size_t n) {
  Bytes out(n, '\0');
  if (RAND_bytes(bytes_of(out), static_cast<int>(n)) != 1) abort_with("random bytes: " + openssl_reason());
  return out;
}

std::string random_hex(std::size_t bytes) {
  return hex(random_bytes(bytes));
}

std::string random_uuid() {
  Bytes raw = random_bytes(16);
  raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
  std::string text = hex(raw);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) text.insert(dash, 1, '-');
  return text;
}

bool constant_time_equal(BytesView a, BytesView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace rota::crypto
