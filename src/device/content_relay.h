// How libostree gets content without ever seeing a key: it asks a plain listener on the loopback interface, below a random
// path, and the agent asks the factory over its own connections.
// In:    requests for repository paths, from one child of this process.
// Out:   the bytes the server gives, or 502 when it gave none whole.
// Never: metadata of TUF, another address than the configured ones and where they redirect to.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fetcher.h"

namespace rota::device {

// One place the content may come from; tried in order.
struct ContentSource {
  std::string url;                                      // no final slash
  Headers headers;                                      // with every request to this host
  std::function<std::unique_ptr<Fetcher>()> connect;    // a connection with the device's identity, or none
  std::function<std::unique_ptr<Fetcher>()> elsewhere;  // for redirects to another host: without it
};

class ContentRelay {
 public:
  // Listens until destroyed. Large objects pass through files in `spool_folder`.
  static Result<std::unique_ptr<ContentRelay>> open(std::vector<ContentSource> sources, std::string spool_folder);
  ~ContentRelay();
  std::string url() const;
  // Why the last object did not come, for people; empty when all did.
  std::string last_failure() const;

 private:
  struct Impl;
  explicit ContentRelay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::device
