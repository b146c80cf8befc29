// Target files of people (repo-api.md 6): …/user_repo/multipart/…, uploads/…, targets/<file>, and where their parts are PUT.
#include "crypto/hash.h"
#include "crypto/md5.h"
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/repo_api.h"
#include "server/repo_call.h"
#include "server/target_uploads.h"

namespace rota::server {
namespace {

constexpr Seconds kUrlLife = std::chrono::hours(1);
constexpr std::string_view kReadTargets = "targets:read", kUpdateTargets = "targets:read-update";
constexpr std::string_view kSignedPrefix = "/uploads/";

// What one address is good for: these bytes of that upload.
struct Errand {
  std::string factory, upload;
  UploadPart part;  // number 0: the whole file at once, its MD5 not known
  std::string path() const {
    return std::string(kSignedPrefix) + factory + "/" + upload + "/" + std::to_string(part.number);
  }
};

std::string query_of(const App& app, const Errand& errand, const std::string& expires) {
  const Bytes key = crypto::hmac_sha256(app.seal_key.reveal(), "target upload url");
  const std::string terms = "expires=" + expires + "&size=" + std::to_string(errand.part.size) + "&md5=" + errand.part.md5;
  return terms + "&signature=" + hex(crypto::hmac_sha256(key, "PUT\n" + errand.path() + "\n" + terms));
}

std::string signed_url(const App& app, const Errand& errand) {
  const auto expires = std::to_string((app.clock.now() + kUrlLife).time_since_epoch().count());
  return app.settings.api_url + errand.path() + "?" + query_of(app, errand, expires);
}

// denied: altered, expired, or for another length of bytes.
Result<Errand> errand_of(const App& app, const http::Request& request) {
  const auto words = split(request.path.substr(kSignedPrefix.size()), '/');
  if (words.size() != 3) return denied("upload url: not made here");
  Errand errand{words[0], words[1], {}};
  const std::string expires = request.query_value("expires").value_or("");
  errand.part.number = TRY(decimal(words[2], INT32_MAX));
  errand.part.size = TRY(decimal(request.query_value("size").value_or("")));
  errand.part.md5 = request.query_value("md5").value_or("");
  if (!crypto::constant_time_equal(query_of(app, errand, expires), request.query)) return denied("upload url: not made here");
  if (Time(Seconds(TRY(decimal(expires)))) <= app.clock.now()) return denied("upload url: expired");
  if (request.header("Content-Length") != std::to_string(errand.part.size))
    return denied("upload url: for " + std::to_string(errand.part.size) + " bytes");
  return errand;
}

// An operation that may fail, for whoever may.
template <Result<http::Response> (*operation)(const RepoCall&)>
http::Response answered(const RepoCall& call) {
  auto response = operation(call);
  return response ? std::move(*response) : refused(call.request, response.error());
}

Result<std::string> file_of(const RepoCall& call) {
  const std::string& name = call.request.param("file");
  TRY(is_target_file_name(name));
  return name;
}

http::Response too_large(const http::Request& request) {
  return refused(request, 413, "payload_too_large", "a target file: want at most " + std::to_string(kMaxTargetFile) + " bytes");
}

// 409, with what is there: a client whose file it is needs nothing more.
std::optional<http::Response> taken(const RepoCall& call, const std::string& name) {
  const auto file = target_file(call.app, call.factory, name);
  if (!file) return std::nullopt;
  Json body;
  body["code"] = "target_file_exists";
  body["description"] = "target file '" + name + "': exists";
  body["errorId"] = call.request.id;
  body["sha256"] = file->sha256;
  body["length"] = file->size;
  return http::json_response(409, body);
}

Result<http::Response> initiate(const RepoCall& call) {
  const std::string name = TRY(file_of(call));
  const auto size = TRY_IN("fileSize", decimal(call.request.query_value("fileSize").value_or("")));
  if (size < 1) return bad_input("fileSize: want at least 1");
  if (size > kMaxTargetFile) return too_large(call.request);
  if (auto there = taken(call, name)) return *std::move(there);
  const auto upload = TRY(begin_upload(
      call.app, {.id = "", .factory = call.factory, .file = name, .size = size, .part_size = kUsualPart, .user = call.user}));
  return http::json_response(200, Json::Object{{"uploadId", upload.id}, {"partSize", upload.part_size}});
}

// The upload that the request names, of the file in its path.
Result<Upload> upload_of(const RepoCall& call, const std::string& id) {
  const auto upload = TRY(find_upload(call.app, id, call.factory));
  if (upload.file != TRY(file_of(call))) return not_found("upload: is of another file");
  return upload;
}

// 32 hex digits, or as a Content-MD5 has it.
Result<std::string> md5_asked(const std::string& text) {
  std::string sum = text;
  if (sum.size() == 24) {
    std::ranges::replace(sum, ' ', '+');
    sum = hex(TRY_IN("md5", unbase64(sum)));
  }
  sum = lower(sum);
  if (sum.size() == 32 && sum.find_first_not_of("0123456789abcdef") == std::string::npos) return sum;
  return bad_input("md5: want 32 hex digits, or base64 of 16 bytes");
}

Result<http::Response> part_url(const RepoCall& call) {
  const auto upload = TRY(upload_of(call, call.request.query_value("uploadId").value_or("")));
  if (upload.done) return conflict("upload: is complete");
  const std::int64_t parts = (upload.size + upload.part_size - 1) / upload.part_size;
  UploadPart part;
  part.number = TRY_IN("part", decimal(call.request.query_value("part").value_or(""), parts));
  part.size = TRY_IN("contentLength", decimal(call.request.query_value("contentLength").value_or(""), upload.part_size));
  if (part.number < 1 || part.size < 1) return bad_input("part, contentLength: want at least 1");
  part.md5 = TRY(md5_asked(call.request.query_value("md5").value_or("")));
  return http::json_response(200, Json::Object{{"uri", signed_url(call.app, {call.factory, upload.id, part})}});
}

Result<std::vector<UploadPart>> parts_said(const Json& body) {
  std::vector<UploadPart> parts;
  for (const auto& item : *TRY(body.array("partETags"))) {
    UploadPart part;
    part.number = TRY_IN("partETags", item.integer("part"));
    const std::string tag = TRY_IN("partETags", item.text("eTag"));
    part.md5 = lower(tag.size() > 2 && tag.front() == '"' && tag.back() == '"' ? tag.substr(1, tag.size() - 2) : tag);
    parts.push_back(std::move(part));
  }
  return parts;
}

Result<http::Response> complete(const RepoCall& call) {
  const Json body = TRY(body_object(call.request, {"uploadId", "partETags"}));
  const auto upload = TRY(upload_of(call, TRY(body.text("uploadId"))));
  TRY(complete_upload(call.app, upload, TRY(parts_said(body))));
  return call.answer(204);
}

// An address for the whole file: the body that comes with this request is not read.
Result<http::Response> put_upload(const RepoCall& call) {
  const std::string name = TRY(file_of(call));
  const auto size = static_cast<std::int64_t>(call.request.body_size);
  if (size < 1) return bad_input("Content-Length: want at least 1");
  if (auto there = taken(call, name)) return *std::move(there);
  const auto upload = TRY(begin_upload(
      call.app, {.id = "", .factory = call.factory, .file = name, .size = size, .part_size = size, .user = call.user}));
  auto response = call.answer(302);
  response.headers.emplace_back("Location", signed_url(call.app, {call.factory, upload.id, {0, size, ""}}));
  return response;
}

// A PUT to a signed address; what it is good for was looked at before its body was read, and is again.
Result<http::Response> put_part(App& app, const http::Request& request) {
  const auto errand = TRY(errand_of(app, request));
  const auto upload = TRY(find_upload(app, errand.upload, errand.factory));
  const auto got = TRY(measured({request.body_file}));
  UploadPart part{std::max<std::int64_t>(errand.part.number, 1), got.size, got.md5};
  if (got.size != errand.part.size) return want_got("part: bytes", errand.part.size, got.size);
  const std::string said = request.header_if("Content-MD5").value_or("");
  if (!errand.part.md5.empty() && errand.part.md5 != got.md5) return bad_input("part: want MD5 " + errand.part.md5 + ", got " + got.md5);
  if (!said.empty() && TRY_IN("Content-MD5", unbase64(said)) != TRY(unhex(got.md5)))
    return bad_input("Content-MD5: want that of the body, got '" + said.substr(0, 40) + "'");
  TRY(keep_part(app, upload, part, request.body_file));
  if (errand.part.number == 0) TRY(complete_upload(app, upload, {part}));
  http::Response response;
  response.headers.emplace_back("ETag", "\"" + got.md5 + "\"");
  return response;
}

Result<http::Response> get_file(const RepoCall& call) {
  const auto file = TRY(target_file(call.app, call.factory, TRY(file_of(call))));
  auto response = call.answer(200);
  response.headers.emplace_back("Content-Type", "application/octet-stream");
  response.headers.emplace_back("ETag", "\"" + file.sha256 + "\"");
  response.file = TRY(target_file_path(call.app, file));
  return response;
}

// 409 while the published targets name it.
Result<http::Response> delete_file(const RepoCall& call) {
  const auto file = TRY(target_file(call.app, call.factory, TRY(file_of(call))));
  for (const auto& target : call.published->target_list)
    if (target.name == file.name) return conflict("target file '" + file.name + "': the published targets name it");
  TRY(remove_target_file(call.app, file));
  call.app.audit.add({call.factory, call.user, "target-file-removed", file.name, file.sha256});
  return call.answer(204);
}

}  // namespace

std::function<std::optional<http::Response>(const http::Request&)> upload_gate(App& app) {
  return [&app](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "PUT" || !request.path.starts_with(kSignedPrefix)) return std::nullopt;
    const auto errand = errand_of(app, request);
    return errand ? std::nullopt : std::optional(refused(request, denied(errand.error().what)));
  };
}

void add_upload_routes(http::Router& router, App& app) {
  for (const auto view : kRepoBases) {
    const std::string base(view);
    const auto add = [&](const char* method, const std::string& rest, std::string_view scope, RepoOperation operation) {
      router.add(method, base + rest, repo_route(app, scope, operation));
    };
    add("POST", "/multipart/initiate/{file...}", kUpdateTargets, answered<initiate>);
    add("GET", "/multipart/url/{file...}", kUpdateTargets, answered<part_url>);
    add("PUT", "/multipart/complete/{file...}", kUpdateTargets, answered<complete>);
    add("GET", "/targets/{file...}", kReadTargets, answered<get_file>);
    add("DELETE", "/targets/{file...}", kUpdateTargets, answered<delete_file>);
    router.add({"PUT", base + "/uploads/{file...}", repo_route(app, kUpdateTargets, answered<put_upload>),
                static_cast<std::uint64_t>(kMaxTargetFile), http::Route::Body::unread});
  }
  router.add({"PUT", std::string(kSignedPrefix) + "{factory}/{upload}/{part}",
              answering([&app](const http::Request& request) { return put_part(app, request); }),
              static_cast<std::uint64_t>(kMaxTargetFile), http::Route::Body::spool});
}

}  // namespace rota::server
