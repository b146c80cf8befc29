#include "device/boot_loader.h"

#include <unistd.h>

#include <cstdlib>

namespace rota::device {
namespace {

constexpr Seconds kToolTimeout{30};

std::string tool_of(BootLoaderKind kind) {
  switch (kind) {
    case BootLoaderKind::none: return "";
    case BootLoaderKind::uboot_generic:
    case BootLoaderKind::uboot_masked: return "fw_setenv";
    case BootLoaderKind::fiovb: return "fiovb_setenv";
    case BootLoaderKind::fioefi: return "fioefi_setenv";
  }
  abort_with("BootLoaderKind: no such kind");
}

// These tools live in sbin, where services do not always look.
std::string path_of(const std::string& tool) {
  const char* path = std::getenv("PATH");
  for (const auto& folder : split(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin:/usr/bin:/bin", ':'))
    if (const std::string full = folder + "/" + tool; !folder.empty() && ::access(full.c_str(), X_OK) == 0) return full;
  return tool;
}

}  // namespace

Status BootLoader::set(const std::string& name, const std::string& value) const {
  const std::string tool = tool_of(kind_);
  if (tool.empty()) return {};
  Command command{.argv = {path_of(tool), name, value}};
  if (kind_ == BootLoaderKind::fioefi) command.environment.emplace_back("FIO_OSTREE_TARGET_SYSROOT", sysroot_);
  command.timeout = kToolTimeout;
  TRY_IN("boot loader: " + name + " " + value, output_of(command));
  return {};
}

Status BootLoader::expect_trial_boot() const {
  TRY(set("bootcount", "0"));
  TRY(set("upgrade_available", "1"));
  return set("rollback", "0");
}

Status BootLoader::confirm_boot() const {
  TRY(set("bootcount", "0"));
  return set("upgrade_available", "0");
}

}  // namespace rota::device
