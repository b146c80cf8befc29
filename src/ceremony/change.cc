#include "ceremony/change.h"

#include <algorithm>

#include "ceremony/owner_key.h"
#include "crypto/hash.h"
#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using crypto::PrivateKey;
using crypto::SecretBytes;
using tuf::KeyId;
using tuf::Role;

class Changing {
 public:
  Changing(const keys::Archive& root_archive, StagedRoots draft, const ChangeWish& wish)
      : root_archive_(root_archive), draft_(std::move(draft)), wish_(wish),
        ci_(draft_.current().roots.at(Stream::ci)) {}

  Result<ChangePlan> plan() {
    TRY(find_signers());
    if (wish_.offline.contains(Role::root)) TRY(replace_root_key());
    if (wish_.offline.contains(Role::targets)) TRY(replace_targets_key());
    if (wish_.offline.contains(Role::root) || wish_.offline.empty()) draft_.renew(wish_.now, wish_.expires);
    TRY(sign_roots());
    TRY(no_file_falls_short());
    TRY(fill_archives());
    plan_.version = draft_.root(Stream::ci).version();
    plan_.expires = draft_.root(Stream::ci).expires();
    return std::move(plan_);
  }

 private:
  RootEdit::Author author() const { return {wish_.polis_id, wish_.now}; }

  Status find_signers() {
    mine_ = root_archive_.keys_among(ci_->material(Role::root));
    for (const auto& key : mine_) {
      auto secret = root_archive_.private_key(key);
      if (!secret) return io_error(secret.error().what);
      signers_.emplace_back(std::move(secret).value());
    }
    if (!mine_.empty()) return {};
    std::string ids;
    for (const auto& id : ci_->role(Role::root).key_ids) ids.append(ids.empty() ? "" : ", ").append(id.hex);
    return io_error("archive: holds no private key of root " + std::to_string(ci_->version) + "; its root keys: " + ids,
                    "this may be an archive from before an earlier rotation; look for the newest one");
  }

  Result<KeyId> root_key_to_replace() const {
    std::string ids;
    for (const auto& key : mine_) {
      const auto id = id_in(*ci_, key.public_key);
      if (wish_.key_id ? id.hex == *wish_.key_id : mine_.size() == 1) return id;
      ids.append(ids.empty() ? "" : ", ").append(id.hex);
    }
    return io_error("archive: which root key to replace? active: " + ids, "say which one with --key-id");
  }

  Status replace_root_key() {
    const auto old_id = TRY(root_key_to_replace());
    const auto fresh = TRY(new_owner_key(wish_.new_key));
    plan_.new_ids[Role::root] = TRY(draft_.replace_key(Role::root, old_id, fresh.public_key(), author()));
    plan_.old_ids[Role::root] = old_id;
    signers_.emplace_back(fresh);
    fresh_.emplace(Role::root, fresh);
    return {};
  }

  // The owner's one, or the archive's among several; none: the new key is added.
  Result<std::optional<KeyId>> targets_key_to_replace() const {
    if (wish_.online_targets_id.empty())
      return rejected("root/updates: the server does not say which targets key is the online one");
    for (const auto* archive : {&root_archive_, &targets_archive()})
      TRY(not_the_owners(*archive, wish_.online_targets_id));
    std::vector<KeyId> offline;
    for (const auto& id : draft_.root(Stream::ci).key_ids(Role::targets))
      if (id.hex != wish_.online_targets_id) offline.push_back(id);
    if (const auto& lost = wish_.lost_targets_key) {
      if (std::ranges::count(offline, *lost) == 1) return lost;
      return bad_input("--lost-key: no offline targets key has the id " + lost->hex);
    }
    if (offline.empty()) return std::optional<KeyId>();
    if (offline.size() == 1) return std::optional<KeyId>(offline.front());
    const auto held = targets_archive().keys_among(ci_->material(Role::targets));
    for (const auto& key : held)
      if (const auto id = id_in(*ci_, key.public_key); held.size() == 1 && std::ranges::count(offline, id) == 1)
        return std::optional<KeyId>(id);
    return io_error("archive: several offline targets keys could be replaced, and it does not hold exactly one of them",
                    "name the one that goes with --lost-key ID");
  }

  Status replace_targets_key() {
    const auto old_id = TRY(targets_key_to_replace());
    const auto fresh = TRY(new_owner_key(wish_.new_key));
    if (const auto root = fresh_.find(Role::root); root != fresh_.end() && root->second.public_key() == fresh.public_key())
      return bad_input("new keys: the root and the targets key would be one key", "name no key of the home, and it makes two");
    plan_.new_ids[Role::targets] = old_id ? TRY(draft_.replace_key(Role::targets, *old_id, fresh.public_key(), author()))
                                          : TRY(draft_.add_key(Role::targets, fresh.public_key(), author()));
    if (old_id) plan_.old_ids[Role::targets] = *old_id;
    fresh_.emplace(Role::targets, fresh);
    if (!old_id) return {};
    const tuf::KeySigner signer(fresh);
    const auto& prod = *draft_.current().roots.at(Stream::prod);
    for (const auto& [files, to] : {std::pair{&wish_.tags, &plan_.targets_signatures},
                                    std::pair{&wish_.waves, &plan_.waves_signatures}}) {
      const auto resigned = wish_.lost_targets_key ? *files : TRY(signed_under(*files, {*old_id}));
      if (!resigned.empty()) *to = TRY(signatures_over(resigned, prod, signer, wish_.now));
    }
    return {};
  }

  Status sign_roots() {
    std::vector<const tuf::Signer*> signers;
    for (const auto& signer : signers_) signers.push_back(&signer);
    const auto envelopes = TRY(draft_.signed_by(signers));
    const auto verdict = TRY(judged(draft_.current(), envelopes, wish_.now, {.names = {"replace-role"}}));
    if (!verdict.missing.empty()) return rejected(verdict.missing.front());
    plan_.warnings = verdict.warnings;
    const auto differences = draft_.differences();
    for (const auto& [stream, envelope] : envelopes)
      plan_.changes.emplace(stream,
                            RootChange{draft_.current().roots.at(stream), envelope, differences.at(stream)});
    return {};
  }

  Status no_file_falls_short() const {
    const auto next = TRY(tuf::read_root_body(draft_.root(Stream::prod).body()));
    std::string names;
    for (const auto& [files, added] : {std::pair{&wish_.tags, &plan_.targets_signatures},
                                       std::pair{&wish_.waves, &plan_.waves_signatures}})
      for (const auto& name : TRY(falling_short(*files, *added, next, wish_.online_targets_id)))
        names.append(names.empty() ? "'" : ", '").append(name + "'");
    if (names.empty()) return {};
    return rejected("the targets of " + names + " would no longer be signed by enough keys",
                    "fioctl keys tuf updates init, rotate-offline-key, sign-prod-targets: in steps, with every signer");
  }

  const keys::Archive& targets_archive() const {
    return wish_.targets_archive == nullptr ? root_archive_ : *wish_.targets_archive;
  }

  Status fill_archives() {
    const bool together = wish_.targets_archive == nullptr;
    if (fresh_.contains(Role::root) || (together && fresh_.contains(Role::targets)) || wish_.offline.empty())
      plan_.next_root = TRY(filled(root_archive_, together ? std::set<Role>{Role::root, Role::targets} : std::set<Role>{Role::root}));
    if (!together && fresh_.contains(Role::targets))
      plan_.next_targets = TRY(filled(*wish_.targets_archive, {Role::targets}));
    return {};
  }

  // `archive` with the new keys of these roles and with the roots they were signed into.
  Result<keys::Archive> filled(const keys::Archive& archive, const std::set<Role>& roles) const {
    auto next = archive.copy();
    for (const auto& [role, key] : fresh_) {
      if (!roles.contains(role)) continue;
      const std::string name(tuf::name_of(role)), member = keys::new_key_member(name, key.public_key());
      TRY(next.add_key(member, key));
      Json index = keys::index_of(next, {wish_.factory, *ci_, key.public_key(), member + ".pub", wish_.now, name});
      for (Json& entry : *index["keys"].if_array())
        for (const auto& [other_role, other] : fresh_)
          if (entry.text_or("keyid", "") == tuf::key_id(other.public_key()).hex) entry["status"] = Json("pending");
      next.put(std::string(keys::kIndexMember), SecretBytes(to_pretty_json(index)));
    }
    const bool derived = draft_.current().production == CurrentRoots::Production::derived;
    for (const auto& [stream, change] : plan_.changes) {
      if (stream == Stream::ci || !derived)
        next.put(keys::trusted_member(name_of(stream)), SecretBytes(Bytes(change.trusted.raw())));
      next.put(keys::candidate_member(name_of(stream)), SecretBytes(Bytes(change.candidate)));
    }
    return next;
  }

  const keys::Archive& root_archive_;
  StagedRoots draft_;
  const ChangeWish& wish_;
  const tuf::Trusted<tuf::Root> ci_;
  std::vector<keys::ArchivedKey> mine_;
  std::vector<tuf::KeySigner> signers_;
  std::map<Role, PrivateKey> fresh_;
  ChangePlan plan_;
};

}  // namespace

Result<ChangePlan> plan_change(const keys::Archive& root_archive, StagedRoots draft, const ChangeWish& wish) {
  return Changing(root_archive, std::move(draft), wish).plan();
}

}  // namespace rota::ceremony
