// OpenSSL's handles, owned. Private to this folder: no header of ours includes it, and none shows an OpenSSL type.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/bytes.h"
#include "crypto/key.h"

namespace rota::crypto {

template <auto free_it>
struct FreedBy {
  template <typename T>
  void operator()(T* handle) const {
    free_it(handle);
  }
};

using BignumHandle = std::unique_ptr<BIGNUM, FreedBy<BN_free>>;
using CipherHandle = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using DigestHandle = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using KeyOperationHandle = std::unique_ptr<EVP_PKEY_CTX, FreedBy<EVP_PKEY_CTX_free>>;
using CertificateHandle = std::unique_ptr<X509, FreedBy<X509_free>>;
using NameHandle = std::unique_ptr<X509_NAME, FreedBy<X509_NAME_free>>;
using RequestHandle = std::unique_ptr<X509_REQ, FreedBy<X509_REQ_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, FreedBy<X509_EXTENSION_free>>;

inline const unsigned char* bytes_of(BytesView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* bytes_of(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// The key behind a PublicKey or a PrivateKey. Threads may share it; it is made when it is first needed, because most of the
// keys that are read never verify anything.
class NativeKey {
 public:
  explicit NativeKey(KeyHandle handle) : key_(std::move(handle)) {}
  // Of a key whose form was judged.
  explicit NativeKey(const Bytes& spki_der) : spki_der_(spki_der) {}
  EVP_PKEY* get() const;  // nullptr when the library fails

  // A verification begun by `begin`, which is called once: to begin one costs the library a fifth of what RSA costs, to copy
  // one next to nothing. nullptr when the library fails.
  template <typename Begin>
  DigestHandle verification(Begin begin) const {
    EVP_PKEY* const key = get();
    const std::lock_guard lock(making_);
    if (!begun_) begun_ = begin(key);
    DigestHandle copy(begun_ ? EVP_MD_CTX_new() : nullptr);
    return copy && EVP_MD_CTX_copy_ex(copy.get(), begun_.get()) == 1 ? std::move(copy) : nullptr;
  }

 private:
  const Bytes spki_der_;
  mutable std::mutex making_;  // std::call_once would end each time in a call of the kernel
  mutable KeyHandle key_;
  mutable DigestHandle begun_;
};

struct NativeCertificate {
  explicit NativeCertificate(CertificateHandle handle) : certificate(std::move(handle)) {}
  X509* get() const { return certificate.get(); }
  CertificateHandle certificate;
};

// In the scheme of `type`. `library`: the one that holds the key, when it is not the process's own.
Result<Bytes> signature_of(EVP_PKEY* key, KeyType type, BytesView message, OSSL_LIB_CTX* library = nullptr);

// Why the library failed last on this thread; its queue is empty afterwards.
std::string openssl_reason();

// The DER of `object` as `i2d` spells it; empty when the library fails.
template <typename T, typename Encode>
Bytes der_of(T* object, Encode i2d) {
  const int size = i2d(object, nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* to = bytes_of(der);
  return i2d(object, &to) == size ? der : Bytes();
}

// Looked up once in a process: OpenSSL 3.0 takes a lock and searches its providers at every implicit fetch.
const EVP_MD* sha256_algorithm();

}  // namespace rota::crypto
