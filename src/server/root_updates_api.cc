// …/user_repo/root/updates (repo-api.md 7, docs/formats/root-updates.md).
#include "crypto/hash.h"
#include "repo/first_archive.h"
#include "repo/root_updates.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/census.h"
#include "server/repo_api.h"
#include "server/repo_call.h"
#include "server/request_body.h"

namespace rota::server {
namespace {

using Admin = repo::RootUpdates::Admin;

constexpr std::size_t kMaxUpdates = 1u << 20;

// expired is this API's word for 422: understood, but not acceptable.
http::Response updates_refused(const http::Request& request, const Error& error) {
  if (error.fault == Fault::expired) return refused(request, 422, "not_acceptable", error.what);
  return refused(request, error);
}

// An operation that may fail.
template <Result<http::Response> (*operation)(const RepoCall&)>
http::Response answered(const RepoCall& call) {
  auto response = operation(call);
  return response ? std::move(*response) : updates_refused(call.request, response.error());
}

// The body as an object, of these members only; no body at all: an empty one.
Result<Json> asked(const RepoCall& call, std::initializer_list<std::string_view> members) {
  if (trim(call.request.body).empty()) return Json(Json::Object{});
  return body_object(call.request, members);
}

Admin admin_of(const RepoCall& call, const Json& body) {
  return {call.user, body.text_or("txid", "")};
}

Result<bool> flag(const Json& body, std::string_view name) {
  return body.find(name) == nullptr ? Result<bool>(false) : body.boolean(name);
}

// Devices of the factory seen lately whose root is known and older than the newest.
std::vector<std::string> devices_behind(const RepoCall& call) {
  std::vector<std::string> names;
  const Time since = call.app.clock.now() - kSeenLately;
  call.app.devices.each(call.factory, [&](const Device& device) {
    if (device.last_seen >= since && is_below(device, call.published->root_version)) names.push_back(device.name);
  });
  return names;
}

Result<http::Response> get_updates(const RepoCall& call) {
  auto response =
      http::json_response(200, TRY(repo::RootUpdates(call.app.repos).shown(call.factory, devices_behind(call))));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<http::Response> begin_updates(const RepoCall& call) {
  const Json body = TRY(asked(call, {"message", "first-time", "shortcut"}));
  repo::RootUpdates::Wish wish{call.user, body.text_or("message", ""), {}};
  if (TRY(flag(body, "first-time"))) wish.first_time = repo::RootUpdates::FirstTime::yes;
  TRY(flag(body, "shortcut"));
  const auto begun = TRY(repo::RootUpdates(call.app.repos).begin(call.factory, wish));
  call.app.audit.add({call.factory, call.user, "root-updates-begun", wish.message.substr(0, 200)});
  Json answer;
  answer["txid"] = begun.txid;
  if (begun.first_root) {
    const auto id = tuf::key_id(begun.first_root->public_key()).hex;
    answer["first_root.sec"] = TRY(parse_json(repo::private_key_file(*begun.first_root).reveal()));
    answer["first_root.pub"] = tuf::public_key_json(begun.first_root->public_key());
    call.app.audit.add({call.factory, call.user, "root-key-handed-out", id});
  }
  auto response = http::json_response(200, answer);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Bytes text_of(const Json* root) {
  return root == nullptr || root->is_null() ? Bytes() : to_json(*root);
}

Json member(const Json& body, std::string_view name) {
  const Json* found = body.find(name);
  return found == nullptr ? Json() : *found;
}

Result<http::Response> put_updates(const RepoCall& call) {
  const Json body = TRY(asked(call, {"txid", "ci-root", "prod-root", "targets-signatures", "waves-signatures"}));
  repo::RootUpdates::Draft draft{text_of(body.find("ci-root")), text_of(body.find("prod-root")),
                                 member(body, "targets-signatures"), member(body, "waves-signatures")};
  if (call.request.query_value("allow-weaker") == "1") draft.weaker = repo::RootUpdates::Draft::Weaker::allowed;
  TRY(repo::RootUpdates(call.app.repos).put(call.factory, admin_of(call, body), draft));
  call.app.audit.add({call.factory, call.user, "root-updates-staged", crypto::sha256_hex(draft.ci_root)});
  return http::json_response(200, Json::Object{});
}

Result<crypto::KeyType> key_type_named(std::string_view name) {
  if (equals_ignoring_case(name, "ED25519")) return crypto::KeyType::ed25519;
  if (equals_ignoring_case(name, "RSA")) return crypto::KeyType::rsa;
  return bad_input("key-type: want ED25519 or RSA, got '" + std::string(name.substr(0, 40)) + "'");
}

Result<http::Response> generate_online_keys(const RepoCall& call) {
  const Json body = TRY(asked(call, {"txid", "key-type", "targets", "snapshot", "timestamp"}));
  const auto type = TRY(key_type_named(body.text_or("key-type", "ED25519")));
  std::vector<tuf::Role> roles;
  std::string names;
  for (const auto role : {tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp}) {
    if (!TRY(flag(body, tuf::name_of(role)))) continue;
    roles.push_back(role);
    names += (names.empty() ? "" : ",") + std::string(tuf::name_of(role));
  }
  TRY(repo::RootUpdates(call.app.repos).make_online_keys(call.factory, admin_of(call, body), roles, type));
  call.app.audit.add({call.factory, call.user, "root-updates-online-keys", names});
  return http::json_response(200, Json::Object{});
}

Result<http::Response> apply_updates(const RepoCall& call) {
  const Json body = TRY(asked(call, {"txid"}));
  const auto errors = TRY(repo::RootUpdates(call.app.repos).apply(call.factory, admin_of(call, body)));
  if (errors.empty()) {
    const auto version = TRY(call.app.repos.published(call.factory))->root_version;
    call.app.audit.add({call.factory, call.user, "root-updates-applied", std::to_string(version)});
    return http::json_response(200, Json::Object{{"root-version", version}});
  }
  Json answer;
  answer["code"] = "not_acceptable";
  answer["message"] = answer["description"] = "the staged updates cannot be applied";
  answer["errorId"] = call.request.id;
  for (const auto& error : errors) answer["errors"].push_back(error);
  return http::json_response(422, answer);
}

Result<http::Response> cancel_updates(const RepoCall& call) {
  TRY(repo::RootUpdates(call.app.repos).cancel(call.factory));
  call.app.audit.add({call.factory, call.user, "root-updates-canceled", call.factory});
  return http::json_response(200, Json::Object{});
}

// The key is out of use at once, as after DELETE root/private_keys/<id>.
Result<http::Response> acknowledge_first_root(const RepoCall& call) {
  const Json body = TRY(asked(call, {"txid", "sha256"}));
  const auto digest = TRY(body.text("sha256"));
  const auto confirmed = call.app.repos.confirm_first_root(call.factory, digest);
  if (!confirmed && confirmed.error().fault == Fault::not_found) return conflict(confirmed.error().what);
  TRY(Status(confirmed));
  call.app.audit.add({call.factory, call.user, "first-root-confirmed", digest.substr(0, 64)});
  return call.answer(204);
}

}  // namespace

void add_updates_routes(http::Router& router, App& app) {
  for (const auto view : kRepoBases) {
    const std::string base = std::string(view) + "/root/updates";
    const auto post = [&](const std::string& rest, RepoOperation operation) {
      router.add("POST", base + rest, repo_route(app, kUpdate, operation));
    };
    router.add("GET", base, repo_route(app, kRead, answered<get_updates>));
    router.add({.method = "PUT",
                .pattern = base,
                .handler = repo_route(app, kUpdate, answered<put_updates>),
                .max_body = kMaxUpdates});
    post("", answered<begin_updates>);
    post("/gen-online-keys", answered<generate_online_keys>);
    post("/apply", answered<apply_updates>);
    post("/cancel", answered<cancel_updates>);
    post("/ack-first-root", answered<acknowledge_first_root>);
  }
}

}  // namespace rota::server
