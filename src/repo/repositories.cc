#include "repo/repositories.h"

#include <mutex>
#include <shared_mutex>

#include "crypto/hash.h"
#include "repo/first_archive.h"
#include "repo/judgement.h"
#include "repo/new_factory.h"
#include "repo/standing.h"

namespace rota::repo {
namespace {

using tuf::Role;
using StandingPtr = std::shared_ptr<const Standing>;

constexpr Seconds kKept = days(90);           // of files other than roots
constexpr Seconds kSealedCopyKept = days(1);  // of a retired first root key
constexpr int kTries = 4;                     // against another process that publishes

Status is_factory_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good = !name.empty() && name.size() <= 48 && alphanumeric(name[0]) &&
                    std::ranges::all_of(name, [&](char c) { return alphanumeric(c) || c == '-'; });
  if (good) return {};
  return bad_input("factory name: want 1..48 of a-z, 0-9 and '-', not beginning with '-', got '" +
                   std::string(name.substr(0, 60)) + "'");
}

// True for what lies in the bytes that were offered, not in this machine.
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

bool is_half_gone(Time expires, Time now, Seconds life) {
  return expires - now < life / 2;
}

}  // namespace

struct Repositories::Impl {
  store::Database& db;
  const Clock& clock;
  Ledger ledger;
  Vault vault;
  std::mutex publishing;  // one publication at a time
  mutable std::shared_mutex serving;
  std::map<std::string, StandingPtr, std::less<>> standings;

  Result<StandingPtr> standing(std::string_view factory) const {
    const std::shared_lock lock(serving);
    const auto found = standings.find(factory);
    if (found == standings.end()) return not_found("factory '" + std::string(factory) + "'");
    return found->second;
  }

  void serve(Standing standing) {
    auto next = std::make_shared<const Standing>(std::move(standing));
    const std::unique_lock lock(serving);
    standings[next->factory] = std::move(next);
  }

  Status load(const std::string& factory) {
    const auto entry = TRY(ledger.entry(factory));
    auto loaded = standing_of(factory, entry);
    if (!loaded) return io_error("factory '" + factory + "': the stored set does not verify: " + loaded.error().what);
    serve(std::move(*loaded));
    return {};
  }

  // The rows of `next` that `before` does not have, and the pointer. Inside a transaction.
  Status write(const Standing& before, const Standing& next, Time now) {
    const Published& published = *next.published;
    for (std::size_t i = before.published->generation == 0 ? 0 : before.roots.size(); i < next.roots.size(); ++i)
      TRY(ledger.add_file(next.factory, {Role::root, static_cast<tuf::Version>(i) + 1, *next.roots[i]}, now));
    const auto add = [&](Role role, tuf::Version version, const Bytes& bytes, const Bytes& old) -> Status {
      if (bytes == old) return {};
      return ledger.add_file(next.factory, {role, version, bytes}, now);
    };
    TRY(add(Role::targets, next.floors.targets, *published.targets, *before.published->targets));
    TRY(add(Role::snapshot, next.floors.snapshot, *published.snapshot, *before.published->snapshot));
    TRY(add(Role::timestamp, next.floors.timestamp, *published.timestamp, *before.published->timestamp));
    return ledger.point_to(next.factory, published.generation,
                           {{Role::root, published.root_version},
                            {Role::targets, next.floors.targets},
                            {Role::snapshot, next.floors.snapshot},
                            {Role::timestamp, next.floors.timestamp}},
                           now);
  }

  // Commits and then serves the generation after `before`.
  Status publish(const Standing& before, const Change& change) {
    const Time now = clock.now();
    const auto keys = TRY(vault.online(before.factory));
    auto next = TRY(standing_after(before, change, keys, now));
    const auto commit = [&]() -> Status {
      TRY(write(before, next, now));
      if (!change.root) return {};
      const auto root = TRY(newest_root(next));
      TRY(vault.follow(before.factory, *root));
      return vault.erase_first_roots_not_in(before.factory, *root);
    };
    TRY(db.transaction(commit));
    serve(std::move(next));
    if (change.root) forget_deleted_keys();
    return {};
  }

  // The rows are gone with the commit; a reader in the way only delays that their sealed bytes leave the log.
  void forget_deleted_keys() { static_cast<void>(db.empty_log()); }

  // Publishes what has to be signed again by now, if anything.
  Status renew(const Standing& before, Time now) {
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
};

Repositories::Repositories(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repositories::~Repositories() = default;

Result<std::unique_ptr<Repositories>> Repositories::open(store::Database& db, const crypto::SecretBytes& seal_key,
                                                         const Clock& clock) {
  auto impl = std::make_unique<Impl>(db, clock, Ledger(db), Vault(db, seal_key));
  TRY(impl->ledger.make_tables());
  TRY(impl->vault.make_tables());
  TRY(impl->vault.check_seal_key());
  for (const auto& factory : TRY(impl->ledger.factories())) TRY(impl->load(factory));
  return std::unique_ptr<Repositories>(new Repositories(std::move(impl)));
}

Status Repositories::create(const NewFactory& factory) {
  TRY(is_factory_name(factory.name));
  if (factory.dialect != tuf::Dialect::uptane) return bad_input("dialect: want uptane, got tuf: not offered yet");
  if (impl_->standing(factory.name)) return conflict("factory '" + factory.name + "': the name is taken");
  const Time now = impl_->clock.now();
  auto made = TRY(make_factory(factory, now));
  const auto commit = [&]() -> Status {
    TRY(impl_->ledger.add_factory(factory.name, made.standing.published->repo_id, now));
    for (const auto& [key, secret] : made.online) TRY(impl_->vault.add_online(factory.name, key, secret, now));
    for (const auto& key : made.root_keys) TRY(impl_->vault.add_first_root(factory.name, key, now));
    TRY(impl_->vault.put_archive(factory.name, made.archive.reveal(), now));
    return impl_->write(unpublished(factory.name, {}, {}), made.standing, now);
  };
  const std::lock_guard turn(impl_->publishing);
  TRY_IN("factory '" + factory.name + "'", impl_->db.transaction(commit));
  impl_->serve(std::move(made.standing));
  return {};
}

Result<std::vector<std::string>> Repositories::factories() const {
  const std::shared_lock lock(impl_->serving);
  std::vector<std::string> names;
  for (const auto& [name, standing] : impl_->standings) names.push_back(name);
  return names;
}

Result<std::shared_ptr<const Published>> Repositories::published(std::string_view factory) const {
  return TRY(impl_->standing(factory))->published;
}

Result<std::shared_ptr<const Bytes>> Repositories::root(std::string_view factory, tuf::Version version) const {
  return TRY(roots_from(factory, version, 1)).front();
}

Result<std::vector<std::shared_ptr<const Bytes>>> Repositories::roots_from(std::string_view factory, tuf::Version first,
                                                                           std::size_t most) const {
  const auto standing = TRY(impl_->standing(factory));
  if (first < 1 || first > static_cast<tuf::Version>(standing->roots.size()))
    return not_found("factory '" + std::string(factory) + "': root " + std::to_string(first));
  const auto from = standing->roots.begin() + static_cast<std::ptrdiff_t>(first - 1);
  return std::vector(from, from + std::min<std::ptrdiff_t>(standing->roots.end() - from, static_cast<std::ptrdiff_t>(most)));
}

Result<Json> Repositories::next_root_body(std::string_view factory) const {
  const auto standing = TRY(impl_->standing(factory));
  auto envelope = TRY(tuf::parse_envelope(*standing->roots.back(), tuf::kMaxRoot));
  envelope.body["version"] = static_cast<tuf::Version>(standing->roots.size()) + 1;
  envelope.body["expires"] = rfc3339(impl_->clock.now() + kRootLife);
  return std::move(envelope.body);
}

Result<Accepted<tuf::Version>> Repositories::accept_root(std::string_view factory, BytesView envelope,
                                                         const RootOptions& options) {
  return impl_->on_present(factory, [&](const Standing& before) -> Result<Accepted<tuf::Version>> {
    auto judged = judged_root(before, envelope, options, impl_->clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return *refusal;
    const auto published = impl_->publish(before, {.root = std::get<Bytes>(std::move(judged))});
    if (!published && refuses_content(published.error().fault)) return refused_root({published.error().what});
    if (!published) return published.error();
    return static_cast<tuf::Version>(before.roots.size()) + 1;
  });
}

Result<Accepted<std::string>> Repositories::accept_targets(std::string_view factory, BytesView envelope,
                                                           std::optional<std::string> checksum) {
  return impl_->on_present(factory, [&](const Standing& before) -> Result<Accepted<std::string>> {
    auto judged = judged_targets(before, envelope, checksum, impl_->clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return *refusal;
    const std::string replaced_by = crypto::sha256_hex(std::get<Bytes>(judged));
    if (replaced_by == before.published->targets_checksum) return Accepted<std::string>(replaced_by);
    const auto published = impl_->publish(before, {.targets = std::get<Bytes>(std::move(judged))});
    if (!published && refuses_content(published.error().fault)) return refused_targets({published.error().what});
    if (!published) return published.error();
    return Accepted<std::string>(replaced_by);
  });
}

Result<tuf::Version> Repositories::add_targets(std::string_view factory, const std::vector<tuf::Target>& targets) {
  return impl_->on_present(factory, [&](const Standing& before) -> Result<tuf::Version> {
    auto body = TRY(body_with(before, targets, impl_->clock.now()));
    if (!body) return before.floors.targets;
    TRY(impl_->publish(before, {.targets_body = std::move(body)}));
    return before.floors.targets + 1;
  });
}

Status Repositories::refresh(std::string_view factory) {
  const Time now = impl_->clock.now();
  const auto renewed = impl_->on_present(factory, [&](const Standing& before) { return impl_->renew(before, now); });
  const std::string name(factory);
  const auto forget = [&]() -> Status {
    TRY(impl_->vault.erase_retired(name, now - kSealedCopyKept));
    return impl_->ledger.forget(name, now - kKept);
  };
  TRY(impl_->db.transaction(forget));
  return renewed;
}

Result<crypto::PublicKey> Repositories::new_online_key(std::string_view factory, tuf::Role role, crypto::KeyType type) {
  if (role == Role::root) return bad_input("role: want targets, snapshot or timestamp, got root");
  const auto standing = TRY(impl_->standing(factory));
  const auto secret = TRY(new_key(type));
  const OnlineKey key{role, tuf::key_id(secret.public_key()), OnlineKey::State::waiting, tuf::KeySigner(secret)};
  TRY(impl_->vault.add_online(standing->factory, key, secret, impl_->clock.now()));
  return secret.public_key();
}

Result<Bytes> Repositories::first_archive(std::string_view factory) {
  const auto standing = TRY(impl_->standing(factory));
  const auto archive = TRY(impl_->vault.archive(standing->factory));
  return Bytes(archive.reveal());
}

Status Repositories::confirm_first_archive(std::string_view factory, std::string_view sha256_hex) {
  const auto standing = TRY(impl_->standing(factory));
  const auto confirm = [&] { return impl_->vault.confirm_archive(standing->factory, sha256_hex, impl_->clock.now()); };
  TRY(impl_->db.transaction(confirm));
  impl_->forget_deleted_keys();
  return {};
}

Result<crypto::PrivateKey> Repositories::first_root_key(std::string_view factory, const tuf::KeyId& id) {
  const auto standing = TRY(impl_->standing(factory));
  return impl_->vault.first_root(standing->factory, id);
}

Status Repositories::seal_first_root_key(std::string_view factory, const tuf::KeyId& id) {
  const auto standing = TRY(impl_->standing(factory));
  return impl_->vault.retire_first_root(standing->factory, id, impl_->clock.now());
}

Result<Bytes> Repositories::credentials_zip(std::string_view factory, std::string_view api_url, std::string_view user,
                                            std::string_view token) const {
  const auto standing = TRY(impl_->standing(factory));
  const auto root = TRY(newest_root(*standing));
  const auto keys = TRY(impl_->vault.online(standing->factory));
  const auto targets = signers_of(keys, *root, Role::targets);
  const Credentials credentials{
      standing->factory,       std::string(api_url),
      std::string(user),       std::string(token),
      *standing->roots.back(), targets.empty() ? std::string() : public_key_file(targets.front()->public_key())};
  return credentials_archive(credentials, impl_->clock.now());
}

}  // namespace rota::repo
