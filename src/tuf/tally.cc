#include <algorithm>

#include "tuf/form.h"
#include "tuf/verify.h"

namespace rota::tuf {
namespace {

using crypto::PublicKey;

// The bytes a signature may cover, in the order devices try them (device.md 5.3), made when they are first needed.
class SignedBytes {
 public:
  explicit SignedBytes(const Envelope& envelope) : envelope_(envelope) {}

  bool verified_by(const PublicKey& key, crypto::Scheme scheme, BytesView signature) {
    const auto& forms = envelope_.dialect == Dialect::tuf ? kTufForms : kUptaneForms;
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (made_.size() == i) made_.push_back(canonical(envelope_.body, forms[i]));
      const bool tried = std::find(made_.begin(), made_.begin() + static_cast<std::ptrdiff_t>(i), made_[i]) !=
                         made_.begin() + static_cast<std::ptrdiff_t>(i);
      if (!tried && key.verifies(scheme, made_[i], signature)) return true;
    }
    return false;
  }

 private:
  inline static const std::vector<CanonicalForm> kUptaneForms = {CanonicalForm::uptane, CanonicalForm::device,
                                                                 CanonicalForm::olpc};
  inline static const std::vector<CanonicalForm> kTufForms = {CanonicalForm::olpc};
  const Envelope& envelope_;
  std::vector<std::string> made_;
};

std::string key_named(const KeyId& id) {
  return "key " + id.brief();
}

// The key of `role` that a signature names, or why there is none.
Result<const PublicKey*> key_of(const Root& root, Role role, const KeyId& id) {
  const auto& ids = root.role(role).key_ids;
  const auto key = root.keys.find(id);
  const auto unusable = root.unusable.find(id);
  if (std::ranges::find(ids, id) == ids.end()) {
    const bool known = key != root.keys.end() || unusable != root.unusable.end();
    return rejected(key_named(id) + (known ? ": not a key of " + std::string(name_of(role))
                                           : ": unknown to root " + std::to_string(root.version)));
  }
  if (unusable != root.unusable.end()) return rejected(key_named(id) + ": not usable: " + unusable->second);
  if (key == root.keys.end())
    return rejected(key_named(id) + ": not among the keys of root " + std::to_string(root.version));
  return &key->second;
}

// The key whose vote a signature is.
Result<const PublicKey*> vote_of(const Root& root, Role role, const Signature& signature, SignedBytes& message) {
  const PublicKey* key = TRY(key_of(root, role, signature.key_id));
  const auto scheme =
      root.dialect == Dialect::tuf ? crypto::scheme_of(key->type()) : scheme_of_method(signature.method);
  if (!scheme)
    return rejected(key_named(signature.key_id) + ": signature method '" + KeyId{signature.method}.brief() +
                    "' is unknown");
  if (!message.verified_by(*key, *scheme, signature.bytes))
    return rejected(key_named(signature.key_id) + ": signature does not verify");
  return key;
}

// Ids of the role's keys without a vote, one for each key.
std::vector<KeyId> without_vote(const Root& root, Role role, std::set<PublicKey> voted) {
  std::vector<KeyId> missing;
  for (const KeyId& id : root.role(role).key_ids) {
    const auto key = root.keys.find(id);
    const bool counted = key != root.keys.end() && !voted.insert(key->second).second;
    if (!counted && std::ranges::find(missing, id) == missing.end()) missing.push_back(id);
  }
  return missing;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

// Names the signers to ask, and at most a few of the faults: a file may hold thousands of signatures.
std::string shortfall(const Tally& tally) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> missing;
  for (const KeyId& id : tally.missing) missing.push_back(id.brief());
  auto faults = tally.faults;
  const std::size_t more = faults.size() > kShown ? faults.size() - kShown : 0;
  faults.resize(faults.size() - more);
  std::string text = std::to_string(tally.signed_by.size()) + " of " + std::to_string(tally.threshold) + " signatures";
  if (!missing.empty()) text += "; missing: " + joined(missing);
  if (!faults.empty()) text += "; " + joined(faults);
  return more == 0 ? text : text + ", and " + std::to_string(more) + " more";
}

}  // namespace

Tally tally(const Root& root, Role role, const Envelope& envelope) {
  Tally result{root.role(role).threshold, {}, {}, {}};
  if (envelope.dialect != root.dialect) {
    result.faults.push_back("dialect: want " + std::string(form::name_of(root.dialect)) + ", got " +
                            std::string(form::name_of(envelope.dialect)));
    result.missing = without_vote(root, role, {});
    return result;
  }
  SignedBytes message(envelope);
  std::set<PublicKey> voted;
  for (const Signature& signature : envelope.signatures) {
    auto vote = vote_of(root, role, signature, message);
    if (!vote.ok())
      result.faults.push_back(vote.error().what);
    else if (voted.insert(**vote).second)
      result.signed_by.push_back(signature.key_id);
    else
      result.faults.push_back(key_named(signature.key_id) + ": the same key under another id, counted once");
  }
  result.missing = without_vote(root, role, std::move(voted));
  return result;
}

Status signed_by(const Root& root, Role role, const Envelope& envelope, std::string_view what) {
  const Tally result = tally(root, role, envelope);
  if (result.met()) return {};
  return rejected(std::string(what) + ": " + shortfall(result));
}

}  // namespace rota::tuf
