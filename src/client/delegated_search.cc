#include "client/delegated_search.h"

#include <algorithm>

namespace rota::client {

Result<std::optional<tuf::Target>> DelegatedSearch::find(const std::string& target_path) {
  const tuf::VerifiedSet& set = *parts_.trust.set;
  tuf::TargetSearch search(set.snapshot, set.targets, target_path, parts_.policy.limits.search);
  while (const auto wish = TRY(search.wish())) search.take(TRY(role_file(*wish, target_path)));
  return search.found();
}

Result<tuf::Fresh<tuf::Targets>> DelegatedSearch::role_file(const tuf::TargetSearch::Wish& wish,
                                                            const std::string& target_path) {
  const auto& [server, store, trust, policy] = parts_;
  const tuf::Reading reading{tuf::Wanted::named(target_path), policy.limits.targets};
  const auto check = [&](tuf::FileBytes bytes) -> Result<tuf::Fresh<tuf::Targets>> {
    auto targets = TRY(tuf::next_delegated(wish.authority, wish.listed, std::move(bytes), reading));
    return tuf::fresh(std::move(targets), policy.now);
  };
  auto stored = store.delegated(wish.role);
  if (!stored.ok() && stored.error().fault == Fault::io) return stored.error();
  auto held = stored.ok() ? check(std::move(stored).value()) : stored.error();
  if (held.ok() || fetched_.contains(wish.role)) return held;
  const std::size_t most = limit_of(policy.limits, tuf::Role::targets, trust.root->dialect);
  const std::size_t length = static_cast<std::size_t>(std::max<std::int64_t>(wish.listed.length.value_or(0), 0));
  auto bytes = TRY(folder_.needed(file_name_in(*trust.root, wish.role, wish.listed.version),
                                  length == 0 ? most : std::min(most, length)));
  auto fetched = TRY(check(std::move(bytes)));
  TRY(store.keep_delegated(wish.role, fetched.trusted().raw()));
  fetched_.insert(wish.role);
  return fetched;
}

}  // namespace rota::client
