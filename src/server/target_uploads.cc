#include "server/target_uploads.h"

#include <algorithm>
#include <fstream>

#include "crypto/hash.h"
#include "crypto/md5.h"
#include "server/audit.h"

namespace rota::server {
namespace {

constexpr const char* kTables =
    "CREATE TABLE target_uploads (id TEXT PRIMARY KEY, factory TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL,"
    " part_size INTEGER NOT NULL, user_name TEXT NOT NULL, touched_at INTEGER NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID; "
    "CREATE TABLE target_upload_parts (upload TEXT NOT NULL, part INTEGER NOT NULL, size INTEGER NOT NULL, md5 TEXT NOT NULL,"
    " PRIMARY KEY (upload, part)) WITHOUT ROWID; "
    "CREATE TABLE target_files (factory TEXT NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " upload TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (factory, file)) WITHOUT ROWID";

std::int64_t stamp(Time time) { return time.time_since_epoch().count(); }

// By the part's digest: what a row names is never half of one and half of another.
std::string part_key(const std::string& upload, const UploadPart& part) {
  return "uploads/" + upload + "/" + std::to_string(part.number) + "-" + part.md5;
}
std::string file_key(const std::string& upload) { return "targets/" + upload; }

// Ok for what is gone already.
Status dropped(App& app, const std::string& key) {
  const auto removed = app.blobs.remove(key);
  return removed || removed.error().fault == Fault::not_found ? Status() : removed;
}

Status drop_parts(App& app, const std::string& upload) {
  for (const auto& key : TRY(app.blobs.list("uploads/" + upload + "/"))) TRY(dropped(app, key));
  return {};
}

Error differs(const std::vector<std::string>& faults) {
  std::string text = "parts: ";
  for (std::size_t i = 0; i < std::min<std::size_t>(faults.size(), 10); ++i) text += (i == 0 ? "" : "; ") + faults[i];
  return bad_input(text + (faults.size() > 10 ? "; …" : ""));
}

// What was stored is what the client says it sent, without a gap, and as long as announced.
Status are_all(const Upload& upload, const std::vector<UploadPart>& said, const std::vector<UploadPart>& stored) {
  std::vector<std::string> faults;
  std::int64_t size = 0, next = 1;
  for (const auto& part : stored) {
    for (; next < part.number; ++next) faults.push_back(std::to_string(next) + " is missing");
    ++next;
    size += part.size;
    const auto at = std::ranges::find(said, part.number, &UploadPart::number);
    if (at == said.end())
      faults.push_back(std::to_string(part.number) + " is not listed");
    else if (at->md5 != part.md5)
      faults.push_back(std::to_string(part.number) + ": want eTag " + part.md5 + ", got " + at->md5);
  }
  for (const auto& part : said)
    if (std::ranges::find(stored, part.number, &UploadPart::number) == stored.end())
      faults.push_back(std::to_string(part.number) + " was never stored");
  if (said.size() != stored.size() && faults.empty()) faults.emplace_back("one is listed twice");
  if (faults.empty() && size != upload.size)
    faults.push_back("want " + std::to_string(upload.size) + " bytes in all, got " + std::to_string(size));
  return faults.empty() ? Status() : Status(differs(faults));
}

// The rows that make it a file of that name.
Status name_it(App& app, const Upload& upload, const Measured& whole) {
  const std::int64_t now = stamp(app.clock.now());
  return app.db.transaction([&]() -> Status {
    const auto taken = TRY(app.db.query("SELECT size, sha256 FROM target_files WHERE factory = ? AND file = ?",
                                        {upload.factory, upload.file}));
    const bool same = !taken.empty() && taken.front().integer(0) == whole.size && taken.front().text(1) == whole.sha256;
    if (!taken.empty() && !same) return conflict("target file '" + upload.file + "': another file has this name");
    if (taken.empty())
      TRY(app.db.execute("INSERT INTO target_files (factory, file, size, sha256, upload, user_name, at) VALUES (?,?,?,?,?,?,?)",
                         {upload.factory, upload.file, whole.size, whole.sha256, upload.id, upload.user, now}));
    TRY(app.db.execute("UPDATE target_uploads SET done = 1, touched_at = ? WHERE id = ?", {now, upload.id}));
    TRY(app.db.execute("DELETE FROM target_upload_parts WHERE upload = ?", {upload.id}));
    return {};
  });
}

}  // namespace

Status prepare_target_uploads(store::Database& db) { return db.migrate({kTables}); }

Status is_target_file_name(std::string_view name) {
  if (!name.empty() && name.size() <= 253 && name.find("..") == std::string_view::npos) return {};
  return bad_input("file: want 1 to 253 characters without '..'");
}

Result<Measured> measured(const std::vector<std::string>& paths) {
  crypto::Sha256 sha256;
  crypto::Md5 md5;
  Measured out;
  Bytes buffer(256 * 1024, '\0');
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return io_error("'" + path + "': cannot be read");
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
      const BytesView piece(buffer.data(), static_cast<std::size_t>(in.gcount()));
      sha256.add(piece);
      md5.add(piece);
      out.size += in.gcount();
    }
    if (in.bad()) return io_error("'" + path + "': cannot be read");
  }
  out.sha256 = hex(sha256.finish());
  out.md5 = hex(md5.finish());
  return out;
}

Result<TargetFile> target_file(App& app, const std::string& factory, const std::string& name) {
  const auto rows = TRY(app.db.query("SELECT sha256, size FROM target_files WHERE factory = ? AND file = ?", {factory, name}));
  if (rows.empty()) return not_found("target file '" + name + "': does not exist");
  return TargetFile{factory, name, rows.front().text(0), rows.front().integer(1)};
}

Result<std::string> target_file_path(App& app, const TargetFile& file) {
  const auto rows =
      TRY(app.db.query("SELECT upload FROM target_files WHERE factory = ? AND file = ?", {file.factory, file.name}));
  if (rows.empty()) return not_found("target file '" + file.name + "': does not exist");
  return app.blobs.path_of(file_key(rows.front().text(0)));
}

Status remove_target_file(App& app, const TargetFile& file) {
  const auto rows =
      TRY(app.db.query("SELECT upload FROM target_files WHERE factory = ? AND file = ?", {file.factory, file.name}));
  if (rows.empty()) return not_found("target file '" + file.name + "': does not exist");
  const std::string& upload = rows.front().text(0);
  TRY(app.db.execute("DELETE FROM target_files WHERE upload = ?", {upload}));
  return dropped(app, file_key(upload));
}

Result<Upload> begin_upload(App& app, Upload upload) {
  upload.id = crypto::random_hex(16);
  TRY(app.db.transaction([&]() -> Status {
    const auto open = TRY(app.db.query("SELECT COUNT(*) FROM target_uploads WHERE factory = ? AND done = 0", {upload.factory}));
    if (open.front().integer(0) >= kMostOpenUploads)
      return unavailable("uploads: " + std::to_string(kMostOpenUploads) + " are open; complete some, or wait");
    TRY(app.db.execute("INSERT INTO target_uploads (id, factory, file, size, part_size, user_name, touched_at, done)"
                       " VALUES (?,?,?,?,?,?,?,0)",
                       {upload.id, upload.factory, upload.file, upload.size, upload.part_size, upload.user,
                        stamp(app.clock.now())}));
    return {};
  }));
  return upload;
}

Result<Upload> find_upload(App& app, const std::string& id, const std::string& factory) {
  const auto rows = TRY(app.db.query(
      "SELECT file, size, part_size, user_name, done FROM target_uploads WHERE id = ? AND factory = ?", {id, factory}));
  if (rows.empty()) return not_found("upload: unknown, or forgotten");
  const auto& row = rows.front();
  return Upload{id, factory, row.text(0), row.integer(1), row.integer(2), row.text(3), row.integer(4) != 0};
}

Status keep_part(App& app, const Upload& upload, const UploadPart& part, const std::string& path) {
  const std::string kept = part_key(upload.id, part);
  TRY(app.blobs.put_file(kept, path));
  TRY(app.db.transaction([&]() -> Status {
    const auto touched = TRY(app.db.execute("UPDATE target_uploads SET touched_at = ? WHERE id = ? AND done = 0",
                                            {stamp(app.clock.now()), upload.id}));
    if (touched == 0) return conflict("upload: is complete");
    TRY(app.db.execute("INSERT OR REPLACE INTO target_upload_parts (upload, part, size, md5) VALUES (?,?,?,?)",
                       {upload.id, part.number, part.size, part.md5}));
    return {};
  }));
  for (const auto& key : TRY(app.blobs.list("uploads/" + upload.id + "/" + std::to_string(part.number) + "-")))
    if (key != kept) TRY(dropped(app, key));
  return {};
}

Result<std::vector<UploadPart>> parts_of(App& app, const Upload& upload) {
  std::vector<UploadPart> parts;
  for (const auto& row :
       TRY(app.db.query("SELECT part, size, md5 FROM target_upload_parts WHERE upload = ? ORDER BY part", {upload.id})))
    parts.push_back({row.integer(0), row.integer(1), row.text(2)});
  return parts;
}

Status complete_upload(App& app, const Upload& upload, const std::vector<UploadPart>& said) {
  if (upload.done) return {};
  const auto parts = TRY(parts_of(app, upload));
  TRY(are_all(upload, said, parts));
  std::vector<std::string> paths;
  for (const auto& part : parts) paths.push_back(TRY(app.blobs.path_of(part_key(upload.id, part))));
  const auto whole = TRY(measured(paths));
  if (whole.size != upload.size) return io_error("upload '" + upload.id + "': its parts are not what was stored");
  TRY(app.blobs.put_files(file_key(upload.id), paths));
  TRY(name_it(app, upload, whole));
  app.audit.add({upload.factory, upload.user, "target-file-uploaded", upload.file, whole.sha256});
  return drop_parts(app, upload.id);
}

Status forget_uploads(App& app) {
  const std::int64_t oldest = stamp(app.clock.now() - kUploadLife);
  TRY(app.db.transaction([&]() -> Status {
    TRY(app.db.execute("DELETE FROM target_uploads WHERE touched_at < ?", {oldest}));
    TRY(app.db.execute("DELETE FROM target_upload_parts WHERE upload NOT IN (SELECT id FROM target_uploads)"));
    return {};
  }));
  // A blob is older than the row that names it, and younger than the row of its upload.
  for (const auto& key : TRY(app.blobs.list("uploads/"))) {
    const std::string id = split(key, '/').at(1);
    if (TRY(app.db.query("SELECT 1 FROM target_uploads WHERE id = ? AND done = 0", {id})).empty()) TRY(dropped(app, key));
  }
  for (const auto& key : TRY(app.blobs.list("targets/"))) {
    const std::string id = split(key, '/').at(1);
    const auto named = TRY(app.db.query("SELECT 1 FROM target_files WHERE upload = ?1 UNION"
                                        " SELECT 1 FROM target_uploads WHERE id = ?1 AND done = 0",
                                        {id}));
    if (named.empty()) TRY(dropped(app, key));
  }
  return {};
}

}  // namespace rota::server
