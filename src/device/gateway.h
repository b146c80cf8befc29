// The device's calls to its own server: who it is goes with each of them, and what fails is tried again.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "base/child.h"
#include "base/fetcher.h"
#include "device/selection.h"

namespace rota::device {

// Waits; `no` when the agent is to stop: nothing is tried again then.
using Pause = std::function<Command::GoOn(std::chrono::milliseconds)>;

// x-ats-target, -ostreehash, -tags and, when the device runs apps, -dockerapps (gateway.md 2); characters that a header
// may not hold are replaced.
Headers check_in_headers(const PackageSettings& package, const DeviceTarget& current, const std::string& booted_hash);

// One request at a time, from any thread, over one connection. A transport error or a 5xx is tried again twice, one second
// apart; after that, each request is tried once until one succeeds. An answer that goes to a sink is asked for once.
class Gateway final : public Fetcher {
 public:
  Gateway(Fetcher& wire, Pause pause) : wire_(wire), pause_(std::move(pause)) {}
  void identify(Headers headers);
  Result<FetchReply> fetch(const FetchRequest& request) override;
  // The last request got no answer.
  bool is_down() const;

 private:
  Result<FetchReply> try_once(const FetchRequest& request);
  Fetcher& wire_;
  Pause pause_;
  mutable std::mutex turn_;
  Headers headers_;
  bool down_ = false;
};

}  // namespace rota::device
