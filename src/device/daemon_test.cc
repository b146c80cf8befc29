#include "device/daemon.h"

#include <gmock/gmock.h>

#include "device/device_for_test.h"

namespace rota::device {
namespace {

using namespace test;
using std::chrono::milliseconds;
using testing::Each;
using testing::SizeIs;

class Daemon : public testing::Test {
 protected:
  // Runs for that many turns, then is told to stop.
  Exit run(
      int turns, std::function<void(int)> before_turn = [](int) {}) {
    const auto go_on = [this, turns] {
      return static_cast<int>(waits.size()) < turns ? Command::GoOn::yes : Command::GoOn::no;
    };
    const auto wait = [this, go_on, before_turn](milliseconds time) {
      waits.push_back(time);
      before_turn(static_cast<int>(waits.size()));
      return go_on();
    };
    const auto verb = [&](Session& session) -> Result<Report> {
      const auto outcome = TRY(run_daemon(session, {Seconds(300), go_on, wait}));
      return Report{outcome};
    };
    return device.with(verb).outcome.exit;
  }
  Device device;
  std::vector<milliseconds> waits;
};

TEST_F(Daemon, InstallsAndEndsForTheReboot) {
  EXPECT_EQ(run(5), Exit::ok);
  EXPECT_TRUE(waits.empty());
  EXPECT_EQ(device.sysroot.deployments.front(), commit_of(2));
  EXPECT_EQ(run(5), Exit::failed) << "the reboot has not happened";
  device.reboot();
  EXPECT_EQ(run(3), Exit::ok);
  EXPECT_EQ(device.status().json.find("applied_target")->text("name").value(), "foo-lmp-2");
}

TEST_F(Daemon, PollsWithTwoRequestsAndJitter) {  // DEV-47
  device.server.publish({.offers = {}});
  EXPECT_EQ(run(1), Exit::ok);
  EXPECT_THAT(device.server.event_types(), testing::ElementsAre("MetadataUpdateCompleted")) << "sent before the end";
  device.server.requests.clear();
  waits.clear();
  EXPECT_EQ(run(50), Exit::ok);
  // Events of the first turn may still be on their way, on a thread of their own.
  std::erase_if(device.server.requests, [](const auto& request) { return request == "POST /events"; });
  EXPECT_THAT(device.server.requests, SizeIs(100));
  EXPECT_THAT(waits, Each(testing::AllOf(testing::Ge(milliseconds(270'000)), testing::Le(milliseconds(330'000)))));
  EXPECT_NE(waits[0], waits[1]);
}

TEST_F(Daemon, BacksOffWhileTheServerIsDownAndComesBack) {  // DEV-47
  device.server.break_connections(Fault::unavailable);
  const auto mend = [&](int turn) {
    if (turn == 6) device.server.mend();
  };
  EXPECT_EQ(run(20, mend), Exit::ok);
  ASSERT_THAT(waits, SizeIs(6));
  EXPECT_GT(waits[2], 3 * waits[0]);
  EXPECT_LE(waits[5], milliseconds(4'320'000));
  EXPECT_EQ(device.sysroot.deployments.front(), commit_of(2));
}

TEST_F(Daemon, LivesOnThroughExpiredMetadata) {
  device.server.publish({.timestamp_expires = kPast});
  const auto freshen = [&](int turn) {
    if (turn == 3) device.server.publish({.timestamp = 2});
  };
  EXPECT_EQ(run(20, freshen), Exit::ok);
  EXPECT_THAT(waits, SizeIs(3));
  EXPECT_EQ(device.sysroot.deployments.front(), commit_of(2));
}

TEST_F(Daemon, WantsARebootCommandThatExists) {
  device.config.set("pacman", "booted", "booted");
  device.config.set("bootloader", "reboot_command", "/nowhere/reboot");
  EXPECT_EQ(run(1), Exit::failed);
}

TEST(WaitAfter, DoublesUpToAnHour) {
  EXPECT_EQ(wait_after(Seconds(300), 0, 0), milliseconds(270'000));
  EXPECT_EQ(wait_after(Seconds(300), 0, 1), milliseconds(330'000));
  EXPECT_EQ(wait_after(Seconds(300), 1, 0.5), milliseconds(600'000));
  EXPECT_EQ(wait_after(Seconds(300), 1000, 0.5), milliseconds(3'600'000));
  EXPECT_EQ(wait_after(Seconds(300), 50, 1), milliseconds(4'320'000));
}

}  // namespace
}  // namespace rota::device
