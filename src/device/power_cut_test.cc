// The power goes after every single step of the store's way to the disk: at the next start the old or the new state is
// there, whole; a deployed system is never unknown, and the device goes on (device.md 4, 5.2, 7).
#include <gmock/gmock.h>

#include "device/device_for_test.h"
#include "sim/power_cut_disk.h"

namespace rota::device {
namespace {

using namespace test;
using sim::PowerCutDisk;
using testing::AnyOf;
using testing::ElementsAre;

class DevicePowerCut : public testing::TestWithParam<PowerCutDisk::Loss> {
 protected:
  std::string store() const { return device.folder + "/sota"; }
  void keep_as_before() {
    std::filesystem::copy(store(), device.folder + "/before", std::filesystem::copy_options::recursive);
  }
  void return_to_before() {
    std::filesystem::remove_all(store());
    std::filesystem::copy(device.folder + "/before", store(), std::filesystem::copy_options::recursive);
    std::filesystem::permissions(store(), std::filesystem::perms::owner_all);
    disk.restart(PowerCutDisk::Loss::nothing);
    device.sysroot = MemorySysroot();
    device.reboot();
  }
  // Runs `work` with the power cut after 0, 1, 2, … steps until it gets through; `look` judges what is there afterwards.
  void cut_everywhere(const std::function<Exit()>& work, Exit whole, const std::function<void(Exit)>& look) {
    for (int steps = 0;; ++steps) {
      SCOPED_TRACE("cut after " + std::to_string(steps) + " steps");
      return_to_before();
      disk.cut_after(steps);
      const Exit exit = work();
      const bool was_cut = disk.was_cut();
      EXPECT_TRUE(was_cut || exit == whole) << static_cast<int>(exit);
      disk.restart(GetParam());
      if (GetParam() != PowerCutDisk::Loss::nothing) device.reboot();  // the volatile flag went with the power
      look(exit);
      if (HasFailure() || !was_cut) return;
      ASSERT_LT(steps, 2000);
    }
  }

  PowerCutDisk disk;
  Device device;
};

TEST_P(DevicePowerCut, LeavesTheOldOrTheNewTrustSet) {
  device.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5});
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  keep_as_before();
  device.server.publish_root(root_plan(2));
  device.server.publish({.timestamp = 6, .snapshot = 6, .targets = 6, .offers = {target(9)}});
  cut_everywhere([&] { return device.check().outcome.exit; }, Exit::new_version,
                 [&](Exit) {
                   EXPECT_THAT(names_in(device.list()),
                               AnyOf(ElementsAre("foo-lmp-1", "foo-lmp-2"), ElementsAre("foo-lmp-9")));
                   EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
                   EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-9"));
                 });
}

TEST_P(DevicePowerCut, NeverLosesAnInstallation) {
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  keep_as_before();
  cut_everywhere([&] { return device.update().outcome.exit; }, Exit::reboot_needed,
                 [&](Exit) {
                   const bool deployed = device.sysroot.deployments.front() == commit_of(2);
                   device.reboot();
                   EXPECT_EQ(device.run().outcome.exit, deployed ? Exit::ok : Exit::nothing_pending);
                   EXPECT_EQ(device.status().json.find("applied_target")->text("name").value(),
                             deployed ? "foo-lmp-2" : "Initial Target");
                 });
}

TEST_P(DevicePowerCut, ConfirmsAnInstallationInTheEnd) {
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.reboot();
  keep_as_before();
  const auto run = [&] {
    device.sysroot.deployments = {commit_of(2), commit_of(0)};
    return device.run().outcome.exit;
  };
  cut_everywhere(run, Exit::ok, [&](Exit exit) {
    EXPECT_THAT(device.run().outcome.exit, AnyOf(Exit::ok, Exit::nothing_pending));
    EXPECT_TRUE(exit != Exit::ok || device.run().outcome.exit == Exit::nothing_pending);
    EXPECT_EQ(device.status().json.find("applied_target")->text("name").value(), "foo-lmp-2");
  });
}

INSTANTIATE_TEST_SUITE_P(Losses, DevicePowerCut,
                         testing::Values(PowerCutDisk::Loss::nothing, PowerCutDisk::Loss::unsynced,
                                         PowerCutDisk::Loss::torn));

}  // namespace
}  // namespace rota::device
