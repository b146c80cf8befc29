// …/user_repo/<file>, root, targets, root/private_keys/<id> (repo-api.md 6).
#include "server/repo_api.h"

#include "crypto/hash.h"
#include "repo/first_archive.h"
#include "repo/production.h"
#include "repo/repositories.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/repo_call.h"
#include "server/request_body.h"
#include "server/root_files.h"
#include "tuf/root_chain.h"

namespace rota::server {
namespace {

http::Response served(const RepoCall& call, std::shared_ptr<const Bytes> bytes, std::string checksum,
                      std::shared_ptr<const Bytes> gzip = nullptr) {
  auto response = call.answer(200);
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("x-ats-role-checksum", std::move(checksum));
  carry(response, call.request, std::move(bytes), std::move(gzip));
  return response;
}

http::Response with_checksum(const RepoCall& call, std::shared_ptr<const Bytes> bytes,
                             std::shared_ptr<const Bytes> gzip = nullptr) {
  std::string checksum = crypto::sha256_hex(*bytes);
  return served(call, std::move(bytes), std::move(checksum), std::move(gzip));
}

Result<std::vector<std::shared_ptr<const Bytes>>> roots_from(const RepoCall& call, tuf::Version first, std::size_t most) {
  if (call.stream == Stream::ci) return call.app.repos.roots_from(call.factory, first, most);
  return call.app.repos.production_roots_from(call.factory, first, most);
}

http::Response numbered_root(const RepoCall& call, tuf::Version version) {
  auto roots = roots_from(call, version, 1);
  if (!roots) return no_root(call.request);
  auto response = with_checksum(call, std::move(roots->front()));
  hint_at_chain(response, version,
                call.stream == Stream::ci ? call.published->root_version : call.published->production_version);
  return response;
}

http::Response root_chain(const RepoCall& call, tuf::Version first) {
  auto roots = roots_from(call, first, tuf::kMaxChainRoots);
  if (!roots) return no_root(call.request);
  auto response = root_chain_answer(call.request, first, std::move(roots).value());
  response.headers.emplace_back("x-ats-tuf-repo-id", call.published->repo_id);
  return response;
}

http::Response no_file(const http::Request& request) {
  return refused(request, 404, "role_not_found", "no such file in this repository");
}

http::Response root_file(const RepoCall& call, const std::string& file) {
  if (const auto version = root_version_of(file, kNumberedRoot)) return numbered_root(call, *version);
  if (const auto first = root_version_of(file, kRootChain)) return root_chain(call, *first);
  return file.ends_with(kNumberedRoot) || file.ends_with(kRootChain) ? no_root(call.request) : no_file(call.request);
}

// Roots; the targets of this stream are per tag: prod-targets/.
http::Response get_production_file(const RepoCall& call, const std::string& file) {
  const auto& newest = call.published->production_root;
  if (newest == nullptr) return no_root(call.request);
  return file == "root.json" ? with_checksum(call, newest) : root_file(call, file);
}

http::Response get_role_file(const RepoCall& call) {
  const std::string& file = call.request.param("file");
  if (call.stream == Stream::production) return get_production_file(call, file);
  const auto& published = *call.published;
  if (file == "targets.json") return served(call, published.targets, published.targets_checksum, published.targets_gzip);
  if (file == "snapshot.json") return with_checksum(call, published.snapshot, published.snapshot_gzip);
  if (file == "timestamp.json") return with_checksum(call, published.timestamp);
  if (file == "root.json") return with_checksum(call, published.root);
  return root_file(call, file);
}

http::Response get_next_root(const RepoCall& call) {
  const auto body = call.app.repos.next_root_body(call.factory);
  if (!body) return refused(call.request, body.error());
  auto response = call.answer(200);
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = to_json(*body);
  return response;
}

repo::RootOptions options_of(const http::Request& request) {
  repo::RootOptions options;
  if (request.query_value("allow-weaker") == "1")
    options.allowed.names = {"lower-threshold", "fewer-keys", "replace-role"};
  options.allowed.short_expiry = request.query_value("force-expiry") == "1";
  return options;
}

http::Response post_production_root(const RepoCall& call, BytesView envelope) {
  const auto accepted =
      repo::Production(call.app.repos).accept_root(call.factory, envelope, options_of(call.request));
  if (!accepted) return refused(call.request, accepted.error());
  if (const auto* refusal = std::get_if<repo::Refusal>(&*accepted)) return refusal_response(call.request, *refusal);
  call.app.audit.add(
      {call.factory, call.user, "production-root-published", std::to_string(std::get<tuf::Version>(*accepted))});
  return call.answer(204);
}

http::Response staged_answer(const RepoCall& call, const repo::Staged& staged) {
  call.app.audit.add({call.factory, call.user, "root-staged", std::to_string(staged.version)});
  Json body;
  body["staged"] = staged.version;
  body["description"] = "published with the next targets that its targets keys sign";
  return http::json_response(202, body);
}

http::Response post_root(const RepoCall& call) {
  const auto body = decoded_body(call.request, tuf::kMaxRoot);
  if (body.refusal) return *body.refusal;
  if (call.stream == Stream::production) return post_production_root(call, body.bytes);
  const auto accepted = call.app.repos.accept_root(call.factory, body.bytes, options_of(call.request));
  if (!accepted) return refused(call.request, accepted.error());
  if (const auto* refusal = std::get_if<repo::Refusal>(&*accepted)) return refusal_response(call.request, *refusal);
  if (const auto* staged = std::get_if<repo::Staged>(&*accepted)) return staged_answer(call, *staged);
  call.app.audit.add({call.factory, call.user, "root-published", std::to_string(std::get<tuf::Version>(*accepted))});
  return call.answer(204);
}

http::Response put_targets(const RepoCall& call) {
  const auto body = decoded_body(call.request, tuf::kMaxTargets);
  if (body.refusal) return *body.refusal;
  std::optional<std::string> checksum;
  if (const auto given = call.request.header_if("x-ats-role-checksum")) checksum = std::string(trim(*given));
  const auto accepted = call.app.repos.accept_targets(call.factory, body.bytes, checksum);
  if (!accepted) return refused(call.request, accepted.error());
  if (const auto* refusal = std::get_if<repo::Refusal>(&*accepted)) return refusal_response(call.request, *refusal);
  const auto& replaced_by = std::get<std::string>(*accepted);
  call.app.audit.add({call.factory, call.user, "targets-published", replaced_by});
  auto response = call.answer(204);
  response.headers.emplace_back("x-ats-role-checksum", replaced_by);
  return response;
}

http::Response no_private_key(const http::Request& request) {
  return refused(request, 404, "private_keys_not_found", "the server does not hold this root key, or not any more");
}

http::Response get_private_key(const RepoCall& call) {
  const tuf::KeyId id{call.request.param("id")};
  const auto key = call.app.repos.first_root_key(call.factory, id);
  if (!key)
    return key.error().fault == Fault::not_found ? no_private_key(call.request) : refused(call.request, key.error());
  call.app.audit.add({call.factory, call.user, "root-key-handed-out", id.hex});
  auto response = call.answer(200);
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  response.body = to_json(repo::key_pair(*key));
  return response;
}

http::Response delete_private_key(const RepoCall& call) {
  const tuf::KeyId id{call.request.param("id")};
  const auto sealed = call.app.repos.seal_first_root_key(call.factory, id);
  if (!sealed)
    return sealed.error().fault == Fault::not_found ? no_private_key(call.request)
                                                    : refused(call.request, sealed.error());
  const std::string until = rfc3339(call.app.clock.now() + days(1));
  call.app.audit.add({call.factory, call.user, "root-key-sealed", id.hex,
                      "the server no longer uses this key; a sealed copy remains until " + until +
                          " or until a root without it is accepted"});
  return call.answer(204);
}

}  // namespace

void add_user_repo_routes(http::Router& router, App& app) {
  for (const auto view : kRepoBases) {
    const std::string base(view);
    router.add("GET", base + "/root", repo_route(app, kRead, get_next_root));
    router.add({.method = "POST",
                .pattern = base + "/root",
                .handler = stream_route(app, kUpdate, post_root),
                .max_body = tuf::kMaxRoot});
    router.add({.method = "PUT",
                .pattern = base + "/targets",
                .handler = repo_route(app, kUpdate, put_targets),
                .max_body = tuf::kMaxTargets});
    router.add("GET", base + "/root/private_keys/{id}", repo_route(app, kUpdate, get_private_key));
    router.add("DELETE", base + "/root/private_keys/{id}", repo_route(app, kUpdate, delete_private_key));
    router.add("GET", base + "/{file}", stream_route(app, kRead, get_role_file));
  }
}

void add_repo_routes(http::Router& router, App& app) {
  add_user_repo_routes(router, app);
  add_updates_routes(router, app);
  add_production_routes(router, app);
  add_key_routes(router, app);
  add_upload_routes(router, app);
  add_token_routes(router, app);
}

}  // namespace rota::server
