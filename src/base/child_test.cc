#include "base/child.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

namespace rota {
namespace {

Command shell(std::string script) {
  Command command;
  command.argv = {"sh", "-c", std::move(script)};
  return command;
}

TEST(Child, IsGivenItsInput) {
  const std::string text = Bytes("a\0b", 3) + std::string(200'000, 'x');
  EXPECT_EQ(output_of({.argv = {"cat"}, .input = text}).value(), text);
  EXPECT_EQ(output_of({.argv = {"cat"}}).value(), "");
}

TEST(Run, AcceptsAProgramAndGivesItsOutputAndStatus) {
  auto ended = run(shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(ended.ok()) << ended.error().what;
  EXPECT_EQ(ended->how, Ended::How::exited);
  EXPECT_EQ(ended->code, 3);
  EXPECT_EQ(ended->output, "out\n");
  EXPECT_EQ(ended->errors, "err\n");
}

TEST(Run, AcceptsOnlyTheEnvironmentItIsGiven) {
  setenv("ROTA_LEAKED", "yes", 1);
  auto command = shell("echo \"$ROTA_LEAKED-$GIVEN\"");
  command.environment = {{"GIVEN", "1"}};
  EXPECT_EQ(run(command)->output, "-1\n");
  unsetenv("ROTA_LEAKED");
}

TEST(Run, AcceptsErrorsInOrderWithTheOutput) {
  auto command = shell("echo a; echo b >&2; echo c");
  command.errors = Command::Errors::with_output;
  EXPECT_EQ(run(command)->output, "a\nb\nc\n");
}

TEST(Run, LeavesNoDescriptorOpenInTheProgram) {
  std::ifstream held("/dev/null");
  EXPECT_EQ(run(shell("ls /proc/self/fd | wc -l"))->output, "4\n");  // 0, 1, 2 and the listing's own
}

TEST(Run, RefusesMoreOutputThanAllowed) {
  auto command = shell("yes");
  command.max_output = 1000;
  auto ended = run(command);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().fault, Fault::rejected);
}

TEST(Run, RefusesAProgramThatDoesNotExist) {
  Command command;
  command.argv = {"no-such-program-here"};
  auto ended = run(command);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().fault, Fault::not_found);
}

bool is_gone(pid_t pid) {
  for (int turn = 0; turn < 200; ++turn) {  // a killed orphan is reaped by init, soon but not at once
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    if (!(stat >> number >> name >> state) || state == "Z") return true;
    usleep(10'000);
  }
  return false;
}

TEST(Run, KillsGrandchildrenThatOutliveTheProgram) {
  auto ended = run(shell("sleep 1000 & echo $!"));
  ASSERT_TRUE(ended.ok());
  EXPECT_TRUE(is_gone(std::stoi(ended->output)));
}

TEST(Run, KillsTheGroupWhenTimeIsUp) {
  auto command = shell("sleep 1000 & echo $!; wait");
  command.timeout = Seconds(1);
  auto ended = run(command);
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->how, Ended::How::timed_out);
  EXPECT_TRUE(is_gone(std::stoi(ended->output)));
}

TEST(Run, StopsWhenTheWatchSaysNo) {
  auto command = shell("sleep 1000");
  command.watch = [] { return Command::GoOn::no; };
  EXPECT_EQ(run(command)->how, Ended::How::stopped);
}

TEST(OutputOf, RefusesAFailureWithItsLastWord) {
  auto out = output_of(shell("echo one >&2; echo two >&2; exit 1"), Fault::conflict);
  ASSERT_FALSE(out.ok());
  EXPECT_EQ(out.error().fault, Fault::conflict);
  EXPECT_EQ(out.error().what, "sh -c: exit status 1: two");
}

}  // namespace
}  // namespace rota
