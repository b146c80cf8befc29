// "A reboot is still owed": a file in a folder that does not survive a reboot.
#pragma once

#include "base/files.h"
#include "device/standing.h"

namespace rota::device {

class RebootFlag {
 public:
  RebootFlag(Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  Result<BootFacts::RebootFlag> state() const;
  Status raise();
  Status clear();

 private:
  Files& files_;
  std::string path_;
};

}  // namespace rota::device
