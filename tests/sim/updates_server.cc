#include "sim/updates_server.h"

#include <algorithm>

#include "sim/roots.h"

namespace rota::sim {
namespace {

constexpr std::string_view kTrust = "https://api.sim/v1/trust?factory=acme";

FetchReply refused(int status, const std::vector<std::string>& errors = {}) {
  Json list{Json::Array{}};
  for (const auto& one : errors) list.push_back(Json(one));
  return {status, {}, to_json(Json(Json::Object{{"message", "refused"}, {"errors", std::move(list)}}))};
}

std::string id_of(char seed) { return tuf::key_id(key_of(seed).public_key()).hex; }

Json ids_of(const std::map<std::string, char>& online) {
  Json ids{Json::Object{}};
  for (const auto& [role, seed] : online) ids[role] = Json(id_of(seed));
  return ids;
}

std::string who_asks(const FetchRequest& request) { return std::string(header(request.headers, "OSF-TOKEN")); }

// "apply" of ".../root/updates/apply", the method of ".../root/updates", else "".
std::string call_of(const FetchRequest& request) {
  const std::string base = std::string(Repository::kBase) + "/root/updates";
  if (!request.url.starts_with(base)) return "";
  const std::string rest = request.url.substr(base.size());
  return rest.empty() || rest.starts_with('?') ? request.method : rest.substr(1);
}

// The next root as a server prepares it.
Bytes prepared(const Bytes& current, const std::string& message, Time now) {
  Json body = tuf::parse_envelope(current, tuf::kMaxRoot)->body;
  body["version"] = Json(*body.find("version")->if_int() + 1);
  body["x-changelog"] = Json(Json::Object{{"polis-id", "polis-1"}, {"message", message}, {"timestamp", rfc3339(now)}});
  return envelope_without_signatures(body);
}

Bytes with_online_key(const Bytes& draft, const std::string& role, char before, char after) {
  Json body = tuf::parse_envelope(draft, tuf::kMaxRoot)->body;
  for (Json& id : *body["roles"][role]["keyids"].if_array())
    if (*id.if_text() == id_of(before)) id = Json(id_of(after));
  body["keys"].if_object()->erase(id_of(before));
  body["keys"][id_of(after)] = tuf::public_key_json(key_of(after).public_key());
  return envelope_without_signatures(body);
}

}  // namespace

int UpdatesServer::calls(std::string_view call) const { return static_cast<int>(std::ranges::count(requests_, call)); }

Result<FetchReply> UpdatesServer::fetch(const FetchRequest& request) {
  if (look_) TRY(look_(request));
  const std::string call = call_of(request);
  if (!call.empty()) requests_.push_back(call);
  const auto refusal = refusals_.find(call);
  if (refusal != refusals_.end()) {
    const int status = refusal->second;
    refusals_.erase(refusal);
    return refused(status, {"as the test wants it"});
  }
  if (request.url == kTrust) return trust_.empty() ? refused(404) : FetchReply{200, {}, trust_};
  if (call.empty() && !request.url.starts_with(kFactory) && !request.url.ends_with("/confirm"))
    return repository_.fetch(request);
  auto reply = answer(call, request);
  if (lost_.erase(call) == 1) return unavailable("the answer was lost");
  return reply;
}

FetchReply UpdatesServer::answer(const std::string& call, const FetchRequest& request) {
  if (request.url.ends_with("/prod-targets/")) return published(targets_);
  if (request.url.ends_with("/wave-targets/")) return published(waves_);
  if (request.url.ends_with("/users/self/")) return {200, {}, R"({"polis-id":"polis-1"})"};
  const auto parsed = request.body.empty() ? Result<Json>(Json(Json::Object{})) : parse_json(request.body);
  if (!parsed) return refused(400);
  if (request.url.ends_with("/first-root/confirm")) {
    receipt_ = parsed->text_or("sha256", "");
    return {204, {}, ""};
  }
  if (call == "GET") return state();
  if (call == "POST") return start(*parsed, who_asks(request));
  if (call == "cancel") {
    status_ = "NONE";
    next_online_ = online_;
    return {200, {}, "{}"};
  }
  if (call == "apply" && status_ == "NONE" && !applied_.empty() && parsed->text_or("txid", "") == applied_)
    return {200, {}, "{}"};
  if (status_ == "NONE" || !may(*parsed, who_asks(request))) return refused(404);
  if (call == "PUT") return put(*parsed);
  if (call == "gen-online-keys") return make_online_keys(*parsed);
  if (call == "apply") return apply();
  return refused(404);
}

bool UpdatesServer::may(const Json& body, const std::string& who) const {
  const auto txid = body.text_or("txid", "");
  return txid == txid_ || (txid.empty() && who == owner_);
}

FetchReply UpdatesServer::state() const {
  const auto& prod_chain = repository_.production_roots();
  Json json(Json::Object{{"status", status_}, {"updated", Json()}});
  json["current"] = Json(Json::Object{{"ci-root", repository_.roots().back()},
                                      {"prod-root", prod_chain.empty() ? Bytes() : prod_chain.back()},
                                      {"online-keys", ids_of(online_)}});
  json["amendments"].push_back(Json(Json::Object{{"kind", "x"}, {"message", message_}}));
  json["issues"] = Json(Json::Object{{"errors", Json(Json::Array{})}, {"warnings", Json(Json::Array{})}});
  json["change-meta"] = Json(Json::Object{{"created-by", owner_}, {"created-at", rfc3339(now_)}});
  if (status_ == "NONE") return {200, {}, to_json(json)};
  Json ci = parse_json(ci_).value(), prod = prod_.empty() ? Json() : parse_json(prod_).value();
  if (lie_) lie_(ci, prod);
  json["updated"] = Json(Json::Object{{"ci-root", to_json(ci)},
                                      {"prod-root", prod_.empty() ? Bytes() : to_json(prod)},
                                      {"online-keys", ids_of(next_online_)}});
  return {200, {}, to_json(json)};
}

FetchReply UpdatesServer::start(const Json& body, const std::string& who) {
  if (status_ != "NONE") return refused(409, {"a transaction is active"});
  const bool first_time = *body.find("first-time")->if_bool();
  if (first_time && first_root_ == 0) return refused(422);
  status_ = "STARTED";
  owner_ = who;
  txid_ = "tx-" + std::to_string(++transactions_);
  message_ = body.text_or("message", "");
  next_online_ = online_;
  targets_signatures_ = waves_signatures_ = Json();
  ci_ = prepared(repository_.roots().back(), message_, now_);
  const auto& prod_chain = repository_.production_roots();
  prod_ = prod_chain.empty() ? Bytes() : prepared(prod_chain.back(), message_, now_);
  Json answer(Json::Object{{"txid", txid_}});
  if (first_time) {
    const auto key = key_of(first_root_);
    answer["first_root.pub"] = Json(Json::Object{
        {"keytype", "ED25519"}, {"keyval", Json(Json::Object{{"public", key.public_key().ed25519_hex()}})}});
    answer["first_root.sec"] = Json(Json::Object{
        {"keytype", "ED25519"}, {"keyval", Json(Json::Object{{"private", hex(key.ed25519_seed().reveal())}})}});
  }
  return {200, {}, to_json(answer)};
}

FetchReply UpdatesServer::put(const Json& body) {
  if (status_ != "STARTED") return refused(423);
  if (body.find("ci-root") == nullptr) return refused(400);
  ci_ = to_json(*body.find("ci-root"));
  prod_ = body.find("prod-root") == nullptr ? Bytes() : to_json(*body.find("prod-root"));
  for (const auto& [name, to] : {std::pair{"targets-signatures", &targets_signatures_},
                                 std::pair{"waves-signatures", &waves_signatures_}})
    if (const Json* signatures = body.find(name))
      for (const auto& [tag, list] : *signatures->if_object()) (*to)[tag] = list;
  return {200, {}, "{}"};
}

FetchReply UpdatesServer::make_online_keys(const Json& body) {
  for (const char* role : {"targets", "snapshot", "timestamp"}) {
    if (body.find(role) == nullptr) continue;
    const char fresh = next_seed_++;
    for (Bytes* draft : {&ci_, &prod_})
      if (!draft->empty()) *draft = with_online_key(*draft, role, next_online_[role], fresh);
    next_online_[role] = fresh;
  }
  return {200, {}, "{}"};
}

// The signatures of a file that still count, those that were brought, and the server's own.
Bytes UpdatesServer::merged(const Bytes& file, const Json& added) const {
  const auto envelope = tuf::parse_envelope(file, tuf::kMaxTargets).value();
  const auto next = tuf::read_root(tuf::parse_envelope(prod_, tuf::kMaxRoot).value()).value();
  const tuf::KeySigner online(key_of(next_online_.at("targets")));
  Json signatures{Json::Array{}};
  std::set<std::string> seen = {id_of(next_online_.at("targets"))};
  signatures.push_back(tuf::signature_json(online, tuf::key_id(online.public_key()), envelope.body).value());
  const auto take = [&](const Json& list) {
    if (list.if_array() == nullptr) return;
    for (const Json& one : *list.if_array())
      if (next.keys.contains({one.text_or("keyid", "")}) && seen.insert(one.text_or("keyid", "")).second)
        signatures.push_back(one);
  };
  take(added);
  const Json whole = parse_json(file).value();
  take(*whole.find("signatures"));
  return tuf::envelope_bytes(envelope.body, signatures);
}

std::vector<std::string> UpdatesServer::faults() const {
  std::vector<std::string> all;
  const tuf::Allowed allowed{.names = {"lower-threshold", "fewer-keys", "replace-role"}};
  for (const auto* draft : {&ci_, &prod_}) {
    if (draft->empty() && draft == &prod_ && repository_.production_roots().empty()) continue;
    const auto& chain = draft == &prod_ && !repository_.production_roots().empty() ? repository_.production_roots()
                                                                                   : repository_.roots();
    auto newest = tuf::anchor_root(chain.front()).value();
    for (std::size_t i = 1; i < chain.size(); ++i) newest = tuf::next_root(newest, chain[i]).value();
    for (auto& reason : tuf::stopping(tuf::admit_root(newest, *draft, now_), allowed)) all.push_back(std::move(reason));
  }
  if (!all.empty() || prod_.empty()) return all;
  const auto next = tuf::read_root(tuf::parse_envelope(prod_, tuf::kMaxRoot).value()).value();
  for (const auto& [files, signatures] : {std::pair{&targets_, &targets_signatures_}, std::pair{&waves_, &waves_signatures_}})
    for (const auto& [name, file] : *files) {
      const Json* added = signatures->find(name);
      if (!tuf::targets_under(next, merged(file, added == nullptr ? Json() : *added)).ok())
        all.push_back("targets of " + name + " are not signed");
    }
  return all;
}

FetchReply UpdatesServer::apply() {
  const auto why = faults();
  if (!why.empty()) return refused(422, why);
  for (const auto& [files, signatures] : {std::pair{&targets_, &targets_signatures_}, std::pair{&waves_, &waves_signatures_}})
    for (auto& [name, file] : *files) {
      const Json* added = signatures->find(name);
      file = merged(file, added == nullptr ? Json() : *added);
    }
  // The first roots of a factory are the same in both chains.
  auto chain = repository_.production_roots().empty() ? repository_.roots() : repository_.production_roots();
  chain.push_back(prod_);
  repository_.publish(ci_);
  if (!prod_.empty()) repository_.add_production(std::move(chain));
  online_ = next_online_;
  applied_ = txid_;
  status_ = "NONE";
  return {200, {}, "{}"};
}

FetchReply UpdatesServer::published(const std::map<std::string, Bytes>& files) const {
  if (files.empty()) return refused(404);
  Json all{Json::Object{}};
  for (const auto& [name, file] : files) all[name] = parse_json(file).value();
  return {200, {}, to_json(all)};
}

}  // namespace rota::sim
