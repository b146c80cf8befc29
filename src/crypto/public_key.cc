#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <bit>

#include "crypto/key.h"
#include "crypto/openssl.h"
#include "crypto/pem.h"
#include "crypto/spki.h"

namespace rota::crypto {
namespace {

constexpr int kMinRsaBits = 2048, kMaxRsaBits = 8192;
constexpr std::size_t kMaxDer = 16 * 1024;

// y of every point of small order, sign bit cleared, little endian; the larger ones are non-canonical as well.
constexpr std::array<std::string_view, 4> kSmallOrder = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
};

// RFC 8032 5.1.3: y below p = 2^255 - 19; p - 1 is left out too, being of order 2.
Status is_strong_ed25519(BytesView raw) {
  Bytes y(raw);
  y[31] = static_cast<char>(y[31] & 0x7f);
  const bool near_p =
      y[31] == '\x7f' && y.find_first_not_of('\xff', 1) == 31 && static_cast<unsigned char>(y[0]) >= 0xec;
  const bool small_order = std::ranges::find(kSmallOrder, hex(y)) != kSmallOrder.end();
  if (near_p || small_order) return bad_input("Ed25519 key: not a canonical point, or one of small order");
  return {};
}

int bits_of(const Spki& key) {
  if (key.type == KeyType::ecdsa_p384) return 384;
  if (key.type != KeyType::rsa) return 256;
  return static_cast<int>(8 * key.modulus.size()) - std::countl_zero(static_cast<unsigned char>(key.modulus[0]));
}

Status is_strong_rsa(const Spki& key) {
  const int bits = bits_of(key);
  if (bits < kMinRsaBits || bits > kMaxRsaBits)
    return bad_input("RSA key: want 2048 to 8192 bit, got " + std::to_string(bits));
  const BytesView exponent = key.exponent;
  const bool odd = (exponent.back() & 1) != 0;
  if (!odd || exponent == "\x01" || exponent.size() > 8)
    return bad_input("RSA key: the exponent is not an odd number of 3 to 2^64");
  return {};
}

using CurveHandle = std::unique_ptr<EC_GROUP, FreedBy<EC_GROUP_free>>;
using PointHandle = std::unique_ptr<EC_POINT, FreedBy<EC_POINT_free>>;

Status is_on_curve(const Spki& key) {
  static const CurveHandle p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  static const CurveHandle p384(EC_GROUP_new_by_curve_name(NID_secp384r1));
  const EC_GROUP* const curve = key.type == KeyType::ecdsa_p256 ? p256.get() : p384.get();
  const PointHandle point(EC_POINT_new(curve));
  if (!point || EC_POINT_oct2point(curve, point.get(), bytes_of(key.point), key.point.size(), nullptr) != 1)
    return bad_input("EC key: " + openssl_reason());
  return {};
}

Status is_strong(const Spki& key) {
  switch (key.type) {
    case KeyType::ed25519:
      return is_strong_ed25519(key.point);
    case KeyType::rsa:
      return is_strong_rsa(key);
    case KeyType::ecdsa_p256:
    case KeyType::ecdsa_p384:
      return is_on_curve(key);
  }
  abort_with("KeyType: not one of its values");
}

Result<KeyType> curve_of(EVP_PKEY* key) {
  char name[64] = {}, spelling[32] = {};
  const bool named = EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) == 1;
  const bool p256 = named && std::string_view(name) == "prime256v1",
             p384 = named && std::string_view(name) == "secp384r1";
  if (!p256 && !p384)
    return bad_input("EC key: want the curve P-256 or P-384, got " + std::string(*name ? name : "another"));
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, spelling, sizeof spelling, nullptr) != 1 ||
      std::string_view(spelling) != OSSL_PKEY_EC_ENCODING_GROUP)
    return bad_input("EC key: the curve is not given by name");
  return p256 ? KeyType::ecdsa_p256 : KeyType::ecdsa_p384;
}

// The point uncompressed, so that one key has one DER. The library's encoder would take 150 µs, a fifth of a handshake.
Result<Bytes> ec_spki_of(EVP_PKEY* key) {
  const KeyType type = TRY(curve_of(key));
  unsigned char* point = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(key, &point);
  const Bytes raw(reinterpret_cast<const char*>(point), size);
  OPENSSL_free(point);
  if (raw.size() != point_size(type)) return bad_input("EC key: " + openssl_reason());
  return spki_of_point(type, raw);
}

Result<Bytes> ed25519_spki_of(EVP_PKEY* key) {
  Bytes raw(point_size(KeyType::ed25519), '\0');
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key, bytes_of(raw), &size) != 1) return bad_input("Ed25519 key: " + openssl_reason());
  return spki_of_point(KeyType::ed25519, raw);
}

DigestHandle verification_begun(EVP_PKEY* key, Scheme scheme) {
  DigestHandle context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* options = nullptr;
  const char* digest = scheme == Scheme::ed25519 ? nullptr : scheme == Scheme::ecdsa_sha384 ? "SHA384" : "SHA256";
  const bool begun = EVP_DigestVerifyInit_ex(context.get(), &options, digest, nullptr, nullptr, key, nullptr) == 1 &&
                     (scheme != Scheme::rsassa_pss_sha256 ||
                      EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1);
  ERR_clear_error();
  return begun ? std::move(context) : nullptr;
}

// In the scheme of the key's type. nullptr: the library fails.
DigestHandle verification(const NativeKey& key, KeyType type) {
  return key.verification([type](EVP_PKEY* native) { return verification_begun(native, scheme_of(type)); });
}

bool verified(const DigestHandle& context, BytesView message, BytesView signature) {
  const int answer =
      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size());
  ERR_clear_error();
  return answer == 1;
}

}  // namespace

PublicKey::PublicKey(KeyType type, int bits, Bytes spki_der, std::shared_ptr<const NativeKey> native)
    : type_(type), bits_(bits), spki_der_(std::move(spki_der)), native_(std::move(native)) {}

Result<PublicKey> PublicKey::from_ed25519_hex(std::string_view text) {
  const Bytes raw = TRY_IN("Ed25519 key", unhex(text));
  if (raw.size() != 32) return bad_input("Ed25519 key: want 64 hex digits, got " + std::to_string(text.size()));
  return from_spki_der(spki_of_point(KeyType::ed25519, raw));
}

Result<PublicKey> PublicKey::from_ec_point(KeyType type, BytesView point) {
  const bool ec = type == KeyType::ecdsa_p256 || type == KeyType::ecdsa_p384;
  if (!ec || point.size() != point_size(type) || point[0] != 0x04)
    return bad_input("EC key: want 0x04 and the two coordinates of its curve, got " + std::to_string(point.size()) +
                     " bytes");
  return from_spki_der(spki_of_point(type, point));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const SecretBytes der = TRY_IN("public key", only_pem_block(pem, "PUBLIC KEY"));
  return from_spki_der(der.reveal());
}

Result<PublicKey> PublicKey::from_spki_der(BytesView der) {
  if (read_spki(der)) return judged(Bytes(der), nullptr);
  if (der.size() > kMaxDer) return bad_input("public key: longer than 16 KiB");
  const unsigned char* at = bytes_of(der);
  KeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return bad_input("public key: " + openssl_reason());
  if (at != bytes_of(der) + der.size()) return bad_input("public key: bytes after its end");
  return from_native(std::make_shared<NativeKey>(std::move(key)));
}

Result<PublicKey> PublicKey::from_native(std::shared_ptr<const NativeKey> native) {
  EVP_PKEY* const key = native->get();
  if (EVP_PKEY_is_a(key, "ED25519")) return judged(TRY(ed25519_spki_of(key)), std::move(native));
  if (EVP_PKEY_is_a(key, "RSA")) return judged(der_of(key, i2d_PUBKEY), std::move(native));
  if (!EVP_PKEY_is_a(key, "EC")) return bad_input("public key: want RSA, P-256, P-384 or Ed25519");
  return judged(TRY(ec_spki_of(key)), std::move(native));
}

Result<PublicKey> PublicKey::judged(Bytes spki_der, std::shared_ptr<const NativeKey> native) {
  const auto spki = read_spki(spki_der);
  if (!spki) return bad_input("public key: it has no DER spelling");
  TRY(is_strong(*spki));
  if (native == nullptr) native = std::make_shared<NativeKey>(spki_der);
  return PublicKey(spki->type, bits_of(*spki), std::move(spki_der), std::move(native));
}

std::string PublicKey::pem() const {
  return pem_text("PUBLIC KEY", spki_der_);
}

std::string PublicKey::ed25519_hex() const {
  return type_ == KeyType::ed25519 ? hex(BytesView(spki_der_).substr(spki_der_.size() - 32)) : std::string();
}

bool PublicKey::verifies(Scheme scheme, BytesView message, BytesView signature) const {
  if (scheme != scheme_of(type_)) return false;
  const DigestHandle context = verification(*native_, type_);
  return context && verified(context, message, signature);  // a PSS salt of any length, unless told otherwise
}

int PublicKey::pss_salt_length(BytesView message, BytesView signature) const {
  if (!verifies(Scheme::rsassa_pss_sha256, message, signature)) return -1;
  const auto has_salt = [&](int length) {
    const DigestHandle context = verification(*native_, type_);
    return context && EVP_PKEY_CTX_set_rsa_pss_saltlen(EVP_MD_CTX_get_pkey_ctx(context.get()), length) == 1 &&
           verified(context, message, signature);
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
    case KeyType::ecdsa_p384:
      return Scheme::ecdsa_sha384;
  }
  abort_with("scheme_of: no such key type");
}

}  // namespace rota::crypto
