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

// What a key file says instead of a private value: the member of `keyval`, and its text. No secret.
struct KeyReference {
  std::string home;  // "pkcs11", "tpm2", "signer"
  std::string text;  // a PKCS#11 URI (RFC 7512); a PEM "TSS2 PRIVATE KEY"; a name that a program knows
  bool operator==(const KeyReference&) const = default;
};

// A private half that its home never gives away: a token, a TPM, a program that signs.
class HeldKey {
 public:
  virtual ~HeldKey() = default;
  virtual KeyReference reference() const = 0;
  // In the scheme of the key's type. denied: the home wants another PIN, or refuses; io: it is not there, or fails.
  virtual Result<Bytes> sign(BytesView message) const = 0;
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
  // The private half of `pub` stays where it is, and is not looked for before it signs.
  static PrivateKey held(PublicKey pub, std::shared_ptr<const HeldKey> elsewhere);

  const PublicKey& public_key() const { return public_key_; }
  // Nothing: the private half is here.
  const HeldKey* held_elsewhere() const { return held_.get(); }
  // In the scheme of the key's type. bad_input for P-256, which signs nothing but TLS and certificates (formats.md 6),
  // unless it is held elsewhere; io when the library fails. What a HeldKey signed is verified before it is believed:
  // rejected when it is not of this key, or no signature of ours (an RSA salt of another length).
  Result<Bytes> sign(BytesView message) const;

  // Each aborts for a key that is held elsewhere.
  SecretBytes ed25519_seed() const;  // 32 bytes; aborts for other types
  SecretBytes pkcs1_pem() const;     // aborts unless RSA
  SecretBytes pkcs8_pem() const;

  const NativeKey& native() const;  // for this folder; aborts for a key that is held elsewhere

 private:
  PrivateKey(PublicKey pub, std::shared_ptr<const NativeKey> native, std::shared_ptr<const HeldKey> held);
  static Result<PrivateKey> from_native(std::shared_ptr<const NativeKey> native);
  Result<Bytes> signed_elsewhere(BytesView message) const;
  PublicKey public_key_;
  std::shared_ptr<const NativeKey> native_;  // nullptr: held elsewhere
  std::shared_ptr<const HeldKey> held_;
};

// An ECDSA signature as r ‖ s of equal size, the way tokens give it, in DER (RFC 3279 2.2.3). bad_input for another size
// than two numbers of the curve of `type`.
Result<Bytes> ecdsa_der(KeyType type, BytesView r_and_s);

Scheme scheme_of(KeyType type);

}  // namespace rota::crypto
