// OSTree upload (repo-api.md 8): the hub API of fiopush, and the object API of garage-push.
#include <spdlog/spdlog.h>

#include "base/child.h"
#include "server/answers.h"
#include "server/app.h"
#include "server/auth.h"
#include "server/factories.h"
#include "server/ostree_path.h"
#include "server/ostree_upload.h"
#include "server/run_admission.h"

namespace rota::server {
namespace {

constexpr std::uint64_t kMaxUpload = 4ull << 30, kMaxObject = 300ull << 20;
constexpr std::size_t kMaxChecked = 150;
constexpr Seconds kDownloadToken = std::chrono::hours(1);

OstreeRepo repo_of(App& app, const http::Request& request) {
  return {app.files, app.factories.ostree_folder(request.param("factory"))};
}

// {"./objects/…": crc, …} -> those of them that are missing here or differ.
Result<http::Response> check(App& app, const http::Request& request) {
  auto body = TRY(parse_json(request.body));
  const auto* asked = body.if_object();
  if (!asked || asked->size() > kMaxChecked)
    return bad_input("check: want an object of at most " + std::to_string(kMaxChecked) + " paths");
  auto repo = repo_of(app, request);
  Json missing = Json::Object{};
  for (const auto& [name, value] : *asked) {
    const auto* crc = value.if_int();
    if (!crc || *crc < 0 || *crc > UINT32_MAX) return bad_input("check: '" + name + "': want a CRC-32C");
    auto path = TRY_IN("check", repository_path(name));
    if (path == "config") continue;  // the repository keeps its own
    auto here = TRY(repo.crc_of(path));
    if (!here || *here != *crc) missing[name] = *crc;
  }
  return http::json_response(200, missing);
}

Result<http::Response> upload(App& app, const http::Request& request) {
  auto repo = repo_of(app, request);
  auto counts = TRY(unpack_upload(repo, request.body_file));
  Json out;
  out["uploaded"] = counts.received;
  out["synced"] = counts.present;
  out["upload_synced"] = counts.stored;
  out["sync_failed"] = counts.failed;
  spdlog::info("ostree {}: {} received, {} new, {} refused (request {})", request.param("factory"), counts.received,
               counts.stored, counts.failed, request.id);
  return http::json_response(200, out);
}

Result<http::Response> renew_summary(App& app, const http::Request& request) {
  Command command;
  command.argv = {"ostree", "summary", "--update", "--repo=" + app.factories.ostree_folder(request.param("factory"))};
  TRY_IN("summary", output_of(command));
  return http::Response{};
}

// Where to read the same repository with a token that can do nothing else.
Result<http::Response> download_urls(App& app, const http::Request& request) {
  const auto& factory = request.param("factory");
  auto token = TRY(app.auth.make_token({"hub@" + factory, "ostree download", factory, {"targets:read"},
                                        app.clock.now() + kDownloadToken}));
  Json one;
  one["download_url"] = app.settings.api_url + "/ota/treehub/" + factory + "/api/v3";
  one["access_token"] = token;
  return http::json_response(200, Json::Array{one});
}

Result<http::Response> get_path(App& app, const http::Request& request) {
  const auto& path = request.param("path");
  auto type = ostree_content_type(path);
  auto repo = repo_of(app, request);
  if (!type || !TRY(repo.has(path))) return not_found("ostree: '" + path + "': is not here");
  http::Response response;
  response.headers.emplace_back("Content-Type", *type);
  response.file = repo.file_of(path);
  return response;
}

Result<http::Response> post_object(App& app, const http::Request& request) {
  auto path = "objects/" + request.param("prefix") + "/" + request.param("name");
  auto object = ostree_object_at(path);
  if (!object) return bad_input("ostree: '" + path + "': not the name of an object");
  auto repo = repo_of(app, request);
  if (TRY(repo.has(path))) return refused(request, 409, "object_exists", path + " is here already");
  auto temporary = TRY(repo.new_temporary());
  TRY(app.files.rename(request.body_file, temporary));
  TRY(repo.take(*object, temporary));
  TRY(repo.settle());
  return http::Response{204};
}

Result<http::Response> get_ref(App& app, const http::Request& request) {
  const auto& name = request.param("name");
  if (!is_ostree_ref(name)) return not_found("ostree: ref '" + name + "': is not here");
  return http::text_response(200, TRY(repo_of(app, request).ref(name)));
}

Result<http::Response> post_ref(App& app, const http::Request& request) {
  bool force = request.header("x-ats-ostree-force") == "true";
  auto commit = std::string(trim(request.body));
  auto moved = repo_of(app, request).set_ref(request.param("name"), commit,
                                             force ? OstreeRepo::Ref::any : OstreeRepo::Ref::child_only);
  if (moved.ok()) return http::text_response(200, commit);
  if (moved.error().fault == Fault::conflict) return refused(request, 412, "not_a_child", moved.error().what);
  if (moved.error().fault == Fault::not_found) return refused(request, 412, "incomplete_commit", moved.error().what);
  return moved.error();
}

using HubOperation = Result<http::Response> (*)(App&, const http::Request&);

http::Handler scoped(App& app, std::string_view scope, HubOperation operation) {
  return answering([&app, scope, operation](const http::Request& request) -> Result<http::Response> {
    const auto& factory = request.param("factory");
    if (!is_run_of_factory(app, request, factory)) {
      auto admission = admit(app.auth, request, scope, factory);
      if (admission.refusal) return std::move(*admission.refusal);
    }
    if (!app.factories.exists(factory)) return not_found("factory '" + factory + "': does not exist");
    return operation(app, request);
  });
}

void add_hub(http::Router& router, App& app, const std::string& base) {
  router.add("POST", base + "/check", scoped(app, "targets:read", check));
  router.add({"PUT", base, scoped(app, "targets:read-update", upload), kMaxUpload, http::Route::Body::spool});
  router.add("PUT", base + "/summary", scoped(app, "targets:read-update", renew_summary));
  router.add("POST", base + "/download-urls", scoped(app, "targets:read", download_urls));
}

void add_treehub(http::Router& router, App& app, const std::string& base) {
  router.add({"POST", base + "/objects/{prefix}/{name}", scoped(app, "targets:read-update", post_object), kMaxObject,
              http::Route::Body::spool});
  router.add("GET", base + "/refs/heads/{name...}", scoped(app, "targets:read", get_ref));
  router.add("POST", base + "/refs/heads/{name...}", scoped(app, "targets:read-update", post_ref));
  router.add("GET", base + "/{path...}", scoped(app, "targets:read", get_path));
}

}  // namespace

void add_hub_routes(http::Router& router, App& app) {
  add_hub(router, app, "/ota/ostreehub/{factory}/v2/repos/lmp");
  add_hub(router, app, "/{factory}/v2/repos/lmp");  // clients with a token: <hub>/<F>/v2/repos/lmp
  add_treehub(router, app, "/ota/treehub/{factory}/api/v2");
  add_treehub(router, app, "/ota/treehub/{factory}/api/v3");
}

}  // namespace rota::server
