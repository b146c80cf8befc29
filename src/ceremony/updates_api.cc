#include "ceremony/updates_api.h"

namespace rota::ceremony {
namespace {

constexpr std::size_t kMaxState = 1u << 20;
constexpr std::size_t kMaxPublished = 64u << 20;
constexpr std::string_view kRepoPath = "/ota/repo/";

bool is_success(int status) { return status == 200 || status == 201 || status == 202 || status == 204; }

Result<UpdatesState::Status> status_named(const std::string& name) {
  for (const auto status : {UpdatesState::Status::none, UpdatesState::Status::started, UpdatesState::Status::applying})
    if (name == name_of(status)) return status;
  return rejected("root/updates: status: want NONE, STARTED or APPLYING, got '" + name.substr(0, 40) + "'");
}

UpdatesState::Pair pair_in(const Json* json) {
  UpdatesState::Pair pair;
  if (json == nullptr) return pair;
  pair.ci_root = json->text_or("ci-root", "");
  pair.prod_root = json->text_or("prod-root", "");
  const Json* online = json->find("online-keys");
  if (online != nullptr && online->if_object() != nullptr)
    for (const auto& [role, id] : *online->if_object())
      if (id.if_text() != nullptr) pair.online_keys[role] = *id.if_text();
  return pair;
}

std::vector<std::string> messages_in(const Json* list) {
  std::vector<std::string> messages;
  if (list != nullptr && list->if_array() != nullptr)
    for (const Json& item : *list->if_array()) messages.push_back(item.text_or("message", ""));
  return messages;
}

Result<UpdatesState> state_in(const Json& json) {
  UpdatesState state;
  state.status = TRY(status_named(json.text_or("status", "")));
  state.current = pair_in(json.find("current"));
  state.updated = pair_in(json.find("updated"));
  state.amendments = messages_in(json.find("amendments"));
  if (const Json* issues = json.find("issues")) {
    state.errors = messages_in(issues->find("errors"));
    state.warnings = messages_in(issues->find("warnings"));
  }
  if (const Json* meta = json.find("change-meta")) {
    state.created_by = meta->text_or("created-by", "");
    state.created_at = meta->text_or("created-at", "");
    state.updated_by = meta->text_or("updated-by", "");
    state.updated_at = meta->text_or("updated-at", "");
  }
  return state;
}

// A page of a proxy, or half an answer: what the service thinks of it is not known.
Result<Json> answer_in(std::string_view where, BytesView body, const JsonRules& rules = {}) {
  auto json = parse_json(body, rules);
  if (json) return json;
  return unavailable(std::string(where) + ": the answer is no JSON of the service: " + json.error().what);
}

// A key as the server hands it out: an object, or its text.
Result<Bytes> key_text(const Json& answer, std::string_view name) {
  const Json* key = answer.find(name);
  if (key == nullptr || key->is_null()) return Bytes();
  if (key->if_text() != nullptr) return *key->if_text();
  if (key->if_object() == nullptr) return rejected("root/updates: " + std::string(name) + ": want a key");
  return to_json(*key);
}

}  // namespace

std::string_view name_of(UpdatesState::Status status) {
  switch (status) {
    case UpdatesState::Status::none: return "NONE";
    case UpdatesState::Status::started: return "STARTED";
    case UpdatesState::Status::applying: return "APPLYING";
  }
  abort_with("ceremony: no such status of updates");
}

std::string UpdatesApi::updates_url(std::string_view rest) const {
  return source_.base + "/root/updates" + std::string(rest);
}

// "<server>/ota/factories/<factory>/<rest>" beside "<server>/ota/repo/<factory>/api/v1/user_repo".
std::string UpdatesApi::factory_url(std::string_view prefix, std::string_view rest) const {
  const auto at = source_.base.find(kRepoPath);
  if (at == std::string::npos) return source_.base + "/" + std::string(rest);
  const auto start = at + kRepoPath.size();
  const auto factory = source_.base.substr(start, source_.base.find('/', start) - start);
  return source_.base.substr(0, at) + std::string(prefix) + factory + "/" + std::string(rest);
}

Result<FetchReply> UpdatesApi::call(std::string method, const std::string& url, const Json& body) const {
  FetchRequest request{.method = std::move(method), .url = url, .headers = source_.headers, .max_body = kMaxState};
  if (url.find("-targets/") != std::string::npos) request.max_body = kMaxPublished;
  if (!body.is_null()) {
    request.body = to_json(body);
    request.headers.emplace_back("Content-Type", "application/json");
  }
  auto reply = TRY(source_.fetcher->fetch(request));
  if (!is_success(reply.status)) return http_error(request, reply);
  return reply;
}

Status UpdatesApi::done(std::string method, const std::string& url, const Json& body) const {
  TRY(call(std::move(method), url, body));
  return {};
}

Result<std::optional<UpdatesState>> UpdatesApi::state() const {
  const auto reply = call("GET", updates_url());
  if (!reply.ok() && reply.error().fault == Fault::not_found) return std::optional<UpdatesState>();
  if (!reply) return reply.error();
  const Json json = TRY(answer_in("root/updates", reply->body, {.max_bytes = kMaxState}));
  return std::optional<UpdatesState>(TRY(state_in(json)));
}

Result<UpdatesState> UpdatesApi::present_state() const {
  auto found = TRY(state());
  if (!found) return not_found("this server has no TUF updates API", "fioctl keys rotate FILE works without it");
  return std::move(*found);
}

Result<UpdatesApi::Started> UpdatesApi::start(const Start& wish) const {
  const Json body(Json::Object{{"message", wish.message},
                               {"first-time", Json(wish.first_time == Start::FirstTime::yes)},
                               {"shortcut", Json(wish.shortcut == Start::Shortcut::yes)}});
  auto reply = TRY(call("POST", updates_url(), body));
  const crypto::SecretBytes text(std::move(reply.body));
  const Json json = TRY(answer_in("root/updates", text.reveal()));
  Started started;
  started.txid = TRY_IN("root/updates", json.text("txid"));
  started.first_root_sec = crypto::SecretBytes(TRY(key_text(json, "first_root.sec")));
  started.first_root_pub = TRY(key_text(json, "first_root.pub"));
  return started;
}

Status UpdatesApi::put(const std::string& txid, const UpdatesDraft& draft) const {
  Json body(Json::Object{{"txid", txid}});
  for (const auto& [stream, root] : draft.roots)
    body[stream == Stream::ci ? "ci-root" : "prod-root"] = TRY(parse_json(root));
  if (!draft.targets_signatures.is_null()) body["targets-signatures"] = draft.targets_signatures;
  if (!draft.waves_signatures.is_null()) body["waves-signatures"] = draft.waves_signatures;
  return done("PUT", updates_url(draft.weaker == UpdatesDraft::Weaker::allowed ? "?allow-weaker=1" : ""), body);
}

Status UpdatesApi::make_online_keys(const std::string& txid, crypto::KeyType type,
                                    const std::vector<tuf::Role>& roles) const {
  Json body(Json::Object{{"txid", txid}, {"key-type", type == crypto::KeyType::rsa ? "RSA" : "ED25519"}});
  for (const auto role : roles) body[tuf::name_of(role)] = Json(true);
  return done("POST", updates_url("/gen-online-keys"), body);
}

Status UpdatesApi::apply(const std::string& txid) const {
  return done("POST", updates_url("/apply"), Json(Json::Object{{"txid", txid}}));
}

Status UpdatesApi::cancel() const { return done("POST", updates_url("/cancel"), {}); }

Result<std::map<std::string, Bytes>> UpdatesApi::published(Published which) const {
  std::map<std::string, Bytes> files;
  const auto reply =
      call("GET", factory_url("/ota/factories/", which == Published::prod ? "prod-targets/" : "wave-targets/"));
  if (!reply.ok() && reply.error().fault == Fault::not_found) return files;
  if (!reply) return reply.error();
  const Json json = TRY(answer_in("published targets", reply->body, {.max_bytes = kMaxPublished}));
  if (json.if_object() == nullptr) return rejected("published targets: want an object of signed targets");
  for (const auto& [name, file] : *json.if_object()) files[name] = to_json(file);
  return files;
}

Result<std::string> UpdatesApi::polis_id() const {
  const auto reply = call("GET", factory_url("/ota/factories/", "users/self/"));
  if (!reply.ok() && reply.error().fault == Fault::not_found) return std::string();
  if (!reply) return reply.error();
  const Json json = TRY(answer_in("users/self", reply->body, {.numbers = JsonRules::Numbers::any}));
  return json.text_or("polis-id", "");
}

Status UpdatesApi::confirm_first_root(const std::string& sha256) const {
  const auto confirmed = done("POST", factory_url("/v1/factories/", "keys/first-root/confirm"),
                              Json(Json::Object{{"sha256", sha256}}));
  if (!confirmed.ok() && confirmed.error().fault == Fault::not_found) return {};
  return confirmed;
}

}  // namespace rota::ceremony
