// May this root, these targets be published after what is served now? Decisions only: no database, no signature made
// here.
#pragma once

#include <optional>

#include "repo/standing.h"

namespace rota::repo {

// The candidate as canonical bytes, or why it is refused, with every fault (repo-api.md 3).
Accepted<Bytes> judged_root(const Standing& before, BytesView envelope, const RootOptions& options, Time now);

// The same for targets signed by people (repo-api.md 6, PUT targets). Judged in this order: checksum given, checksum
// equal, form and signatures, version. What is published already is accepted once more.
Accepted<Bytes> judged_targets(const Standing& before, BytesView envelope, const std::optional<std::string>& checksum,
                               Time now);

// The present targets' body with these added; nullopt when all of them are there already with equal content (creation
// times aside). conflict: a name is there with other content. rejected: a name or digest is not well formed.
Result<std::optional<Json>> body_with(const Standing& before, const std::vector<tuf::Target>& targets, Time now);

// True when online keys alone signed the present targets, so that the server may sign them again by itself.
bool targets_are_online(const Standing& before, const tuf::Root& root, const std::vector<OnlineKey>& keys);

Refusal refused_root(std::vector<std::string> cause);
Refusal refused_targets(std::vector<std::string> cause);

}  // namespace rota::repo
