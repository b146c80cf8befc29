#include "client/trust.h"

#include <algorithm>

namespace rota::client {
namespace {

using tuf::Role;

// The chain as far as it goes. A stored root that does not verify ends it; a provisioned one that does not is an error.
class ChainWalk {
 public:
  ChainWalk(TrustStore& store, const RootFiles& provisioned, const std::vector<tuf::Version>& held)
      : store_(store), provisioned_(provisioned), held_(held) {}

  // Nothing: no root to start from.
  Result<std::optional<AcceptedRoot>> first() {
    if (!provisioned_.empty()) return std::optional(AcceptedRoot{provisioned_.begin()->first, provisioned_.begin()->second});
    if (held_.empty()) return std::optional<AcceptedRoot>();
    const tuf::FileBytes bytes = TRY(store_.root(held_.front()));
    return std::optional(AcceptedRoot{held_.front(), bytes});
  }

  Status walk(Trust& trust) {
    while (const auto next = TRY(after(trust.root->version))) {
      const Status stepped = step(trust, *next);
      if (stepped.ok()) continue;
      if (provisioned_.contains(next->version)) return stepped.error().in("provisioned");
      trust.notices.push_back("stored " + stepped.error().what + "; left out, to be fetched again");
      break;
    }
    return reaches_the_provisioned(*trust.root);
  }

  void note_unsaved(Trust& trust, const AcceptedRoot& root) const {
    if (!std::ranges::binary_search(held_, root.version)) trust.unsaved.push_back(root);
  }

 private:
  Result<std::optional<AcceptedRoot>> after(tuf::Version version) {
    if (const auto given = provisioned_.find(version + 1); given != provisioned_.end())
      return std::optional(AcceptedRoot{given->first, given->second});
    if (!std::ranges::binary_search(held_, version + 1)) return std::optional<AcceptedRoot>();
    const tuf::FileBytes bytes = TRY(store_.root(version + 1));
    return std::optional(AcceptedRoot{version + 1, bytes});
  }

  Status step(Trust& trust, const AcceptedRoot& root) const {
    auto next = TRY_IN("root " + std::to_string(root.version), tuf::next_root(trust.root, root.bytes));
    step_to(trust, std::move(next));
    note_unsaved(trust, root);
    return {};
  }

  Status reaches_the_provisioned(const tuf::Root& last) const {
    if (provisioned_.empty() || provisioned_.rbegin()->first <= last.version) return {};
    return rejected("provisioned roots: want root " + std::to_string(last.version + 1) + " after root " +
                        std::to_string(last.version) + ", got root " + std::to_string(provisioned_.rbegin()->first),
                    "provision the roots without a gap");
  }

  TrustStore& store_;
  const RootFiles& provisioned_;
  const std::vector<tuf::Version>& held_;
};

// Only then may a stored set fall short that met its quorums before: a key that went takes its floors along by itself.
bool raises_a_threshold(const tuf::Root& before, const tuf::Root& after) {
  return std::ranges::any_of(std::array{Role::timestamp, Role::snapshot, Role::targets},
                             [&](Role role) { return after.role(role).threshold > before.role(role).threshold; });
}

// What the files say is a floor, whatever is noted. In the tuf dialect the snapshot alone says which targets are too old
// (TUF 5.5.5), so that new snapshot keys recover from fast-forwarded targets.
void raise(tuf::Floors& floors, const tuf::Timestamp& timestamp) {
  floors.timestamp = std::max(floors.timestamp, timestamp.version);
  floors.snapshot = std::max(floors.snapshot, timestamp.snapshot.version);
}
void raise(tuf::Floors& floors, const tuf::Snapshot& snapshot) {  // its version is in the timestamp
  if (floors.listed.empty()) floors.listed = tuf::versions_listed(snapshot);
}
void raise(tuf::Floors& floors, const tuf::Targets& targets) {
  if (targets.dialect == tuf::Dialect::uptane) floors.targets = std::max(floors.targets, targets.version);
}

Result<tuf::Envelope> signed_under(const tuf::Root& root, Role role, BytesView bytes) {
  auto envelope = TRY_IN(tuf::name_of(role), tuf::parse_envelope(bytes, tuf::max_size(role, root.dialect)));
  TRY(tuf::signed_by(root, role, envelope, tuf::name_of(role)));
  return envelope;
}

// One stored file alone: kept with its floor, or left out.
template <typename Read>
void judge_file(Trust& trust, Role role, tuf::FileBytes& bytes, Read read) {
  if (bytes.empty()) return;
  const auto verified = [&]() -> Status {
    const auto envelope = TRY(signed_under(*trust.root, role, bytes));
    const auto file = read(envelope);
    if (!file.ok()) return file.error();
    raise(trust.floors, *file);
    return {};
  }();
  if (verified.ok()) return;
  trust.notices.push_back("stored " + verified.error().what + "; left out, to be fetched again");
  bytes = {};
}

void judge_each(Trust& trust) {
  auto& files = trust.generation;
  judge_file(trust, Role::timestamp, files.timestamp, tuf::read_timestamp);
  if (files.timestamp.empty()) files.snapshot = {};  // they go together (TUF 5.3.11)
  judge_file(trust, Role::snapshot, files.snapshot, tuf::read_snapshot);
  judge_file(trust, Role::targets, files.targets,
             [](const tuf::Envelope& envelope) { return tuf::read_targets(envelope, tuf::Wanted::none()); });
}

// The stored set, and why it must not be used at this time, if so.
Result<tuf::VerifiedSet> verified_set(Trust& trust, const SetView& view) {
  auto set = tuf::verify_set(trust.root, {}, trust.generation, view.now, view.targets);
  if (set.ok()) return set;
  trust.expired = set.error();
  return tuf::verify_set(trust.root, {}, trust.generation, Time(), view.targets);  // as it was before it expired
}

}  // namespace

bool Trust::has_valid_set() const { return set.has_value() && !expired; }

Result<Trust> load_trust(TrustStore& store, const RootFiles& provisioned, const SetView& view) {
  const auto held = TRY(store.root_versions());
  ChainWalk chain(store, provisioned, held);
  const auto first = TRY(chain.first());
  if (!first) return not_found("no root to start from");
  auto anchor = TRY_IN("root " + std::to_string(first->version), tuf::anchor_root(first->bytes));
  auto stored = TRY(store.load());
  Trust trust{std::move(anchor), std::move(stored.floors), std::move(stored.generation), stored.under, stored.under};
  trust.floors.stored_timestamp = trust.generation.timestamp;
  chain.note_unsaved(trust, *first);
  TRY(chain.walk(trust));
  judge_set(trust, view);
  return trust;
}

Result<Trust> trust_first(tuf::FileBytes root) {
  auto anchor = TRY_IN("first root", tuf::anchor_root(std::move(root)));
  Trust trust{std::move(anchor)};
  trust.unsaved.push_back({trust.root->version, trust.root.raw()});
  return trust;
}

void step_to(Trust& trust, tuf::Trusted<tuf::Root> next) {
  if (next->version > trust.floors_under) {
    auto floors = tuf::floors_after(*trust.root, *next, trust.floors);
    if (raises_a_threshold(*trust.root, *next)) floors = tuf::floors_over(*next, trust.generation, std::move(floors));
    if (floors.stored_timestamp.empty()) trust.generation.timestamp = trust.generation.snapshot = {};
    if (floors.targets < trust.floors.targets) trust.generation.targets = {};
    trust.floors = std::move(floors);
    trust.floors_under = next->version;
  }
  trust.root = std::move(next);
}

void judge_set(Trust& trust, const SetView& view) {
  trust.set.reset();
  trust.expired.reset();
  // What is stored may lie below the floors, which rise file by file while a newer set is on its way.
  if (auto set = verified_set(trust, view); set.ok()) trust.set = std::move(set).value();
  if (trust.set) {
    raise(trust.floors, *trust.set->timestamp);
    raise(trust.floors, *trust.set->snapshot);
    raise(trust.floors, *trust.set->targets);
  } else {
    trust.expired.reset();
    // Behind a damaged root the files wait for the later ones, which are to be fetched again.
    if (trust.root->version >= trust.floors_under) judge_each(trust);
  }
  trust.floors.stored_timestamp = trust.generation.timestamp;
}

}  // namespace rota::client
