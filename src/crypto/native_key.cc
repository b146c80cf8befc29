#include <openssl/core_names.h>

#include <bit>

#include "crypto/openssl.h"
#include "crypto/spki.h"

namespace rota::crypto {
namespace {

KeyHandle key_from(const KeyOperationHandle& context, int selection, OSSL_PARAM* parameters) {
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters) != 1)
    return nullptr;
  return KeyHandle(key);
}

KeyOperationHandle operation_of(const char* algorithm) {
  return KeyOperationHandle(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
}

KeyHandle rsa_key(const Spki& spki) {
  thread_local const KeyOperationHandle operation = operation_of("RSA");  // to look it up takes as long as to use it
  Bytes modulus(spki.modulus.rbegin(), spki.modulus.rend());  // the library wants the machine's order
  Bytes exponent(spki.exponent.rbegin(), spki.exponent.rend());
  if constexpr (std::endian::native == std::endian::big) {
    modulus = spki.modulus;
    exponent = spki.exponent;
  }
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, bytes_of(modulus), modulus.size()),
                             OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, bytes_of(exponent), exponent.size()),
                             OSSL_PARAM_construct_end()};
  return key_from(operation, EVP_PKEY_PUBLIC_KEY, parameters);
}

KeyHandle curve_named(std::string name) {
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
                             OSSL_PARAM_construct_end()};
  return key_from(operation_of("EC"), EVP_PKEY_KEY_PARAMETERS, parameters);
}

// A copy of a key that has its curve and no point yet: to look a curve up costs more than all the rest.
KeyHandle ec_key(EVP_PKEY* curve, const Spki& spki) {
  KeyHandle key(curve == nullptr ? nullptr : EVP_PKEY_dup(curve));
  if (!key || EVP_PKEY_set1_encoded_public_key(key.get(), bytes_of(spki.point), spki.point.size()) != 1) return nullptr;
  return key;
}

KeyHandle native_of(const Spki& spki) {
  static const KeyHandle p256 = curve_named("prime256v1"), p384 = curve_named("secp384r1");
  switch (spki.type) {
    case KeyType::ed25519:
      return KeyHandle(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(spki.point), spki.point.size()));
    case KeyType::rsa:
      return rsa_key(spki);
    case KeyType::ecdsa_p256:
      return ec_key(p256.get(), spki);
    case KeyType::ecdsa_p384:
      return ec_key(p384.get(), spki);
  }
  abort_with("KeyType: not one of its values");
}

}  // namespace

EVP_PKEY* NativeKey::get() const {
  const std::lock_guard lock(making_);
  if (key_) return key_.get();
  if (const auto spki = read_spki(spki_der_)) key_ = native_of(*spki);
  ERR_clear_error();
  return key_.get();
}

}  // namespace rota::crypto
