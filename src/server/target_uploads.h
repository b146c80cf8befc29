// Target files that people upload, in parts or at once (repo-api.md 6, docs/formats/uploads.md).
// In:    a name, a length, the parts in any order and as often as they are sent.
// Out:   the whole file under its name, with its SHA-256; what was stored survives a power cut.
// Never: half a file under a name; another file under a name that is taken; bytes that nobody announced.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/app.h"

namespace rota::server {

constexpr std::int64_t kMaxTargetFile = 3'000'000'000, kMaxPart = 100ll << 20, kUsualPart = 16ll << 20;
constexpr std::int64_t kMostOpenUploads = 32;  // of a factory
constexpr Seconds kUploadLife = days(7);       // after its last part

// Before anything else here.
Status prepare_target_uploads(store::Database& db);

// 1 to 253 characters, no "..".
Status is_target_file_name(std::string_view name);

struct TargetFile {
  std::string factory, name, sha256;
  std::int64_t size = 0;
};
// not_found
Result<TargetFile> target_file(App& app, const std::string& factory, const std::string& name);
Result<std::string> target_file_path(App& app, const TargetFile& file);
// not_found. Its bytes go too.
Status remove_target_file(App& app, const TargetFile& file);

struct Upload {
  std::string id, factory, file;
  std::int64_t size = 0, part_size = 0;
  std::string user;
  bool done = false;
};
// unavailable: too many are open.
Result<Upload> begin_upload(App& app, Upload upload);
// not_found: unknown, forgotten, or of another factory.
Result<Upload> find_upload(App& app, const std::string& id, const std::string& factory);

struct UploadPart {
  std::int64_t number = 0;  // from 1
  std::int64_t size = 0;
  std::string md5;  // hex
};
// The bytes of `path` as that part; sent again it is replaced. Durable when this returns. conflict: the upload is done.
Status keep_part(App& app, const Upload& upload, const UploadPart& part, const std::string& path);
// The file from its parts, which must be these and make up its size (bad_input names what is missing or differs).
// conflict: another file has the name. Ok when it is done already.
Status complete_upload(App& app, const Upload& upload, const std::vector<UploadPart>& parts);
// Everything stored of it so far.
Result<std::vector<UploadPart>> parts_of(App& app, const Upload& upload);

// Uploads nobody goes on with, and blobs that no row names.
Status forget_uploads(App& app);

// Length and SHA-256 of files, one after the other.
struct Measured {
  std::int64_t size = 0;
  std::string sha256, md5;
};
Result<Measured> measured(const std::vector<std::string>& paths);

}  // namespace rota::server
