#include "bare_openssl.h"

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

bool verifies(const Signature& s) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* options = nullptr;
  const bool rsa = s.type == crypto::KeyType::rsa;
  const bool ready =
      EVP_DigestVerifyInit_ex(context, &options, s.type == crypto::KeyType::ed25519 ? nullptr : "SHA256", nullptr,
                              nullptr, s.key, nullptr) == 1 &&
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
  std::vector<Bytes> made;          // the DER of each signature's key, when it is not the one before
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
  if (insides_->made.empty() || insides_->made.back() != check.key.spki_der())
    insides_->made.push_back(check.key.spki_der());
}

void BareOpenSsl::add_sha256(const Bytes& bytes) { insides_->hashed.push_back(&bytes); }

void BareOpenSsl::run() const {
  for (const Signature& signature : insides_->signatures)
    if (!verifies(signature)) abort_with("a good signature was refused");
  unsigned char digest[32];
  for (const Bytes* bytes : insides_->hashed)
    if (EVP_Digest(bytes->data(), bytes->size(), digest, nullptr, insides_->sha256, nullptr) != 1)
      abort_with("no digest");
}

void BareOpenSsl::make_keys() const {
  for (const Bytes& der : insides_->made) EVP_PKEY_free(key_from(der));
}

}  // namespace rota::bench
