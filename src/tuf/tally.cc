#include "tuf/tally.h"

#include <algorithm>

#include "tuf/form.h"

namespace rota::tuf {
namespace {

using crypto::PublicKey;

std::string key_named(const KeyId& id) {
  return "key " + id.brief();
}

// The key of the role that a signature names, or why there is none.
Result<const PublicKey*> key_of(const Authority& by, const KeyId& id) {
  const auto& ids = by.role.key_ids;
  const auto key = by.keys->find(id);
  const auto unusable = by.unusable->find(id);
  if (std::ranges::find(ids, id) == ids.end()) {
    const bool known = key != by.keys->end() || unusable != by.unusable->end();
    return rejected(key_named(id) + (known ? ": not a key of " + by.name : ": unknown to " + by.delegator));
  }
  if (unusable != by.unusable->end()) return rejected(key_named(id) + ": not usable: " + unusable->second);
  if (key == by.keys->end()) return rejected(key_named(id) + ": not among the keys of " + by.delegator);
  return &key->second;
}

// The key whose vote a signature is.
Result<const PublicKey*> vote_of(const Authority& by, const Signature& signature, SignedBytes& message) {
  const PublicKey* key = TRY(key_of(by, signature.key_id));
  const auto scheme = by.dialect == Dialect::tuf ? crypto::scheme_of(key->type()) : scheme_of_method(signature.method);
  if (!scheme)
    return rejected(key_named(signature.key_id) + ": signature method '" + KeyId{signature.method}.brief() +
                    "' is unknown");
  if (!message.verified_by(*key, *scheme, signature.bytes))
    return rejected(key_named(signature.key_id) + ": signature does not verify");
  return key;
}

// Ids of the role's keys without a vote, one for each key.
std::vector<KeyId> without_vote(const Authority& by, std::set<PublicKey> voted) {
  std::vector<KeyId> missing;
  for (const KeyId& id : by.role.key_ids) {
    const auto key = key_of(by, id);
    const bool counted = key.ok() && !voted.insert(**key).second;
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
  const std::size_t more = faults.size() - std::min(faults.size(), kShown);
  faults.resize(faults.size() - more);
  std::string text = std::to_string(tally.signed_by.size()) + " of " + std::to_string(tally.threshold) + " signatures";
  if (!missing.empty()) text += "; missing: " + joined(missing);
  if (!faults.empty()) text += "; " + joined(faults);
  return more == 0 ? text : text + ", and " + std::to_string(more) + " more";
}

}  // namespace

Authority authority(const Root& root, Role role) {
  return {.name = std::string(name_of(role)),
          .keys = &root.keys,
          .unusable = &root.unusable,
          .role = root.role(role),
          .dialect = root.dialect,
          .delegator = "root " + std::to_string(root.version)};
}

Authority authority(const Delegations& delegations, const Speaker& speaker, Dialect dialect) {
  return {.name = speaker.role,
          .keys = &delegations.keys,
          .unusable = &delegations.unusable,
          .role = speaker.keys,
          .dialect = dialect};
}

Tally tally(const Authority& by, Signatures signatures) {
  Tally result{by.role.threshold, {}, {}, {}};
  if (signatures.dialect != by.dialect) {
    result.faults.push_back("dialect: want " + std::string(form::name_of(by.dialect)) + ", got " +
                            std::string(form::name_of(signatures.dialect)));
    result.missing = without_vote(by, {});
    return result;
  }
  std::set<PublicKey> voted;
  for (const Signature& signature : signatures.listed) {
    auto vote = vote_of(by, signature, signatures.covered);
    if (!vote.ok())
      result.faults.push_back(vote.error().what);
    else if (voted.insert(**vote).second)
      result.signed_by.push_back(signature.key_id);
    else
      result.faults.push_back(key_named(signature.key_id) + ": the same key under another id, counted once");
  }
  result.missing = without_vote(by, std::move(voted));
  return result;
}

Tally tally(const Authority& by, const Envelope& envelope) {
  SignedBytes covered(envelope.body, std::nullopt, envelope.dialect);
  return tally(by, {envelope.dialect, envelope.signatures, covered});
}

Tally tally(const Root& root, Role role, const Envelope& envelope) {
  return tally(authority(root, role), envelope);
}

Status signed_by(const Authority& by, Signatures signatures, std::string_view what) {
  const Tally result = tally(by, signatures);
  if (result.met()) return {};
  return rejected(std::string(what) + ": " + shortfall(result));
}

Status signed_by(const Authority& by, const Envelope& envelope, std::string_view what) {
  SignedBytes covered(envelope.body, std::nullopt, envelope.dialect);
  return signed_by(by, {envelope.dialect, envelope.signatures, covered}, what);
}

Status signed_by(const Root& root, Role role, const Envelope& envelope, std::string_view what) {
  return signed_by(authority(root, role), envelope, what);
}

}  // namespace rota::tuf
