// May this root, these targets be published after what is served now? Decisions only: no database, no signature made
// here.
#pragma once

#include <optional>

#include "repo/standing.h"

namespace rota::repo {

// The candidate as canonical bytes, or why it is refused, with every fault (repo-api.md 3).
Accepted<Bytes> judged_root(const tuf::Trusted<tuf::Root>& trusted, BytesView envelope, const RootOptions& options,
                            Time now);

// `targets-signatures` of a root's envelope (repo-api.md 6, POST root); none: empty. rejected: not a list.
Result<std::vector<Json>> targets_signatures_beside(BytesView envelope);

// The same for targets signed by people (repo-api.md 6, PUT targets), under the newest root or the staged one. Judged
// in this order: checksum given, checksum equal, form and signatures, version. What is published already is accepted
// once more.
struct PushedTargets {
  BytesView envelope;
  std::optional<std::string> checksum;  // of the file they replace
};
Accepted<Bytes> judged_targets(const Standing& before, const tuf::Root& root, const PushedTargets& pushed, Time now);

// Production targets that people signed, with the signatures of the server's `own` keys.
Accepted<Bytes> judged_production(const tuf::Root& root, BytesView envelope, const std::vector<const tuf::Signer*>& own,
                                  Time now);

// The present targets' body with these added; nullopt when all of them are there already with equal content (creation
// times aside). conflict: a name is there with other content. rejected: a name or digest is not well formed.
Result<std::optional<Json>> body_with(const Standing& before, const std::vector<tuf::Target>& targets, Time now);

// True when online keys alone signed the present targets, so that the server may sign them again by itself.
bool targets_are_online(const Standing& before, const tuf::Root& root, const std::vector<OnlineKey>& keys);

Refusal refused_root(std::vector<std::string> cause);
Refusal refused_targets(std::vector<std::string> cause);

}  // namespace rota::repo
