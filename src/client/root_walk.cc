#include "client/root_walk.h"

#include "tuf/root_chain.h"

namespace rota::client {
namespace {

constexpr std::size_t kBatch = 64 * 1024;  // bytes of roots in one commit when they come in one file: those of one large root
constexpr std::size_t kFrame = 32;         // what a root chain file spends on one root beside its bytes, at most
constexpr std::string_view kNewestRoot = "x-rota-root-chain";

class RootWalk {
 public:
  RootWalk(const MetadataFolder& folder, TrustStore& store, Trust& trust, const Limits& limits)
      : folder_(folder), store_(store), trust_(trust), limits_(limits) {}

  Status run() {
    while (left() > 0) {
      const std::string name = std::to_string(next()) + ".root.json";
      auto reply = folder_.get(name, max_root());
      if (!reply.ok() && reply.error().fault == Fault::not_found) return is_where_it_was();
      if (!reply.ok()) return reply.error();
      TRY(verify(std::move(reply->body)));
      TRY(save_chain(store_, trust_));
      if (has_several_more(reply->headers)) TRY(take_chain());
    }
    return too_many();
  }

 private:
  tuf::Version next() const { return trust_.root->version + 1; }
  int left() const { return limits_.roots_per_refresh - taken_; }
  std::size_t max_root() const { return limit_of(limits_, tuf::Role::root, trust_.root->dialect); }

  Status verify(tuf::FileBytes bytes) {
    if (left() == 0) return too_many();
    if (unsaved() + bytes.size() > kBatch) TRY(save_chain(store_, trust_));
    auto root = TRY_IN(std::to_string(next()) + ".root.json", tuf::next_root(trust_.root, std::move(bytes)));
    step_to(trust_, std::move(root));
    trust_.unsaved.push_back({trust_.root->version, trust_.root.raw()});
    ++taken_;
    return {};
  }

  std::size_t unsaved() const {
    std::size_t bytes = 0;
    for (const AcceptedRoot& root : trust_.unsaved) bytes += root.bytes.size();
    return bytes;
  }

  bool has_several_more(const Headers& headers) {
    const auto newest = decimal(header(headers, kNewestRoot));
    return newest.ok() && *newest > next() && !std::exchange(asked_for_chain_, true);
  }

  // Whatever cuts it short, the single files say how it goes on; only what was refused ends the walk.
  Status take_chain() {
    const std::string name = std::to_string(next()) + ".root-chain";
    Status refused;
    tuf::RootChainReader reader(max_root(), [&](Bytes root) { return verify(std::move(root)); });
    const std::uint64_t most = static_cast<std::uint64_t>(left()) * (max_root() + kFrame);
    const auto take = [&](BytesView piece) { return refused = reader.add(piece); };
    const Status arrived = folder_.stream(name, most, take);
    TRY(save_chain(store_, trust_));
    if (arrived.ok()) refused = reader.end();
    if (!refused.ok()) return refused.error().fault == Fault::unavailable ? Status() : refused.error().in(name);
    return !arrived.ok() && arrived.error().fault == Fault::rejected ? arrived : Status();
  }

  // A damaged store may know of later roots than it can prove.
  Status is_where_it_was() const {
    if (trust_.root->version >= trust_.floors_under) return {};
    return want_got("newest root", "at least root " + std::to_string(trust_.floors_under) + ", which was held before",
                    "root " + std::to_string(trust_.root->version));
  }

  Error too_many() const {
    return unavailable("roots: " + std::to_string(taken_) + " taken in one go, there may be more",
                       "the next check goes on from root " + std::to_string(trust_.root->version));
  }

  const MetadataFolder& folder_;
  TrustStore& store_;
  Trust& trust_;
  const Limits& limits_;
  int taken_ = 0;
  bool asked_for_chain_ = false;
};

}  // namespace

Status walk_roots(const MetadataFolder& folder, TrustStore& store, Trust& trust, const Limits& limits) {
  return RootWalk(folder, store, trust, limits).run();
}

Status save_chain(TrustStore& store, Trust& trust) {
  const tuf::Version under = std::max(trust.floors_under, trust.root->version);
  if (trust.unsaved.empty() && trust.stored_under == under) return {};
  TRY(store.accept_roots(trust.unsaved, {trust.generation, trust.floors, under}));
  trust.unsaved.clear();
  trust.floors_under = trust.stored_under = under;
  return {};
}

}  // namespace rota::client
