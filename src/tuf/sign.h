// Making metadata. The private half stays behind Signer: a file, a token, a program.
#pragma once

#include <vector>

#include "tuf/metadata.h"

namespace rota::tuf {

class Signer {
 public:
  virtual ~Signer() = default;
  virtual const crypto::PublicKey& public_key() const = 0;
  virtual Result<Bytes> sign(BytesView message) const = 0;
};

// A key in memory.
class KeySigner final : public Signer {
 public:
  explicit KeySigner(crypto::PrivateKey key) : key_(std::move(key)) {}
  const crypto::PublicKey& public_key() const override { return key_.public_key(); }
  Result<Bytes> sign(BytesView message) const override { return key_.sign(message); }

 private:
  crypto::PrivateKey key_;
};

// The bytes a signature covers. bad_input when the body leaves the canonical subset (uptane), or holds a number that is no
// integer of at most 2^53-1 (tuf).
Result<Bytes> bytes_to_sign(const Json& body, Dialect dialect = Dialect::uptane);

// {"keyid","method","sig"} over `body` (uptane), {"keyid","sig"} (tuf). `id` is the id the root lists the key under.
Result<Json> signature_json(const Signer& signer, const KeyId& id, const Json& body, Dialect dialect = Dialect::uptane);

// The canonical envelope, as stored and served; one signature per signer, in that order, under the id by which `known_ids`
// (a root's `keys`) lists the same key material, or else under the dialect's own id. bad_input: one key given twice.
Result<Bytes> sign_envelope(const Json& body, const std::vector<const Signer*>& signers,
                            const std::map<KeyId, crypto::PublicKey>& known_ids = {}, Dialect dialect = Dialect::uptane);
// The canonical envelope from parts that are there already.
Bytes envelope_bytes(const Json& body, const Json& signatures);

}  // namespace rota::tuf
