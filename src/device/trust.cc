#include "device/trust.h"

namespace rota::device {
namespace {

constexpr std::uint64_t kMaxRootFile = 512 * 1024;
constexpr std::string_view kSuffix = ".root.json";

std::optional<tuf::Version> version_of(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const auto version = decimal(name.substr(0, name.size() - kSuffix.size()), INT32_MAX);
  return version.ok() && *version > 0 ? std::optional<tuf::Version>(*version) : std::nullopt;
}

Error damaged(const std::string& path, const Error& why) {
  return rejected(path + ": " + why.what, "replace the provisioned root file; it is never passed over");
}

Result<tuf::Root> read_provisioned(const std::string& path, BytesView bytes) {
  const auto root = tuf::anchor_root(bytes);
  if (!root.ok()) return damaged(path, root.error());
  return **root;
}

Status add_imported(Files& files, const std::string& path, RootFiles& roots) {
  if (!TRY(files.facts(path)).exists()) return {};
  const Bytes bytes = TRY(files.read(path, kMaxRootFile));
  const tuf::Root root = TRY(read_provisioned(path, bytes));
  roots.emplace(root.version, bytes);
  return {};
}

// The chain as far as it goes. A stored root that does not verify ends it; a provisioned one that does not is an error.
class ChainWalk {
 public:
  ChainWalk(const RootFiles& provisioned, const StoredTrust& stored, Trust& trust)
      : provisioned_(provisioned), stored_(stored), trust_(trust) {}

  Status walk() {
    for (tuf::Version next = trust_.root->version + 1;; ++next) {
      const auto given = provisioned_.find(next);
      const auto held = stored_.roots.find(next);
      if (given != provisioned_.end()) {
        TRY(step(given->second, "provisioned root " + std::to_string(next)));
      } else if (held == stored_.roots.end()) {
        break;
      } else if (const Status taken = step(held->second, "stored root " + std::to_string(next)); !taken) {
        trust_.notices.push_back(taken.error().what + "; left out, to be fetched again");
        break;
      }
    }
    if (provisioned_.rbegin()->first <= trust_.root->version) return {};
    return rejected("provisioned roots: want root " + std::to_string(trust_.root->version + 1) + " after root " +
                        std::to_string(trust_.root->version) + ", got root " + std::to_string(provisioned_.rbegin()->first),
                    "provision the roots without a gap");
  }

 private:
  Status step(BytesView bytes, const std::string& what) {
    auto next = TRY_IN(what, tuf::next_root(trust_.root, bytes));
    if (!stored_.roots.contains(next->version)) {
      trust_.floors = tuf::floors_after(*trust_.root, *next, std::move(trust_.floors));
      trust_.unsaved.push_back({next, trust_.floors});
    }
    trust_.root = std::move(next);
    return {};
  }

  const RootFiles& provisioned_;
  const StoredTrust& stored_;
  Trust& trust_;
};

bool is_whole(const tuf::Generation& generation) {
  return !generation.timestamp.empty() && !generation.snapshot.empty() && !generation.targets.empty();
}

}  // namespace

Result<RootFiles> provisioned_roots(Files& files, const TrustSettings& settings, std::string_view stream) {
  RootFiles roots;
  const std::string folder = settings.roots_path + "/" + std::string(stream);
  if (TRY(files.facts(folder)).exists()) {
    for (const auto& name : TRY(files.list(folder))) {
      const auto version = version_of(name);
      if (!version) continue;
      const std::string path = folder + "/" + name;
      const Bytes bytes = TRY(files.read(path, kMaxRootFile));
      const tuf::Root root = TRY(read_provisioned(path, bytes));
      if (root.version != *version) return damaged(path, want_got("version", *version, root.version));
      roots[*version] = bytes;
    }
  }
  TRY(add_imported(files, settings.imported_root, roots));
  return roots;
}

Result<Trust> load_trust(const RootFiles& provisioned, StoredTrust stored, Time now) {
  const RootFiles& anchors = provisioned.empty() ? stored.roots : provisioned;
  if (anchors.empty()) return not_found("no root to start from");
  auto anchor = TRY_IN("root " + std::to_string(anchors.begin()->first), tuf::anchor_root(anchors.begin()->second));
  Trust trust{anchor, stored.floors, stored.generation, std::nullopt};
  if (!stored.roots.contains(anchor->version)) trust.unsaved.push_back({std::move(anchor), trust.floors});
  TRY(ChainWalk(anchors, stored, trust).walk());
  judge_set(trust, now);
  return trust;
}

Result<Trust> trust_first(BytesView root) {
  auto anchor = TRY_IN("first root", tuf::anchor_root(root));
  Trust trust{anchor, {}, {}, std::nullopt};
  trust.unsaved.push_back({std::move(anchor), {}});
  return trust;
}

void judge_set(Trust& trust, Time now) {
  trust.set.reset();
  trust.expired.reset();
  if (!is_whole(trust.generation)) return;
  // What is stored may lie below the floors, which rise file by file while a newer set is on its way.
  auto set = tuf::verify_set(trust.root, {}, trust.generation, now);
  if (!set.ok() && set.error().fault == Fault::expired) {
    trust.expired = set.error();
    set = tuf::verify_set(trust.root, {}, trust.generation, Time());  // as it was before it expired
  }
  if (set.ok()) {
    trust.set = std::move(set).value();
    return;
  }
  trust.notices.push_back("stored metadata: " + set.error().what + "; left out, to be fetched again");
  trust.expired.reset();
  trust.generation = {};
  trust.floors.stored_timestamp = {};
}

}  // namespace rota::device
