// Against real OSTree: a sysroot made with the ostree program, content served over HTTP, pulls and deployments by
// rota-device-ostree.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "device/device_for_test.h"
#include "http/client.h"
#include "http/server.h"

namespace rota::device {
namespace {

using namespace test;
using testing::HasSubstr;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class Ostree : public testing::Test {
 protected:
  void SetUp() override {
    device.config.set("pacman", "ostree_program", program());
    device.config.set("pacman", "sysroot", sysroot());
    make_factory();
    make_sysroot();
    serve();
    settings = settings_of(device.config).value();
    trees.emplace(settings->package, StopAsked());
    device.real_sysroot = &*trees;
    device.content.with_identity = [] { return std::make_unique<http::Client>(http::ClientOptions{}); };
    device.server.publish({.offers = {offer(2)}});
  }

  std::string at_factory() const { return device.folder + "/factory"; }
  std::string sysroot() const { return device.folder + "/sysroot"; }

  static std::string ostree(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ostree");
    const Command command{.argv = arguments, .environment = {{"OSTREE_SYSROOT_DEBUG", "mutable-deployments"}}};
    return std::string(trim(output_of(command).value()));
  }
  // The least that OSTree deploys.
  std::string commit(int number) {
    const std::filesystem::path tree = device.folder + "/tree" + std::to_string(number);
    const std::string text = std::to_string(number);
    write_text(tree / "usr/lib/modules/6.1.0/vmlinuz", "kernel " + text);
    write_text(tree / "usr/lib/modules/6.1.0/initramfs.img", "initramfs");
    write_text(tree / "usr/lib/os-release", "ID=lmp\nVERSION=" + text + "\n");
    write_text(tree / "usr/bin/app", "app " + text);
    std::filesystem::create_directories(tree / "usr/etc");
    return ostree({"commit", "--repo=" + at_factory(), "--branch=b" + text, "--owner-uid=0", "--owner-gid=0",
                   "--tree=dir=" + tree.string()});
  }
  void make_factory() {
    ostree({"init", "--mode=archive-z2", "--repo=" + at_factory()});
    for (int number = 1; number <= 3; ++number) commits.push_back(commit(number));
  }
  void make_sysroot() {
    std::filesystem::create_directories(sysroot());
    ostree({"admin", "init-fs", sysroot()});
    ostree({"admin", "os-init", "lmp", "--sysroot=" + sysroot()});
    ostree({"pull-local", "--repo=" + sysroot() + "/ostree/repo", at_factory(), commits[0]});
    ostree({"admin", "deploy", "--sysroot=" + sysroot(), "--os=lmp", "--karg=quiet", commits[0]});
  }
  void serve() {
    router.add("GET", "/treehub/{path...}", [this](const http::Request& request) {
      http::Response response;
      response.file = at_factory() + "/" + request.param("path");
      if (!std::filesystem::is_regular_file(response.file)) return http::text_response(404, "");
      return response;
    });
    const auto port = content_server.listen({.router = &router}).value();
    content_server.start();
    device.config.set("pacman", "ostree_server", "http://127.0.0.1:" + std::to_string(port) + "/treehub");
  }
  TargetPlan offer(int number) {
    auto plan = target(number);
    plan.hash = commits[static_cast<std::size_t>(number - 1)];
    return plan;
  }
  std::filesystem::path object_of_app(int number) {
    const auto line =
        ostree({"ls", "--repo=" + at_factory(), "-C", commits[static_cast<std::size_t>(number - 1)], "/usr/bin/app"});
    std::istringstream words(line);
    std::string mode, uid, gid, size, checksum;
    words >> mode >> uid >> gid >> size >> checksum;
    return at_factory() + "/objects/" + checksum.substr(0, 2) + "/" + checksum.substr(2) + ".filez";
  }
  std::string runs() { return trees->deployed()->first; }

  static std::string program() {
    return std::filesystem::canonical("/proc/self/exe").parent_path().parent_path().string() + "/bin/rota-device-ostree";
  }
  Device device;
  std::vector<std::string> commits;
  http::Router router;
  http::Server content_server{http::ServerOptions{}};
  std::optional<Settings> settings;
  std::optional<OstreeSysroot> trees;
};

TEST_F(Ostree, IsUpdatedRebootedAndConfirmed) {  // DEV-30
  ASSERT_EQ(runs(), commits[0]);
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version);
  const auto pulled = device.pull();
  EXPECT_EQ(pulled.outcome.exit, Exit::ok) << why(pulled);
  const auto installed = device.install();
  EXPECT_EQ(installed.outcome.exit, Exit::reboot_needed) << why(installed);
  EXPECT_EQ(device.install().outcome.exit, Exit::install_in_progress);
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(runs(), commits[1]);
  EXPECT_EQ(device.status().json.text("ostree_hash").value(), commits[1]);
  const std::string deployment = sysroot() + "/ostree/deploy/lmp/deploy/" + commits[1] + ".0";
  EXPECT_EQ(text_of(deployment + "/usr/bin/app"), "app 2");
  std::string options;
  for (const auto& entry : std::filesystem::directory_iterator(sysroot() + "/boot/loader/entries"))
    options += text_of(entry.path());
  EXPECT_EQ(std::count(options.begin(), options.end(), 'q'), 2) << "'quiet' was carried over: " << options;
}

TEST_F(Ostree, RollsBackAndForth) {  // DEV-32, DEV-33
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  device.reboot();
  ASSERT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(device.roll_back().outcome.exit, Exit::reboot_needed);
  device.reboot();
  EXPECT_EQ(device.run().outcome.exit, Exit::ok);
  EXPECT_EQ(runs(), commits[0]);
  EXPECT_EQ(device.check().outcome.exit, Exit::ok) << "2 is bad";
  EXPECT_EQ(device.update("2").outcome.exit, Exit::reboot_needed);
  device.reboot();
  ostree({"admin", "undeploy", "--sysroot=" + sysroot(), "0"});  // what a boot loader does that gives up on it
  EXPECT_EQ(device.run().outcome.exit, Exit::rolled_back);
  EXPECT_EQ(device.status().json.find("applied_target")->text("name").value(), "Initial Target");
}

TEST_F(Ostree, RefusesACorruptedObjectAndResumes) {  // DEV-34
  const auto object = object_of_app(2);
  const std::string good = text_of(object);
  ASSERT_EQ(device.check().outcome.exit, Exit::new_version);
  for (const std::string& bad : {good.substr(0, good.size() / 2), text_of(object_of_app(3)), std::string("not an object")}) {
    write_text(object, bad);
    const auto pulled = device.pull();
    EXPECT_EQ(pulled.outcome.exit, Exit::download_failed);
    EXPECT_THAT(why(pulled), HasSubstr(commits[1]));
    EXPECT_EQ(device.install().outcome.exit, Exit::not_pulled);
  }
  std::filesystem::remove(object);
  EXPECT_EQ(device.update().outcome.exit, Exit::download_failed);
  write_text(object, good);
  EXPECT_EQ(device.update().outcome.exit, Exit::reboot_needed);
}

TEST_F(Ostree, ReadsTheBootEntriesAsLibostreeDoes) {
  const auto boots_next = [&] {
    const auto answer = parse_json(output_of({.argv = {program(), "status", "--sysroot", sysroot()}}).value()).value();
    return answer.find("deployments")->if_array()->at(0).text("commit").value();
  };
  EXPECT_EQ(trees->deployed()->first, boots_next());
  ASSERT_EQ(device.update().outcome.exit, Exit::reboot_needed);
  EXPECT_EQ(trees->deployed()->first, commits[1]);
  EXPECT_EQ(boots_next(), commits[1]);
  EXPECT_EQ(trees->deployed()->running_kernel, "") << "this machine was not booted from that sysroot";
}

TEST_F(Ostree, NamesAMissingSysroot) {
  device.config.set("pacman", "sysroot", device.folder + "/nowhere");
  const auto elsewhere = settings_of(device.config).value();
  trees.emplace(elsewhere.package, StopAsked());
  EXPECT_EQ(device.check().outcome.exit, Exit::new_version) << "a check needs none";
  const auto pulled = device.pull();
  EXPECT_EQ(pulled.outcome.exit, Exit::download_failed);
  EXPECT_THAT(why(pulled), HasSubstr("nowhere"));
}

TEST_F(Ostree, DoesNothingForAnAgentThatIsGone) {
  const auto ended = run({.argv = {program(), "status", "--sysroot", sysroot(), "--parent", "1"}}).value();
  EXPECT_FALSE(ended.well());
  EXPECT_THAT(ended.output, HasSubstr("the agent is gone"));
}

TEST_F(Ostree, GivesAChildThatAbortsARecordedEnd) {
  const std::string broken = device.folder + "/aborts";
  write_text(broken, "#!/bin/sh\ncase $1 in has) echo '{\"present\":true}';; *) kill -ABRT $$;; esac\n");
  std::filesystem::permissions(broken, std::filesystem::perms::owner_all);
  device.config.set("pacman", "ostree_program", broken);
  settings = settings_of(device.config).value();
  trees.emplace(settings->package, StopAsked());
  const auto report = device.update();
  EXPECT_EQ(report.outcome.exit, Exit::failed);
  EXPECT_THAT(why(report), HasSubstr("killed by signal 6"));
  EXPECT_EQ(device.server.event_types().back(), "EcuInstallationCompleted");
  EXPECT_EQ(device.run().outcome.exit, Exit::nothing_pending);
}

}  // namespace
}  // namespace rota::device
