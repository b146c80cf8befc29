// The TUF client workflow, 5.3 to 5.6, in the order of the specification. Every decision about what to believe is made in
// tuf/verify.h; here is only what to ask for, when, and what to keep.
// In:    a repository that may lie, the trust set.
// Out:   the trust set moved on, step by step as the store keeps it.
// Never: a request the workflow does not need; a failed one taken for an answer.
#pragma once

#include <string>

#include "base/fetcher.h"
#include "client/limits.h"
#include "client/trust.h"

namespace rota::client {

struct RefreshPolicy {
  std::string metadata_url;  // folder of N.root.json, timestamp.json, …
  Limits limits = {};
  Time now;  // one reading for every expiry of this refresh (TUF 5.1)
  tuf::Wanted wanted = tuf::Wanted::all();  // entries of the top-level targets
  SetView view() const { return {now, {wanted, limits.targets}}; }
};

// `trust` and `store` move on together; after an error they hold what was accepted before it.
// Errors: unavailable (not reachable, 5xx, a needed file is not there), denied (TLS, 401, 403), rejected (form, signature,
// threshold, roll-back, hash, size), expired, io (the store; `trust` is then not to be used any more).
Status refresh(Fetcher& server, TrustStore& store, Trust& trust, const RefreshPolicy& policy);

// 1.root.json, for trust on first use.
Result<Bytes> fetch_first_root(Fetcher& server, const std::string& metadata_url);

struct Versions {
  tuf::Version root = 0, timestamp = 0, snapshot = 0, targets = 0;
  bool operator==(const Versions&) const = default;
};
Versions versions_of(const Trust& trust);

// "root: 1 -> 2; timestamp: 40 -> 44", or "" when nothing changed.
std::string difference(const Versions& before, const Versions& after);

}  // namespace rota::client
