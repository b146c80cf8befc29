// From a root one believes to the newest one a repository serves, every step verified as a device would (fioctl.md 7).
// In:    an anchor, and a base URL behind a Fetcher.
// Out:   the roots after the anchor, verified, byte for byte as served.
// Never: a failed fetch taken for the end of the chain: only a 404 from the authenticated server is; bytes beyond the
// limit.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "tuf/verify.h"

namespace rota::ceremony {

enum class Stream { ci, prod };
std::string_view name_of(Stream stream);  // "ci", "prod"

// Where roots come from: "<base>/<N>.root.json", base like https://api/ota/repo/acme/api/v1/user_repo.
struct RootSource {
  Fetcher* fetcher = nullptr;
  std::string base;
  Headers headers = {};  // credentials
  Stream stream = Stream::ci;
  std::string url(std::string_view name) const;  // with ?production=1 for prod
};

// The error of a status that is not the answer hoped for: 401 and 403 denied, 404 not_found, 409 conflict, 400 and 422
// rejected, else unavailable; carries the body's description and causes, never a header.
Error http_error(const FetchRequest& request, const FetchReply& reply);

// The answer to POST root says that the root waits for targets that its own targets keys sign (repo-api.md 6.1).
bool is_staged(const FetchReply& reply);

// The served bytes; nullopt for 404. rejected when longer than a device reads.
Result<std::optional<Bytes>> fetch_root(const RootSource& source, tuf::Version version);
Result<std::optional<Bytes>> fetch_newest_root(const RootSource& source);  // root.json

struct WalkOptions {
  int max_steps = 4096;
  // Told about a step that was refused, before the error returns: for printing what the server wanted to slip in.
  std::function<void(const tuf::Trusted<tuf::Root>& last_good, BytesView refused)> refused = {};
};

// The anchor and every root after it until 404; the last one is the newest. rejected: a step that does not verify; a
// server whose root.json is older than the anchor, or differs from the end of the chain. unavailable, denied: no
// answer.
Result<std::vector<tuf::Trusted<tuf::Root>>> walk_roots(const RootSource& source, const tuf::Trusted<tuf::Root>& anchor,
                                                        const WalkOptions& options = {});

// Verifies a chain that is already here ("1.root.json", "2.root.json", …, from any version on): the last root.
Result<std::vector<tuf::Trusted<tuf::Root>>> verify_chain(const std::vector<Bytes>& roots);

}  // namespace rota::ceremony
