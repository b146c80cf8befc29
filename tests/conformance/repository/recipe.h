// What a small TUF repository shall hold next, and its files: for the journey of tests/conformance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tuf/metadata.h"

namespace rota::conformance {

// A key is one character, as in sim/roots.h.
struct Recipe {
  tuf::Version root = 1, timestamp = 1, snapshot = 1, targets = 1;
  std::string root_key = "1";
  std::string root_signers = "1";  // those who sign this root
  std::string timestamp_key = "t";
  std::string timestamp_expires = "2090-01-01T00:00:00Z";
  std::string release = "the first release\n";  // content of release.txt
};

// "timestamp=2", "root-signers=12", … over the defaults. bad_input: an unknown name, a version that is no number.
Result<Recipe> read_recipe(const std::vector<std::string>& words);

inline constexpr std::string_view kOddRole = "../odd role?";

// The files by their path under the repository's address, as a URL spells it. Consistent snapshots; targets lists
// release.txt and delegates "odd/*" to kOddRole and "bins/*" to "bins", which spreads it over eight hashed bins.
std::map<std::string, Bytes> files_of(const Recipe& recipe);

}  // namespace rota::conformance
