// Keys of the owner: a new one, and what a root calls one.
#pragma once

#include "tuf/metadata.h"

namespace rota::ceremony {

// Ed25519, or RSA of 4096 bit.
Result<crypto::PrivateKey> new_owner_key(crypto::KeyType type);

// The id that the root lists the key under; where it does not list it, the one that it would get.
tuf::KeyId id_in(const tuf::Root& root, const crypto::PublicKey& key);

}  // namespace rota::ceremony
