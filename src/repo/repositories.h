// A factory's TUF repository on the server: accepts finished roots, publishes targets -> snapshot -> timestamp as one
// generation.
// In:    signed roots and targets, descriptions of new targets.
// Out:   whole generations that a device's own verifier accepts, from the oldest root a device may hold.
// Never: half a generation; a version twice or lower; an online private key outside; a root that a device would refuse.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "crypto/secret.h"
#include "repo/first_archive.h"
#include "store/sqlite.h"
#include "tuf/admit.h"
#include "tuf/verify.h"

namespace rota::repo {

// One published state, immutable; readers keep it for as long as a request takes.
struct Published {
  std::int64_t generation = 0;
  std::string repo_id;                // uuid
  std::shared_ptr<const Bytes> root;  // newest, canonical envelope, as served
  tuf::Version root_version = 0;
  std::shared_ptr<const Bytes> timestamp, snapshot, targets;
  std::string targets_checksum;  // hex sha256 of the targets envelope
  std::vector<tuf::Target> target_list;
  std::shared_ptr<const Bytes> targets_gzip, snapshot_gzip;  // the same, packed once; null: not worth it
  std::shared_ptr<const Bytes> production_root = {};  // newest of that stream, as served; null: it has none
  tuf::Version production_version = 0;
};

struct NewFactory {
  std::string name;
  tuf::Dialect dialect = tuf::Dialect::uptane;
  crypto::KeyType key_type = crypto::KeyType::ed25519;  // of the root and offline targets keys
  std::string api_url = {};                             // for config.json and credentials.zip in the first archive
  std::string api_token = {};                           // the owner's client secret, goes into the archive only
};

// Why a root or targets file was refused, in the words of repo-api.md 3 and 6.
struct Refusal {
  std::string code;  // "invalid_root_role", "role_checksum_mismatch", "invalid_version_bump", …
  std::string description;
  std::vector<std::string> cause;  // every fault
  int status = 400;
};
template <typename T>
using Accepted = std::variant<T, Refusal>;

// A root that waits for targets signed by the keys it names: nothing is published yet.
struct Staged {
  tuf::Version version = 0;
};
using RootAnswer = std::variant<tuf::Version, Staged, Refusal>;

struct RootOptions {
  tuf::Allowed allowed;  // ?allow-weaker=1 puts every name in, ?force-expiry=1 sets short_expiry
};

// Safe to use from many threads. Publications of all factories take turns; readers never wait for one.
class Repositories {
 public:
  // Tables are made on first use. `seal_key` wraps every private key in the database. Every factory's set is verified
  // from its root 1; a set that does not verify, or a seal key that does not open the keys (denied), is an error.
  static Result<std::unique_ptr<Repositories>> open(store::Database& db, const crypto::SecretBytes& seal_key,
                                                    const Clock& clock);
  ~Repositories();

  // Roots 1 and 2, online keys, empty targets, first generation, first archive: one transaction. conflict: name taken.
  // bad_input: not [a-z0-9][a-z0-9-]{0,47}.
  // The tuf dialect is not offered yet (bad_input).
  Status create(const NewFactory& factory);
  Result<std::vector<std::string>> factories() const;
  // not_found: no such factory. Cheap: from memory.
  Result<std::shared_ptr<const Published>> published(std::string_view factory) const;
  // N.root.json as served; not_found past the newest.
  Result<std::shared_ptr<const Bytes>> root(std::string_view factory, tuf::Version version) const;
  // Roots `first`, first + 1, … to the newest, at most `most` of them; not_found where root(first) is.
  Result<std::vector<std::shared_ptr<const Bytes>>> roots_from(std::string_view factory, tuf::Version first,
                                                               std::size_t most) const;
  // The same of the production stream, whose roots before its first own one are those of ci; not_found: it has none.
  Result<std::vector<std::shared_ptr<const Bytes>>> production_roots_from(std::string_view factory, tuf::Version first,
                                                                          std::size_t most) const;
  // The newest root's body with version + 1 and a new expiry, unsigned: where a rotation starts.
  Result<Json> next_root_body(std::string_view factory) const;

  // POST root. Verified against the newest root, admitted by tuf::admit_root, everything online re-signed as needed,
  // the set verified from every root a device may hold, one transaction. Online keys no longer listed are destroyed.
  // `targets-signatures` beside `signed` are put on the present targets, in the same generation. A root whose targets
  // keys neither the server holds nor has signatures of is staged: published together with the next targets that are
  // signed for it, replaced by the next staged one, dropped when another root is published. 409 lock_step: the
  // production chain is behind already.
  Result<RootAnswer> accept_root(std::string_view factory, BytesView envelope, const RootOptions& options);
  // PUT targets. `checksum`: of the file it replaces. The new checksum; the present one, and nothing published, when the
  // same file is pushed again. Targets signed for the staged root publish it.
  Result<Accepted<std::string>> accept_targets(std::string_view factory, BytesView envelope,
                                               std::optional<std::string> checksum);
  // Adds targets signed by the online key; the targets version published. conflict: the name exists with other content
  // (equal content: the present version). rejected: does not fit 8 MiB, form. unavailable: the targets key is offline.
  Result<tuf::Version> add_targets(std::string_view factory, const std::vector<tuf::Target>& targets);
  // Re-signs what has less than half of its life left (timestamp 7 d, snapshot 90 d, targets 90 d when an online key
  // signed them), forgets files of 90 d ago and erases retired first root keys after 24 h. For a scheduler.
  Status refresh(std::string_view factory);

  // A new online key that waits for a root that lists it. Its public half. bad_input: the role root, an EC key.
  Result<crypto::PublicKey> new_online_key(std::string_view factory, tuf::Role role, crypto::KeyType type);

  // The one that signs targets here; not_found: the newest root lists none.
  Result<crypto::PublicKey> online_targets_key(std::string_view factory) const;

  // The first root key archive (repo-api.md 5): may be fetched until confirmed with its sha256, until a key in it is
  // sealed, or until a root is accepted; then not_found.
  Result<Bytes> first_archive(std::string_view factory);
  // Erases the archive and retires the first root keys. conflict: another digest; the same one again is fine. The digest
  // of a first root key's file (repo/first_archive.h) confirms that key alone.
  Status confirm_first_archive(std::string_view factory, std::string_view sha256_hex);
  Status confirm_first_root(std::string_view factory, std::string_view sha256_hex);  // not_found: not its file
  // GET/DELETE root/private_keys/<id>: the root keys that were made here (of roots 1 and 2) only, while they are held.
  // After `seal` a copy nobody can read stays until a root without the key is accepted, or 24 h.
  Result<crypto::PrivateKey> first_root_key(std::string_view factory, const tuf::KeyId& id);
  Status seal_first_root_key(std::string_view factory, const tuf::KeyId& id);
  // credentials.zip of the factory (repo-api.md 9).
  Result<Bytes> credentials_zip(std::string_view factory, std::string_view api_url, const Proof& proof) const;

 private:
  friend class Production;   // repo/production.h
  friend class RootUpdates;  // repo/root_updates.h
  struct Impl;
  explicit Repositories(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::repo
