// One token and the session with it. Private to this folder; the rest of Rota sees a crypto::PrivateKey (key_homes.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "crypto/key.h"
#include "keys/pkcs11_module.h"
#include "keys/pkcs11_uri.h"

namespace rota::keys {

class Pkcs11Token {
 public:
  // Asks for the PIN of the token that is named; called at most once for a token, and only when it wants one.
  using Pin = std::function<Result<crypto::SecretBytes>(std::string_view token)>;

  // The one token that fits the URI. not_found: none; conflict: several, named.
  static Result<std::unique_ptr<Pkcs11Token>> open(std::shared_ptr<const Pkcs11Module> module, const Pkcs11Uri& uri, Pin pin);
  ~Pkcs11Token();
  Pkcs11Token(const Pkcs11Token&) = delete;
  Pkcs11Token& operator=(const Pkcs11Token&) = delete;

  // "the token 'owner' (serial 0123)"
  std::string description() const;
  const std::string& label() const { return label_; }
  const std::string& serial() const { return serial_; }

  // The public half of the one key pair that fits label and id. nullopt: none. conflict: several. bad_input: a kind of key
  // that Rota does not know.
  Result<std::optional<crypto::PublicKey>> public_key(const Pkcs11Uri& uri);
  // A new pair on the token, its private half neither readable nor copyable. RSA: `kRsaBits`.
  Result<crypto::PublicKey> generate(crypto::KeyType type, const Pkcs11Uri& uri);
  // By the one private key that fits. The bytes are not verified here. denied: wrong PIN, and the token is not asked again
  // by this object: every wrong PIN counts, and after a few it locks.
  Result<Bytes> sign(const Pkcs11Uri& uri, crypto::KeyType type, BytesView message);

  static constexpr CK_ULONG kRsaBits = 3072;

 private:
  Pkcs11Token(std::shared_ptr<const Pkcs11Module> module, CK_SLOT_ID slot, const CK_TOKEN_INFO& about, Pin pin);
  Status begin_session();
  Status log_in();
  Status present_pin(CK_USER_TYPE user);
  Result<std::vector<CK_OBJECT_HANDLE>> find(CK_OBJECT_CLASS kind, const Pkcs11Uri& uri);
  Result<CK_OBJECT_HANDLE> private_half(const Pkcs11Uri& uri);
  Result<Bytes> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
  Result<crypto::PublicKey> material(CK_OBJECT_HANDLE object);
  Result<Bytes> signature(CK_OBJECT_HANDLE key, CK_MECHANISM mechanism, BytesView input);
  Result<Bytes> rsa_signature(CK_OBJECT_HANDLE key, BytesView message);
  bool always_asks(CK_OBJECT_HANDLE key);
  Error failed(std::string_view what, CK_RV answer) const;

  std::shared_ptr<const Pkcs11Module> module_;
  CK_SLOT_ID slot_;
  CK_FLAGS flags_;
  std::string label_, serial_;
  Pin ask_;
  std::optional<CK_SESSION_HANDLE> session_;
  bool logged_in_ = false;
  std::optional<Error> refused_;            // what became of the one PIN that was tried
  std::optional<crypto::SecretBytes> pin_;  // that the token took; for keys that ask at every signature
};

}  // namespace rota::keys
