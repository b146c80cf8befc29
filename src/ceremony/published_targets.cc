#include "ceremony/published_targets.h"

#include <algorithm>

namespace rota::ceremony {
namespace {

Result<tuf::Envelope> taken_apart(const std::string& name, BytesView bytes) {
  return TRY_IN("targets of '" + name + "'", tuf::parse_envelope(bytes, tuf::kMaxTargets));
}

// The signatures of `added` under this name, in the envelope's own form.
Result<std::vector<tuf::Signature>> added_to(const Json& added, const std::string& name) {
  std::vector<tuf::Signature> signatures;
  const Json* list = added.find(name);
  if (list == nullptr || list->if_array() == nullptr) return signatures;
  for (const Json& one : *list->if_array()) {
    auto bytes = TRY(unbase64(one.text_or("sig", "")));
    signatures.push_back({{one.text_or("keyid", "")}, one.text_or("method", ""), std::move(bytes)});
  }
  return signatures;
}

}  // namespace

Result<PublishedFiles> signed_under(const PublishedFiles& files, const std::set<tuf::KeyId>& ids) {
  PublishedFiles found;
  for (const auto& [name, bytes] : files) {
    const auto envelope = TRY(taken_apart(name, bytes));
    if (std::ranges::any_of(envelope.signatures, [&](const auto& one) { return ids.contains(one.key_id); }))
      found.emplace(name, bytes);
  }
  return found;
}

Result<Json> signatures_over(const PublishedFiles& files, const tuf::Root& current, const tuf::Signer& signer, Time now) {
  Json all{Json::Object{}};
  for (const auto& [name, bytes] : files) {
    const std::string where = "targets of '" + name + "'";
    const auto targets = TRY_IN(where, tuf::targets_under(current, bytes));
    if (targets->expires <= now) return rejected(where + ": expired at " + rfc3339(targets->expires));
    const auto envelope = TRY(taken_apart(name, bytes));
    all[name].push_back(TRY_IN(where, tuf::signature_json(signer, tuf::key_id(signer.public_key()), envelope.body)));
  }
  return all;
}

Result<std::vector<std::string>> falling_short(const PublishedFiles& files, const Json& added, const tuf::Root& next,
                                               const std::string& online_id) {
  std::vector<std::string> names;
  const auto& role = next.role(tuf::Role::targets);
  const bool has_online = std::ranges::find(role.key_ids, tuf::KeyId{online_id}) != role.key_ids.end();
  for (const auto& [name, bytes] : files) {
    auto envelope = TRY(taken_apart(name, bytes));
    for (auto& one : TRY(added_to(added, name))) {
      std::erase_if(envelope.signatures, [&](const auto& old) { return old.key_id == one.key_id; });
      envelope.signatures.push_back(std::move(one));
    }
    auto signed_by = tuf::tally(next, tuf::Role::targets, envelope).signed_by;
    const bool online_signed = std::ranges::find(signed_by, tuf::KeyId{online_id}) != signed_by.end();
    const auto votes = static_cast<std::int64_t>(signed_by.size()) + (has_online && !online_signed ? 1 : 0);
    if (votes < role.threshold) names.push_back(name);
  }
  return names;
}

}  // namespace rota::ceremony
