// A new factory's keys, roots 1 and 2, empty targets and first generation: made in memory, stored by Repositories.
#pragma once

#include "repo/standing.h"

namespace rota::repo {

struct MadeFactory {
  Standing standing;  // generation 1
  struct Online {
    OnlineKey key;
    crypto::PrivateKey secret;
  };
  std::vector<Online> online;                 // targets, snapshot, timestamp
  std::vector<crypto::PrivateKey> root_keys;  // of root 1, of root 2
  crypto::SecretBytes archive;
};
Result<MadeFactory> make_factory(const NewFactory& wish, Time now);

// bad_input: a type that is not offered.
Result<crypto::PrivateKey> new_key(crypto::KeyType type);

}  // namespace rota::repo
