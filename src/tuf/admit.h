// What may be published: stricter than what a device checks, so that nothing is published that any device would refuse
// (formats.md 11, repo-api.md 3, garage-sign.md 9). Used by ceremony and repo alike; lists every fault, not the first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tuf/verify.h"

namespace rota::tuf {

struct Finding {
  enum class Weight {
    error,     // a device or the rules of the field refuse it
    needs_ok,  // refused unless allowed by `name`: lower-threshold, fewer-keys, replace-role
    expiry,    // expired or less than 30 days to live: refused unless forced
    warning,
  };
  Weight weight;
  std::string name;     // stable: "version", "quorum-old", "quorum-new", "threshold", "key-id", "lower-threshold", …
  std::string message;  // "root: threshold of targets: want 1..2, got 3"
};

// Everything to say about `candidate` as successor of `trusted` at `now`. No finding: publish it.
// With `signatures_later` the two quorum findings are left out (a draft that is still being signed).
enum class Quorum { required, later };
std::vector<Finding> admit_root(const Trusted<Root>& trusted, BytesView candidate, Time now, Quorum quorum = Quorum::required);

struct Allowed {
  std::vector<std::string> names;  // of needs_ok findings
  bool short_expiry = false;
};
// The messages of those findings that stop a publication.
std::vector<std::string> stopping(const std::vector<Finding>& findings, const Allowed& allowed);

// Faults of an unsigned or signed targets, snapshot or timestamp body as the rules of the field want it: capitalised _type
// (uptane), canonical subset, size, expires, every target with custom, version range.
std::vector<std::string> form_faults(Role role, BytesView envelope, Dialect dialect = Dialect::uptane);

}  // namespace rota::tuf
