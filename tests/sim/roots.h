// Root chains for tests, made of Ed25519 keys whose seed is one byte repeated.
#pragma once

#include <string>
#include <vector>

#include "tuf/sign.h"

namespace rota::sim {

crypto::PrivateKey key_of(char seed);

struct RootRecipe {
  tuf::Version version = 1;
  std::string root_keys = "1";   // one character, one key
  std::string targets_keys = "t";
  std::int64_t root_threshold = 1, targets_threshold = 1;
  std::string expires = "2036-01-01T00:00:00Z";
  Json extras = {};              // further members of "signed"
};
Json root_body(const RootRecipe& recipe);
// Signed by these keys, in this order.
Bytes signed_root(const Json& body, std::string_view keys);
Bytes envelope_without_signatures(const Json& body);

// Root 1 by key '1'; root 2 hands over to key '2' (offline-root), with targets keys 't' (online) and 'o' (offline):
// what a new factory of Rota's server has.
std::vector<Bytes> new_factory_roots();

}  // namespace rota::sim
