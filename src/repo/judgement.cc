#include "repo/judgement.h"

#include "crypto/hash.h"
#include "repo/signatures.h"

namespace rota::repo {
namespace {

using tuf::Role;

constexpr std::size_t kLongestTargetName = 253;

Status is_target(const tuf::Target& target) {
  const auto segments = split(target.name, '/');
  const bool good_name =
      !target.name.empty() && target.name.size() <= kLongestTargetName &&
      std::ranges::none_of(segments, [](const auto& s) { return s.empty() || s == "." || s == ".."; });
  const std::string where = "target '" + target.name.substr(0, 60) + "': ";
  if (!good_name) return rejected(where + "name: want 1..253 characters without '..' and a leading '/'");
  const std::string sha256(target.sha256());
  if (!is_sha256_hex(sha256)) return rejected(where + "sha256: want 64 hex digits, got '" + sha256 + "'");
  if (target.custom.size() > tuf::kMaxTargets / 2) return rejected(where + "custom: does not fit targets.json");
  if (target.custom_json().if_object() == nullptr) return rejected(where + "custom: want an object");
  return {};
}

Json entry_of(const tuf::Target& target) {
  Json entry;
  entry["hashes"]["sha256"] = target.sha256();
  entry["length"] = target.length;
  entry["custom"] = target.custom_json();
  return entry;
}

// Without the times the server sets.
Json content_of(Json entry) {
  if (Json* custom = entry.find("custom"); custom != nullptr && custom->if_object() != nullptr) {
    custom->if_object()->erase("createdAt");
    custom->if_object()->erase("updatedAt");
  }
  return entry;
}

Json stamped(Json entry, Time now) {
  for (const char* member : {"createdAt", "updatedAt"}) {
    if (entry["custom"].find(member) == nullptr) entry["custom"][member] = rfc3339(now);
  }
  return entry;
}

std::vector<std::string> signature_faults(const tuf::Root& root, const tuf::Envelope& envelope) {
  const auto tally = tuf::tally(root, Role::targets, envelope);
  std::vector<std::string> faults;
  for (const auto& fault : tally.faults) faults.push_back("targets: " + fault);
  if (const auto met = tuf::signed_by(root, Role::targets, envelope, "targets"); !met)
    faults.push_back(met.error().what);
  return faults;
}

// Of the form, the signatures and the life of a candidate that is an envelope.
std::vector<std::string> targets_faults(const tuf::Root& root, const Bytes& candidate, Time now) {
  auto faults = tuf::form_faults(Role::targets, candidate);
  const auto envelope = tuf::parse_envelope(candidate, tuf::kMaxTargets);
  if (!envelope) {
    if (faults.empty()) faults.push_back(envelope.error().what);
    return faults;
  }
  for (auto& fault : signature_faults(root, *envelope)) faults.push_back(std::move(fault));
  const auto targets = tuf::read_targets(*envelope);
  if (!targets && faults.empty()) faults.push_back(targets.error().what);
  if (!targets) return faults;
  if (targets->expires <= now) faults.push_back("targets: expires: " + rfc3339(targets->expires) + " has passed");
  for (const auto& target : targets->targets)
    if (const auto formed = is_target(target); !formed) faults.push_back("targets: " + formed.error().what);
  return faults;
}

}  // namespace

Refusal refused_root(std::vector<std::string> cause) {
  return {"invalid_root_role", "the new root is not acceptable", std::move(cause), 400};
}

Refusal refused_targets(std::vector<std::string> cause) {
  return {"invalid_offline_targets", "the signed targets are not acceptable", std::move(cause), 400};
}

Accepted<Bytes> judged_root(const tuf::Trusted<tuf::Root>& trusted, BytesView envelope, const RootOptions& options,
                            Time now) {
  auto candidate = canonical_envelope(envelope, Role::root);
  if (!candidate) return refused_root({candidate.error().what});
  auto causes = tuf::stopping(tuf::admit_root(trusted, *candidate, now), options.allowed);
  if (!causes.empty()) return refused_root(std::move(causes));
  if (const auto next = tuf::next_root(trusted, *candidate); !next) return refused_root({next.error().what});
  return std::move(*candidate);
}

Result<std::vector<Json>> targets_signatures_beside(BytesView envelope) {
  const auto json = parse_json(envelope, {.max_bytes = tuf::kMaxRoot});
  if (!json) return rejected("root: " + json.error().what);
  const Json* given = json->find("targets-signatures");
  if (given == nullptr || given->is_null()) return std::vector<Json>();
  if (const auto* list = given->if_array()) return *list;
  return rejected("targets-signatures: want a list of signatures");
}

Accepted<Bytes> judged_targets(const Standing& before, const tuf::Root& root, const PushedTargets& pushed, Time now) {
  if (!pushed.checksum)
    return Refusal{
        "role_checksum_not_provided", "want the header x-ats-role-checksum of the targets it replaces", {}, 428};
  if (!crypto::constant_time_equal(*pushed.checksum, before.published->targets_checksum))
    return Refusal{"role_checksum_mismatch", "the targets were changed by somebody else; pull them again", {}, 412};
  auto candidate = canonical_envelope(pushed.envelope, Role::targets);
  if (!candidate) return refused_targets({candidate.error().what});
  auto faults = targets_faults(root, *candidate, now);
  if (!faults.empty()) return refused_targets(std::move(faults));
  if (*candidate == *before.published->targets) return std::move(*candidate);  // published already: nothing to do
  const auto parsed = tuf::read_targets(tuf::parse_envelope(*candidate, tuf::kMaxTargets).value());
  if (const auto want = before.floors.targets + 1; parsed->version != want)
    return Refusal{"invalid_version_bump",
                   "targets version: want " + std::to_string(want) + ", got " + std::to_string(parsed->version),
                   {},
                   409};
  return std::move(*candidate);
}

Accepted<Bytes> judged_production(const tuf::Root& root, BytesView envelope, const std::vector<const tuf::Signer*>& own,
                                  Time now) {
  const auto candidate = canonical_envelope(envelope, Role::targets);
  if (!candidate) return refused_targets({candidate.error().what});
  auto together = signed_again(*candidate, root, {}, own);
  if (!together) return refused_targets({together.error().what});
  auto faults = targets_faults(root, *together, now);
  if (!faults.empty()) return refused_targets(std::move(faults));
  return std::move(*together);
}

Result<std::optional<Json>> body_with(const Standing& before, const std::vector<tuf::Target>& targets, Time now) {
  auto envelope = TRY(tuf::parse_envelope(*before.published->targets, tuf::kMaxTargets));
  Json& listed = envelope.body["targets"];
  bool changed = false;
  for (const tuf::Target& target : targets) {
    TRY(is_target(target));
    const Json* present = listed.find(target.name);
    if (present != nullptr && content_of(*present) == content_of(entry_of(target))) continue;
    if (present != nullptr) return conflict("target '" + target.name + "': is there with other content");
    listed[target.name] = stamped(entry_of(target), now);
    changed = true;
  }
  if (!changed) return std::optional<Json>();
  return std::optional<Json>(std::move(envelope.body));
}

bool targets_are_online(const Standing& before, const tuf::Root& root, const std::vector<OnlineKey>& keys) {
  const auto envelope = tuf::parse_envelope(*before.published->targets, tuf::kMaxTargets);
  if (!envelope) return false;
  const auto tally = tuf::tally(root, Role::targets, *envelope);
  return std::ranges::all_of(tally.signed_by, [&](const tuf::KeyId& id) {
    const auto key = root.keys.find(id);
    return key != root.keys.end() && std::ranges::any_of(keys, [&](const OnlineKey& online) {
             return online.signer.public_key() == key->second;
           });
  });
}

}  // namespace rota::repo
