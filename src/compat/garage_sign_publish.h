// What 'root push', 'targets pull' and 'move-offline' have in common. Private to garage_sign*.cc.
#pragma once

#include "ceremony/trust.h"
#include "compat/garage_sign_run.h"

namespace rota::compat::garage {

// The server's newest root, unverified; not_found when it has none.
Result<Bytes> served_root(const RepoService& service);
// A pulled root becomes the signed and the unsigned one here; a push that was pending is settled.
Status write_pulled(const TufRepo& repo, const tuf::Trusted<tuf::Root>& newest);

struct Push {
  tuf::Trusted<tuf::Root> trusted;
  Bytes candidate;
  tuf::Allowed allowed;
  Json targets_signatures = {};  // of the published targets by keys that enter with this root; null: none
};
// kDone, or said: everything that can be known without a request.
Result<int> refuse_before_sending(const Run& run, const TufRepo& repo, const Push& push);
// Journal, POST, and what the server shows afterwards; the root is trusted here when this is kDone.
Result<int> send_root(const Run& run, const TufRepo& repo, RepoService& service, const Push& push);

// 200 with a body, or the error.
Result<FetchReply> served_targets(RepoService& service);
struct FetchedTargets {
  tuf::Trusted<tuf::Targets> targets;
  std::string checksum;
};
// rejected: not signed by enough of the root's targets keys, without its checksum, or older than what was seen before.
Result<FetchedTargets> checked_targets(const TufRepo& repo, const tuf::Root& root, const FetchReply& reply);
// As the unsigned targets, with the checksum that the next push names.
Status keep_fetched(const TufRepo& repo, const FetchedTargets& fetched);

}  // namespace rota::compat::garage
