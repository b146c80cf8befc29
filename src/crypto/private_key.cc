#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace rota::crypto {
namespace {

constexpr int kPssSalt = 32;  // formats.md 6

Result<KeyHandle> read_pkcs8(BytesView der) {
  const unsigned char* at = bytes_of(der);
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreedBy<PKCS8_PRIV_KEY_INFO_free>> wrapped(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!wrapped) return bad_input("private key: " + openssl_reason());
  KeyHandle key(EVP_PKCS82PKEY(wrapped.get()));
  if (!key) return bad_input("private key: " + openssl_reason());
  return key;
}

Result<KeyHandle> read_traditional(int type, BytesView der) {
  const unsigned char* at = bytes_of(der);
  KeyHandle key(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(der.size())));
  if (!key) return bad_input("private key: " + openssl_reason());
  return key;
}

Result<KeyHandle> read_block(const PemBlock& block) {
  if (block.label == "PRIVATE KEY") return read_pkcs8(block.der.reveal());
  if (block.label == "RSA PRIVATE KEY") return read_traditional(EVP_PKEY_RSA, block.der.reveal());
  if (block.label == "EC PRIVATE KEY") return read_traditional(EVP_PKEY_EC, block.der.reveal());
  if (block.label == "ENCRYPTED PRIVATE KEY")
    return bad_input("private key: it has a passphrase", "remove the passphrase first, with `openssl pkey`");
  return bad_input("private key: want a PEM private key, got '" + block.label + "'");
}

}  // namespace

Result<Bytes> signature_of(EVP_PKEY* key, KeyType type, BytesView message, OSSL_LIB_CTX* library) {
  const DigestHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  const char* digest = type == KeyType::ed25519 ? nullptr : "SHA256";
  if (EVP_DigestSignInit_ex(context.get(), &options, digest, library, nullptr, key, nullptr) != 1)
    return io_error("sign: " + openssl_reason());
  if (type == KeyType::rsa && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(options, kPssSalt) != 1))
    return io_error("sign: " + openssl_reason());
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSign(context.get(), bytes_of(signature), &size, bytes_of(message), message.size()) != 1)
    return io_error("sign: " + openssl_reason());
  signature.resize(size);
  return signature;
}

PrivateKey::PrivateKey(PublicKey pub, std::shared_ptr<const NativeKey> native, std::shared_ptr<const HeldKey> held)
    : public_key_(std::move(pub)), native_(std::move(native)), held_(std::move(held)) {}

PrivateKey PrivateKey::held(PublicKey pub, std::shared_ptr<const HeldKey> elsewhere) {
  return PrivateKey(std::move(pub), nullptr, std::move(elsewhere));
}

const NativeKey& PrivateKey::native() const {
  if (native_ == nullptr) abort_with("private key: it is held elsewhere");
  return *native_;
}

Result<PrivateKey> PrivateKey::from_native(std::shared_ptr<const NativeKey> native) {
  const Bytes spki = der_of(native->get(), i2d_PUBKEY);
  auto pub = TRY(PublicKey::from_spki_der(spki));  // read anew, so that it holds no private part
  if (pub.type() == KeyType::ecdsa_p384) return bad_input("private key: want RSA, P-256 or Ed25519, got P-384");
  return PrivateKey(std::move(pub), std::move(native), nullptr);
}

Result<PrivateKey> PrivateKey::generate_ed25519() {
  KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return io_error("new Ed25519 key: " + openssl_reason());
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PrivateKey> PrivateKey::generate_rsa(int bits) {
  if (bits < 2048 || bits > 8192) return bad_input("new RSA key: want 2048 to 8192 bit, got " + std::to_string(bits));
  KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
  if (!key) return io_error("new RSA key: " + openssl_reason());
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PrivateKey> PrivateKey::generate_p256() {
  KeyHandle key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return io_error("new P-256 key: " + openssl_reason());
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(const SecretBytes& seed) {
  if (seed.size() != 32) return bad_input("Ed25519 seed: want 32 bytes, got " + std::to_string(seed.size()));
  KeyHandle key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed.reveal()), seed.size()));
  if (!key) return io_error("Ed25519 seed: " + openssl_reason());
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PrivateKey> PrivateKey::from_pem(const SecretBytes& pem) {
  const auto blocks = TRY_IN("private key", pem_blocks(pem.reveal()));
  const bool has_parameters = blocks[0].label == "EC PARAMETERS" && blocks.size() > 1;  // `openssl ecparam -genkey`
  KeyHandle handle = TRY(read_block(blocks[has_parameters ? 1 : 0]));
  auto key = TRY(from_native(std::make_shared<NativeKey>(std::move(handle))));
  const KeyType type = key.public_key().type();
  const auto probe = signature_of(key.native().get(), type, "probe");
  if (!probe.ok() || !key.public_key().verifies(scheme_of(type), "probe", *probe))
    return bad_input("private key: its private half does not belong to its public half");
  return key;
}

Result<Bytes> PrivateKey::signed_elsewhere(BytesView message) const {
  const std::string home = held_->reference().home;
  auto signature = TRY_IN(home, held_->sign(message));
  if (!public_key_.verifies(scheme_of(public_key_.type()), message, signature))
    return rejected(home + ": what it signed does not verify under the public key it was asked for");
  if (public_key_.type() == KeyType::rsa && public_key_.pss_salt_length(message, signature) != kPssSalt)
    return want_got(home + ": length of the RSA-PSS salt", kPssSalt, public_key_.pss_salt_length(message, signature));
  return signature;
}

Result<Bytes> PrivateKey::sign(BytesView message) const {
  if (held_ != nullptr) return signed_elsewhere(message);
  if (public_key_.type() == KeyType::ecdsa_p256)
    return bad_input("sign: a P-256 key signs TLS handshakes and certificates only");
  return signature_of(native_->get(), public_key_.type(), message);
}

Result<Bytes> ecdsa_der(KeyType type, BytesView r_and_s) {
  const std::size_t half = type == KeyType::ecdsa_p256 ? 32 : type == KeyType::ecdsa_p384 ? 48 : 0;
  if (half == 0 || r_and_s.size() != 2 * half)
    return bad_input("ECDSA signature: want " + std::to_string(2 * half) + " bytes, got " + std::to_string(r_and_s.size()));
  BignumHandle r(BN_bin2bn(bytes_of(r_and_s), static_cast<int>(half), nullptr)),
      s(BN_bin2bn(bytes_of(r_and_s) + half, static_cast<int>(half), nullptr));
  const std::unique_ptr<ECDSA_SIG, FreedBy<ECDSA_SIG_free>> both(ECDSA_SIG_new());
  if (!r || !s || !both || ECDSA_SIG_set0(both.get(), r.get(), s.get()) != 1) return io_error("ECDSA: " + openssl_reason());
  (void)r.release(), (void)s.release();  // owned by `both`
  return der_of(both.get(), i2d_ECDSA_SIG);
}

SecretBytes PrivateKey::ed25519_seed() const {
  Bytes seed(32, '\0');
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(native().get(), bytes_of(seed), &size) != 1 || size != 32)
    abort_with("ed25519_seed: not an Ed25519 key");
  return SecretBytes(std::move(seed));
}

SecretBytes PrivateKey::pkcs1_pem() const {
  if (public_key_.type() != KeyType::rsa) abort_with("pkcs1_pem: not an RSA key");
  const SecretBytes der(der_of(native().get(), i2d_PrivateKey));
  return secret_pem_text("RSA PRIVATE KEY", der.reveal());
}

SecretBytes PrivateKey::pkcs8_pem() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreedBy<PKCS8_PRIV_KEY_INFO_free>> wrapped(EVP_PKEY2PKCS8(native().get()));
  if (!wrapped) abort_with("pkcs8_pem: " + openssl_reason());
  const SecretBytes der(der_of(wrapped.get(), i2d_PKCS8_PRIV_KEY_INFO));
  return secret_pem_text("PRIVATE KEY", der.reveal());
}

}  // namespace rota::crypto
