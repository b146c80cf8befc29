// TUF 5.3-5.6 as pure functions: every decision about what to believe, and no input or output.
// In:    bytes as received, and what is trusted already.
// Out:   Trusted<T> (signatures, thresholds, versions, hashes hold), Fresh<T> (and not expired at `now`).
// Never: files, network, clocks; state changed by a refusal.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tuf/file_bytes.h"
#include "tuf/metadata.h"

namespace rota::tuf {

// "Enough signatures?" as data. One key (material) is one vote, whatever ids it is listed under.
struct Tally {
  std::int64_t threshold = 0;
  std::vector<KeyId> signed_by;   // one id per key whose signature verified
  std::vector<KeyId> missing;     // ids of the role's other keys
  std::vector<std::string> faults;  // "key 4f1c…: signature does not verify", "key … unknown to this role", …
  bool met() const { return static_cast<std::int64_t>(signed_by.size()) >= threshold; }
};

inline const std::map<KeyId, crypto::PublicKey> kNoKeys;
inline const std::map<KeyId, std::string> kNoneUnusable;

// Whose signatures count for a role; nobody's, unless it says otherwise. Points into the root or the delegations it was taken
// from.
struct Authority {
  std::string name;  // of the role: "targets", or that of a delegated one
  const std::map<KeyId, crypto::PublicKey>* keys = &kNoKeys;
  const std::map<KeyId, std::string>* unusable = &kNoneUnusable;
  RoleKeys role = {};
  Dialect dialect = Dialect::uptane;
  std::string delegator = "its delegator";  // for messages: "root 3"
};
Authority authority(const Root& root, Role role);
Authority authority(const Delegations& delegations, const Speaker& speaker, Dialect dialect);

// Counts the signatures of `envelope` by the keys that `by` lists.
Tally tally(const Authority& by, const Envelope& envelope);
Tally tally(const Root& root, Role role, const Envelope& envelope);
// Ok when met; otherwise rejected: "<what>: 1 of 2 signatures; missing: <ids>; <faults>".
Status signed_by(const Authority& by, const Envelope& envelope, std::string_view what);
Status signed_by(const Root& root, Role role, const Envelope& envelope, std::string_view what);

// T with its signatures checked. Made only by the functions below.
template <typename T>
class Trusted {
 public:
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  const FileBytes& raw() const { return raw_; }  // byte for byte as received

 private:
  Trusted(T value, FileBytes raw) : value_(std::move(value)), raw_(std::move(raw)) {}
  T value_;
  FileBytes raw_;
  friend struct Chain;
};

// Trusted, and not expired at the time it was asked about.
template <typename T>
class Fresh {
 public:
  const T& operator*() const { return *trusted_; }
  const T* operator->() const { return &*trusted_; }
  const Trusted<T>& trusted() const { return trusted_; }

 private:
  explicit Fresh(Trusted<T> trusted) : trusted_(std::move(trusted)) {}
  Trusted<T> trusted_;
  friend struct Chain;
};

// TUF 5.2: a root obtained out of band. Its own form, signatures and threshold are still checked; it may be expired.
Result<Trusted<Root>> anchor_root(FileBytes bytes);

// TUF 5.3.4, 5.3.5: signed by N and by itself, version exactly N+1. May be expired: only the last root must not be.
Result<Trusted<Root>> next_root(const Trusted<Root>& trusted, FileBytes bytes);

// TUF 5.3.10. Metadata expires at the instant it names: fresh only while now < expires (TUF 5.1), `expired` from then on.
// The same holds for every role below.
Result<Fresh<Root>> fresh(Trusted<Root> root, Time now);

// What a device remembers of a role, to refuse going back. Zero: nothing.
struct Floors {
  Version timestamp = 0, snapshot = 0, targets = 0;
  std::map<std::string, Version> listed = {};  // of the stored snapshot: file -> version
  FileBytes stored_timestamp = {};             // byte for byte; empty: none is stored
};

// What a snapshot makes of `listed` once it is trusted.
std::map<std::string, Version> versions_listed(const Snapshot& snapshot);

// TUF 5.3.11: floors after going from root `before` to root `after`. When a key that was trusted for timestamp or snapshot is
// not any more, both floors and what was stored of them are gone; a removed targets key clears the floor of targets. Roles
// that kept their keys keep their floors, so an older set replayed after such a rotation is refused. In the tuf dialect the
// floor of targets goes with those of timestamp and snapshot: TUF knows it through the trusted snapshot alone, and recovers
// from a fast-forwarded targets by new keys for snapshot.
Floors floors_after(const Root& before, const Root& after, Floors floors);

// TUF 5.4: threshold, version >= floor, snapshot version >= floor. A version equal to that of `floors.stored_timestamp` changes
// nothing: the stored one is the answer, whatever the new bytes say, as long as it still verifies under this root.
Result<Trusted<Timestamp>> next_timestamp(const Fresh<Root>& root, const Floors& floors, FileBytes bytes);
Result<Fresh<Timestamp>> fresh(Trusted<Timestamp> timestamp, Time now);

// TUF 5.5: length, hash, version as the timestamp says; threshold; no listed file disappears or goes down.
Result<Trusted<Snapshot>> next_snapshot(const Fresh<Root>& root, const Fresh<Timestamp>& timestamp, const Floors& floors,
                                        FileBytes bytes);
Result<Fresh<Snapshot>> fresh(Trusted<Snapshot> snapshot, Time now);

// How a targets file is read.
struct Reading {
  Wanted wanted = Wanted::all();
  std::size_t max_bytes = 0;  // 0: the dialect's
};

// TUF 5.6: hash, length, version as the snapshot says; threshold; version >= floor.
Result<Trusted<Targets>> next_targets(const Fresh<Root>& root, const Fresh<Snapshot>& snapshot, const Floors& floors,
                                      FileBytes bytes, const Reading& reading = {});
// TUF 5.6.7.1: signed by whom the delegator says; hash, length and version as the snapshot lists the file.
Result<Trusted<Targets>> next_delegated(const Authority& by, const FileMeta& listed, FileBytes bytes,
                                        const Reading& reading = {});
Result<Fresh<Targets>> fresh(Trusted<Targets> targets, Time now);

// Targets alone against a root, without snapshot: what `garage-sign targets pull` checks.
Result<Trusted<Targets>> targets_under(const Root& root, FileBytes bytes);

// The whole set as one function: what the server calls before a generation becomes visible, and a device over its store.
struct Generation {
  FileBytes timestamp, snapshot, targets;
};
// Floors without those of roles whose stored file (empty: none) no longer meets its threshold under `root` (device.md 5.4):
// for a stored set that a threshold was raised over.
Floors floors_over(const Root& root, const Generation& stored, Floors floors);
struct VerifiedSet {
  Fresh<Root> root;
  Fresh<Timestamp> timestamp;
  Fresh<Snapshot> snapshot;
  Fresh<Targets> targets;
};
Result<VerifiedSet> verify_set(const Trusted<Root>& root, const Floors& floors, const Generation& generation, Time now,
                               const Reading& reading = {});

}  // namespace rota::tuf
