#include "repo/repositories.h"

#include "crypto/hash.h"
#include "repo/first_archive.h"
#include "repo/judgement.h"
#include "repo/new_factory.h"
#include "repo/repositories_impl.h"
#include "repo/root_updates.h"

namespace rota::repo {
namespace {

using tuf::Role;

constexpr Seconds kKept = days(90);           // of files other than roots
constexpr Seconds kSealedCopyKept = days(1);  // of a retired first root key

// One root at most: then it has to come forward first (repo-api.md 6).
bool is_behind(const Standing& before) {
  return !before.production.empty() && before.production.rbegin()->first + 1 < next_root_version(before);
}

Refusal production_is_behind(const Standing& before) {
  const auto newest = std::to_string(before.production.rbegin()->first);
  return {
      "lock_step",
      "the production chain is behind, at root " + newest + ": rotate both with 'fioctl keys', or push its next root",
      {},
      409};
}

Status is_factory_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool good = !name.empty() && name.size() <= 48 && alphanumeric(name[0]) &&
                    std::ranges::all_of(name, [&](char c) { return alphanumeric(c) || c == '-'; });
  if (good) return {};
  return bad_input("factory name: want 1..48 of a-z, 0-9 and '-', not beginning with '-', got '" +
                   std::string(name.substr(0, 60)) + "'");
}

}  // namespace

Repositories::Repositories(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repositories::~Repositories() = default;

Result<std::unique_ptr<Repositories>> Repositories::open(store::Database& db, const crypto::SecretBytes& seal_key,
                                                         const Clock& clock) {
  auto impl = std::make_unique<Impl>(db, clock, Ledger(db), Vault(db, seal_key), ProductionLedger(db));
  TRY(impl->ledger.make_tables());
  TRY(impl->vault.make_tables());
  TRY(impl->production.make_tables());
  TRY(RootUpdates::make_tables(db));
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
  return std::vector(from,
                     from + std::min<std::ptrdiff_t>(standing->roots.end() - from, static_cast<std::ptrdiff_t>(most)));
}

Result<std::vector<std::shared_ptr<const Bytes>>> Repositories::production_roots_from(std::string_view factory,
                                                                                      tuf::Version first,
                                                                                      std::size_t most) const {
  const auto standing = TRY(impl_->standing(factory));
  const auto& own = standing->production;
  if (own.empty() || first < 1 || first > own.rbegin()->first)
    return not_found("factory '" + std::string(factory) + "': production root " + std::to_string(first));
  std::vector<std::shared_ptr<const Bytes>> roots;
  for (auto version = first; version <= own.rbegin()->first && roots.size() < most; ++version) {
    const auto found = own.find(version);
    roots.push_back(found != own.end() ? found->second : standing->roots[static_cast<std::size_t>(version - 1)]);
  }
  return roots;
}

Result<Json> Repositories::next_root_body(std::string_view factory) const {
  const auto standing = TRY(impl_->standing(factory));
  auto envelope = TRY(tuf::parse_envelope(*standing->roots.back(), tuf::kMaxRoot));
  envelope.body["version"] = static_cast<tuf::Version>(standing->roots.size()) + 1;
  envelope.body["expires"] = rfc3339(impl_->clock.now() + kRootLife);
  return std::move(envelope.body);
}

Result<RootAnswer> Repositories::accept_root(std::string_view factory, BytesView envelope, const RootOptions& options) {
  const auto given = targets_signatures_beside(envelope);
  if (!given) return RootAnswer(refused_root({given.error().what}));
  return impl_->on_present(factory, [&](const Standing& before) -> Result<RootAnswer> {
    auto judged = judged_root(TRY(newest_root(before)), envelope, options, impl_->clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return RootAnswer(*refusal);
    if (is_behind(before)) return RootAnswer(production_is_behind(before));
    const Change change{.root = std::get<Bytes>(std::move(judged)), .targets_signatures = *given};
    if (given->empty() && TRY(impl_->leaves_targets_unsigned(before, *change.root))) {
      TRY(impl_->ledger.stage_root(before.factory, *change.root, impl_->clock.now()));
      return RootAnswer(Staged{next_root_version(before)});
    }
    const auto published = impl_->publish(before, change);
    if (!published && refuses_content(published.error().fault))
      return RootAnswer(refused_root({published.error().what}));
    if (!published) return published.error();
    return RootAnswer(next_root_version(before));
  });
}

Result<Accepted<std::string>> Repositories::accept_targets(std::string_view factory, BytesView envelope,
                                                           std::optional<std::string> checksum) {
  return impl_->on_present(factory, [&](const Standing& before) -> Result<Accepted<std::string>> {
    const auto staged = TRY(impl_->root_signed_for(before, envelope));
    const auto root = staged ? TRY(root_after(before, *staged)) : TRY(newest_root(before));
    auto judged = judged_targets(before, *root, {envelope, checksum}, impl_->clock.now());
    if (const auto* refusal = std::get_if<Refusal>(&judged)) return *refusal;
    const std::string replaced_by = crypto::sha256_hex(std::get<Bytes>(judged));
    if (replaced_by == before.published->targets_checksum) return Accepted<std::string>(replaced_by);
    const auto published = impl_->publish(before, {.root = staged, .targets = std::get<Bytes>(std::move(judged))});
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

Result<crypto::PublicKey> Repositories::online_targets_key(std::string_view factory) const {
  const auto standing = TRY(impl_->standing(factory));
  const auto keys = TRY(impl_->vault.online(standing->factory));
  const auto signers = signers_of(keys, *TRY(newest_root(*standing)), Role::targets);
  if (signers.empty()) return not_found("factory '" + standing->factory + "': no online targets key");
  return signers.front()->public_key();
}

Result<Bytes> Repositories::first_archive(std::string_view factory) {
  const auto standing = TRY(impl_->standing(factory));
  const auto archive = TRY(impl_->vault.archive(standing->factory));
  return Bytes(archive.reveal());
}

Status Repositories::confirm_first_archive(std::string_view factory, std::string_view sha256_hex) {
  const auto standing = TRY(impl_->standing(factory));
  if (impl_->vault.first_root_with_file(standing->factory, sha256_hex)) return confirm_first_root(factory, sha256_hex);
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

Status Repositories::confirm_first_root(std::string_view factory, std::string_view sha256_hex) {
  const auto standing = TRY(impl_->standing(factory));
  const auto id = TRY(impl_->vault.first_root_with_file(standing->factory, sha256_hex));
  const auto retired = impl_->vault.retire_first_root(standing->factory, id, impl_->clock.now());
  return retired.ok() || retired.error().fault == Fault::not_found ? Status() : retired;  // retired before: fine
}

Result<Bytes> Repositories::credentials_zip(std::string_view factory, std::string_view api_url, const Proof& proof) const {
  const auto standing = TRY(impl_->standing(factory));
  const auto root = TRY(newest_root(*standing));
  const auto keys = TRY(impl_->vault.online(standing->factory));
  const auto targets = signers_of(keys, *root, Role::targets);
  const std::string targets_pub = targets.empty() ? std::string() : public_key_file(targets.front()->public_key());
  const Credentials credentials{standing->factory, std::string(api_url), proof, *standing->roots.back(), targets_pub};
  return credentials_archive(credentials, impl_->clock.now());
}

}  // namespace rota::repo
