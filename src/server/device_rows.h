// Devices as rows of the database. For use by Devices (devices.h) and inside its transactions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/devices.h"

namespace rota::server {

Status prepare_device_tables(store::Database& db);
// With what each last said.
Result<std::vector<Device>> read_devices(store::Database& db);
Result<std::map<std::string, std::string, std::less<>>> read_denied(store::Database& db);  // uuid -> factory

Status insert_device(store::Database& db, const Device& device);
Status insert_certificate(store::Database& db, const Device& device, const IssuedCertificate& certificate);
Status update_key(store::Database& db, const Device& device);
Status store_check_in(store::Database& db, const Device& device);
// The device and all it has reported.
Status erase_device(store::Database& db, const std::string& uuid);
Status insert_denied(store::Database& db, const Device& device, Time at);
Status erase_denied(store::Database& db, const std::string& uuid);

}  // namespace rota::server
