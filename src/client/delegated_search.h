// TUF 5.6.7 with input and output: the search asks for a role's file, which is read from the store or fetched, verified by the
// delegator through which it was reached.
#pragma once

#include <set>

#include "client/metadata_folder.h"
#include "client/refresh.h"

namespace rota::client {

class DelegatedSearch {
 public:
  // `trust` holds a valid set; what is given outlives the search.
  struct Parts {
    Fetcher& server;
    TrustStore& store;
    const Trust& trust;
    const RefreshPolicy& policy;
  };
  explicit DelegatedSearch(Parts parts) : parts_(parts), folder_(parts.server, parts.policy.metadata_url) {}

  // Nothing: no role offers it. A role's file that was fetched and accepted is not asked for again by this object.
  Result<std::optional<tuf::Target>> find(const std::string& target_path);

 private:
  Result<tuf::Fresh<tuf::Targets>> role_file(const tuf::TargetSearch::Wish& wish, const std::string& target_path);
  Parts parts_;
  MetadataFolder folder_;
  std::set<std::string> fetched_;
};

}  // namespace rota::client
