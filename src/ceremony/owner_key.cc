#include "ceremony/owner_key.h"

namespace rota::ceremony {
namespace {

constexpr int kRsaBits = 4096;

}  // namespace

Result<crypto::PrivateKey> new_owner_key(crypto::KeyType type) {
  return type == crypto::KeyType::rsa ? crypto::PrivateKey::generate_rsa(kRsaBits)
                                      : crypto::PrivateKey::generate_ed25519();
}

tuf::KeyId id_in(const tuf::Root& root, const crypto::PublicKey& key) {
  for (const auto& [id, known] : root.keys)
    if (known == key) return id;
  return tuf::key_id(key);
}

}  // namespace rota::ceremony
