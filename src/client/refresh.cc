#include "client/refresh.h"

#include <algorithm>

#include "client/metadata_folder.h"
#include "client/root_walk.h"

namespace rota::client {
namespace {

using tuf::FileBytes;
using tuf::Fresh;
using tuf::Role;
using tuf::Root;
using tuf::Snapshot;
using tuf::Targets;
using tuf::Timestamp;

class Refresh {
 public:
  Refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy)
      : folder_(server, policy.metadata_url), store_(store), trust_(trust), policy_(policy) {}

  Status run() {
    TRY(follow_roots());
    held_ = versions_of(trust_);
    auto root = TRY(tuf::fresh(trust_.root, policy_.now));  // TUF 5.3.10
    auto timestamp = TRY(newest_timestamp(root));
    if (is_settled(timestamp)) return trust_.expired ? Status(*trust_.expired) : Status();
    auto snapshot = TRY(listed_snapshot(root, timestamp));
    auto targets = TRY(listed_targets(root, snapshot));
    return keep({std::move(root), std::move(timestamp), std::move(snapshot), std::move(targets)});
  }

 private:
  // TUF 5.3.
  Status follow_roots() {
    TRY(save_chain(store_, trust_));
    const tuf::Version before = trust_.root->version;
    const Status walked = walk_roots(folder_, store_, trust_, policy_.limits);
    if (trust_.root->version != before) judge_set(trust_, policy_.view());
    return walked;
  }

  // TUF 5.4.
  Result<Fresh<Timestamp>> newest_timestamp(const Fresh<Root>& root) {
    const FileBytes bytes = TRY(folder_.needed("timestamp.json", limit_of(policy_.limits, Role::timestamp, root->dialect)));
    auto timestamp = TRY(tuf::fresh(TRY(tuf::next_timestamp(root, trust_.floors, bytes)), policy_.now));
    if (timestamp.trusted().raw() == trust_.generation.timestamp) return timestamp;
    trust_.floors.timestamp = timestamp->version;
    trust_.floors.snapshot = std::max(trust_.floors.snapshot, timestamp->snapshot.version);
    TRY(accept(Role::timestamp, timestamp.trusted().raw()));
    return timestamp;
  }

  // Nothing new: the stored set is the answer.
  bool is_settled(const Fresh<Timestamp>& timestamp) const {
    return trust_.set && timestamp.trusted().raw() == trust_.generation.timestamp;
  }

  // TUF 5.5. The stored file is taken when it is what the timestamp lists.
  Result<Fresh<Snapshot>> listed_snapshot(const Fresh<Root>& root, const Fresh<Timestamp>& timestamp) {
    const FileBytes held = held_as(timestamp->snapshot.version, held_.snapshot, trust_.generation.snapshot);
    const auto check = [&](FileBytes bytes) { return tuf::next_snapshot(root, timestamp, trust_.floors, std::move(bytes)); };
    auto snapshot = check(held);
    if (!snapshot.ok()) snapshot = check(TRY(needed(*root, Role::snapshot, timestamp->snapshot)));
    auto fresh = TRY(tuf::fresh(TRY(std::move(snapshot)), policy_.now));
    if (fresh.trusted().raw() == held) return fresh;
    trust_.floors.listed = tuf::versions_listed(*fresh);
    TRY(accept(Role::snapshot, fresh.trusted().raw()));
    return fresh;
  }

  // TUF 5.6.
  Result<Fresh<Targets>> listed_targets(const Fresh<Root>& root, const Fresh<Snapshot>& snapshot) {
    const auto& listed = snapshot->meta.at("targets.json");
    const FileBytes held = held_as(listed.version, held_.targets, trust_.generation.targets);
    const auto check = [&](FileBytes bytes) {
      return tuf::next_targets(root, snapshot, trust_.floors, std::move(bytes), policy_.view().targets);
    };
    auto targets = check(held);
    if (!targets.ok()) targets = check(TRY(needed(*root, Role::targets, listed)));
    auto fresh = TRY(tuf::fresh(TRY(std::move(targets)), policy_.now));
    if (root->dialect == tuf::Dialect::uptane) trust_.floors.targets = fresh->version;
    return fresh;  // kept together with the set that it completes
  }

  // The stored file, unless it is known to be of another version.
  static FileBytes held_as(tuf::Version listed, tuf::Version held, const FileBytes& file) {
    return held == 0 || held == listed ? file : FileBytes();
  }

  Status accept(Role role, const FileBytes& bytes) {
    TRY(store_.accept(role, bytes, trust_.floors));
    if (store_.keeps() == TrustStore::Keeps::sets) return {};
    file_of(role) = bytes;
    trust_.floors.stored_timestamp = trust_.generation.timestamp;
    trust_.set.reset();
    return {};
  }

  FileBytes& file_of(Role role) {
    if (role == Role::timestamp) return trust_.generation.timestamp;
    return role == Role::snapshot ? trust_.generation.snapshot : trust_.generation.targets;
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

  // Exactly the length that the file before gives, never more than the role may have.
  Result<Bytes> needed(const Root& root, Role role, const tuf::FileMeta& listed) const {
    const std::size_t most = limit_of(policy_.limits, role, root.dialect);
    const bool is_given = listed.length && *listed.length > 0;
    return folder_.needed(file_name_in(root, tuf::name_of(role), listed.version),
                          is_given ? std::min(most, static_cast<std::size_t>(*listed.length)) : most);
  }

  MetadataFolder folder_;
  TrustStore& store_;
  Trust& trust_;
  const RefreshPolicy& policy_;
  Versions held_;  // of the stored set, where it is one
};

}  // namespace

Status refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy) {
  return Refresh(server, store, trust, policy).run();
}

Result<Bytes> fetch_first_root(Fetcher& server, const std::string& metadata_url) {
  return MetadataFolder(server, metadata_url).needed("1.root.json", tuf::max_size(Role::root, tuf::Dialect::tuf));
}

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

}  // namespace rota::client
