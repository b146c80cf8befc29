// The door to the network as fioctl's conventions want it (fioctl.md 3). Private to fioctl*.cc.
// In:    requests, some with credentials.
// Out:   the answer; a GET that is answered 429 or 503 has been tried again after 1, 2 and 4 seconds, a GET that was sent
//        elsewhere has been followed.
// Never: credentials to another origin than the one that was asked; https left for http; anything but GET sent twice.
#pragma once

#include <functional>

#include "base/fetcher.h"

namespace rota::compat::fio {

class Courier final : public Fetcher {
 public:
  // `pause` waits; without it nothing is tried again.
  Courier(Fetcher& fetcher, std::function<void(Seconds)> pause) : fetcher_(&fetcher), pause_(std::move(pause)) {}
  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  Result<FetchReply> patiently(const FetchRequest& request);
  Fetcher* fetcher_;
  std::function<void(Seconds)> pause_;
};

}  // namespace rota::compat::fio
