#include "crypto/tpm_key.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/provider.h>

#include <cstring>

#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr const char* kFromTpm = "?provider=tpm2";
constexpr std::size_t kRsaBits = 2048, kMaxPem = 16 * 1024;
constexpr std::string_view kNoTpm = "is tpm2-openssl installed, and may you use the TPM?";

using EncoderHandle = std::unique_ptr<OSSL_ENCODER_CTX, FreedBy<OSSL_ENCODER_CTX_free>>;
using DecoderHandle = std::unique_ptr<OSSL_DECODER_CTX, FreedBy<OSSL_DECODER_CTX_free>>;

// OpenSSL with the TPM's provider, apart from the one that everything else uses.
class TpmLibrary {
 public:
  static Result<TpmLibrary> open() {
    TpmLibrary library;
    library.context_.reset(OSSL_LIB_CTX_new());
    if (!library.context_ || !library.load(library.tpm_, "tpm2") || !library.load(library.plain_, "default"))
      return io_error("TPM: " + openssl_reason(), std::string(kNoTpm));
    return library;
  }
  OSSL_LIB_CTX* get() const { return context_.get(); }

 private:
  using Provider = std::unique_ptr<OSSL_PROVIDER, FreedBy<OSSL_PROVIDER_unload>>;
  bool load(Provider& provider, const char* name) {
    provider.reset(OSSL_PROVIDER_load(context_.get(), name));
    return provider != nullptr;
  }
  std::unique_ptr<OSSL_LIB_CTX, FreedBy<OSSL_LIB_CTX_free>> context_;
  Provider tpm_, plain_;  // gone before the context
};

// What asked for the PIN, and how that ended: the library's call back can say no more than "no".
struct Asking {
  const KeyPin& ask;
  std::optional<Error> refused = {};
};

int give_pin(char* to, std::size_t room, std::size_t* size, const OSSL_PARAM*, void* asking_of) {
  auto& asking = *static_cast<Asking*>(asking_of);
  const auto pin = asking.ask("the TPM's key");
  if (!pin.ok() || pin->size() > room) {
    asking.refused = pin.ok() ? denied("TPM: the PIN is too long") : pin.error();
    return 0;
  }
  std::memcpy(to, pin->reveal().data(), pin->size());
  *size = pin->size();
  return 1;
}

Result<KeyHandle> loaded(const TpmLibrary& library, const std::string& pem, const KeyPin& pin) {
  EVP_PKEY* key = nullptr;
  Asking asking{pin};
  const DecoderHandle decoder(OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", nullptr, nullptr, EVP_PKEY_KEYPAIR, library.get(), kFromTpm));
  const unsigned char* at = bytes_of(pem);
  std::size_t left = pem.size();
  const bool read = decoder && OSSL_DECODER_CTX_set_passphrase_cb(decoder.get(), give_pin, &asking) == 1 &&
                    OSSL_DECODER_from_data(decoder.get(), &at, &left) == 1;
  KeyHandle handle(key);
  if (asking.refused) return *asking.refused;
  if (!read || !handle) return io_error("TPM: the key is not taken: " + openssl_reason(), "a key works with the TPM that made it, and with its PIN");
  return handle;
}

class TpmKey final : public HeldKey {
 public:
  TpmKey(std::string pem, KeyPin pin) : pem_(std::move(pem)), pin_(std::move(pin)) {}
  KeyReference reference() const override { return {"tpm2", pem_}; }

  Result<Bytes> sign(BytesView message) const override {
    const std::lock_guard lock(at_the_tpm_);
    if (refused_) return *refused_;
    const auto library = TRY(TpmLibrary::open());
    bool asked = false;
    const KeyPin pin = [&](std::string_view what) {
      asked = true;
      return pin_ ? pin_(what) : Result<SecretBytes>(denied("TPM: the key wants a PIN, and there is nobody to ask"));
    };
    const KeyHandle key = TRY(loaded(library, pem_, pin));
    const KeyType type = EVP_PKEY_is_a(key.get(), "RSA") ? KeyType::rsa : KeyType::ecdsa_p256;
    auto signature = signature_of(key.get(), type, message, library.get());
    if (signature.ok()) return signature;
    if (!asked) return signature.error().in("TPM");
    refused_ = denied("TPM: the key does not sign: wrong PIN?", "it was tried once; a TPM locks after a few wrong ones");
    return *refused_;
  }

 private:
  std::string pem_;
  KeyPin pin_;
  mutable std::mutex at_the_tpm_;
  mutable std::optional<Error> refused_ = {};  // what became of the one PIN that was tried
};

Result<KeyHandle> generated(const TpmLibrary& library, KeyType type, const SecretBytes& pin) {
  const char* algorithm = type == KeyType::rsa ? "RSA" : "EC";
  const KeyOperationHandle operation(EVP_PKEY_CTX_new_from_name(library.get(), algorithm, "provider=tpm2"));
  std::size_t bits = kRsaBits;
  char curve[] = "P-256";
  Bytes auth(pin.reveal());
  std::vector<OSSL_PARAM> wanted;
  wanted.push_back(type == KeyType::rsa ? OSSL_PARAM_construct_size_t(OSSL_PKEY_PARAM_RSA_BITS, &bits)
                                        : OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0));
  if (!auth.empty()) wanted.push_back(OSSL_PARAM_construct_utf8_string("user-auth", auth.data(), auth.size()));
  wanted.push_back(OSSL_PARAM_construct_end());
  EVP_PKEY* key = nullptr;
  const bool made = operation && EVP_PKEY_keygen_init(operation.get()) == 1 &&
                    EVP_PKEY_CTX_set_params(operation.get(), wanted.data()) == 1 && EVP_PKEY_generate(operation.get(), &key) == 1;
  SecretBytes::wipe(auth);
  KeyHandle handle(key);
  if (!made || !handle) return io_error("TPM: new key: " + openssl_reason());
  return handle;
}

Result<Bytes> encoded(EVP_PKEY* key, int selection, const char* format, const char* structure) {
  const EncoderHandle encoder(OSSL_ENCODER_CTX_new_for_pkey(key, selection, format, structure, kFromTpm));
  unsigned char* bytes = nullptr;
  std::size_t size = 0;
  if (!encoder || OSSL_ENCODER_to_data(encoder.get(), &bytes, &size) != 1) return io_error("TPM: new key: " + openssl_reason());
  Bytes out(reinterpret_cast<const char*>(bytes), size);
  OPENSSL_free(bytes);
  return out;
}

}  // namespace

std::shared_ptr<const HeldKey> tpm_key(std::string pem, KeyPin pin) {
  return std::make_shared<TpmKey>(std::move(pem), std::move(pin));
}

Result<PrivateKey> new_tpm_key(KeyType type, const SecretBytes& pin, KeyPin ask) {
  if (type != KeyType::rsa && type != KeyType::ecdsa_p256)
    return bad_input("TPM: it has no keys of this type", "RSA is what a TPM and a root of trust both know: --key-type RSA");
  const auto library = TRY(TpmLibrary::open());
  const KeyHandle key = TRY(generated(library, type, pin));
  const Bytes spki = TRY(encoded(key.get(), EVP_PKEY_PUBLIC_KEY, "DER", "SubjectPublicKeyInfo"));
  auto pub = TRY(PublicKey::from_spki_der(spki));
  Bytes pem = TRY(encoded(key.get(), EVP_PKEY_KEYPAIR, "PEM", nullptr));
  if (pem.size() > kMaxPem || !pem.starts_with("-----BEGIN TSS2 PRIVATE KEY-----"))
    return io_error("TPM: the new key is not given in the form of a TSS2 PRIVATE KEY");
  return PrivateKey::held(std::move(pub), tpm_key(std::move(pem), std::move(ask)));
}

}  // namespace rota::crypto
