// What changes from one root to another, in the words people decide by (fioctl.md 7.5).
// In:    two root bodies.
// Out:   keys, thresholds, expiry, version per role; every other member that differs, by name. As lines and as JSON.
// Never: a difference left unsaid.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "tuf/metadata.h"

namespace rota::ceremony {

struct KeyLine {
  std::string id;
  std::string type;  // as written, "?" when the key is not in `keys`
  bool operator==(const KeyLine&) const = default;
};

struct RoleDifference {
  std::vector<KeyLine> added, removed;
  std::int64_t threshold_before = 0, threshold_after = 0;
  bool empty() const { return added.empty() && removed.empty() && threshold_before == threshold_after; }
  bool operator==(const RoleDifference&) const = default;
};

struct RootDifference {
  std::int64_t version_before = 0, version_after = 0;
  std::string expires_before, expires_after;
  std::map<std::string, RoleDifference> roles;  // those that differ, by name, the four and any other
  std::vector<std::string> others;              // paths of other members that differ: "x-changelog", "keys/<id>"
  bool empty() const;
  bool operator==(const RootDifference&) const = default;
};

// Bodies may be anything: a lying server's root is compared too.
RootDifference difference(const Json& before, const Json& after);

std::vector<std::string> lines(const RootDifference& difference);
Json to_json(const RootDifference& difference);

}  // namespace rota::ceremony
