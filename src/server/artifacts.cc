#include "server/artifacts.h"

#include <fstream>

#include "crypto/hash.h"

namespace rota::server {
namespace {

constexpr Seconds kUrlLife = std::chrono::minutes(15);

std::string query_of(const App& app, const ArtifactName& name, const std::string& expires) {
  auto size = std::to_string(kMaxArtifact);
  auto key = crypto::hmac_sha256(app.seal_key.reveal(), "artifact url");
  auto claim = "PUT\n" + name.run.text() + "\n" + name.path + "\n" + size + "\n" + expires;
  return "expires=" + expires + "&size=" + size + "&signature=" + hex(crypto::hmac_sha256(key, claim));
}

// By the path's digest: what a run calls its files never becomes part of a key.
std::string blob_key(std::int64_t run_id, const std::string& path) {
  return "artifacts/" + std::to_string(run_id) + "/" + crypto::sha256_hex(path);
}

Result<Artifact> measured(const std::string& path, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return io_error(file + ": cannot be read");
  crypto::Sha256 sum;
  Artifact out{path, "", 0};
  Bytes buffer(128 * 1024, '\0');
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    sum.add(BytesView(buffer.data(), static_cast<std::size_t>(in.gcount())));
    out.size += in.gcount();
  }
  out.sha256 = hex(sum.finish());
  return out;
}

}  // namespace

std::string signed_artifact_url(const App& app, const ArtifactName& name) {
  auto expires = std::to_string((app.clock.now() + kUrlLife).time_since_epoch().count());
  return app.settings.api_url + "/artifacts/" + name.run.text() + "/" + percent_encoded(name.path, "/") + "?" +
         query_of(app, name, expires);
}

Status is_signed_for(const App& app, const ArtifactName& name, const http::Request& request) {
  auto expires = request.query_value("expires").value_or("");
  if (!crypto::constant_time_equal(query_of(app, name, expires), request.query))
    return denied("artifact url: not made for this");
  if (Time(Seconds(TRY(decimal(expires)))) <= app.clock.now()) return denied("artifact url: expired");
  return {};
}

Status keep_artifact(App& app, std::int64_t run_id, const std::string& path, const std::string& file) {
  auto artifact = TRY(measured(path, file));
  TRY(app.blobs.put_file(blob_key(run_id, path), file));
  TRY(app.db.execute("INSERT INTO ci_artifacts (run_id, path, size, sha256) VALUES (?1, ?2, ?3, ?4)"
                     " ON CONFLICT (run_id, path) DO UPDATE SET size = ?3, sha256 = ?4",
                     {run_id, path, artifact.size, artifact.sha256}));
  return {};
}

Result<std::vector<Artifact>> artifacts_of(App& app, std::int64_t run_id) {
  std::vector<Artifact> out;
  for (const auto& row : TRY(app.db.query("SELECT path, sha256, size FROM ci_artifacts WHERE run_id = ? ORDER BY path", {run_id})))
    out.push_back({row.text(0), row.text(1), row.integer(2)});
  return out;
}

Result<std::string> artifact_file(App& app, std::int64_t run_id, const std::string& path) {
  auto rows = TRY(app.db.query("SELECT 1 FROM ci_artifacts WHERE run_id = ? AND path = ?", {run_id, path}));
  if (rows.empty()) return not_found("artifact '" + path + "': does not exist");
  return app.blobs.path_of(blob_key(run_id, path));
}

}  // namespace rota::server
