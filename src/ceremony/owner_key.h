// Keys of the owner: a new one, and what a root calls one.
#pragma once

#include "keys/key_homes.h"
#include "tuf/metadata.h"

namespace rota::ceremony {

struct NewKeyWish {
  crypto::KeyType type = crypto::KeyType::ed25519;
  std::string home = {};                   // as KeyHomes::new_key has it; empty: in the archive
  const keys::KeyHomes* homes = nullptr;  // wanted where `home` is given
};

// Ed25519, or RSA of 4096 bit; of what size a home makes RSA keys is its own affair.
Result<crypto::PrivateKey> new_owner_key(const NewKeyWish& wish);

// The id that the root lists the key under; where it does not list it, the one that it would get.
tuf::KeyId id_in(const tuf::Root& root, const crypto::PublicKey& key);

}  // namespace rota::ceremony
