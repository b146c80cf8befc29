// The key archives an owner may hold for sim::new_factory_roots(). For tests that link keys.
#pragma once

#include "keys/archive.h"
#include "keys/key_file.h"
#include "sim/repository.h"
#include "sim/roots.h"

namespace rota::sim {

inline void put_pair(keys::Archive& archive, const std::string& name, char seed) {
  const auto key = key_of(seed);
  archive.put(name + ".pub", crypto::SecretBytes(keys::public_key_file(key.public_key(), keys::KeyFileForm::tufrepo)));
  archive.put(name + ".sec", keys::private_key_file(key, keys::KeyFileForm::tufrepo));
}

// Layout A, as the server hands it out: pinned to root 2, with the address and the credentials.
inline keys::Archive layout_a() {
  keys::Archive archive;
  put_pair(archive, "tufrepo/keys/offline-root", '2');
  put_pair(archive, "tufrepo/keys/offline-targets", 'o');
  put_pair(archive, "tufrepo/keys/root", '1');
  const std::string config =
      R"({"reposerver":"https://api.sim/ota/repo/acme","auth":{"server":"https://api.sim/oauth2",)"
      R"("client_id":"owner@acme","client_secret":"sesame","scope":"none"}})";
  archive.put("tufrepo/config.json", crypto::SecretBytes(std::string(config)));
  archive.put("tufrepo/credentials.zip", crypto::SecretBytes(std::string("PK not really")));
  archive.put("tufrepo/roles/root.json", crypto::SecretBytes(Bytes(new_factory_roots().back())));
  return archive;
}

// Layout B/C: the key of root 2 and nothing else.
inline keys::Archive layout_c() {
  keys::Archive archive;
  archive.add_key(keys::new_key_member("root", key_of('2').public_key()), key_of('2')).value();
  return archive;
}

}  // namespace rota::sim
