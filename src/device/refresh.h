// The TUF client workflow, 5.3 to 5.6, in the order of the specification. Every decision about what to believe is made in
// tuf/verify.h; here is only what to ask for, when, and what to keep.
// In:    a server that may lie, the trust set.
// Out:   the trust set moved on: each accepted root at once, a set of timestamp, snapshot and targets in one commit.
// Never: a failed fetch taken for an answer: only an authenticated 404 ends the walk along the roots.
#pragma once

#include <optional>
#include <string>

#include "base/fetcher.h"
#include "device/trust.h"

namespace rota::device {

struct RefreshPolicy {
  std::string repo_server;
  int max_roots = 1024;
  Time now;  // one reading for every expiry of this refresh (TUF 5.1)
};

struct Versions {
  tuf::Version root = 0, timestamp = 0, snapshot = 0, targets = 0;
  bool operator==(const Versions&) const = default;
};
Versions versions_of(const Trust& trust);

// "root: 1 -> 2; timestamp: 40 -> 44", or "" when nothing changed.
std::string difference(const Versions& before, const Versions& after);

// `trust` and `store` move on together; after an error they hold what was accepted before it.
// Errors: unavailable (not reachable, 5xx, a needed file is not there), denied (TLS, 401, 403), rejected (form, signature,
// threshold, roll-back, hash, size), expired, io (the store).
Status refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy);

// 1.root.json, for trust on first use.
Result<Bytes> fetch_first_root(Fetcher& server, const std::string& repo_server);

}  // namespace rota::device
