// One run's conversation with the server (ci.md 5, 6). Each call is repeated while the server is away: everything it says is
// safe to say twice.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/fetcher.h"
#include "runner/run_definition.h"

namespace rota::runner {

struct Patience {
  int attempts = 40;
  std::chrono::milliseconds pause{1000};
};

// Sends until there is an answer below 500. denied (401, 403), not_found, conflict (409), rejected (other 4xx, with the
// server's message), unavailable (it stayed away).
Result<FetchReply> answered(Fetcher& server, const FetchRequest& request, const Patience& patience = {});

class RunLink {
 public:
  RunLink(Fetcher& server, const RunDefinition& run, Patience patience = {})
      : server_(server), run_(run), patience_(patience) {}

  // The log's size afterwards. conflict: the run is over, or bytes before `offset` are missing.
  Result<std::int64_t> append_log(std::int64_t offset, BytesView bytes);
  // `paths` below `folder`, each a plain file.
  Status put_artifacts(const std::string& folder, const std::vector<std::string>& paths);
  Status report(const std::string& status, const std::string& message);
  // The targets version; nothing when they await the signature of an offline key.
  Result<std::optional<std::int64_t>> publish_targets(const Json& targets);

  // The hub of the run's factory (repo-api.md 8.2).
  Result<Json> hub_check(const std::map<std::string, std::uint32_t>& crcs);
  Result<Json> hub_put(const std::string& tar_file);

 private:
  Result<FetchReply> send(const std::string& method, const std::string& url, FetchRequest request = {});
  std::string hub_url() const;

  Fetcher& server_;
  const RunDefinition& run_;
  Patience patience_;
};

}  // namespace rota::runner
