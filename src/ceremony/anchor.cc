#include "ceremony/anchor.h"

#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using tuf::Root;
using tuf::Trusted;
using MaybeRoot = std::optional<Trusted<Root>>;

constexpr std::string_view kTrustedFolder = "tufrepo/roles/trusted/";
constexpr std::string_view kRootEnd = ".root.json";

Result<MaybeRoot> member_root(const keys::Archive& archive, std::string_view name) {
  const auto* bytes = archive.find(name);
  if (bytes == nullptr) return MaybeRoot();
  return MaybeRoot(TRY_IN("archive: '" + std::string(name) + "'", tuf::anchor_root(bytes->reveal())));
}

// Of tufrepo/roles/trusted, as Rota's garage-sign leaves it.
Result<MaybeRoot> newest_of_folder(const keys::Archive& archive) {
  std::string newest;
  std::int64_t version = 0;
  for (const auto& [name, bytes] : archive.members()) {
    if (!name.starts_with(kTrustedFolder) || !name.ends_with(kRootEnd)) continue;
    const auto middle = name.substr(kTrustedFolder.size(), name.size() - kTrustedFolder.size() - kRootEnd.size());
    const auto number = decimal(middle);
    if (!number.ok() || *number <= version) continue;
    version = *number;
    newest = name;
  }
  return member_root(archive, newest);
}

Result<MaybeRoot> self_anchor(const RootSource& source, const keys::Archive* archive) {
  if (archive == nullptr) return MaybeRoot();
  const auto bytes = TRY(fetch_newest_root(source));
  if (!bytes) return MaybeRoot();
  auto root = tuf::anchor_root(*bytes);
  if (!root.ok() || !signed_by_owner(*archive, *root).ok()) return MaybeRoot();
  return MaybeRoot(std::move(root).value());
}

// The anchor that this side holds, without the server's word.
Result<MaybeRoot> own_anchor(const RootSource& source, const Belief& belief) {
  if (belief.archive != nullptr)
    if (auto pin = TRY(archive_pin(*belief.archive, source.stream))) return pin;
  if (auto mine = TRY(self_anchor(source, belief.archive))) return mine;
  if (belief.memory != nullptr) return belief.memory->recall(source.stream);
  return MaybeRoot();
}

// A server may not go back behind what this machine has verified of it, wherever the chain is anchored now.
Status reaches_what_is_remembered(const RootSource& source, const Belief& belief, const Chain& chain) {
  if (belief.memory == nullptr) return {};
  const auto known = TRY(belief.memory->recall(source.stream));
  if (!known) return {};
  const std::string version = std::to_string((*known)->version);
  if (chain.back()->version < (*known)->version)
    return rejected("the server goes backwards: this machine has verified root " + version + ", the newest shown is " +
                    std::to_string(chain.back()->version));
  for (const auto& root : chain)
    if (root->version == (*known)->version && !(root->body == (*known)->body))
      return rejected("root " + version + ": the server shows another one than this machine has verified before");
  return {};
}

Result<Chain> walk_from(const Trusted<Root>& anchor, const RootSource& source, const Belief& belief,
                        const WalkOptions& walk) {
  auto chain = TRY(walk_roots(source, anchor, walk));
  TRY(reaches_what_is_remembered(source, belief, chain));
  return chain;
}

Result<Chain> chain_of_first_use(const RootSource& source, const Belief& belief, const WalkOptions& walk) {
  if (!belief.first_use)
    return rejected("nothing on this machine says which root of this factory to believe",
                    "give --trusted-root FILE with a root obtained by other means, or --trust-on-first-use");
  const auto bytes = TRY(fetch_root(source, 1));
  if (!bytes) return rejected("the server has no root 1 to start from");
  const auto first = TRY_IN("root 1", tuf::anchor_root(*bytes));
  auto chain = TRY(walk_roots(source, first, walk));
  TRY(belief.first_use(chain.back()));
  return chain;
}

// The prod root of a version that ci has too, when the root keys of that ci root signed it.
Result<MaybeRoot> anchored_in_ci(const RootSource& prod, const Chain& ci) {
  for (auto at = ci.rbegin(); at != ci.rend(); ++at) {
    const auto bytes = TRY(fetch_root(prod, (*at)->version));
    if (!bytes) continue;
    const std::string where = "production root " + std::to_string((*at)->version);
    const auto root = TRY_IN(where, tuf::anchor_root(*bytes));
    const auto envelope = TRY_IN(where, tuf::parse_envelope(*bytes, tuf::kMaxRoot));
    TRY(tuf::signed_by(**at, tuf::Role::root, envelope, where + " by the root keys of ci"));
    return MaybeRoot(root);
  }
  return MaybeRoot();
}

}  // namespace

std::string TrustMemory::path(Stream stream) const {
  return folder_ + "/" + percent_encoded(server_) + "_" + percent_encoded(factory_) + "." +
         std::string(name_of(stream)) + ".root.json";
}

Result<MaybeRoot> TrustMemory::recall(Stream stream) const {
  const std::string file = path(stream);
  if (!TRY(files_->facts(file)).exists()) return MaybeRoot();
  const Bytes bytes = TRY(files_->read(file, tuf::kMaxRoot));
  auto root = tuf::anchor_root(bytes);
  if (!root) return io_error("'" + file + "': " + root.error().what);
  return MaybeRoot(std::move(root).value());
}

Status TrustMemory::remember(Stream stream, const Trusted<Root>& root) const {
  const auto known = TRY(recall(stream));
  if (known && (*known)->version >= root->version) return {};
  TRY(make_folders(*files_, folder_, 0700));
  return replace_file(*files_, path(stream), root.raw(), 0600);
}

Result<Trusted<Root>> read_trusted_root(BytesView bytes) { return TRY(read_trusted_chain(bytes)).back(); }

Result<Chain> read_trusted_chain(BytesView bytes) {
  if (!bytes.starts_with("\x1f\x8b")) return verify_chain({Bytes(bytes)});
  const auto archive = TRY(keys::Archive::read(bytes));
  std::map<std::int64_t, Bytes> by_version;
  for (const auto& [name, member] : archive.members()) {
    const std::string file = file_name_of(name);
    if (!file.ends_with(kRootEnd)) continue;
    const auto number = TRY_IN("roots archive: '" + name + "'", decimal(file.substr(0, file.size() - kRootEnd.size())));
    by_version.emplace(number, Bytes(member.reveal()));
  }
  std::vector<Bytes> roots;
  for (auto& [version, root] : by_version) roots.push_back(std::move(root));
  return verify_chain(roots);
}

Result<MaybeRoot> archive_pin(const keys::Archive& archive, Stream stream) {
  auto pin = TRY(member_root(archive, keys::trusted_member(name_of(stream))));
  if (stream == Stream::prod) return pin;
  auto of_folder = TRY(newest_of_folder(archive));
  if (!pin || (of_folder && (*of_folder)->version > (*pin)->version)) pin = std::move(of_folder);
  if (pin) return pin;
  auto of_layout_a = member_root(archive, "tufrepo/roles/root.json");
  return of_layout_a.ok() ? of_layout_a : MaybeRoot();
}

Result<MaybeRoot> archive_candidate(const keys::Archive& archive, Stream stream) {
  return member_root(archive, keys::candidate_member(name_of(stream)));
}

Status signed_by_owner(const keys::Archive& archive, const Trusted<Root>& root) {
  std::set<crypto::PublicKey> mine;
  for (const auto& key : archive.keys_among(root->material(tuf::Role::root)))
    if (file_name_of(key.pub_member).starts_with("fioctl-root-") && archive.private_key(key).ok())
      mine.insert(key.public_key);
  const auto envelope = TRY(tuf::parse_envelope(root.raw(), tuf::kMaxRoot));
  const auto tally = tuf::tally(*root, tuf::Role::root, envelope);
  std::int64_t votes = 0;
  for (const auto& id : tally.signed_by)
    if (const auto at = root->keys.find(id); at != root->keys.end() && mine.contains(at->second)) ++votes;
  if (votes >= tally.threshold) return {};
  return rejected("root " + std::to_string(root->version) + ": signed by " + std::to_string(votes) +
                  " of the owner's keys in "
                  "this archive, want " +
                  std::to_string(tally.threshold));
}

Result<Chain> believed_chain(const RootSource& source, const Belief& belief, const WalkOptions& walk) {
  if (belief.given) return walk_roots(source, *belief.given, walk);
  const auto anchor = TRY(own_anchor(source, belief));
  if (anchor) return walk_from(*anchor, source, belief, walk);
  return chain_of_first_use(source, belief, walk);
}

Result<std::optional<Chain>> believed_prod_chain(const RootSource& source, const Belief& belief, const Chain& ci,
                                                 const WalkOptions& walk) {
  RootSource prod = source;
  prod.stream = Stream::prod;
  auto anchor = TRY(own_anchor(prod, belief));
  if (!TRY(fetch_newest_root(prod))) {
    if (anchor) return rejected("the production chain is gone: the server has no root.json of it");
    return std::optional<Chain>();
  }
  if (!anchor) anchor = TRY(anchored_in_ci(prod, ci));
  if (!anchor) return rejected("the production chain: none of its roots belongs to a verified ci root");
  return std::optional<Chain>(TRY(walk_from(*anchor, prod, belief, walk)));
}

}  // namespace rota::ceremony
