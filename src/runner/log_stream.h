// A run's log on its way to the server: masked, in chunks, each byte once.
#pragma once

#include <chrono>
#include <string>

#include "runner/log_mask.h"
#include "runner/run_link.h"

namespace rota::runner {

class LogStream {
 public:
  // `offset`: the log's size on the server. Secrets are hidden from now on.
  LogStream(RunLink& link, const RunDefinition& run);

  // Sends when 64 KiB wait. Errors are the link's.
  Status add(BytesView bytes);
  // A line of the runner's own: "== …".
  Status note(const std::string& text) { return add("== " + text + "\n"); }
  // Sends what has waited for a second.
  Status tick();
  // Sends everything, also what was held back as the possible beginning of a secret.
  Status finish();

 private:
  Status send();

  RunLink& link_;
  LogMask mask_;
  std::int64_t offset_;
  Bytes waiting_;
  std::chrono::steady_clock::time_point sent_ = std::chrono::steady_clock::now();
};

}  // namespace rota::runner
