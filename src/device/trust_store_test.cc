#include "device/trust_store.h"

#include <filesystem>

#include "device/rota_db.h"
#include "sim/trust_store_contract.h"

namespace rota::sim {
namespace {

class DeviceWorld {
 public:
  DeviceWorld() {
    if (::mkdtemp(folder_.data()) == nullptr) abort_with("mkdtemp");
  }
  ~DeviceWorld() { std::filesystem::remove_all(folder_); }
  std::unique_ptr<client::TrustStore> open() {
    db_.reset();
    db_ = device::open_rota_db(files_, folder_).value();
    return std::make_unique<device::TrustStore>(*db_);
  }

 private:
  std::string folder_ = std::filesystem::temp_directory_path().string() + "/rota-trust-XXXXXX";
  PosixFiles files_;
  std::unique_ptr<store::Database> db_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Device, TrustStoreContract, DeviceWorld);

}  // namespace
}  // namespace rota::sim
