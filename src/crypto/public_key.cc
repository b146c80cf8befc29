#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>

#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace rota::crypto {
namespace {

constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;
constexpr std::size_t kMaxDer = 16 * 1024;

const Bytes& ed25519_prefix() {  // RFC 8410 4
  static const Bytes prefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
  return prefix;
}

// y of every point of small order, sign bit cleared, little endian; the larger ones are non-canonical as well.
constexpr std::array<std::string_view, 4> kSmallOrder = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
};

// RFC 8032 5.1.3: y below p = 2^255 - 19; p - 1 is left out too, being of order 2.
bool is_strong_ed25519(BytesView raw) {
  Bytes y(raw);
  y[31] = static_cast<char>(y[31] & 0x7f);
  const bool near_p =
      y[31] == '\x7f' && y.find_first_not_of('\xff', 1) == 31 && static_cast<unsigned char>(y[0]) >= 0xec;
  return !near_p && std::find(kSmallOrder.begin(), kSmallOrder.end(), hex(y)) == kSmallOrder.end();
}

Status rsa_is_strong(EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return bad_input("RSA key: want 2048 to 8192 bit, got " + std::to_string(bits));
  BIGNUM* exponent = nullptr;
  const bool read = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1;
  const BignumHandle owned(exponent);
  if (!read || !BN_is_odd(exponent) || BN_is_one(exponent) || BN_num_bits(exponent) > 64)
    return bad_input("RSA key: the exponent is not an odd number of 3 to 2^64");
  return {};
}

Status is_p256(EVP_PKEY* key) {
  char name[64] = {};
  if (EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) != 1 || std::string_view(name) != "prime256v1")
    return bad_input("EC key: want the curve P-256, got " + std::string(*name ? name : "another"));
  char spelling[32] = {};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, spelling, sizeof spelling, nullptr) != 1 ||
      std::string_view(spelling) != OSSL_PKEY_EC_ENCODING_GROUP)
    return bad_input("EC key: the curve is not given by name");
  return {};
}

// RFC 5480 2: the header of every P-256 key; its point follows, uncompressed, so that one key has one DER. The
// library's encoder would take 150 µs, a fifth of a handshake.
Result<Bytes> p256_spki_of(EVP_PKEY* key) {
  static const Bytes prefix(
      "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
      "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
      26);
  unsigned char* point = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
  const Bytes raw(reinterpret_cast<const char*>(point), size);
  OPENSSL_free(point);
  if (raw.size() != 65) return bad_input("EC key: " + openssl_reason());
  return prefix + raw;
}

struct VerifyOperation {
  DigestHandle context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* options = nullptr;
};

Result<VerifyOperation> verify_operation(EVP_PKEY* key, Scheme scheme) {
  VerifyOperation op;
  const char* digest = scheme == Scheme::ed25519 ? nullptr : "SHA256";
  if (EVP_DigestVerifyInit_ex(op.context.get(), &op.options, digest, nullptr, nullptr, key, nullptr) != 1)
    return io_error("verify: " + openssl_reason());
  if (scheme == Scheme::rsassa_pss_sha256 && EVP_PKEY_CTX_set_rsa_padding(op.options, RSA_PKCS1_PSS_PADDING) != 1)
    return io_error("verify: " + openssl_reason());
  return op;
}

bool verified(const VerifyOperation& op, BytesView message, BytesView signature) {
  const int answer =
      EVP_DigestVerify(op.context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size());
  ERR_clear_error();
  return answer == 1;
}

}  // namespace

PublicKey::PublicKey(KeyType type, int bits, Bytes spki_der, std::shared_ptr<const NativeKey> native)
    : type_(type), bits_(bits), spki_der_(std::move(spki_der)), native_(std::move(native)) {}

Result<PublicKey> PublicKey::from_ed25519_hex(std::string_view text) {
  const Bytes raw = TRY_IN("Ed25519 key", unhex(text));
  if (raw.size() != 32) return bad_input("Ed25519 key: want 64 hex digits, got " + std::to_string(text.size()));
  return from_ed25519_bytes(raw);
}

Result<PublicKey> PublicKey::from_ed25519_bytes(BytesView raw) {
  if (!is_strong_ed25519(raw)) return bad_input("Ed25519 key: not a canonical point, or one of small order");
  KeyHandle key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw), raw.size()));
  if (!key) return bad_input("Ed25519 key: " + openssl_reason());
  return PublicKey(KeyType::ed25519, 256, ed25519_prefix() + Bytes(raw), std::make_shared<NativeKey>(std::move(key)));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const SecretBytes der = TRY_IN("public key", only_pem_block(pem, "PUBLIC KEY"));
  return from_spki_der(der.reveal());
}

Result<PublicKey> PublicKey::from_spki_der(BytesView der) {
  const Bytes& prefix = ed25519_prefix();
  if (der.size() == prefix.size() + 32 && der.starts_with(prefix)) return from_ed25519_bytes(der.substr(prefix.size()));
  if (der.size() > kMaxDer) return bad_input("public key: longer than 16 KiB");
  const unsigned char* at = bytes_of(der);
  KeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return bad_input("public key: " + openssl_reason());
  if (at != bytes_of(der) + der.size()) return bad_input("public key: bytes after its end");
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PublicKey> PublicKey::from_native(std::shared_ptr<const NativeKey> native) {
  EVP_PKEY* const key = native->get();
  if (EVP_PKEY_is_a(key, "ED25519")) {
    Bytes raw(32, '\0');
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key, bytes_of(raw), &size) != 1)
      return bad_input("Ed25519 key: " + openssl_reason());
    return from_ed25519_bytes(raw);
  }
  if (EVP_PKEY_is_a(key, "RSA")) {
    TRY(rsa_is_strong(key));
    return PublicKey(KeyType::rsa, EVP_PKEY_get_bits(key), der_of(key, i2d_PUBKEY), std::move(native));
  }
  if (!EVP_PKEY_is_a(key, "EC")) return bad_input("public key: want RSA, P-256 or Ed25519");
  TRY(is_p256(key));
  return PublicKey(KeyType::ecdsa_p256, 256, TRY(p256_spki_of(key)), std::move(native));
}

std::string PublicKey::pem() const {
  return pem_text("PUBLIC KEY", spki_der_);
}

std::string PublicKey::ed25519_hex() const {
  return type_ == KeyType::ed25519 ? hex(BytesView(spki_der_).substr(ed25519_prefix().size())) : std::string();
}

bool PublicKey::verifies(Scheme scheme, BytesView message, BytesView signature) const {
  if (scheme != scheme_of(type_)) return false;
  const auto op = verify_operation(native_->get(), scheme);
  return op.ok() && verified(*op, message, signature);  // a PSS salt of any length, unless told otherwise
}

int PublicKey::pss_salt_length(BytesView message, BytesView signature) const {
  if (!verifies(Scheme::rsassa_pss_sha256, message, signature)) return -1;
  const auto has_salt = [&](int length) {
    auto op = verify_operation(native_->get(), Scheme::rsassa_pss_sha256);
    return op.ok() && EVP_PKEY_CTX_set_rsa_pss_saltlen(op->options, length) == 1 && verified(*op, message, signature);
  };
  if (has_salt(32)) return 32;
  const int longest = (bits_ - 1 + 7) / 8 - 32 - 2;  // RFC 8017 9.1.1
  for (int length = 0; length <= longest; ++length)
    if (has_salt(length)) return length;
  return -1;
}

Scheme scheme_of(KeyType type) {
  switch (type) {
    case KeyType::ed25519:
      return Scheme::ed25519;
    case KeyType::rsa:
      return Scheme::rsassa_pss_sha256;
    case KeyType::ecdsa_p256:
      return Scheme::ecdsa_sha256;
  }
  abort_with("scheme_of: no such key type");
}

}  // namespace rota::crypto
