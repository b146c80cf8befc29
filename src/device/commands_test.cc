#include "device/commands.h"

#include <gmock/gmock.h>

#include "device/device_for_test.h"

namespace rota::device {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Commands : public testing::Test {
 protected:
  void install_version(int version) {
    device.server.publish({.timestamp = version, .snapshot = version, .targets = version, .offers = {target(version)}});
    ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
    device.reboot();
    ASSERT_EQ(device.run().outcome.exit, Exit::ok);
  }
  std::string active() { return device.status().json.find("applied_target")->text("name").value(); }
  Device device;
};

TEST_F(Commands, CheckPullInstallRebootRun) {  // DEV-30
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.pull().outcome.exit, Exit::ok);
  EXPECT_EQ(device.install().outcome.exit, Exit::reboot_needed);
  EXPECT_EQ(active(), "Initial Target");
  EXPECT_EQ(device.run().outcome.exit, Exit::reboot_needed) << "not rebooted yet";
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-2");
  EXPECT_THAT(device.stored("current-target"), HasSubstr("TARGET_NAME=\"foo-lmp-2\"\nCUSTOM_VERSION=\"2\"\n"));
  EXPECT_THAT(device.server.event_types(),
              ElementsAre("MetadataUpdateCompleted", "EcuDownloadStarted", "EcuDownloadCompleted", "EcuInstallationStarted",
                          "EcuInstallationApplied", "EcuInstallationCompleted"));
  const auto correlation = [&](int at) { return device.server.events.at(at).find("event")->text("correlationId").value(); };
  EXPECT_EQ(correlation(1), correlation(2));
  EXPECT_EQ(correlation(3), correlation(4));
  EXPECT_EQ(correlation(4), correlation(5)) << "one id from the installation to its end, over the reboot";
  EXPECT_EQ(device.check().outcome.exit, Exit::ok);
}

TEST_F(Commands, InstallsNothingElseWhilePending) {  // DEV-31
  EXPECT_EQ(device.run().outcome.exit, Exit::nothing_pending);
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  EXPECT_EQ(device.install().outcome.exit, Exit::install_in_progress);
  EXPECT_EQ(device.update().outcome.exit, Exit::install_in_progress);
  EXPECT_EQ(device.pull().outcome.exit, Exit::install_in_progress);
  EXPECT_EQ(device.status().json.find("pending_target")->text("name").value(), "foo-lmp-2");
}

TEST_F(Commands, MarksATargetBadThatTheBootLoaderGaveUp) {  // DEV-32
  install_version(2);
  device.server.publish({.timestamp = 3, .snapshot = 3, .targets = 3, .offers = {target(2), target(3)}});
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.reboot();
  device.sysroot.boot_the_previous();
  EXPECT_EQ(device.run().outcome.exit, Exit::rolled_back);
  EXPECT_EQ(active(), "foo-lmp-2");
  const auto checked = device.check();
  EXPECT_EQ(checked.outcome.exit, Exit::ok);
  EXPECT_EQ(checked.json.if_array()->at(1).boolean("failed").value(), true);
  EXPECT_EQ(device.update("3").outcome.exit, Exit::reboot_needed) << "by hand";
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-3");
}

TEST_F(Commands, RollsBackToTheEarlierGoodTarget) {  // DEV-33
  install_version(2);
  install_version(3);
  EXPECT_EQ(device.roll_back().outcome.exit, Exit::reboot_needed);
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-2");
  EXPECT_EQ(device.check().outcome.exit, Exit::ok) << "the bad one is not offered again";
}

TEST_F(Commands, RollsBackAPendingTarget) {
  install_version(2);
  device.server.publish({.timestamp = 3, .snapshot = 3, .targets = 3, .offers = {target(2), target(3)}});
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  EXPECT_EQ(device.roll_back().outcome.exit, Exit::reboot_needed);
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-2");
  EXPECT_EQ(device.sysroot.deployments.front(), commit_of(2));
  EXPECT_EQ(device.check().outcome.exit, Exit::ok);
}

TEST_F(Commands, HasNothingToRollBackToAtFirst) {  // DEV-33
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.roll_back().outcome.exit, Exit::no_roll_back_target);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version) << "nothing was marked";
}

TEST_F(Commands, FollowsItsTags) {  // DEV-25
  device.config.set("pacman", "tags", "foo, main");
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  device.config.set("pacman", "tags", "");
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  device.config.set("pacman", "tags", "other");
  EXPECT_EQ(device.check().outcome.exit, Exit::no_target_for_device);
}

TEST_F(Commands, TakesOnlyItsHardware) {  // DEV-26
  auto both = target(7);
  both.custom["hardwareIds"] = Json::Array{"foo", "bar"};
  device.server.publish({.offers = {both}});
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  device.server.publish({.timestamp = 2, .snapshot = 2, .targets = 2, .offers = {target(8, "bar")}});
  EXPECT_EQ(device.check().outcome.exit, Exit::no_target_for_device);
}

TEST_F(Commands, DowngradesOnlyByHand) {  // DEV-28
  install_version(5);
  device.server.publish({.timestamp = 6, .snapshot = 6, .targets = 6, .offers = {target(1), target(2)}});
  EXPECT_EQ(device.check().outcome.exit, Exit::ok);
  EXPECT_EQ(device.update().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-5");
  EXPECT_EQ(device.update("1").outcome.exit, Exit::reboot_needed);
}

TEST_F(Commands, KnowsNoUnknownTargets) {  // DEV-29
  for (const char* wanted : {"77", "foo-lmp-77", "2abc"}) {
    SCOPED_TRACE(wanted);
    EXPECT_EQ(device.update(wanted).outcome.exit, Exit::target_not_found);
    EXPECT_EQ(device.pull(wanted).outcome.exit, Exit::target_not_found);
  }
  EXPECT_EQ(device.update("foo-lmp-1").outcome.exit, Exit::reboot_needed);
}

TEST_F(Commands, OnlyOneWriterAtATime) {  // DEV-29
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  const auto held = device.files.lock(device.folder + "/lock", Seconds(0));
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(device.check().outcome.exit, Exit::failed);
  EXPECT_EQ(device.list().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.status().outcome.exit, Exit::ok);
  EXPECT_FALSE(device.files.lock(device.folder + "/lock", Seconds(0)).ok()) << "still held";
}

TEST_F(Commands, InstallsOnlyWhatWasPulled) {
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.install().outcome.exit, Exit::not_pulled);
  device.sysroot.pull_fails = unavailable("objects/ab: cut short");
  EXPECT_EQ(device.pull().outcome.exit, Exit::download_failed);  // DEV-34
  EXPECT_EQ(device.sysroot.pulls, 3);
  device.sysroot.pull_fails = io_error("pull: no space: would be exceeded");
  EXPECT_EQ(device.pull().outcome.exit, Exit::no_space);
  EXPECT_EQ(device.sysroot.pulls, 4);
  device.sysroot.pull_fails.reset();
  EXPECT_EQ(device.update().outcome.exit, Exit::reboot_needed);
}

TEST_F(Commands, StaysWhereItIsWhenADeploymentFails) {
  device.sysroot.deploy_fails = io_error("deploy: no kernel found");
  EXPECT_EQ(device.update().outcome.exit, Exit::failed);
  EXPECT_EQ(device.run().outcome.exit, Exit::nothing_pending);
  EXPECT_THAT(device.server.event_types(), Contains("EcuInstallationCompleted"));
  EXPECT_EQ(device.server.events.back().find("event")->boolean("success").value(), false);
  device.sysroot.deploy_fails.reset();
  EXPECT_EQ(device.update().outcome.exit, Exit::reboot_needed);
}

// The bad image is deployed first and boots; the one to go back to never was.
TEST_F(Commands, LeavesABadImageThatBootedAfterItsRollBackFailed) {
  install_version(4);
  device.server.publish({.timestamp = 5, .snapshot = 5, .targets = 5, .offers = {target(4), target(5)}});
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.sysroot.deploy_fails = io_error("deploy: no space left");
  EXPECT_NE(device.roll_back().outcome.exit, Exit::reboot_needed);
  device.sysroot.deploy_fails.reset();
  device.reboot();
  ASSERT_EQ(device.sysroot.deployments.front(), commit_of(5));
  EXPECT_EQ(device.check().outcome.exit, Exit::roll_back_to_install);
  EXPECT_EQ(active(), "foo-lmp-5") << "what runs, not what should";
  EXPECT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-4");
  EXPECT_EQ(device.check().outcome.exit, Exit::ok) << "5 is not offered again";
}

TEST_F(Commands, NeedsNoRebootForTheImageThatRuns) {  // DEV-48
  auto same = target(4);
  same.hash = commit_of(0);
  device.server.publish({.offers = {same}});
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(device.update().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-4");
  device.server.events.clear();
  EXPECT_EQ(device.update().outcome.exit, Exit::ok);
  EXPECT_THAT(device.server.event_types(), ElementsAre("EcuDownloadStarted", "EcuDownloadCompleted",
                                                       "EcuInstallationStarted", "EcuInstallationCompleted"));
}

TEST_F(Commands, TellsTheServerWhoAsks) {  // DEV-39
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_EQ(header(device.server.headers, "x-ats-tags"), "main");
  EXPECT_EQ(header(device.server.headers, "x-ats-target"), "Initial Target");
  EXPECT_EQ(header(device.server.headers, "x-ats-ostreehash"), commit_of(0));
  EXPECT_THAT(device.server.requests, Contains("PUT /system_info/config"));
  EXPECT_THAT(device.server.requests, Contains("PUT /trust"));
  device.server.requests.clear();
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  EXPECT_THAT(device.server.requests, ElementsAre("GET /repo/2.root.json", "GET /repo/timestamp.json"));
}

TEST_F(Commands, CallsTheOwnersProgramInOrder) {  // DEV-30, DEV-41
  const std::string program = device.folder + "/callback", record = device.folder + "/record";
  ASSERT_TRUE(
      device.files.create(program, "#!/bin/sh\necho \"$MESSAGE|$INSTALL_TARGET_NAME|$RESULT\" >>" + record + "\n", 0755)
          .ok());
  device.config.set("pacman", "callback_program", program);
  auto strange = target(4);
  strange.name = "$(touch " + device.folder + "/pwned)'\"";
  device.server.publish({.offers = {strange}});
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.reboot();
  ASSERT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(device.files.read(record, 4096).value(),
            "check-for-update-pre||\ncheck-for-update-post||OK\ndownload-pre|" + strange.name + "|\ndownload-post|" +
                strange.name + "|OK\ninstall-pre|" + strange.name + "|\ninstall-post|" + strange.name +
                "|NEEDS_COMPLETION\ninstall-final-pre|" + strange.name + "|\ninstall-post|" + strange.name + "|OK\n");
  EXPECT_FALSE(std::filesystem::exists(device.folder + "/pwned"));
  const auto read = output_of(
      {.argv = {"/bin/sh", "-c", ". \"$1\"; printf %s \"$TARGET_NAME\"", "sh", device.folder + "/sota/current-target"}});
  EXPECT_EQ(read.value(), strange.name);
}

TEST_F(Commands, RefusesAStoreOthersMayWriteTo) {
  std::filesystem::create_directories(device.folder + "/sota");
  std::filesystem::permissions(device.folder + "/sota", std::filesystem::perms::all);
  const auto report = device.check();
  EXPECT_EQ(report.outcome.exit, Exit::failed);
  EXPECT_THAT(why(report), HasSubstr("others may write"));
}

// Kills the agent between two steps of an installation; the next start knows the old or the new state.
TEST_F(Commands, FindsAnInterruptedInstallationAgain) {  // DEV-35
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  const Change change{Change::Phase::intent, {.name = "foo-lmp-2", .hash = commit_of(2), .version = 2}, commit_of(0), "2-x"};
  const auto intend = [&](Session& session) -> Result<Report> {
    TRY(session.log().intend(change));
    return Report{};
  };
  ASSERT_EQ(device.with(intend).outcome.exit, Exit::ok);
  EXPECT_EQ(device.run().outcome.exit, Exit::nothing_pending) << "not deployed: forgotten";
  ASSERT_EQ(device.with(intend).outcome.exit, Exit::ok);
  std::filesystem::create_directories(device.folder + "/run");
  ASSERT_TRUE(device.files.create(device.folder + "/run/need_reboot", "", 0644).ok());
  ASSERT_TRUE(device.sysroot.deploy(commit_of(2)).ok());
  EXPECT_EQ(device.run().outcome.exit, Exit::reboot_needed) << "deployed, not rebooted";
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(active(), "foo-lmp-2");
}

}  // namespace
}  // namespace rota::device
