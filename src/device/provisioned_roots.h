// The roots a device was given with its image: where its trust starts (device.md 5.1).
// In:    <roots_path>/<stream>/<N>.root.json and the imported root.
// Out:   their bytes by version; client::load_trust verifies the chain.
// Never: a damaged file passed over.
#pragma once

#include "base/files.h"
#include "client/trust.h"
#include "device/settings.h"

namespace rota::device {

// rejected: a file that holds another version than its name says, or is no root at all.
Result<client::RootFiles> provisioned_roots(Files& files, const TrustSettings& settings, std::string_view stream);

}  // namespace rota::device
