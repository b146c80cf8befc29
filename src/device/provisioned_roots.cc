#include "device/provisioned_roots.h"

namespace rota::device {
namespace {

constexpr std::uint64_t kMaxRootFile = 512 * 1024;
constexpr std::string_view kSuffix = ".root.json";

std::optional<tuf::Version> version_of(std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const auto version = decimal(name.substr(0, name.size() - kSuffix.size()), INT32_MAX);
  return version.ok() && *version > 0 ? std::optional<tuf::Version>(*version) : std::nullopt;
}

Error damaged(const std::string& path, const Error& why) {
  return rejected(path + ": " + why.what, "replace the provisioned root file; it is never passed over");
}

Result<tuf::Version> version_in(const std::string& path, const tuf::FileBytes& bytes) {
  const auto root = tuf::anchor_root(bytes);
  if (!root.ok()) return damaged(path, root.error());
  return (*root)->version;
}

Status add_imported(Files& files, const std::string& path, client::RootFiles& roots) {
  if (!TRY(files.facts(path)).exists()) return {};
  const tuf::FileBytes bytes = TRY(files.read(path, kMaxRootFile));
  const tuf::Version version = TRY(version_in(path, bytes));
  roots.emplace(version, bytes);
  return {};
}

}  // namespace

Result<client::RootFiles> provisioned_roots(Files& files, const TrustSettings& settings, std::string_view stream) {
  client::RootFiles roots;
  const std::string folder = settings.roots_path + "/" + std::string(stream);
  if (TRY(files.facts(folder)).exists()) {
    for (const auto& name : TRY(files.list(folder))) {
      const auto version = version_of(name);
      if (!version) continue;
      const std::string path = folder + "/" + name;
      const tuf::FileBytes bytes = TRY(files.read(path, kMaxRootFile));
      const tuf::Version held = TRY(version_in(path, bytes));
      if (held != *version) return damaged(path, want_got("version", *version, held));
      roots[*version] = bytes;
    }
  }
  TRY(add_imported(files, settings.imported_root, roots));
  return roots;
}

}  // namespace rota::device
