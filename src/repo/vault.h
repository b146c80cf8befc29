// Private keys and the first archive in the database, each sealed under the seal key with its place as context, so that
// no row can be moved to another factory or role. What is destroyed is overwritten (the database's secure deletion).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/secret.h"
#include "store/sqlite.h"
#include "tuf/sign.h"

namespace rota::repo {

struct OnlineKey {
  enum class State {
    waiting,  // for a root that lists it
    active,
  };
  tuf::Role role;
  tuf::KeyId id;
  State state;
  tuf::KeySigner signer;
};

class Vault {
 public:
  Vault(store::Database& db, const crypto::SecretBytes& seal_key) : db_(db), seal_key_(seal_key) {}
  Status make_tables();
  // denied when a stored key does not open: the seal key is not the one this database was made with.
  Status check_seal_key() const;

  Status add_online(const std::string& factory, const OnlineKey& key, const crypto::PrivateKey& secret, Time now);
  Result<std::vector<OnlineKey>> online(const std::string& factory) const;  // by role, oldest first
  // Under these newest roots of the streams: waiting keys that one of them lists are active from now on, active keys
  // that none lists are destroyed.
  Status follow(const std::string& factory, const std::vector<const tuf::Root*>& roots);
  // A key that waits; not_found: it does not.
  Status drop_waiting(const std::string& factory, tuf::Role role, const tuf::KeyId& id);

  // Root keys that were made here (repo-api.md 5): held until they are handed over.
  Status add_first_root(const std::string& factory, const crypto::PrivateKey& secret, Time now);
  Result<crypto::PrivateKey> first_root(const std::string& factory,
                                        const tuf::KeyId& id) const;  // not_found: sealed, gone
  // Out of use at once; a sealed copy stays until erased. not_found: not held.
  Status retire_first_root(const std::string& factory, const tuf::KeyId& id, Time now);
  Status retire_first_roots(const std::string& factory, Time now);
  // The first root key whose key file has this digest, whether held or retired; not_found: none.
  Result<tuf::KeyId> first_root_with_file(const std::string& factory, std::string_view sha256_hex) const;
  // Erases the first root keys that `root` does not list for the role root, and the archive if it holds one of them.
  Status erase_first_roots_not_in(const std::string& factory, const tuf::Root& root);
  // Erases what was retired before `until`, and the archive with it. For a transaction of the caller.
  Status erase_retired(const std::string& factory, Time until);

  Status put_archive(const std::string& factory, BytesView archive, Time now);
  // not_found once confirmed, and while a key in it is retired.
  Result<crypto::SecretBytes> archive(const std::string& factory) const;
  // Erases the archive and retires the first root keys. conflict: another digest; ok when it was confirmed with this
  // one.
  Status confirm_archive(const std::string& factory, std::string_view sha256_hex, Time now);

 private:
  Result<crypto::PrivateKey> open_key(const std::string& context, BytesView sealed) const;
  Status erase_archive(const std::string& factory);
  store::Database& db_;
  const crypto::SecretBytes& seal_key_;
};

}  // namespace rota::repo
