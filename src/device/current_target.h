// The file that tells other programs of the device what runs: shell lines, replaced whole (device.md 4).
#pragma once

#include <string>

#include "base/files.h"
#include "device/selection.h"

namespace rota::device {

// TARGET_NAME, CUSTOM_VERSION, LMP_MANIFEST_SHA, META_SUBSCRIBER_OVERRIDES_SHA, CONTAINERS_SHA, TAG. A shell that reads it
// gets each value as it is and runs nothing of it.
std::string current_target_text(const DeviceTarget& target, const std::string& tag);

Status write_current_target(Files& files, const std::string& path, const DeviceTarget& target, const std::string& tag);

}  // namespace rota::device
