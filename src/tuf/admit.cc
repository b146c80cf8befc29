#include "tuf/admit.h"

#include <algorithm>

#include "tuf/form.h"

namespace rota::tuf {
namespace {

using Weight = Finding::Weight;

constexpr std::size_t kNearlyTooLarge = 48 * 1024;
constexpr Version kManyVersions = 900;  // older devices stop at 1000
constexpr Seconds kLeastLife = days(30), kShortLife = days(90);

// The findings about one candidate, gathered by small checks that never stop at the first.
class RootReview {
 public:
  RootReview(const Trusted<Root>& trusted, Time now) : trusted_(*trusted), now_(now) {}

  std::vector<Finding> of(BytesView candidate, Quorum quorum) {
    auto envelope = form::take_apart(candidate, 4 * max_size(Role::root, trusted_.dialect));
    if (!envelope.ok()) {
      add(Weight::error, "form", "root: " + envelope.error().what);
      return std::move(findings_);
    }
    look_at_envelope(*envelope, candidate);
    look_at_body(envelope->body);
    const auto next = read_root(*envelope);
    look_at_signatures(*envelope, next.ok() ? &*next : nullptr);
    if (quorum == Quorum::required) look_at_quorums(*envelope, next.ok() ? &*next : nullptr);
    if (next.ok()) compare(*next);
    if (!next.ok() && !has_error()) add(Weight::error, "form", next.error().what);
    return std::move(findings_);
  }

 private:
  void add(Weight weight, std::string name, std::string message) {
    findings_.push_back({weight, std::move(name), std::move(message)});
  }
  void check(std::string_view name, const Status& status) {
    if (!status.ok()) add(Weight::error, std::string(name), status.error().in("root").what);
  }
  bool has_error() const {
    return std::ranges::any_of(findings_, [](const Finding& f) { return f.weight == Weight::error; });
  }

  // The file as a whole: size, character set, dialect.
  void look_at_envelope(const Envelope& envelope, BytesView candidate) {
    const auto json = parse_json(candidate, {.numbers = JsonRules::Numbers::any, .max_bytes = candidate.size()});
    const std::size_t size = json.ok() ? to_json(*json).size() : candidate.size();
    const std::size_t limit = max_size(Role::root, trusted_.dialect);
    const std::string got = std::to_string(size) + " bytes";
    if (size > limit) add(Weight::error, "size", "root: size: want at most " + std::to_string(limit) + ", got " + got);
    if (size <= limit && size > kNearlyTooLarge && trusted_.dialect == Dialect::uptane)
      add(Weight::warning, "size-near", "root: size: " + got + " of at most " + std::to_string(limit));
    check("charset",
          trusted_.dialect == Dialect::uptane ? in_canonical_subset(envelope.body) : has_safe_integers(envelope.body));
    if (envelope.dialect != trusted_.dialect)
      add(Weight::error, "dialect",
          "root: dialect: want " + std::string(form::name_of(trusted_.dialect)) + ", got " +
              std::string(form::name_of(envelope.dialect)));
  }

  void look_at_body(const Json& body) {
    look_at_type(body);
    look_at_members(body);
    look_at_version(body);
    look_at_expiry(body);
    look_at_roles(body.find("roles"));
    look_at_keys(body);
  }

  void look_at_type(const Json& body) {
    const std::string want = form::type_name(Role::root, trusted_.dialect);
    if (body.text_or("_type", "") != want)
      add(Weight::error, "type", "root: _type: want '" + want + "', got " + form::described(body.find("_type")));
    if (trusted_.dialect == Dialect::tuf) check("spec-version", form::is_spec_1(body));
  }

  void look_at_members(const Json& body) {
    static const std::set<std::string_view> kKnown = {"_type", "version", "expires",     "consistent_snapshot",
                                                      "keys",  "roles",   "spec_version"};
    for (const auto& [name, member] : *body.if_object()) {
      if (!kKnown.contains(name) && !name.starts_with("x-"))
        add(Weight::error, "unknown-member",
            "root: member '" + KeyId{name}.brief() + "' is unknown; own members start with x-");
    }
    const bool want = trusted_.dialect == Dialect::tuf;
    const Json* consistent = body.find("consistent_snapshot");
    if (consistent == nullptr || consistent->if_bool() == nullptr || *consistent->if_bool() != want)
      add(Weight::error, "consistent-snapshot",
          std::string("root: consistent_snapshot: want ") + (want ? "true" : "false"));
  }

  void look_at_version(const Json& body) {
    const auto version = form::version_of(body, trusted_.dialect);
    const Version want = trusted_.version + 1;
    if (!version.ok() || *version != want)
      return add(Weight::error, "version",
                 "root: version: want " + std::to_string(want) + ", got " + form::described(body.find("version")));
    if (*version > kManyVersions && trusted_.dialect == Dialect::uptane)
      add(Weight::warning, "version-near",
          "root: version: " + std::to_string(*version) + "; older devices stop at 1000");
  }

  void look_at_expiry(const Json& body) {
    const auto expires = form::expires_of(body);
    if (!expires.ok()) return add(Weight::error, "expires", expires.error().in("root").what);
    const std::string at = "root: expires: " + rfc3339(*expires);
    if (*expires <= now_) return add(Weight::expiry, "expired", at + " has passed");
    const auto left = std::chrono::duration_cast<std::chrono::days>(*expires - now_).count();
    if (*expires - now_ < kLeastLife)
      return add(Weight::expiry, "expiry", at + ": want at least 30 days to live, got " + std::to_string(left));
    if (*expires - now_ < kShortLife)
      add(Weight::warning, "expiry-near", at + " is " + std::to_string(left) + " days away");
  }

  // Shape of every role; whether its keys are enough is compare()'s matter.
  void look_at_roles(const Json* roles) {
    if (roles == nullptr || roles->if_object() == nullptr)
      return add(Weight::error, "role", "root: roles: want an object");
    for (const Role role : form::kRoles) {
      if (roles->find(name_of(role)) == nullptr)
        add(Weight::error, "role", "root: roles: " + std::string(name_of(role)) + " is missing");
    }
    for (const auto& [name, json] : *roles->if_object()) {
      const auto keys = form::role_keys(json, trusted_.dialect);
      const std::string where = "root: roles: " + KeyId{name}.brief() + ": ";
      if (!keys.ok()) add(Weight::error, "role", where + keys.error().what);
      if (keys.ok() && keys->key_ids.empty()) add(Weight::error, "role", where + "has no keys");
      if (keys.ok() && std::set(keys->key_ids.begin(), keys->key_ids.end()).size() != keys->key_ids.size())
        add(Weight::error, "role", where + "a key id is listed twice");
      if (keys.ok()) look_at_listed(where, keys->key_ids);
    }
  }

  void look_at_listed(const std::string& where, const std::vector<KeyId>& ids) {
    for (const KeyId& id : ids) used_.emplace(id, where);
  }

  void look_at_keys(const Json& body) {
    const Json* keys = body.find("keys");
    if (keys == nullptr || keys->if_object() == nullptr)
      return add(Weight::error, "keys", "root: keys: want an object");
    std::map<crypto::PublicKey, KeyId> ids;
    for (const auto& [name, json] : *keys->if_object()) {
      const KeyId id{name};
      if (!used_.contains(id)) add(Weight::error, "unused-key", "root: key " + id.brief() + ": no role uses it");
      const auto key = look_at_key(id, json);
      if (!key) continue;
      const auto [other, first] = ids.emplace(*key, id);
      if (!first)
        add(Weight::error, "key-twice", "root: key " + id.brief() + ": the same key as " + other->second.brief());
    }
    for (const auto& [id, where] : used_) {
      if (keys->find(id.hex) == nullptr)
        add(Weight::error, "key-missing", where + "key " + id.brief() + " is not among the keys");
    }
  }

  // Of an allowed type and size, public only, and under its own id unless the trusted root lists it under this one.
  std::optional<crypto::PublicKey> look_at_key(const KeyId& id, const Json& json) {
    const std::string where = "root: key " + id.brief() + ": ";
    if (const Json* value = json.find("keyval"); value != nullptr && value->find("private") != nullptr)
      add(Weight::error, "private-key", where + "holds its private half");
    auto key = form::root_key(json, trusted_.dialect);
    if (!key.ok()) {
      add(Weight::error, "key-type", where + key.error().what);
      return std::nullopt;
    }
    if (trusted_.dialect == Dialect::uptane && key->type() == crypto::KeyType::ecdsa_p256)
      add(Weight::error, "key-type", where + "want RSA or ED25519, got EC P-256; devices refuse the whole root");
    if (key->bits() == 2048) add(Weight::warning, "rsa-2048", where + "RSA 2048");
    const bool carried_over = trusted_.keys.contains(id) && trusted_.keys.at(id) == *key;
    const KeyId own = key_id(*key, trusted_.dialect);
    if (!carried_over && id != own)
      add(Weight::error, "key-id", where + "want the id " + own.hex + " for a key that enters");
    return std::move(key).value();
  }

  void look_at_signatures(const Envelope& envelope, const Root* next) {
    check("signature-twice", form::ids_once(envelope.signatures));
    const Bytes message =
        canonical(envelope.body, trusted_.dialect == Dialect::uptane ? CanonicalForm::uptane : CanonicalForm::olpc);
    for (const Signature& signature : envelope.signatures) {
      const std::string where = "root: signature of key " + signature.key_id.brief() + ": ";
      const auto scheme = scheme_of_method(signature.method);
      if (trusted_.dialect == Dialect::uptane && (!scheme || *scheme == crypto::Scheme::ecdsa_sha256))
        add(Weight::error, "signature-method",
            where + "method '" + KeyId{signature.method}.brief() + "' is unknown; devices refuse the whole root");
      const auto* key = signer_of(signature, next);
      if (key != nullptr) look_at_salt(where, *key, message, signature);
    }
  }

  const crypto::PublicKey* signer_of(const Signature& signature, const Root* next) const {
    if (trusted_.keys.contains(signature.key_id)) return &trusted_.keys.at(signature.key_id);
    if (next == nullptr) return nullptr;
    const auto key = next->keys.find(signature.key_id);
    return key == next->keys.end() ? nullptr : &key->second;
  }

  void look_at_salt(const std::string& where, const crypto::PublicKey& key, BytesView message,
                    const Signature& signature) {
    const int salt = key.pss_salt_length(message, signature.bytes);
    if (salt != -1 && salt != 32)
      add(Weight::error, "salt", where + "PSS salt: want 32 bytes, got " + std::to_string(salt));
  }

  void look_at_quorums(const Envelope& envelope, const Root* next) {
    const auto by = [&](const Root& root, const std::string& whose, std::string_view name) {
      const auto status = signed_by(root, Role::root, envelope, "root: by " + whose);
      if (!status.ok()) add(Weight::error, std::string(name), status.error().what);
    };
    by(trusted_, "the keys of root " + std::to_string(trusted_.version), "quorum-old");
    if (next != nullptr) by(*next, "its own keys", "quorum-new");
  }

  // What a well-formed successor changes.
  void compare(const Root& next) {
    for (const Role role : form::kRoles) compare_role(next, role);
    if (next.material(Role::root).size() == 1)
      add(Weight::warning, "single-root-key", "root: only one root key; a lost key cannot be replaced");
    const auto roots = next.material(Role::root);
    for (const Role role : {Role::targets, Role::snapshot, Role::timestamp}) {
      const auto keys = next.material(role);
      if (std::ranges::any_of(keys, [&](const auto& key) { return roots.contains(key); }))
        add(Weight::warning, "shared-key", "root: a root key is also a key of " + std::string(name_of(role)));
    }
  }

  void compare_role(const Root& next, Role role) {
    const auto before = trusted_.material(role), after = next.material(role);
    const std::int64_t old_threshold = trusted_.role(role).threshold, threshold = next.role(role).threshold;
    const std::string name(name_of(role)), what = "root: threshold of " + name + ": ";
    if (threshold > static_cast<std::int64_t>(after.size()))
      add(Weight::error, "threshold",
          what + "want 1.." + std::to_string(after.size()) + ", got " + std::to_string(threshold));
    if (threshold < old_threshold)
      add(Weight::needs_ok, "lower-threshold",
          what + "lowered from " + std::to_string(old_threshold) + " to " + std::to_string(threshold));
    if (after.size() < before.size())
      add(Weight::needs_ok, "fewer-keys",
          "root: keys of " + name + ": " + std::to_string(before.size()) + " before, " + std::to_string(after.size()) +
              " now");
    const bool kept = std::ranges::any_of(before, [&](const auto& key) { return after.contains(key); });
    if (role != Role::root && !before.empty() && !kept)
      add(Weight::needs_ok, "replace-role", "root: keys of " + name + ": all replaced at once");
  }

  const Root& trusted_;
  Time now_;
  std::map<KeyId, std::string> used_;  // by any role, with the first that lists it
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> admit_root(const Trusted<Root>& trusted, BytesView candidate, Time now, Quorum quorum) {
  return RootReview(trusted, now).of(candidate, quorum);
}

std::vector<std::string> stopping(const std::vector<Finding>& findings, const Allowed& allowed) {
  std::vector<std::string> messages;
  for (const Finding& finding : findings) {
    const bool named = std::ranges::find(allowed.names, finding.name) != allowed.names.end();
    const bool stops = finding.weight == Weight::error || (finding.weight == Weight::needs_ok && !named) ||
                       (finding.weight == Weight::expiry && !allowed.short_expiry);
    if (stops) messages.push_back(finding.message);
  }
  return messages;
}

}  // namespace rota::tuf
