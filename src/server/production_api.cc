// The production stream's targets, and what key holders read (repo-api.md 7, docs/formats/root-updates.md).
#include <algorithm>

#include "repo/first_archive.h"
#include "repo/production.h"
#include "repo/root_updates.h"
#include "server/answers.h"
#include "server/audit.h"
#include "server/factories.h"
#include "server/repo_api.h"
#include "server/request_body.h"

namespace rota::server {
namespace {

using Kind = repo::ProductionFile::Kind;

constexpr std::size_t kLongestName = 60;

// The factory of the path, once the caller may.
Result<std::string> factory_of(const Call& call, std::string_view scope) {
  const std::string& name = call.request.param("factory");
  TRY(call.needs(scope, name));
  TRY(call.app.factories.check_exists(name));
  return name;
}

Status is_name(std::string_view what, std::string_view name) {
  const auto allowed = [](char c) {
    const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alphanumeric || c == '_' || c == '.' || c == '+' || c == '-';
  };
  if (!name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, allowed)) return {};
  return bad_input(std::string(what) + ": want 1 to 60 of letters, digits and _.+-");
}

// {name: signed targets} of those asked for ("a,b"); all of them when none is named.
Result<http::Response> files_named(const Call& call, Kind kind, const std::string& question) {
  const auto factory = TRY(factory_of(call, "targets:read"));
  const auto wanted = split(call.request.query_value(question).value_or(""), ',');
  Json answer{Json::Object{}};
  for (const auto& [name, bytes] : TRY(repo::Production(call.app.repos).in_use(factory, kind)))
    if (wanted.empty() || wanted.front().empty() || std::ranges::find(wanted, name) != wanted.end())
      answer[name] = TRY(parse_json(bytes, {.max_bytes = tuf::kMaxTargets}));
  if (answer.if_object()->empty())
    return not_found(std::string(name_of(kind)) + ": no production targets of that name");
  return http::json_response(200, answer);
}

Result<http::Response> get_tags(const Call& call) {
  return files_named(call, Kind::tag, "tag");
}
Result<http::Response> get_waves(const Call& call) {
  return files_named(call, Kind::wave, "name");
}

Result<http::Response> pushed(const Call& call, const std::string& factory, const repo::Production::Push& push) {
  const auto accepted = TRY(repo::Production(call.app.repos).publish(factory, push));
  if (const auto* refusal = std::get_if<repo::Refusal>(&accepted)) {
    Json body;
    body["code"] = refusal->code;
    body["message"] = body["description"] = refusal->description;
    for (const auto& fault : refusal->cause) body["errors"].push_back(fault);
    return http::json_response(refusal->status, body);
  }
  const auto version = std::get<tuf::Version>(accepted);
  call.app.audit.add({factory, call.caller.user, std::string(name_of(push.kind)) + "-targets-published", push.name,
                      std::to_string(version)});
  return http::json_response(201, Json::Object{{"version", version}});
}

Result<http::Response> put_tag(const Call& call) {
  const auto factory = TRY(factory_of(call, "targets:update"));
  const std::string& tag = call.request.param("tag");
  TRY(is_name("tag", tag));
  const auto body = decoded_body(call.request, tuf::kMaxTargets);
  if (body.refusal) return *body.refusal;
  return pushed(call, factory, {Kind::tag, tag, tag, body.bytes});
}

Result<http::Response> post_wave(const Call& call) {
  const auto factory = TRY(factory_of(call, "targets:update"));
  const Json body = TRY(body_object(call.request, {"name", "version", "tag", "targets"}));
  const auto name = TRY(body.text("name")), tag = TRY(body.text("tag"));
  TRY(is_name("name", name));
  TRY(is_name("tag", tag));
  TRY(body.object("targets"));
  const Bytes targets = to_json(*body.find("targets"));
  return pushed(call, factory, {Kind::wave, name, tag, targets});
}

template <Status (repo::Production::*end)(std::string_view, const std::string&)>
Result<http::Response> end_wave(const Call& call) {
  const auto factory = TRY(factory_of(call, "targets:update"));
  repo::Production production(call.app.repos);
  const std::string& wave = call.request.param("wave");
  TRY((production.*end)(factory, wave));
  call.app.audit.add({factory, call.caller.user, "wave-ended", wave});
  return http::json_response(200, Json::Object{});
}

// The online targets key, as key holders list it.
Result<http::Response> get_targets_pub(const Call& call) {
  const auto factory = TRY(factory_of(call, "keys:read"));
  return http::json_response(200, tuf::public_key_json(TRY(call.app.repos.online_targets_key(factory))));
}

Result<http::Response> get_first_root(const Call& call) {
  const auto factory = TRY(factory_of(call, "keys:update"));
  const auto key = TRY(repo::RootUpdates(call.app.repos).first_root_key(factory));
  call.app.audit.add({factory, call.caller.user, "root-key-handed-out", tuf::key_id(key.public_key()).hex});
  auto response = http::json_response(200, TRY(parse_json(repo::private_key_file(key).reveal())));
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Result<http::Response> get_self(const Call& call) {
  TRY(factory_of(call, "keys:read"));
  return http::json_response(200, Json::Object{{"polis-id", call.caller.user}, {"name", call.caller.user}});
}

}  // namespace

void add_production_routes(http::Router& router, App& app) {
  const std::string base = "/ota/factories/{factory}/";
  router.add("GET", base + "prod-targets/", guarded(app, get_tags));
  router.add("GET", base + "wave-targets/", guarded(app, get_waves));
  router.add({.method = "PUT",
              .pattern = "/v1/factories/{factory}/production/{tag}/targets",
              .handler = guarded(app, put_tag),
              .max_body = tuf::kMaxTargets});
  router.add(
      {.method = "POST", .pattern = base + "waves/", .handler = guarded(app, post_wave), .max_body = tuf::kMaxTargets});
  router.add("POST", base + "waves/{wave}/complete/", guarded(app, end_wave<&repo::Production::complete_wave>));
  router.add("POST", base + "waves/{wave}/cancel/", guarded(app, end_wave<&repo::Production::cancel_wave>));
  router.add("GET", base + "ci-targets.pub", guarded(app, get_targets_pub));
  router.add("GET", base + "first_root.sec", guarded(app, get_first_root));
  router.add("GET", base + "users/self/", guarded(app, get_self));
}

}  // namespace rota::server
