#include "bare_openssl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace rota::bench {
namespace {

const unsigned char* data(const Bytes& bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

EVP_PKEY* key_from(const Bytes& der) {
  const unsigned char* at = data(der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  if (key == nullptr) abort_with("a key is not read");
  return key;
}

struct Signature {
  EVP_PKEY* key;
  crypto::KeyType type;
  Bytes message, signature;
};

// What a key is made of, taken from one that was read; RSA's numbers in the machine's order.
struct Parts {
  Bytes point, modulus, exponent;
};

Bytes number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) abort_with("a key has no number");
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2nativepad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  BN_free(number);
  return bytes;
}

Parts parts_of(EVP_PKEY* key, crypto::KeyType type) {
  if (type == crypto::KeyType::rsa) return {{}, number_of(key, OSSL_PKEY_PARAM_RSA_N), number_of(key, OSSL_PKEY_PARAM_RSA_E)};
  Bytes point(32, '\0');
  std::size_t size = point.size();
  EVP_PKEY_get_raw_public_key(key, reinterpret_cast<unsigned char*>(point.data()), &size);
  return {point, {}, {}};
}

// The quickest way there is from the parts to a key; d2i_PUBKEY takes many times as long.
EVP_PKEY* key_of(Parts& parts) {
  static EVP_PKEY_CTX* const rsa = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
  if (!parts.point.empty()) return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data(std::as_const(parts.point)), 32);
  const auto bytes = [](Bytes& number) { return reinterpret_cast<unsigned char*>(number.data()); };
  OSSL_PARAM numbers[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, bytes(parts.modulus), parts.modulus.size()),
                          OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, bytes(parts.exponent), parts.exponent.size()),
                          OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(rsa) != 1 || EVP_PKEY_fromdata(rsa, &key, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
    abort_with("a key is not made");
  return key;
}

bool verifies(EVP_PKEY* key, const Signature& s) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  const bool rsa = s.type == crypto::KeyType::rsa;
  const bool ready =
      EVP_DigestVerifyInit_ex(context, &options, s.type == crypto::KeyType::ed25519 ? nullptr : "SHA256", nullptr,
                              nullptr, key, nullptr) == 1 &&
      (!rsa || EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
  const bool good = ready && EVP_DigestVerify(context, data(s.signature), s.signature.size(), data(s.message),
                                              s.message.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

}  // namespace

struct BareOpenSsl::Insides {
  std::vector<Signature> signatures;
  std::vector<const Bytes*> hashed;
  std::map<Bytes, EVP_PKEY*> keys;  // by DER
  std::map<EVP_PKEY*, Parts> parts;
  EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
};

BareOpenSsl::BareOpenSsl() : insides_(std::make_unique<Insides>()) {}

BareOpenSsl::~BareOpenSsl() {
  for (const auto& [der, key] : insides_->keys) EVP_PKEY_free(key);
  EVP_MD_free(insides_->sha256);
}

void BareOpenSsl::add_signature(const Check& check) {
  EVP_PKEY*& key = insides_->keys[check.key.spki_der()];
  if (key == nullptr) key = key_from(check.key.spki_der());
  insides_->signatures.push_back({key, check.key.type(), check.message, check.signature});
  insides_->parts.emplace(key, parts_of(key, check.key.type()));
}

void BareOpenSsl::add_sha256(const Bytes& bytes) { insides_->hashed.push_back(&bytes); }

void BareOpenSsl::run() const {
  for (const Signature& signature : insides_->signatures)
    if (!verifies(signature.key, signature)) abort_with("a good signature was refused");
  unsigned char digest[32];
  for (const Bytes* bytes : insides_->hashed)
    if (EVP_Digest(bytes->data(), bytes->size(), digest, nullptr, insides_->sha256, nullptr) != 1)
      abort_with("no digest");
}

void BareOpenSsl::run_with_new_keys() const {
  const EVP_PKEY* before = nullptr;
  EVP_PKEY* made = nullptr;
  for (const Signature& signature : insides_->signatures) {
    if (signature.key != before) {
      EVP_PKEY_free(made);
      made = key_of(insides_->parts.at(signature.key));
      before = signature.key;
    }
    if (!verifies(made, signature)) abort_with("a good signature was refused");
  }
  EVP_PKEY_free(made);
}

}  // namespace rota::bench
