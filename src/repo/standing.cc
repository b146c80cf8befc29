#include "repo/standing.h"

#include "crypto/hash.h"
#include "repo/packing.h"
#include "repo/signatures.h"

namespace rota::repo {
namespace {

using tuf::Role;

Json body_of(Role role, tuf::Version version, Time expires) {
  std::string type(tuf::name_of(role));
  type[0] = static_cast<char>(type[0] - 'a' + 'A');
  return Json(Json::Object{{"_type", type}, {"expires", rfc3339(expires)}, {"version", version}});
}

constexpr std::int64_t kProductionThreshold = 2;  // of targets: the server's key and an owner's

// Below this a file fits one packet anyway.
constexpr std::size_t kWorthPacking = 1400;

// `bytes` packed; what they were packed to before, while they are the same.
Result<std::shared_ptr<const Bytes>> packed(const Bytes& bytes, const Bytes& before,
                                            const std::shared_ptr<const Bytes>& packed_before) {
  if (bytes == before) return packed_before;
  if (bytes.size() < kWorthPacking) return std::shared_ptr<const Bytes>();
  return std::make_shared<const Bytes>(TRY(gzip(bytes)));
}

// `base` with these files, which `set` verified.
Result<Standing> serving(Standing base, const tuf::Generation& files, const tuf::VerifiedSet& set) {
  Published published;
  published.generation = base.published->generation + 1;
  published.repo_id = base.published->repo_id;
  published.root = base.roots.back();
  published.root_version = set.root->version;
  published.timestamp = std::make_shared<const Bytes>(files.timestamp.bytes());
  published.snapshot = std::make_shared<const Bytes>(files.snapshot.bytes());
  published.targets = std::make_shared<const Bytes>(files.targets.bytes());
  published.targets_checksum = crypto::sha256_hex(files.targets);
  published.target_list = set.targets->targets;
  const Published& before = *base.published;
  published.targets_gzip = TRY(packed(*published.targets, *before.targets, before.targets_gzip));
  published.snapshot_gzip = TRY(packed(*published.snapshot, *before.snapshot, before.snapshot_gzip));
  if (!base.production.empty()) {
    published.production_version = base.production.rbegin()->first;
    published.production_root = base.production.rbegin()->second;
  }
  base.published = std::make_shared<const Published>(std::move(published));
  base.reached = std::make_shared<const tuf::Trusted<tuf::Root>>(set.root.trusted());
  base.floors = {set.timestamp->version, set.snapshot->version, set.targets->version, {}};
  for (const auto& [name, meta] : set.snapshot->meta) base.floors.listed[name] = meta.version;
  base.timestamp_expires = set.timestamp->expires;
  base.snapshot_expires = set.snapshot->expires;
  base.targets_expires = set.targets->expires;
  return base;
}

// One change in the making.
class Drafting {
 public:
  Drafting(const Standing& before, const std::vector<OnlineKey>& keys, Time now)
      : before_(before), keys_(keys), now_(now), next_(before) {}

  Result<Standing> with(const Change& change) {
    if (change.root) next_.roots.push_back(std::make_shared<const Bytes>(*change.root));
    root_.emplace(TRY(newest_root(next_)));
    if (change.production_root) TRY(add_production_root(*change.production_root));
    files_.targets = TRY(targets(change));
    const bool listed_anew = change.root || files_.targets != *before_.published->targets;
    files_.snapshot = *before_.published->snapshot;
    if (listed_anew || change.snapshot == Change::Snapshot::renewed) files_.snapshot = TRY(snapshot());
    files_.timestamp = TRY(timestamp());
    return verified();
  }

 private:
  Status add_production_root(const Bytes& bytes) {
    const auto version = TRY(TRY(tuf::parse_envelope(bytes, tuf::kMaxRoot)).body.integer("version"));
    const auto ci = static_cast<tuf::Version>(next_.roots.size());
    if (version > ci || (before_.production.empty() && version < ci))
      return want_got("production root: version: in step with ci", ci, version);
    const auto root = TRY_IN("production", tuf::next_root(TRY(production_base(before_, version)), bytes));
    TRY_IN("production", tuf::fresh(root, now_));
    const auto keys = static_cast<std::int64_t>(root->material(Role::targets).size());
    const auto want = std::min(kProductionThreshold, keys), got = root->role(Role::targets).threshold;
    if (got < want) return want_got("production root: threshold of targets", want, got);
    for (const Role role : {Role::snapshot, Role::timestamp})
      if (!can_sign(keys_, *root, role))
        return unavailable("production root: too few keys of " + std::string(tuf::name_of(role)) + " are online");
    next_.production[root->version] = std::make_shared<const Bytes>(bytes);
    next_.production_reached = std::make_shared<const tuf::Trusted<tuf::Root>>(root);
    return {};
  }

  Result<Bytes> targets(const Change& change) {
    same_targets_ = !change.targets && !change.targets_body;
    if (change.targets) return *change.targets;
    if (change.targets_body) return signed_targets(*change.targets_body);
    if (!change.root) return *before_.published->targets;
    return targets_under_new_root(change.targets_signatures);
  }

  // With the signatures given; else kept as they are while they verify and the online keys stay; else signed again, or
  // refused.
  Result<Bytes> targets_under_new_root(const std::vector<Json>& given) {
    const Bytes& present = *before_.published->targets;
    if (!given.empty()) return signed_again(present, **root_, given, signers_of(keys_, **root_, Role::targets));
    const auto verifies = tuf::targets_under(**root_, present);
    const auto old_root = TRY(newest_root(before_));
    const bool same_keys = signers_of(keys_, *old_root, Role::targets) == signers_of(keys_, **root_, Role::targets);
    if (verifies && (same_keys || !is_online(Role::targets))) return present;
    if (!is_online(Role::targets))
      return rejected("targets: would not verify under root " + std::to_string((*root_)->version) +
                      " and its keys are not online: " + verifies.error().what);
    auto envelope = TRY(tuf::parse_envelope(present, tuf::kMaxTargets));
    return signed_targets(std::move(envelope.body));
  }

  Result<Bytes> signed_targets(Json body) {
    same_targets_ = false;
    body["version"] = before_.floors.targets + 1;
    body["expires"] = rfc3339(now_ + kTargetsLife);
    return sign(Role::targets, body);
  }

  Result<Bytes> snapshot() {
    Json body = body_of(Role::snapshot, before_.floors.snapshot + 1, now_ + kSnapshotLife);
    const auto envelope = TRY(tuf::parse_envelope(files_.targets, tuf::kMaxTargets));
    const auto listed = TRY(tuf::read_targets(envelope));
    body["meta"]["root.json"] = file_meta((*root_)->version, *next_.roots.back());
    body["meta"]["targets.json"] = file_meta(listed.version, files_.targets);
    return sign(Role::snapshot, body);
  }

  Result<Bytes> timestamp() {
    Json body = body_of(Role::timestamp, before_.floors.timestamp + 1, now_ + kTimestampLife);
    const auto envelope = TRY(tuf::parse_envelope(files_.snapshot, tuf::kMaxSnapshot));
    const auto listed = TRY(tuf::read_snapshot(envelope));
    body["meta"]["snapshot.json"] = file_meta(listed.version, files_.snapshot);
    return sign(Role::timestamp, body);
  }

  bool is_online(Role role) const { return can_sign(keys_, **root_, role); }

  Result<Bytes> sign(Role role, const Json& body) {
    const auto signers = signers_of(keys_, **root_, role);
    if (!is_online(role))
      return unavailable(std::string(tuf::name_of(role)) + ": want " + std::to_string((*root_)->role(role).threshold) +
                         " online keys of root " + std::to_string((*root_)->version) + ", got " +
                         std::to_string(signers.size()));
    return tuf::sign_envelope(body, signers, (*root_)->keys);
  }

  Result<Standing> verified() {
    if (files_.targets != *before_.published->targets) {
      const auto faults = tuf::form_faults(Role::targets, files_.targets);
      if (!faults.empty()) return rejected(faults.front());
    }
    // Targets of an offline key are served as they are, expired or not (repo-api.md 4.4); all else is judged by now.
    const bool carried = before_.published->generation > 0 && same_targets_;
    const Time at = carried ? std::min(now_, before_.targets_expires - Seconds(1)) : now_;
    const auto set = TRY(tuf::verify_set(*root_, before_.floors, files_, at));
    TRY(tuf::fresh(*root_, now_));
    return serving(std::move(next_), files_, set);
  }

  const Standing& before_;
  const std::vector<OnlineKey>& keys_;
  Time now_;
  Standing next_;
  std::optional<tuf::Trusted<tuf::Root>> root_;
  tuf::Generation files_;
  bool same_targets_ = true;  // whoever signs them
};

}  // namespace

Result<tuf::Trusted<tuf::Root>> newest_root(const Standing& standing) {
  if (standing.roots.empty()) return rejected("factory '" + standing.factory + "': root 1 is missing");
  auto root = standing.reached ? *standing.reached : TRY(tuf::anchor_root(*standing.roots.front()));
  const auto newest = static_cast<tuf::Version>(standing.roots.size());
  while (root->version < newest)
    root = TRY(tuf::next_root(root, *standing.roots[static_cast<std::size_t>(root->version)]));
  if (root->version != newest) return want_got("newest root: version", newest, root->version);
  return root;
}

Result<std::optional<tuf::Trusted<tuf::Root>>> newest_production_root(const Standing& standing) {
  if (standing.production.empty()) return std::optional<tuf::Trusted<tuf::Root>>();
  const auto first = standing.production.begin()->first, newest = standing.production.rbegin()->first;
  if (first < 2 || first > next_root_version(standing))
    return rejected("production root " + std::to_string(first) + ": follows no root of ci");
  auto root =
      standing.production_reached ? *standing.production_reached : TRY(tuf::anchor_root(*standing.roots.front()));
  while (root->version < newest) {
    const auto own = standing.production.find(root->version + 1);
    const bool is_own = own != standing.production.end();
    if (!is_own && root->version + 1 > first) return rejected("production: a root is missing");
    root = TRY(tuf::next_root(root, is_own ? *own->second : *standing.roots[static_cast<std::size_t>(root->version)]));
  }
  return std::optional(std::move(root));
}

Result<tuf::Trusted<tuf::Root>> production_base(const Standing& standing, tuf::Version version) {
  auto own = TRY(newest_production_root(standing));
  if (own) return *own;
  if (version < 2 || version > next_root_version(standing))
    return rejected("production root " + std::to_string(version) + ": follows no root of ci");
  Standing until = standing;
  until.roots.resize(static_cast<std::size_t>(version - 1));
  if (until.reached && (*until.reached)->version >= version) until.reached = nullptr;
  return newest_root(until);
}

Result<tuf::Trusted<tuf::Root>> root_after(const Standing& standing, const Bytes& root) {
  return tuf::next_root(TRY(newest_root(standing)), root);
}

tuf::Version next_root_version(const Standing& standing) {
  return static_cast<tuf::Version>(standing.roots.size()) + 1;
}

Standing unpublished(const std::string& factory, const std::string& repo_id, const std::vector<Bytes>& roots) {
  Standing standing;
  standing.factory = factory;
  for (const Bytes& root : roots) standing.roots.push_back(std::make_shared<const Bytes>(root));
  const auto nothing = std::make_shared<const Bytes>();
  standing.published =
      std::make_shared<const Published>(Published{0, repo_id, nothing, 0, nothing, nothing, nothing, {}, {}, {}, {}});
  return standing;
}

Result<Standing> standing_of(const std::string& factory, const LedgerEntry& entry) {
  Standing base = unpublished(factory, entry.repo_id, entry.roots);
  for (const auto& [version, bytes] : entry.production_roots)
    base.production[version] = std::make_shared<const Bytes>(bytes);
  if (auto production = TRY(newest_production_root(base)))
    base.production_reached = std::make_shared<const tuf::Trusted<tuf::Root>>(std::move(*production));
  const auto root = TRY(newest_root(base));
  const auto set = TRY(tuf::verify_set(root, {}, entry.files, Time()));  // at the epoch nothing has expired
  Published before = *base.published;
  before.generation = entry.generation - 1;
  base.published = std::make_shared<const Published>(std::move(before));
  return serving(std::move(base), entry.files, set);
}

Result<Standing> standing_after(const Standing& before, const Change& change, const std::vector<OnlineKey>& keys,
                                Time now) {
  return Drafting(before, keys, now).with(change);
}

std::vector<const tuf::Signer*> signers_of(const std::vector<OnlineKey>& keys, const tuf::Root& root, Role role) {
  const auto listed = root.material(role);
  std::vector<const tuf::Signer*> signers;
  for (const OnlineKey& key : keys) {
    if (key.role == role && listed.contains(key.signer.public_key())) signers.push_back(&key.signer);
  }
  return signers;
}

bool can_sign(const std::vector<OnlineKey>& keys, const tuf::Root& root, Role role) {
  return static_cast<std::int64_t>(signers_of(keys, root, role).size()) >= root.role(role).threshold;
}

Result<Bytes> canonical_envelope(BytesView bytes, Role role) {
  const std::string name(tuf::name_of(role));
  const auto json = parse_json(bytes, {.max_bytes = tuf::max_size(role)});
  if (!json) return rejected(name + ": " + json.error().what);
  const Json* body = json->find("signed");
  const Json* signatures = json->find("signatures");
  if (body == nullptr || signatures == nullptr) return rejected(name + ": want {\"signatures\":[…],\"signed\":{…}}");
  const Bytes canonical = tuf::envelope_bytes(*body, *signatures);
  if (canonical.size() > tuf::max_size(role))
    return rejected(name + ": longer than " + std::to_string(tuf::max_size(role)));
  return canonical;
}

Json empty_targets() {
  return Json(Json::Object{{"_type", "Targets"}, {"targets", Json(Json::Object{})}});
}

Json file_meta(tuf::Version version, BytesView bytes) {
  Json meta;
  meta["version"] = version;
  meta["length"] = static_cast<std::int64_t>(bytes.size());
  meta["hashes"]["sha256"] = crypto::sha256_hex(bytes);
  return meta;
}

}  // namespace rota::repo
