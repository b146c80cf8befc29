#include "ceremony/owner_key.h"

namespace rota::ceremony {
namespace {

constexpr int kRsaBits = 4096;

}  // namespace

Result<crypto::PrivateKey> new_owner_key(const NewKeyWish& wish) {
  if (!wish.home.empty()) {
    if (wish.homes == nullptr) abort_with("new_owner_key: a home without a way to it");
    return wish.homes->new_key(wish.home, wish.type);
  }
  return wish.type == crypto::KeyType::rsa ? crypto::PrivateKey::generate_rsa(kRsaBits)
                                      : crypto::PrivateKey::generate_ed25519();
}

tuf::KeyId id_in(const tuf::Root& root, const crypto::PublicKey& key) {
  for (const auto& [id, known] : root.keys)
    if (known == key) return id;
  return tuf::key_id(key);
}

}  // namespace rota::ceremony
