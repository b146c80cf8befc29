#include "ceremony/plan.h"

#include "ceremony/edit.h"
#include "ceremony/owner_key.h"
#include "ceremony/sign.h"
#include "ceremony/staged_roots.h"
#include "crypto/hash.h"
#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::SecretBytes;
using tuf::KeyId;
using tuf::Root;
using tuf::Trusted;

std::string ids_of(const Root& root, const std::vector<keys::ArchivedKey>& keys) {
  std::string text;
  for (const auto& key : keys)
    text.append(text.empty() ? "" : ", ").append(id_in(root, key.public_key).hex + " ('" + key.pub_member + "')");
  return text;
}

std::string listed_ids(const Root& root) {
  std::string text;
  for (const auto& id : root.role(tuf::Role::root).key_ids) text.append(text.empty() ? "" : ", ").append(id.hex);
  return text;
}

// The archive's keys that the root's own role names, private halves checked.
class ActiveKeys {
 public:
  static Result<ActiveKeys> in(const keys::Archive& archive, const Root& root) {
    ActiveKeys active;
    active.keys_ = archive.keys_among(root.material(tuf::Role::root));
    for (const auto& key : active.keys_) {
      auto secret = archive.private_key(key);
      if (!secret) return io_error(secret.error().what);
      active.signers_.emplace_back(std::move(secret).value());
    }
    if (active.keys_.empty())
      return io_error("archive: holds no private key of root " + std::to_string(root.version) + "; its root keys: " +
                          listed_ids(root),
                      "this may be an archive from before an earlier rotation; look for the newest one");
    return active;
  }

  Result<keys::ArchivedKey> to_replace(const Root& root, const std::optional<std::string>& asked) const {
    if (!asked && keys_.size() == 1) return keys_.front();
    for (const auto& key : keys_)
      if (asked && (id_in(root, key.public_key).hex == *asked || tuf::key_id(key.public_key).hex == *asked)) return key;
    if (asked)
      return io_error("archive: --key-id: no active root key has the id " + *asked +
                      "; active: " + ids_of(root, keys_));
    return io_error("archive: holds " + std::to_string(keys_.size()) + " active root keys: " + ids_of(root, keys_),
                    "say which one to replace with --key-id");
  }

  const std::vector<tuf::KeySigner>& signers() const { return signers_; }

 private:
  std::vector<keys::ArchivedKey> keys_;
  std::vector<tuf::KeySigner> signers_;
};

class Planning {
 public:
  Planning(const keys::Archive& archive, const NewestRoots& newest, const RotationWish& wish)
      : archive_(archive), newest_(newest), wish_(wish) {}

  Result<RotationPlan> plan() {
    const Trusted<Root>& ci = newest_.at(Stream::ci);
    const auto active = TRY(ActiveKeys::in(archive_, *ci));
    const auto old_key = TRY(active.to_replace(*ci, wish_.key_id));
    const PrivateKey fresh_key = TRY(new_owner_key(wish_.new_key));
    const tuf::KeySigner fresh(fresh_key);
    for (const auto& [stream, trusted] : newest_) {
      const Json body = TRY_IN(name_of(stream), next_body(stream, old_key.public_key, fresh.public_key()));
      std::vector<const tuf::Signer*> signers;
      for (const auto& signer : active.signers()) signers.push_back(&signer);
      signers.push_back(&fresh);
      const Bytes candidate = TRY_IN(name_of(stream), sign_root(body, signers, known_ids(*trusted, body)));
      TRY_IN(name_of(stream), accept(trusted, candidate));
      plan_.changes.emplace(stream, RootChange{trusted, candidate, difference(trusted->body, body)});
    }
    describe(*ci, old_key.public_key, fresh.public_key());
    TRY(fill_archive(fresh_key));
    return std::move(plan_);
  }

 private:
  Result<Json> next_body(Stream stream, const PublicKey& old_key, const PublicKey& fresh) const {
    const Root& root = *newest_.at(stream);
    RootEdit edit = TRY(RootEdit::of(root.body));
    edit.set_version(root.version + 1);
    edit.set_expires(wish_.expires.value_or(renewed_expiry(root.expires, wish_.now)));
    const KeyId id = TRY(edit.replace_key(tuf::Role::root, id_in(root, old_key), fresh));
    const RootEdit::Author author{wish_.polis_id, wish_.now};
    edit.set_changelog(author, wish_.message);
    edit.set_key_owner(id, author);
    if (stream == Stream::prod) raise_production_threshold(edit);
    return edit.body();
  }

  Status accept(const Trusted<Root>& trusted, BytesView candidate) {
    const auto check = TRY(check_step(trusted, candidate, wish_.now));
    for (const auto& finding : check.findings)
      if (finding.weight == tuf::Finding::Weight::warning) plan_.warnings.push_back(finding.message);
    if (const auto missing = missing_lines(trusted, candidate, {}); !missing.empty()) return rejected(missing.front());
    return publishable(trusted, candidate, wish_.now, {});
  }

  void describe(const Root& ci, const PublicKey& old_key, const PublicKey& fresh) {
    plan_.old_id = id_in(ci, old_key);
    plan_.new_id = tuf::key_id(fresh);
    plan_.version = ci.version + 1;
    plan_.expires = wish_.expires.value_or(renewed_expiry(ci.expires, wish_.now));
    if (ci.expires <= wish_.now)
      plan_.warnings.insert(plan_.warnings.begin(), "root " + std::to_string(ci.version) + " expired at " +
                                                        rfc3339(ci.expires) + "; this rotation replaces it");
  }

  Status fill_archive(const PrivateKey& fresh) {
    plan_.next = archive_.copy();
    const std::string member = keys::new_key_member("root", fresh.public_key());
    TRY(plan_.next.add_key(member, fresh));
    Json index = keys::index_of(
        plan_.next, {wish_.factory, *newest_.at(Stream::ci), fresh.public_key(), member + ".pub", wish_.now});
    for (const auto& [stream, change] : plan_.changes) {
      // A production chain that begins with this change has no root to be pinned yet.
      const bool begins = stream == Stream::prod && change.trusted.raw() == newest_.at(Stream::ci).raw();
      if (!begins) plan_.next.put(keys::trusted_member(name_of(stream)), SecretBytes(Bytes(change.trusted.raw())));
      plan_.next.put(keys::candidate_member(name_of(stream)), SecretBytes(Bytes(change.candidate)));
      index["pins"][name_of(stream)] = Json(Json::Object{{"version", Json(change.trusted->version)},
                                                         {"sha256", crypto::sha256_hex(change.trusted.raw())}});
    }
    plan_.next.put(std::string(keys::kIndexMember), SecretBytes(to_pretty_json(index)));
    return {};
  }

  const keys::Archive& archive_;
  const NewestRoots& newest_;
  const RotationWish& wish_;
  RotationPlan plan_;
};

}  // namespace

Result<RotationPlan> plan_rotation(const keys::Archive& archive, const NewestRoots& newest, const RotationWish& wish) {
  return Planning(archive, newest, wish).plan();
}

}  // namespace rota::ceremony
