#include "tuf/verify.h"

#include <algorithm>

#include "crypto/hash.h"
#include "tuf/early_tally.h"
#include "tuf/tally.h"

namespace rota::tuf {

// The one maker of Trusted and Fresh.
struct Chain {
  template <typename T>
  static Trusted<T> trusted(T value, FileBytes raw) {
    return Trusted<T>(std::move(value), std::move(raw));
  }
  template <typename T>
  static Fresh<T> fresh(Trusted<T> value) {
    return Fresh<T>(std::move(value));
  }
};

namespace {

// TUF 5.1: expired at the very instant it names.
template <typename T>
Result<Fresh<T>> unexpired(Trusted<T> value, Time now, std::string_view name) {
  if (now < value->expires) return Chain::fresh(std::move(value));
  return Error{Fault::expired,
               std::string(name) + ": expires: want after " + rfc3339(now) + ", got " + rfc3339(value->expires)};
}

Status not_below(std::string_view what, Version floor, Version got) {
  if (got >= floor) return {};
  return want_got(what, "at least " + std::to_string(floor), std::to_string(got));
}

Status same_version(std::string_view what, Version want, Version got) {
  if (got == want) return {};
  return want_got(what, want, got);
}

std::string digest(std::string_view algorithm, BytesView bytes) {
  if (algorithm == "sha256") return crypto::sha256_hex(bytes);
  if (algorithm == "sha512") return hex(crypto::sha512(bytes));
  return {};
}

// True when every hash of a known algorithm is that of `bytes`, and there is one.
bool has_hashes(const FileMeta& meta, BytesView bytes) {
  bool compared = false;
  for (const auto& [algorithm, want] : meta.hashes) {
    const std::string got = digest(algorithm, bytes);
    if (!got.empty() && got != want) return false;
    compared = compared || !got.empty();
  }
  return compared;
}

// The file again as its canonical envelope: what servers of the uptane dialect hash (formats.md 7).
bool has_canonical_hashes(const FileMeta& meta, BytesView bytes) {
  const auto json = parse_json(bytes, {.numbers = JsonRules::Numbers::any, .max_bytes = bytes.size()});
  if (!json.ok()) return false;
  return has_hashes(meta, canonical(*json, CanonicalForm::uptane)) ||
         has_hashes(meta, canonical(*json, CanonicalForm::device));
}

// TUF 5.5.2, 5.6.2: length and hashes, where the file before gives them.
Status is_the_listed(const FileMeta& meta, BytesView bytes, Dialect dialect, const std::string& name) {
  if (meta.length && *meta.length != static_cast<std::int64_t>(bytes.size()))
    return want_got(name + ": length", *meta.length, static_cast<long long>(bytes.size()));
  if (meta.hashes.empty() || has_hashes(meta, bytes)) return {};
  if (dialect == Dialect::uptane && has_canonical_hashes(meta, bytes)) return {};
  const auto& [algorithm, want] = *meta.hashes.begin();
  return want_got(name + ": hash", algorithm + " " + want, digest(algorithm, bytes));
}

Result<SignedFile> file_of(const Root& root, Role role, FileBytes bytes) {
  return TRY_IN(name_of(role), read_signed(std::move(bytes), max_size(role, root.dialect)));
}

Status signed_for(const Root& root, Role role, const SignedFile& file) {
  SignedBytes covered(file.body, file.covered, file.dialect);
  return signed_by(authority(root, role), {file.dialect, file.signatures, covered}, name_of(role));
}

// Of a targets file the text alone tells all forms: its tree may lack entries.
Status targets_signed_by(const Authority& by, const SignedFile& file, std::string_view what) {
  SignedBytes covered =
      file.covered ? SignedBytes(*file.covered, file.dialect) : SignedBytes(file.body, std::nullopt, file.dialect);
  return signed_by(by, {file.dialect, file.signatures, covered}, what);
}

// TUF 5.6: a targets file, top-level or delegated, by whoever answers for it.
Result<Trusted<Targets>> listed_targets(const Authority& by, const FileMeta& listed, FileBytes bytes,
                                        const Reading& reading) {
  const std::size_t limit = reading.max_bytes == 0 ? max_size(Role::targets, by.dialect) : reading.max_bytes;
  EarlyTally early(by, bytes);
  auto file = TRY_IN(by.name, read_signed_targets(bytes, limit, reading.wanted));
  TRY(is_the_listed(listed, bytes, by.dialect, by.name));  // TUF 5.6.2
  auto next = TRY(read_targets(file.body, std::exchange(file.entries, std::nullopt), reading.wanted));
  if (!early.met(file)) TRY(targets_signed_by(by, file, by.name));         // TUF 5.6.3
  TRY(same_version(by.name + ": version", listed.version, next.version));  // TUF 5.6.4
  return Chain::trusted(std::move(next), std::move(bytes));
}

// The stored timestamp as the answer to another one of its version (TUF 5.4.3.1); nullopt when it does not verify any
// more.
std::optional<Trusted<Timestamp>> stored_with_version(const Root& root, const Floors& floors, Version version) {
  const auto file = file_of(root, Role::timestamp, floors.stored_timestamp);
  if (!file.ok() || !signed_for(root, Role::timestamp, *file).ok()) return std::nullopt;
  auto stored = read_timestamp(*file);
  if (!stored.ok() || stored->version != version) return std::nullopt;
  return Chain::trusted(std::move(stored).value(), floors.stored_timestamp);
}

// TUF 5.5.5: no file that was listed disappears or goes down.
Status keeps_what_was_listed(const Snapshot& next, const std::map<std::string, Version>& listed) {
  auto file = next.meta.begin();  // both are sorted
  for (const auto& [name, version] : listed) {
    file = std::find_if(file, next.meta.end(), [&](const auto& one) { return one.first == name; });
    if (file == next.meta.end())
      return want_got("snapshot: meta: " + name, "at least " + std::to_string(version), "nothing");
    if (file->second.version < version) return not_below("snapshot: meta: " + name, version, file->second.version);
  }
  return {};
}

bool lost_a_key(const Root& before, const Root& after, Role role) {
  const auto still = after.material(role);
  return std::ranges::any_of(before.material(role), [&](const auto& key) { return !still.contains(key); });
}

bool meets_threshold(const Root& root, Role role, const FileBytes& bytes) {
  const auto file = file_of(root, role, bytes);
  return file.ok() && signed_for(root, role, *file).ok();
}

void forget_snapshot_and_timestamp(Floors& floors, Dialect dialect) {
  floors.timestamp = floors.snapshot = 0;
  if (dialect == Dialect::tuf) floors.targets = 0;
  floors.listed.clear();
  floors.stored_timestamp = {};
}

void forget_targets(Floors& floors) {
  floors.targets = 0;
  floors.listed.erase("targets.json");
}

}  // namespace

Result<Trusted<Root>> anchor_root(FileBytes bytes) {
  auto file = TRY_IN("root", read_signed(bytes, max_size(Role::root, Dialect::tuf)));
  auto root = TRY(read_root_body(std::move(file.body)));
  if (bytes.size() > max_size(Role::root, root.dialect))
    return want_got("root: size", "at most " + std::to_string(kMaxRoot) + " bytes", std::to_string(bytes.size()));
  SignedBytes covered(root.body, file.covered, file.dialect);
  const Signatures signatures{file.dialect, file.signatures, covered};
  TRY(signed_by(authority(root, Role::root), signatures, "root " + std::to_string(root.version) + " by its own keys"));
  return Chain::trusted(std::move(root), std::move(bytes));
}

Result<Trusted<Root>> next_root(const Trusted<Root>& trusted, FileBytes bytes) {
  auto file = TRY(file_of(*trusted, Role::root, bytes));
  auto next = TRY(read_root_body(std::move(file.body), *trusted));
  SignedBytes covered(next.body, file.covered, file.dialect);
  const Signatures signatures{file.dialect, file.signatures, covered};
  const std::string name = "root " + std::to_string(next.version);
  const std::string old_keys = " by the keys of root " + std::to_string(trusted->version);
  TRY(signed_by(authority(*trusted, Role::root), signatures, name + old_keys));        // TUF 5.3.4
  TRY(signed_by(authority(next, Role::root), signatures, name + " by its own keys"));  // TUF 5.3.4
  TRY(same_version("root: version", trusted->version + 1, next.version));              // TUF 5.3.5
  return Chain::trusted(std::move(next), std::move(bytes));
}

Result<Fresh<Root>> fresh(Trusted<Root> root, Time now) {
  return unexpired(std::move(root), now, "root");
}

std::map<std::string, Version> versions_listed(const Snapshot& snapshot) {
  std::map<std::string, Version> versions;
  for (const auto& [file, meta] : snapshot.meta) versions.emplace_hint(versions.end(), file, meta.version);
  return versions;
}

Floors floors_after(const Root& before, const Root& after, Floors floors) {
  if (lost_a_key(before, after, Role::timestamp) || lost_a_key(before, after, Role::snapshot))
    forget_snapshot_and_timestamp(floors, after.dialect);
  if (lost_a_key(before, after, Role::targets)) forget_targets(floors);
  return floors;
}

Floors floors_over(const Root& root, const Generation& stored, Floors floors) {
  const auto fails = [&](Role role, const FileBytes& bytes) {
    return !bytes.empty() && !meets_threshold(root, role, bytes);
  };
  if (fails(Role::timestamp, stored.timestamp) || fails(Role::snapshot, stored.snapshot))
    forget_snapshot_and_timestamp(floors, root.dialect);
  if (fails(Role::targets, stored.targets)) forget_targets(floors);
  return floors;
}

Result<Trusted<Timestamp>> next_timestamp(const Fresh<Root>& root, const Floors& floors, FileBytes bytes) {
  const auto file = TRY(file_of(*root, Role::timestamp, bytes));
  auto next = TRY(read_timestamp(file));
  TRY(signed_for(*root, Role::timestamp, file));                         // TUF 5.4.2
  TRY(not_below("timestamp: version", floors.timestamp, next.version));  // TUF 5.4.3.1
  if (auto stored = stored_with_version(*root, floors, next.version)) return *std::move(stored);
  TRY(not_below("timestamp: version of snapshot", floors.snapshot, next.snapshot.version));  // TUF 5.4.3.2
  return Chain::trusted(std::move(next), bytes);
}

Result<Fresh<Timestamp>> fresh(Trusted<Timestamp> timestamp, Time now) {
  return unexpired(std::move(timestamp), now, "timestamp");
}

Result<Trusted<Snapshot>> next_snapshot(const Fresh<Root>& root, const Fresh<Timestamp>& timestamp,
                                        const Floors& floors, FileBytes bytes) {
  const auto file = TRY(file_of(*root, Role::snapshot, bytes));
  TRY(is_the_listed(timestamp->snapshot, bytes, root->dialect, "snapshot"));  // TUF 5.5.2
  auto next = TRY(read_snapshot(file));
  TRY(signed_for(*root, Role::snapshot, file));                                       // TUF 5.5.3
  TRY(same_version("snapshot: version", timestamp->snapshot.version, next.version));  // TUF 5.5.4
  TRY(not_below("snapshot: version", floors.snapshot, next.version));
  TRY(keeps_what_was_listed(next, floors.listed));  // TUF 5.5.5
  return Chain::trusted(std::move(next), bytes);
}

Result<Fresh<Snapshot>> fresh(Trusted<Snapshot> snapshot, Time now) {
  return unexpired(std::move(snapshot), now, "snapshot");
}

Result<Trusted<Targets>> next_targets(const Fresh<Root>& root, const Fresh<Snapshot>& snapshot, const Floors& floors,
                                      FileBytes bytes, const Reading& reading) {
  const FileMeta& listed = snapshot->meta.at("targets.json");
  auto next = TRY(listed_targets(authority(*root, Role::targets), listed, std::move(bytes), reading));
  TRY(not_below("targets: version", floors.targets, next->version));
  return next;
}

Result<Trusted<Targets>> next_delegated(const Authority& by, const FileMeta& listed, FileBytes bytes,
                                        const Reading& reading) {
  return listed_targets(by, listed, std::move(bytes), reading);
}

Result<Fresh<Targets>> fresh(Trusted<Targets> targets, Time now) {
  return unexpired(std::move(targets), now, "targets");
}

Result<Trusted<Targets>> targets_under(const Root& root, FileBytes bytes) {
  const Authority by = authority(root, Role::targets);
  auto file = TRY_IN("targets", read_signed_targets(bytes, max_size(Role::targets, root.dialect), Wanted::all()));
  auto targets = TRY(read_targets(file));
  TRY(targets_signed_by(by, file, "targets by the keys of " + by.delegator));
  return Chain::trusted(std::move(targets), std::move(bytes));
}

Result<VerifiedSet> verify_set(const Trusted<Root>& root, const Floors& floors, const Generation& generation, Time now,
                               const Reading& reading) {
  auto last = TRY(fresh(root, now));
  auto next = TRY(next_timestamp(last, floors, generation.timestamp));
  auto timestamp = TRY(fresh(std::move(next), now));
  auto listing = TRY(next_snapshot(last, timestamp, floors, generation.snapshot));
  auto snapshot = TRY(fresh(std::move(listing), now));
  auto offers = TRY(next_targets(last, snapshot, floors, generation.targets, reading));
  auto targets = TRY(fresh(std::move(offers), now));
  return VerifiedSet{std::move(last), std::move(timestamp), std::move(snapshot), std::move(targets)};
}

}  // namespace rota::tuf
