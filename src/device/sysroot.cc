#include "device/sysroot.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>

#include "base/files.h"

namespace rota::device {
namespace {

constexpr Seconds kQuick{120}, kDeploy{3600}, kPull{6 * 3600};

struct BootEntry {
  std::int64_t order = 0;  // "version": the highest boots
  std::string os, commit;
  std::string folder;  // of the deployment, below the sysroot
};

std::string link_target(const std::string& path) {
  char target[4096];
  const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
  return n > 0 ? std::string(target, static_cast<std::size_t>(n)) : "";
}

// "ostree=/ostree/boot.1/lmp/<checksum>/0" names a link to "…/deploy/lmp/deploy/<commit>.0".
void read_ostree_argument(const std::string& sysroot, const std::string& argument, BootEntry& entry) {
  const auto parts = split(argument, '/');
  if (parts.size() < 5) return;
  const std::string name = file_name_of(link_target(sysroot + argument));
  const std::string commit = name.substr(0, name.find('.'));
  if (!is_sha256_hex(commit)) return;
  entry.os = parts[3];
  entry.commit = commit;
  entry.folder = "/ostree/deploy/" + entry.os + "/deploy/" + name;
}

BootEntry read_entry(const std::string& sysroot, const std::string& path) {
  BootEntry entry;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("version ")) {
      const auto order = decimal(trim(std::string_view(line).substr(8)));
      if (order.ok()) entry.order = *order;
    }
    if (!line.starts_with("options ")) continue;
    for (const auto& word : split(line, ' '))
      if (word.starts_with("ostree=")) read_ostree_argument(sysroot, word.substr(7), entry);
  }
  return entry;
}

std::vector<BootEntry> boot_entries(const std::string& sysroot) {
  std::vector<BootEntry> entries;
  const auto names = PosixFiles().list(sysroot + "/boot/loader/entries");
  if (!names.ok()) return entries;
  for (const auto& name : *names) {
    auto entry = read_entry(sysroot, sysroot + "/boot/loader/entries/" + name);
    if (name.ends_with(".conf") && !entry.commit.empty()) entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.order > b.order; });
  return entries;
}

bool is_this_systems_root(const std::string& folder) {
  struct stat root {
  }, here{};
  return ::stat("/", &root) == 0 && ::stat(folder.c_str(), &here) == 0 && root.st_dev == here.st_dev &&
         root.st_ino == here.st_ino;
}

std::string beside_this_program(const std::string& name) {
  const std::string beside = folder_of(link_target("/proc/self/exe")) + "/" + name;
  return ::access(beside.c_str(), X_OK) == 0 ? beside : "/usr/lib/rota-device/" + name;
}

Fault fault_named(std::string_view name) {
  for (const Fault fault : {Fault::rejected, Fault::not_found, Fault::unavailable, Fault::bad_input, Fault::conflict})
    if (name == name_of(fault)) return fault;
  return Fault::io;
}

std::string how_it_ended(const Ended& ended) {
  switch (ended.how) {
    case Ended::How::exited: return "exit status " + std::to_string(ended.code);
    case Ended::How::killed: return "killed by signal " + std::to_string(ended.code);
    case Ended::How::timed_out: return "timed out";
    case Ended::How::stopped: return "stopped";
  }
  abort_with("Ended: no such end");
}

}  // namespace

bool is_no_space(const Error& error) { return error.fault == Fault::io && error.what.find("no space") != std::string::npos; }

OstreeSysroot::OstreeSysroot(const PackageSettings& settings, StopAsked stop)
    : path_(settings.sysroot),
      os_(settings.os),
      program_(settings.ostree_program.empty() ? beside_this_program("rota-device-ostree") : settings.ostree_program),
      mode_(settings.booted),
      stop_(std::move(stop)) {}

Result<Deployed> OstreeSysroot::deployed() {
  Deployed out;
  const std::string sysroot = path_ == "/" ? "" : path_;
  for (const auto& entry : boot_entries(sysroot)) {
    if (entry.os == os_ && out.first.empty()) out.first = entry.commit;
    if (is_this_systems_root(sysroot + entry.folder)) out.running_kernel = entry.commit;
  }
  return out;
}

// Every answer is one JSON value; a child that aborts leaves none, and that is an error like any other.
Result<Json> OstreeSysroot::ask(std::vector<std::string> arguments, Seconds timeout, const StopAsked& stop) const {
  Command command{.argv = {program_}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.argv.insert(command.argv.end(), {"--sysroot", path_, "--parent", std::to_string(::getpid())});
  command.timeout = timeout;
  command.watch = stop;
  if (mode_ == BootedMode::staged) command.environment.emplace_back("OSTREE_SYSROOT_DEBUG", "mutable-deployments");
  const Ended ended = TRY(run(command));
  if (ended.how == Ended::How::stopped) return unavailable(arguments[0] + ": stopped");
  const auto answer = parse_json(ended.output);
  if (!answer.ok()) return io_error("rota-device-ostree " + arguments[0] + ": " + how_it_ended(ended) + ": " + ended.errors);
  if (ended.well()) return *answer;
  return Error{fault_named(answer->text_or("fault", "")), answer->text_or("error", "no reason given"),
               answer->text_or("hint", "")};
}

Result<bool> OstreeSysroot::has(const std::string& commit) {
  return TRY(ask({"has", "--commit", commit}, kQuick, {})).boolean("present");
}

Status OstreeSysroot::pull(const std::string& commit, const std::string& url) {
  TRY(ask({"pull", "--commit", commit, "--url", url}, kPull, stop_));
  return {};
}

Status OstreeSysroot::deploy(const std::string& commit) {
  TRY(ask({"deploy", "--commit", commit, "--os", os_}, kDeploy, {}));
  return {};
}

}  // namespace rota::device
