#include "server/ci_secrets.h"

namespace rota::server {
namespace {

Result<std::int64_t> project_id(App& app, const BuildKey& project) {
  auto rows = TRY(app.db.query("SELECT id FROM ci_projects WHERE factory = ? AND name = ?", {project.factory, project.project}));
  if (rows.empty()) return not_found("project '" + project.factory + "/" + project.project + "': does not exist");
  return rows[0].integer(0);
}

std::string context_of(std::int64_t project, const std::string& name) {
  return "ci secret " + std::to_string(project) + " " + name;
}

}  // namespace

Status set_ci_secret(App& app, const BuildKey& project, const std::string& name, BytesView value) {
  if (!is_run_name(name)) return bad_input("secret: name: want [A-Za-z0-9_.-]{1,80}");
  if (value.empty() || value.size() > kMaxSecret) return bad_input("secret '" + name + "': want 1 to 65536 bytes");
  auto id = TRY(project_id(app, project));
  TRY(app.db.execute("INSERT INTO ci_secrets (project_id, name, sealed) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT (project_id, name) DO UPDATE SET sealed = ?3",
                     {id, name, store::Blob{crypto::seal(app.seal_key, context_of(id, name), value)}}));
  return {};
}

Status drop_ci_secret(App& app, const BuildKey& project, const std::string& name) {
  auto id = TRY(project_id(app, project));
  auto dropped = TRY(app.db.execute("DELETE FROM ci_secrets WHERE project_id = ? AND name = ?", {id, name}));
  if (dropped == 0) return not_found("secret '" + name + "': does not exist");
  return {};
}

Result<std::vector<std::string>> ci_secret_names(App& app, const BuildKey& project) {
  auto id = TRY(project_id(app, project));
  std::vector<std::string> out;
  for (const auto& row : TRY(app.db.query("SELECT name FROM ci_secrets WHERE project_id = ? ORDER BY name", {id})))
    out.push_back(row.text(0));
  return out;
}

Result<crypto::SecretBytes> ci_secret(App& app, const BuildKey& project, const std::string& name) {
  auto id = TRY(project_id(app, project));
  auto rows = TRY(app.db.query("SELECT sealed FROM ci_secrets WHERE project_id = ? AND name = ?", {id, name}));
  if (rows.empty()) return not_found("secret '" + name + "': has no value", "set it with PUT …/secrets/" + name);
  return crypto::unseal(app.seal_key, context_of(id, name), rows[0].text(0));
}

}  // namespace rota::server
