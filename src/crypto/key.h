// Keys that exist are valid: of a known type, well formed, of an allowed size.
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "crypto/secret.h"

namespace rota::crypto {

enum class KeyType { ed25519, rsa, ecdsa_p256, ecdsa_p384 };

enum class Scheme {
  ed25519,            // RFC 8032, over the bytes themselves
  rsassa_pss_sha256,  // RFC 8017, MGF1 with SHA-256; signs with salt length 32, verifies any
  ecdsa_sha256,       // FIPS 186-5 over P-256, DER signature; verify only
  ecdsa_sha384,       // the same over P-384
};

class NativeKey;  // the library's key; its insides are known to this folder only

// Two keys are equal when their SubjectPublicKeyInfo DER is equal. Copies share one immutable key; threads may use it.
class PublicKey {
 public:
  // 64 hex digits of any case. bad_input otherwise, and for a point of small order: anybody could sign for it.
  static Result<PublicKey> from_ed25519_hex(std::string_view text);
  // PEM "PUBLIC KEY" (CRLF or missing last line end allowed): RSA of 2048 to 8192 bit, P-256, P-384 or Ed25519.
  // bad_input otherwise.
  static Result<PublicKey> from_pem(std::string_view pem);
  // The same keys in DER (RFC 5280 4.1.2.7); nothing may follow. What spki_der() returns is this key's one DER
  // spelling.
  static Result<PublicKey> from_spki_der(BytesView der);
  // 0x04 ‖ x ‖ y. bad_input for another length, spelling, or a point that is not on the curve of `type`.
  static Result<PublicKey> from_ec_point(KeyType type, BytesView point);

  KeyType type() const { return type_; }
  int bits() const { return bits_; }  // RSA modulus size; 384 for P-384; 256 for the others
  const Bytes& spki_der() const { return spki_der_; }
  std::string pem() const;          // 64 columns, LF, final LF
  std::string ed25519_hex() const;  // empty for other types
  // True when `signature` over `message` verifies under this key and scheme. A scheme that does not fit the type is
  // false.
  bool verifies(Scheme scheme, BytesView message, BytesView signature) const;
  // The salt length found in a valid PSS signature, or -1.
  int pss_salt_length(BytesView message, BytesView signature) const;

  bool operator==(const PublicKey& other) const { return spki_der_ == other.spki_der_; }
  bool operator<(const PublicKey& other) const { return spki_der_ < other.spki_der_; }

  // For this folder: a key the library has read already, judged by the same rules.
  static Result<PublicKey> from_native(std::shared_ptr<const NativeKey> native);
  const NativeKey& native() const { return *native_; }

 private:
  PublicKey(KeyType type, int bits, Bytes spki_der, std::shared_ptr<const NativeKey> native);
  static Result<PublicKey> judged(Bytes spki_der, std::shared_ptr<const NativeKey> native);
  KeyType type_;
  int bits_;
  Bytes spki_der_;
  std::shared_ptr<const NativeKey> native_;
};

// Copies share one immutable key, which the library wipes when the last of them is gone. A PublicKey taken from it
// holds no private part.
class PrivateKey {
 public:
  static Result<PrivateKey> generate_ed25519();
  static Result<PrivateKey> generate_rsa(int bits);                      // bad_input below 2048 or above 8192
  static Result<PrivateKey> generate_p256();                             // for TLS and CAs
  static Result<PrivateKey> from_ed25519_seed(const SecretBytes& seed);  // 32 bytes
  // PEM "RSA PRIVATE KEY" (PKCS#1), "EC PRIVATE KEY" or "PRIVATE KEY" (PKCS#8), without a passphrase. bad_input for
  // another key than PublicKey takes, for P-384, and when the private half does not belong to the public one.
  static Result<PrivateKey> from_pem(const SecretBytes& pem);

  const PublicKey& public_key() const { return public_key_; }
  // In the scheme of the key's type. bad_input for P-256, which signs nothing but TLS and certificates (formats.md 6);
  // io when the library fails.
  Result<Bytes> sign(BytesView message) const;

  SecretBytes ed25519_seed() const;  // 32 bytes; aborts for other types
  SecretBytes pkcs1_pem() const;     // aborts unless RSA
  SecretBytes pkcs8_pem() const;

  const NativeKey& native() const { return *native_; }  // for this folder

 private:
  PrivateKey(PublicKey pub, std::shared_ptr<const NativeKey> native);
  static Result<PrivateKey> from_native(std::shared_ptr<const NativeKey> native);
  PublicKey public_key_;
  std::shared_ptr<const NativeKey> native_;
};

Scheme scheme_of(KeyType type);

}  // namespace rota::crypto
