// Fetching a target's content: where from, how often, and what is said about it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "device/content_relay.h"
#include "device/gateway.h"
#include "device/outcome.h"
#include "device/sysroot.h"

namespace rota::device {

// Where content comes from, besides the gateway.
struct ContentDoors {
  std::function<std::unique_ptr<Fetcher>()> with_identity;  // the device's certificate, the factory's CA
  std::function<std::unique_ptr<Fetcher>()> anonymous;      // no certificate, the system's CAs
};

class Download {
 public:
  Download(Sysroot& sysroot, Gateway& gateway, ContentDoors doors, Pause pause)
      : sysroot_(sysroot), gateway_(gateway), doors_(std::move(doors)), pause_(std::move(pause)) {}

  struct Wish {
    DeviceTarget target;
    std::string ostree_server;
    std::string spool_folder;
    Headers headers;  // who asks
  };
  // The target's commit is in the sysroot, whole. At most three tries; what came stays for the next command.
  // Errors: unavailable (did not come, or not as its checksum says), io (no space, no sysroot).
  Status fetch(const Wish& wish);

 private:
  std::vector<ContentSource> sources(const Wish& wish);
  Sysroot& sysroot_;
  Gateway& gateway_;
  ContentDoors doors_;
  Pause pause_;
};

}  // namespace rota::device
