// Which of the signed targets this device may run, and which of them it should (device.md 6). No input, no output.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/settings.h"
#include "tuf/metadata.h"

namespace rota::device {

struct AppReference {
  std::string name, uri;
};

// A target as the device installs and remembers it.
struct DeviceTarget {
  std::string name;
  std::string hash;           // the OSTree commit
  std::int64_t version = -1;  // -1: "Initial Target", the image the device came with
  std::string custom = "{}";  // JSON text, as signed
  Json custom_json() const;
  std::string version_text() const { return std::to_string(version); }
  bool same_image(const DeviceTarget& other) const { return name == other.name && hash == other.hash; }
};

std::vector<AppReference> apps_of(const DeviceTarget& target);

struct DeviceProfile {
  std::string hardware_id;
  std::vector<std::string> tags;  // none: all
};

// The entries of a targets file that this device has to look at; those for others are not kept (DEV-23).
tuf::Wanted wanted_by(const DeviceProfile& device);

struct Candidates {
  std::vector<DeviceTarget> targets;  // by ascending version
  std::vector<std::string> skipped;   // "target 'x': version: want a number, got '010'"
};

// Those of `targets` that are for this device and well formed; each malformed one is left out with one message.
Candidates candidates_for(const DeviceProfile& device, const std::vector<tuf::Target>& targets);

// What the device's history says about images.
struct History {
  DeviceTarget current;
  bool current_failing = false;
  std::vector<DeviceTarget> failing;
  std::optional<DeviceTarget> previous_good;
  bool is_failing(const DeviceTarget& target) const;
};

struct Choice {
  enum class Kind {
    new_version,  // install `target`
    roll_back,    // the current image is bad: install `target`, the previous good one
    none,         // stay; `target` is the current one when it is still offered
    no_candidates,
    not_found,  // asked for by hand, and not offered
  };
  Kind kind = Kind::none;
  std::optional<DeviceTarget> target = {};
  std::string reason = {};
};

// The highest version that is not failing, when it is higher than the current one. `wanted`, if not empty, is a version
// when it is all digits, a name otherwise; it may be lower or failing.
Choice choose(const Candidates& candidates, const History& history, std::string_view wanted);

}  // namespace rota::device
