#include "runner/sandbox.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rota::runner {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

// Real bubblewrap.
class SandboxTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-sandbox-XXXXXX";
    folder_ = mkdtemp(name);
    for (const char* part : {"repo", "archive", "secrets", "outside", "volume"}) fs::create_directory(folder_ + "/" + part);
    std::ofstream(folder_ + "/secrets/token") << "hush";
    std::ofstream(folder_ + "/outside/file") << "untouched";
  }
  void TearDown() override { fs::remove_all(folder_); }

  Command command(const std::string& script) {
    std::ofstream(folder_ + "/script", std::ios::trunc) << script;
    chmod((folder_ + "/script").c_str(), 0755);
    SandboxFolders folders{folder_ + "/repo", folder_ + "/archive", folder_ + "/secrets", folder_ + "/script",
                           {{folder_ + "/volume", "/var/cache/kept"}}};
    return sandboxed(folders, {{"GIVEN", "1"}, {"H_BUILD", "763"}});
  }
  Ended run_script(const std::string& script) {
    auto ended = run(command(script));
    EXPECT_TRUE(ended.ok()) << (ended.ok() ? "" : ended.error().what);
    return ended.ok() ? *ended : Ended{};
  }

  std::string folder_;
};

TEST_F(SandboxTest, RunsTheScriptInItsFoldersWithItsEnvironment) {
  setenv("ROTA_LEAKED", "yes", 1);
  auto ended = run_script("pwd; echo $H_BUILD-$GIVEN-$ROTA_LEAKED; cat /secrets/token; echo made > /archive/out; echo kept > /var/cache/kept/x");
  EXPECT_TRUE(ended.well()) << ended.output;
  EXPECT_EQ(ended.output, "/repo\n763-1-\nhush");
  EXPECT_TRUE(fs::exists(folder_ + "/archive/out") && fs::exists(folder_ + "/volume/x"));
  unsetenv("ROTA_LEAKED");
}

TEST_F(SandboxTest, StopsAtTheFirstFailingLine) {
  auto ended = run_script("false\necho on");
  EXPECT_EQ(ended.code, 1);
  EXPECT_EQ(ended.output, "");
}

TEST_F(SandboxTest, ObeysAnInterpreterLine) {
  EXPECT_EQ(run_script("#!/bin/bash\nfalse\necho ${BASH_VERSION:+bash}\n").output, "bash\n");
}

// A port of this machine on which somebody listens.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() { ::close(fd_); }
  int port() const { return port_; }

 private:
  int fd_;
  int port_ = 0;
};

TEST_F(SandboxTest, RefusesTheNetwork) {
  const Listener listener;
  const auto ended = run_script("#!/bin/bash\ntail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '\n"
                                "(exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(listener.port()) +
                                ") 2>/dev/null && echo connected || echo cut off\n");
  EXPECT_EQ(ended.output, "lo\ncut off\n");
}

TEST_F(SandboxTest, RefusesToWriteOutsideItsFolders) {
  for (const std::string& path : {folder_ + "/outside/file", std::string("/usr/rota-was-here"), std::string("/secrets/new"),
                                  std::string("/script"), std::string("/etc/passwd"), std::string("/proc/sys/kernel/hostname")}) {
    auto ended = run_script("echo x > " + path);
    EXPECT_FALSE(ended.well()) << path;
  }
  EXPECT_FALSE(fs::exists("/usr/rota-was-here"));
  std::string content;
  std::getline(std::ifstream(folder_ + "/outside/file"), content);
  EXPECT_EQ(content, "untouched");
}

TEST_F(SandboxTest, ShowsNothingOfTheMachine) {
  auto ended = run_script("ls -d /home /root /work /etc/shadow /etc/ssh /var/lib " + folder_ + " 2>/dev/null; true");
  EXPECT_EQ(ended.output, "");
  auto processes = run_script("ls /proc | grep -c '^[0-9]'");
  EXPECT_LE(std::stoi(processes.output), 5);
}

TEST_F(SandboxTest, HoldsNoCapability) {
  EXPECT_THAT(run_script("grep CapEff /proc/self/status").output, HasSubstr("0000000000000000"));
  EXPECT_FALSE(run_script("mount -t tmpfs none /repo").well());
}

int processes_named(const std::string& word) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "cmdline", std::ios::binary);
    std::string line{std::istreambuf_iterator<char>(in), {}};
    count += line.find(word) != std::string::npos;
  }
  return count;
}

TEST_F(SandboxTest, KillsEverythingWhenTimeIsUp) {
  auto mark = "3" + std::to_string(getpid());
  auto slow = command("setsid sleep " + mark + " & sleep " + mark);
  slow.timeout = Seconds(1);
  auto ended = run(slow);
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->how, Ended::How::timed_out);
  for (int turn = 0; turn < 200 && processes_named(mark) > 0; ++turn) usleep(10'000);
  EXPECT_EQ(processes_named(mark), 0);
}

TEST_F(SandboxTest, LeavesNoProcessOfAScriptThatEnds) {
  auto mark = "4" + std::to_string(getpid());
  EXPECT_TRUE(run_script("setsid sleep " + mark + " >/dev/null 2>&1 &").well());
  for (int turn = 0; turn < 200 && processes_named(mark) > 0; ++turn) usleep(10'000);
  EXPECT_EQ(processes_named(mark), 0);
}

}  // namespace
}  // namespace rota::runner
