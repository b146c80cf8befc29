// What Repositories keeps, and how a generation is published. Private to src/repo.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <shared_mutex>

#include "repo/production.h"
#include "repo/repositories.h"
#include "repo/standing.h"

namespace rota::repo {

using StandingPtr = std::shared_ptr<const Standing>;

// True for what lies in the bytes that were offered, not in this machine.
bool refuses_content(Fault fault);

struct Repositories::Impl {
  store::Database& db;
  const Clock& clock;
  Ledger ledger;
  Vault vault;
  ProductionLedger production;
  std::mutex publishing;  // one publication at a time
  mutable std::shared_mutex serving;
  std::map<std::string, StandingPtr, std::less<>> standings;
  std::set<std::string, std::less<>> applying = {};  // factories whose root updates are being applied; under `serving`

  Result<StandingPtr> standing(std::string_view factory) const;
  void serve(Standing standing);
  Status load(const std::string& factory);

  // The rows of `next` that `before` does not have, and the pointer. Inside a transaction.
  Status write(const Standing& before, const Standing& next, Time now);
  // Commits and then serves the generation after `before`. `beside` writes what belongs into the same transaction.
  Status publish(const Standing& before, const Change& change, const std::function<Status()>& beside = {});
  // The rows are gone with the commit; a reader in the way only delays that their sealed bytes leave the log.
  void forget_deleted_keys() { static_cast<void>(db.empty_log()); }
  // Publishes what has to be signed again by now, if anything.
  Status renew(const Standing& before, Time now);

  // True when the present targets do not verify under `root`, the next one, and its online keys are too few to sign
  // them again.
  Result<bool> leaves_targets_unsigned(const Standing& before, const Bytes& root);
  // The staged root, when these targets are signed for it.
  Result<std::optional<Bytes>> root_signed_for(const Standing& before, BytesView targets);

  // Runs `attempt` on the present standing. When another process published in between (its rows are in the way), the
  // standing is read again and the attempt repeated on it.
  template <typename Attempt>
  auto on_present(std::string_view factory, Attempt attempt) -> decltype(attempt(std::declval<const Standing&>())) {
    const std::lock_guard turn(publishing);
    for (int left = kTries;; --left) {
      const StandingPtr before = TRY(standing(factory));
      auto result = attempt(*before);
      if (result.ok() || result.error().fault != Fault::conflict || left == 0) return result;
      TRY(load(before->factory));
      if (TRY(standing(factory))->published->generation == before->published->generation) return result;
    }
  }
  static constexpr int kTries = 4;  // against another process that publishes
};

}  // namespace rota::repo
