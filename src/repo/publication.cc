// How a generation comes to be served: computed, written in one transaction, then shown.
#include "repo/judgement.h"
#include "repo/repositories_impl.h"

namespace rota::repo {
namespace {

using tuf::Role;

bool is_half_gone(Time expires, Time now, Seconds life) {
  return expires - now < life / 2;
}

// What a new root of either stream leaves of the keys that lie here.
Status keys_follow(Vault& vault, const Standing& next) {
  const auto root = TRY(newest_root(next));
  const auto production = TRY(newest_production_root(next));
  std::vector<const tuf::Root*> newest = {&*root};
  if (production) newest.push_back(&**production);
  TRY(vault.follow(next.factory, newest));
  return vault.erase_first_roots_not_in(next.factory, *root);
}

}  // namespace

bool refuses_content(Fault fault) {
  switch (fault) {
    case Fault::rejected:
    case Fault::expired:
    case Fault::unavailable:  // a role's key is not online
    case Fault::bad_input:
      return true;
    case Fault::not_found:
    case Fault::denied:
    case Fault::conflict:
    case Fault::io:
      return false;
  }
  abort_with("Fault: not one of its values");
}

Result<StandingPtr> Repositories::Impl::standing(std::string_view factory) const {
  const std::shared_lock lock(serving);
  const auto found = standings.find(factory);
  if (found == standings.end()) return not_found("factory '" + std::string(factory) + "'");
  return found->second;
}

void Repositories::Impl::serve(Standing standing) {
  auto next = std::make_shared<const Standing>(std::move(standing));
  const std::unique_lock lock(serving);
  standings[next->factory] = std::move(next);
}

Status Repositories::Impl::load(const std::string& factory) {
  const auto entry = TRY(ledger.entry(factory));
  auto loaded = standing_of(factory, entry);
  if (!loaded) return io_error("factory '" + factory + "': the stored set does not verify: " + loaded.error().what);
  serve(std::move(*loaded));
  return {};
}

Status Repositories::Impl::write(const Standing& before, const Standing& next, Time now) {
  const Published& published = *next.published;
  for (std::size_t i = before.published->generation == 0 ? 0 : before.roots.size(); i < next.roots.size(); ++i)
    TRY(ledger.add_file(next.factory, {Role::root, static_cast<tuf::Version>(i) + 1, *next.roots[i]}, now));
  const auto add = [&](const LedgerFile& file, tuf::Version old_version, const Bytes& old) -> Status {
    if (file.bytes == old) return {};
    return file.version == old_version ? ledger.sign_again(next.factory, file)
                                       : ledger.add_file(next.factory, file, now);
  };
  for (const auto& [version, bytes] : next.production)
    if (!before.production.contains(version)) TRY(ledger.add_production_root(next.factory, version, *bytes, now));
  const auto& floors = next.floors;
  TRY(add({Role::targets, floors.targets, *published.targets}, before.floors.targets, *before.published->targets));
  TRY(add({Role::snapshot, floors.snapshot, *published.snapshot}, before.floors.snapshot, *before.published->snapshot));
  TRY(add({Role::timestamp, floors.timestamp, *published.timestamp}, before.floors.timestamp,
          *before.published->timestamp));
  return ledger.point_to(next.factory, published.generation,
                         {{Role::root, published.root_version},
                          {Role::targets, next.floors.targets},
                          {Role::snapshot, next.floors.snapshot},
                          {Role::timestamp, next.floors.timestamp}},
                         now);
}

Status Repositories::Impl::publish(const Standing& before, const Change& change,
                                   const std::function<Status()>& beside) {
  const Time now = clock.now();
  const auto keys = TRY(vault.online(before.factory));
  auto next = TRY(standing_after(before, change, keys, now));
  std::vector<ProductionFile> files;
  if (concerns_production(change))
    files = TRY(production_after(TRY(production.in_use(before.factory)), next, change, keys));
  const auto commit = [&]() -> Status {
    TRY(write(before, next, now));
    for (const auto& file : files) TRY(production.sign_again(before.factory, file));
    if (beside) TRY(beside());
    if (change.root) TRY(ledger.drop_staged_root(before.factory));
    return change.root || change.production_root ? keys_follow(vault, next) : Status();
  };
  TRY(db.transaction(commit));
  serve(std::move(next));
  if (change.root || change.production_root) forget_deleted_keys();
  return {};
}

Status Repositories::Impl::renew(const Standing& before, Time now) {
  const auto keys = TRY(vault.online(before.factory));
  const auto root = TRY(newest_root(before));
  Change change;
  if (is_half_gone(before.targets_expires, now, kTargetsLife) && targets_are_online(before, *root, keys)) {
    auto envelope = TRY(tuf::parse_envelope(*before.published->targets, tuf::kMaxTargets));
    change.targets_body = std::move(envelope.body);
  }
  if (is_half_gone(before.snapshot_expires, now, kSnapshotLife)) change.snapshot = Change::Snapshot::renewed;
  const bool nothing = !change.targets_body && change.snapshot == Change::Snapshot::as_needed &&
                       !is_half_gone(before.timestamp_expires, now, kTimestampLife);
  return nothing ? Status() : publish(before, change);
}

Result<bool> Repositories::Impl::leaves_targets_unsigned(const Standing& before, const Bytes& root) {
  const auto next = TRY(root_after(before, root));
  if (tuf::targets_under(*next, *before.published->targets)) return false;
  const auto keys = TRY(vault.online(before.factory));
  return !can_sign(keys, *next, Role::targets);
}

Result<std::optional<Bytes>> Repositories::Impl::root_signed_for(const Standing& before, BytesView targets) {
  auto staged = TRY(ledger.staged_root(before.factory));
  if (!staged) return staged;
  const auto root = TRY(root_after(before, *staged));
  return tuf::targets_under(*root, Bytes(targets)) ? staged : std::optional<Bytes>();
}

}  // namespace rota::repo
