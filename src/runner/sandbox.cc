#include "runner/sandbox.h"

#include <filesystem>
#include <fstream>

namespace rota::runner {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInsidePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Of /etc only what programs need to start: no password hashes, no keys, no host configuration.
constexpr const char* kEtc[] = {"alternatives", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
                                "localtime",    "nsswitch.conf", "passwd"};
constexpr const char* kSystem[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};

using Arguments = std::vector<std::string>;

void add(Arguments& to, std::initializer_list<std::string> more) { to.insert(to.end(), more); }

void add_system(Arguments& argv) {
  add(argv, {"--ro-bind", "/usr", "/usr"});
  for (const std::string name : kSystem) {
    auto path = "/" + name;
    std::error_code none;
    if (fs::is_symlink(path, none)) add(argv, {"--symlink", fs::read_symlink(path, none).string(), path});
    else if (fs::is_directory(path, none)) add(argv, {"--ro-bind", path, path});
  }
  for (const std::string name : kEtc) add(argv, {"--ro-bind-try", "/etc/" + name, "/etc/" + name});
  add(argv, {"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/var/tmp"});
  // Switches of the kernel answer to the machine's root even without a capability, should this runner be root.
  for (const std::string name : {"sys", "sysrq-trigger", "irq", "bus"}) add(argv, {"--ro-bind-try", "/proc/" + name, "/proc/" + name});
}

void add_folders(Arguments& argv, const SandboxFolders& folders) {
  add(argv, {"--bind", folders.repo, "/repo", "--bind", folders.archive, "/archive"});
  add(argv, {"--ro-bind", folders.secrets, "/secrets", "--ro-bind", folders.script, "/script"});
  for (const auto& [here, inside] : folders.volumes) add(argv, {"--bind", here, inside});
  add(argv, {"--chdir", "/repo"});
}

bool names_its_interpreter(const std::string& script) {
  char mark[2] = {};
  std::ifstream(script, std::ios::binary).read(mark, 2);
  return mark[0] == '#' && mark[1] == '!';
}

}  // namespace

Command sandboxed(const SandboxFolders& folders, const std::map<std::string, std::string>& environment) {
  Command command;
  command.argv = {"bwrap",  "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--hostname", "rota-run",
                  "--cap-drop", "ALL", "--new-session", "--die-with-parent"};
  add_system(command.argv);
  add_folders(command.argv, folders);
  if (names_its_interpreter(folders.script)) add(command.argv, {"/script"});
  else add(command.argv, {"/bin/sh", "-e", "/script"});
  command.environment = {{"HOME", "/tmp"}, {"LC_ALL", "C.UTF-8"}, {"PATH", kInsidePath}};
  for (const auto& [name, value] : environment) command.environment.emplace_back(name, value);
  command.errors = Command::Errors::with_output;
  return command;
}

}  // namespace rota::runner
