#include "device/current_target.h"

namespace rota::device {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\0') continue;
    if (c == '"' || c == '\\' || c == '$' || c == '`') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string current_target_text(const DeviceTarget& target, const std::string& tag) {
  const Json json = target.custom_json();
  const auto custom = [&](std::string_view member) { return quoted(json.text_or(member, "")); };
  return "TARGET_NAME=" + quoted(target.name) + "\n" +                                        //
         "CUSTOM_VERSION=" + quoted(target.version_text()) + "\n" +                           //
         "LMP_MANIFEST_SHA=" + custom("lmp-manifest-sha") + "\n" +                            //
         "META_SUBSCRIBER_OVERRIDES_SHA=" + custom("meta-subscriber-overrides-sha") + "\n" +  //
         "CONTAINERS_SHA=" + custom("containers-sha") + "\n" +                                //
         "TAG=" + quoted(tag) + "\n";
}

Status write_current_target(Files& files, const std::string& path, const DeviceTarget& target, const std::string& tag) {
  return replace_file(files, path, current_target_text(target, tag), 0644);
}

}  // namespace rota::device
