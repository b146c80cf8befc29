// The root everything else is verified from: where the belief starts (fioctl.md 7.1).
// In:    an archive, what this machine remembers, what the operator brought.
// Out:   the verified chain of a stream, from the anchor to the newest root.
// Never: a root believed because a server said so, unless the operator agreed to first use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "ceremony/trust.h"
#include "keys/archive.h"

namespace rota::ceremony {

using Chain = std::vector<tuf::Trusted<tuf::Root>>;  // never empty; back() is the newest

// The newest root verified on this machine, per server, factory and stream; never goes backwards.
class TrustMemory {
 public:
  // `folder` like ~/.config/rota/trust; made when something is remembered.
  TrustMemory(Files& files, std::string folder, std::string server, std::string factory)
      : files_(&files), folder_(std::move(folder)), server_(std::move(server)), factory_(std::move(factory)) {}
  Result<std::optional<tuf::Trusted<tuf::Root>>> recall(Stream stream) const;
  Status remember(Stream stream, const tuf::Trusted<tuf::Root>& root) const;

 private:
  std::string path(Stream stream) const;
  Files* files_;
  std::string folder_, server_, factory_;
};

// A root file, or a roots archive (gzip tar of 1.root.json … N.root.json, each step verified).
Result<Chain> read_trusted_chain(BytesView bytes);
// Its last root.
Result<tuf::Trusted<tuf::Root>> read_trusted_root(BytesView bytes);

// The pin of the archive: the newest of rota/trusted.root.json and roles/trusted/<N>.root.json, else roles/root.json of
// layout A when it verifies itself. bad_input when a root that Rota put there does not.
Result<std::optional<tuf::Trusted<tuf::Root>>> archive_pin(const keys::Archive& archive, Stream stream);
// The root that the archive's newest key was signed into; it may have been published or not.
Result<std::optional<tuf::Trusted<tuf::Root>>> archive_candidate(const keys::Archive& archive, Stream stream);

// Ok when keys the owner made himself (fioctl-root-…, with their private halves here) alone meet the root's own
// threshold.
Status signed_by_owner(const keys::Archive& archive, const tuf::Trusted<tuf::Root>& root);

struct Belief {
  std::optional<tuf::Trusted<tuf::Root>> given = {};  // --trusted-root
  const keys::Archive* archive = nullptr;
  const TrustMemory* memory = nullptr;
  // Asked when there is no anchor, with the newest root that the chain from 1 leads to; rejected stays rejected.
  std::function<Status(const tuf::Trusted<tuf::Root>& newest)> first_use = {};
};

// The ci chain from the first anchor that applies. rejected: there is none; or the server ends before the root that
// `memory` holds, or shows another one of its version, unless the operator gave the root to start from.
Result<Chain> believed_chain(const RootSource& source, const Belief& belief, const WalkOptions& walk);
// The prod chain, anchored in the archive, the memory, or the ci chain (same version, signed by the same root keys);
// nullopt when the server has none.
Result<std::optional<Chain>> believed_prod_chain(const RootSource& source, const Belief& belief, const Chain& ci,
                                                 const WalkOptions& walk);

}  // namespace rota::ceremony
