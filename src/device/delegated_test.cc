// Targets of the tuf dialect that a delegated role offers: asked for by name, never chosen.
#include <gmock/gmock.h>

#include "client/repository_for_test.h"
#include "device/device_for_test.h"

namespace rota::device {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class DelegatedTargets : public testing::Test {
 protected:
  DelegatedTargets() {
    device.server.files.clear();
    device.provision(client::test::root_plan());
    const auto offer = [](client::test::TargetsPlan& plan, const TargetPlan& target) {
      plan.targets[target.name] = "tree of " + target.name;
      plan.customs[target.name] = target.custom;
    };
    client::test::SetPlan plan;
    plan.targets.delegates = {{"lab", {21}, {"foo-lmp-*", "bar-lmp-*"}}};
    offer(plan.targets, target(1));
    plan.delegated["lab"] = {.seeds = {21}};
    offer(plan.delegated["lab"], target(9));
    offer(plan.delegated["lab"], target(8, "bar"));
    repository.publish(plan);
    serve();
  }
  void serve() {
    for (const auto& [path, file] : repository.files)
      if (path.starts_with("metadata/")) device.server.files["/repo/" + path.substr(9)] = file;
  }
  client::test::Repository repository;
  Device device;
};

TEST_F(DelegatedTargets, AreNotChosenByThemselves) {
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(names_in(device.list()), ElementsAre("foo-lmp-1"));
  EXPECT_THAT(device.server.metadata_requests(),
              ElementsAre("2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"));
}

TEST_F(DelegatedTargets, AreInstalledWhenAskedForByName) {
  EXPECT_EQ(device.update("foo-lmp-9").outcome.exit, Exit::reboot_needed);
  EXPECT_THAT(device.server.metadata_requests(), Contains("1.lab.json"));
  EXPECT_EQ(device.sysroot.deployments.front(), crypto::sha256_hex("tree of foo-lmp-9"));
}

TEST_F(DelegatedTargets, AreFoundInTheStoreWithoutAServer) {
  EXPECT_EQ(device.pull("foo-lmp-9").outcome.exit, Exit::metadata_not_fetched);
  EXPECT_EQ(device.check("foo-lmp-1").outcome.exit, Exit::new_version);
  EXPECT_EQ(device.pull("foo-lmp-9").outcome.exit, Exit::target_not_found);
  EXPECT_THAT(device.notices, Contains(HasSubstr("no server is asked")));
  EXPECT_EQ(device.check("foo-lmp-9").outcome.exit, Exit::new_version);
  device.server.requests.clear();
  EXPECT_EQ(device.pull("foo-lmp-9").outcome.exit, Exit::ok);
  EXPECT_THAT(device.server.metadata_requests(), testing::IsEmpty());
}

TEST_F(DelegatedTargets, AreRefusedForOtherDevicesAndFromOtherKeys) {
  device.server.files["/repo/1.lab.json"].back() ^= 1;
  EXPECT_EQ(device.update("foo-lmp-9").outcome.exit, Exit::target_not_found);
  EXPECT_THAT(device.notices, Contains(HasSubstr("lab")));
  serve();
  EXPECT_EQ(device.update("bar-lmp-8").outcome.exit, Exit::target_not_found);
  EXPECT_EQ(device.sysroot.pulls, 0);
}

}  // namespace
}  // namespace rota::device
