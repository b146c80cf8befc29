#include "device/refresh.h"

#include <algorithm>

namespace rota::device {
namespace {

using tuf::Fresh;
using tuf::Role;
using tuf::Root;
using tuf::Snapshot;
using tuf::Targets;
using tuf::Timestamp;

// The small files are asked for up to three times within a minute (gateway.h); targets may take their time, as long as
// they keep coming.
constexpr std::size_t kSmall = 64 * 1024;
constexpr Seconds kSmallTimeout{15}, kLargeTimeout{300};

// Errors: not_found is an authenticated 404, nothing else is.
Result<Bytes> fetch_file(Fetcher& server, const std::string& folder, const std::string& name, std::size_t max) {
  const Seconds timeout = max <= kSmall ? kSmallTimeout : kLargeTimeout;
  FetchReply reply = TRY_IN(name, server.fetch({.url = folder + "/" + name, .max_body = max, .timeout = timeout}));
  const std::string answer = name + ": the server answers " + std::to_string(reply.status);
  if (reply.status == 200) return std::move(reply.body);
  if (reply.status == 404) return not_found(answer);
  if (reply.status == 401 || reply.status == 403) return denied(answer, "is this device registered with that factory?");
  return unavailable(answer);
}

class Refresh {
 public:
  Refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy)
      : server_(server), store_(store), trust_(trust), policy_(policy) {}

  Status run() {
    TRY(save_chain());
    TRY(walk_roots());
    auto root = TRY(tuf::fresh(trust_.root, policy_.now));  // TUF 5.3.10
    auto timestamp = TRY(newest_timestamp(root));
    if (is_stored(timestamp)) return trust_.expired ? Status(*trust_.expired) : Status();
    auto snapshot = TRY(listed_snapshot(root, timestamp));
    auto targets = TRY(listed_targets(root, snapshot));
    return keep({std::move(root), std::move(timestamp), std::move(snapshot), std::move(targets)});
  }

 private:
  // Provisioned roots that the store does not hold yet; stored ones that did not verify go.
  Status save_chain() {
    if (!trust_.notices.empty()) TRY(store_.drop_roots_above(trust_.root->version));
    for (const auto& unsaved : trust_.unsaved) TRY(store_.accept_root(*unsaved.root, unsaved.root.raw(), unsaved.floors));
    trust_.unsaved.clear();
    return {};
  }

  // TUF 5.3.2 to 5.3.9.
  Status walk_roots() {
    for (int taken = 0; taken < policy_.max_roots; ++taken) {
      const auto bytes =
          fetch(std::to_string(trust_.root->version + 1) + ".root.json", tuf::max_size(Role::root, trust_.root->dialect));
      if (!bytes.ok() && bytes.error().fault == Fault::not_found) return {};
      if (!bytes.ok()) return bytes.error();
      TRY(take_root(*bytes));
    }
    return unavailable("roots: " + std::to_string(policy_.max_roots) + " taken in one go, there may be more",
                       "the next check goes on from root " + std::to_string(trust_.root->version));
  }

  Status take_root(BytesView bytes) {
    auto next = TRY_IN(std::to_string(trust_.root->version + 1) + ".root.json", tuf::next_root(trust_.root, bytes));
    auto floors = tuf::floors_after(*trust_.root, *next, trust_.floors);  // TUF 5.3.11
    floors = tuf::floors_over(*next, trust_.generation, std::move(floors));
    TRY(store_.accept_root(*next, bytes, floors));  // TUF 5.3.8
    forget_cleared(floors);
    trust_.root = std::move(next);
    trust_.floors = std::move(floors);
    judge_set(trust_, policy_.now);
    return {};
  }

  void forget_cleared(const tuf::Floors& floors) {
    if (floors.stored_timestamp.empty()) trust_.generation.timestamp = trust_.generation.snapshot = {};
    if (floors.targets == 0) trust_.generation.targets = {};
  }

  // TUF 5.4.
  Result<Fresh<Timestamp>> newest_timestamp(const Fresh<Root>& root) {
    const Bytes bytes = TRY(needed("timestamp.json", tuf::max_size(Role::timestamp, root->dialect)));
    auto timestamp = TRY(tuf::fresh(TRY(tuf::next_timestamp(root, trust_.floors, bytes)), policy_.now));
    if (is_stored(timestamp)) return timestamp;
    trust_.floors.timestamp = timestamp->version;
    TRY(store_.raise(trust_.floors));
    return timestamp;
  }

  bool is_stored(const Fresh<Timestamp>& timestamp) const {
    return trust_.set.has_value() && timestamp.trusted().raw() == trust_.generation.timestamp;
  }

  // TUF 5.5. The stored file is taken when it is what the timestamp lists.
  Result<Fresh<Snapshot>> listed_snapshot(const Fresh<Root>& root, const Fresh<Timestamp>& timestamp) {
    const auto check = [&](BytesView bytes) { return tuf::next_snapshot(root, timestamp, trust_.floors, bytes); };
    auto snapshot = check(trust_.generation.snapshot);
    if (!snapshot.ok()) snapshot = check(TRY(needed(Role::snapshot, timestamp->snapshot)));
    auto fresh = TRY(tuf::fresh(TRY(std::move(snapshot)), policy_.now));
    trust_.floors.snapshot = fresh->version;
    trust_.floors.listed.clear();
    for (const auto& [file, meta] : fresh->meta) trust_.floors.listed[file] = meta.version;
    TRY(store_.raise(trust_.floors));
    return fresh;
  }

  // TUF 5.6.
  Result<Fresh<Targets>> listed_targets(const Fresh<Root>& root, const Fresh<Snapshot>& snapshot) {
    const auto& listed = snapshot->meta.at("targets.json");
    const auto check = [&](BytesView bytes) { return tuf::next_targets(root, snapshot, trust_.floors, bytes); };
    auto targets = check(trust_.generation.targets);
    if (!targets.ok()) targets = check(TRY(needed(Role::targets, listed)));
    auto fresh = TRY(tuf::fresh(TRY(std::move(targets)), policy_.now));
    trust_.floors.targets = fresh->version;
    return fresh;
  }

  Status keep(tuf::VerifiedSet set) {
    const tuf::Generation next{set.timestamp.trusted().raw(), set.snapshot.trusted().raw(), set.targets.trusted().raw()};
    trust_.floors.stored_timestamp = next.timestamp;
    TRY(store_.replace(next, trust_.floors));
    trust_.generation = next;
    trust_.set = std::move(set);
    trust_.expired.reset();
    return {};
  }

  std::string name_of(Role role, const tuf::FileMeta& meta) const {
    const std::string name = std::string(tuf::name_of(role)) + ".json";
    return trust_.root->dialect == tuf::Dialect::tuf ? std::to_string(meta.version) + "." + name : name;
  }

  // Exactly the length that the file before gives, never more than the role may have.
  std::size_t limit(Role role, const tuf::FileMeta& meta) const {
    const std::size_t most = tuf::max_size(role, trust_.root->dialect);
    return meta.length && *meta.length > 0 ? std::min(most, static_cast<std::size_t>(*meta.length)) : most;
  }

  Result<Bytes> fetch(const std::string& name, std::size_t max) {
    return fetch_file(server_, policy_.repo_server, name, max);
  }

  Result<Bytes> needed(Role role, const tuf::FileMeta& meta) { return needed(name_of(role, meta), limit(role, meta)); }

  Result<Bytes> needed(const std::string& name, std::size_t max) {
    auto bytes = fetch(name, max);
    if (!bytes.ok() && bytes.error().fault == Fault::not_found) return unavailable(bytes.error().what);
    return bytes;
  }

  Fetcher& server_;
  TrustStore& store_;
  Trust& trust_;
  const RefreshPolicy& policy_;
};

}  // namespace

Versions versions_of(const Trust& trust) {
  Versions versions{.root = trust.root->version};
  if (!trust.set) return versions;
  versions.timestamp = trust.set->timestamp->version;
  versions.snapshot = trust.set->snapshot->version;
  versions.targets = trust.set->targets->version;
  return versions;
}

std::string difference(const Versions& before, const Versions& after) {
  std::string text;
  const auto add = [&](const char* role, tuf::Version from, tuf::Version to) {
    if (from == to) return;
    text += (text.empty() ? "" : "; ") + std::string(role) + ": " + std::to_string(from) + " -> " + std::to_string(to);
  };
  add("root", before.root, after.root);
  add("timestamp", before.timestamp, after.timestamp);
  add("snapshot", before.snapshot, after.snapshot);
  add("targets", before.targets, after.targets);
  return text;
}

Status refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy) {
  return Refresh(server, store, trust, policy).run();
}

Result<Bytes> fetch_first_root(Fetcher& server, const std::string& repo_server) {
  auto bytes = fetch_file(server, repo_server, "1.root.json", tuf::max_size(Role::root, tuf::Dialect::uptane));
  if (!bytes.ok() && bytes.error().fault == Fault::not_found) return unavailable(bytes.error().what);
  return bytes;
}

}  // namespace rota::device
