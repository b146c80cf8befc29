// How targets are shown by `check` and `list`.
#pragma once

#include <string>

#include "device/selection.h"

namespace rota::device {

struct Listing {
  const Candidates& candidates;
  const History& history;
  const Choice& choice;
  const PackageSettings& package;
};

// [{"name","version","apps","current"?,"newer"?,"failed"?,"selected"?,"reason"?}] by ascending version.
Json listing_json(const Listing& listing);
std::string listing_text(const Listing& listing);
// [{"name","uri","on"}], or null when the target has none.
Json apps_json(const DeviceTarget& target, const PackageSettings& package);

}  // namespace rota::device
