// One target as the command line describes it (garage-sign.md 7.5). Private to garage_sign*.cc.
#pragma once

#include "compat/garage_sign_run.h"

namespace rota::compat::garage {

struct NewTarget {
  std::string file;    // "<name>-<version>"
  std::string format;  // "OSTREE" or "BINARY"
  std::int64_t length = 0;
  std::string sha256;
  bool uploaded = false;
  Json meta = Json(Json::Object{});  // --customMeta
};

// What was uploaded, read here.
struct Uploaded {
  std::int64_t length = 0;
  std::string sha256;
};
Result<Uploaded> uploaded_file(const Run& run, const std::string& path);
// "<name>-<version>": 1 to 253 characters without "..".
Status check_filename(std::string_view name);

// From --name, --version, --length, --sha256, --hardwareids, --format; without the two in the middle when they are those of
// `upload`. nullopt: the command line is wrong, already said.
std::optional<NewTarget> asked_target(const Run& run, const std::optional<Uploaded>& upload = {});
// Adds it to the targets role, or replaces the one of its file name. bad_input: outside the canonical subset.
Status put_target(const Run& run, const NewTarget& target, Json& body);

}  // namespace rota::compat::garage
