// The device's operating system trees. The real one asks rota-device-ostree, a process of its own; tests have others.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/child.h"
#include "base/json.h"
#include "device/settings.h"

namespace rota::device {

struct Deployed {
  std::string first;           // the commit that boots next; empty: none
  std::string running_kernel;  // the commit of the deployment that is this system's root; empty: none of them is
};

class Sysroot {
 public:
  virtual ~Sysroot() = default;
  virtual Result<Deployed> deployed() = 0;
  // The commit is there, whole.
  virtual Result<bool> has(const std::string& commit) = 0;
  // unavailable: not all of it came, or an object is not what its checksum says (what came is kept for the next try);
  // io: no space, no sysroot.
  virtual Status pull(const std::string& commit, const std::string& url) = 0;
  // Boots next; the one before stays as the roll-back.
  virtual Status deploy(const std::string& commit) = 0;
};

using StopAsked = std::function<Command::GoOn()>;

class OstreeSysroot final : public Sysroot {
 public:
  // `stop` is asked while a pull runs; a deployment is never interrupted.
  OstreeSysroot(const PackageSettings& settings, StopAsked stop);
  // Reads the boot-loader entries itself: no process for what every check asks.
  Result<Deployed> deployed() override;
  Result<bool> has(const std::string& commit) override;
  Status pull(const std::string& commit, const std::string& url) override;
  Status deploy(const std::string& commit) override;

 private:
  Result<Json> ask(std::vector<std::string> arguments, Seconds timeout, const StopAsked& stop) const;
  std::string path_, os_, program_;
  BootedMode mode_;
  StopAsked stop_;
};

// The text of an error that means "no space left".
bool is_no_space(const Error& error);

}  // namespace rota::device
