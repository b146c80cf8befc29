// What a factory serves at one moment, and what it serves after a change: signing and checking, no database.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "repo/ledger.h"
#include "repo/repositories.h"
#include "repo/vault.h"

namespace rota::repo {

constexpr Seconds kTimestampLife = days(7), kSnapshotLife = days(90), kTargetsLife = days(90), kRootLife = days(365);

// Immutable.
struct Standing {
  std::string factory;
  std::vector<std::shared_ptr<const Bytes>> roots;  // from version 1
  std::shared_ptr<const tuf::Trusted<tuf::Root>> reached;  // one of them, verified step by step from root 1; null: none yet
  tuf::Floors floors;                               // the versions served: the next ones are above them
  Time timestamp_expires, snapshot_expires, targets_expires;
  std::shared_ptr<const Published> published;
  std::map<tuf::Version, std::shared_ptr<const Bytes>> production;  // own roots of that stream; the first follows a ci root
  std::shared_ptr<const tuf::Trusted<tuf::Root>> production_reached;  // one of them, as `reached`
};

// The newest root, reached from the oldest a device may hold: the walk goes on at `reached`. rejected: a step does not verify.
Result<tuf::Trusted<tuf::Root>> newest_root(const Standing& standing);

// `root` as the successor of the newest one. rejected: it is none.
Result<tuf::Trusted<tuf::Root>> root_after(const Standing& standing, const Bytes& root);
tuf::Version next_root_version(const Standing& standing);

// The newest root of the production stream, verified from the ci root that its first one follows; nullopt: there is none.
// rejected: a step does not verify.
Result<std::optional<tuf::Trusted<tuf::Root>>> newest_production_root(const Standing& standing);
// The root that production root `version` has to follow: the newest one, or that of ci. rejected: there is none.
Result<tuf::Trusted<tuf::Root>> production_base(const Standing& standing, tuf::Version version);

// Before the first generation: roots only, generation 0, empty files.
Standing unpublished(const std::string& factory, const std::string& repo_id, const std::vector<Bytes>& roots);

// A factory's row and files as a standing. Verified from root 1 on; may be expired: the server was away.
Result<Standing> standing_of(const std::string& factory, const LedgerEntry& entry);

struct Change {
  std::optional<Bytes> root = {};         // the next root, canonical envelope
  std::optional<Bytes> targets = {};      // signed elsewhere, canonical envelope
  std::optional<Json> targets_body = {};  // to be signed here; its version and expiry are set here
  std::vector<Json> targets_signatures = {};  // with a root: to go onto the present targets
  std::optional<Bytes> production_root = {};  // the next one of that stream, canonical envelope
  std::map<std::string, std::vector<Json>> tag_signatures = {}, wave_signatures = {};  // for production targets in use
  enum class Snapshot { as_needed, renewed };
  Snapshot snapshot = Snapshot::as_needed;
};

// The generation after `before`: what `change` says, everything online re-signed as needed, a new timestamp in any
// case, and the whole of it verified as a device that holds `before` would. rejected, expired: a device would refuse
// it. unavailable: a role's key is not online.
Result<Standing> standing_after(const Standing& before, const Change& change, const std::vector<OnlineKey>& keys,
                                Time now);

// The keys among `keys` that `root` lists for `role`.
std::vector<const tuf::Signer*> signers_of(const std::vector<OnlineKey>& keys, const tuf::Root& root, tuf::Role role);

// True when online keys alone meet the role's threshold.
bool can_sign(const std::vector<OnlineKey>& keys, const tuf::Root& root, tuf::Role role);

// {"signatures":…,"signed":…} of any spelling as canonical bytes; other members are dropped. rejected: not strict JSON,
// not an envelope, longer than the role may be.
Result<Bytes> canonical_envelope(BytesView bytes, tuf::Role role);

Json empty_targets();
// `meta` entry of a file: version, length, sha256.
Json file_meta(tuf::Version version, BytesView bytes);

}  // namespace rota::repo
