#include "impostor/lies.h"

#include <algorithm>

#include "tuf/metadata.h"

namespace rota::impostor {
namespace {

using Told = std::optional<FetchReply>;
using Edit = void (*)(Json& body, const tuf::Signer& own);

constexpr std::string_view kPage = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>";

FetchReply json_reply(Bytes body) { return {.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = std::move(body)}; }
FetchReply not_there() { return {.status = 404, .headers = {}, .body = R"({"code":"missing_entity","description":"no such root"})"}; }

// -- envelopes -----------------------------------------------------------------------------------------------------------
// The envelope with its body changed, its signatures kept, and one of the liar's own: all that somebody without a key can do.
Bytes edited(const Bytes& envelope, Edit edit, const tuf::Signer& own) {
  Json json = parse_json(envelope).value();
  edit(json["signed"], own);
  auto signature = tuf::signature_json(own, tuf::key_id(own.public_key()), json["signed"]);
  if (signature) json["signatures"].push_back(std::move(*signature));
  return to_json(json);
}

// Every signature with its first byte changed.
Bytes with_broken_signatures(const Bytes& envelope) {
  Json json = parse_json(envelope).value();
  for (Json& one : *json["signatures"].if_array()) {
    Bytes sig = unbase64(one.text_or("sig", "")).value();
    sig.at(0) = static_cast<char>(sig.at(0) ^ 1);
    one["sig"] = Json(base64(sig));
  }
  return to_json(json);
}

// Without the signatures of these keys.
Bytes without_signatures_of(const Bytes& envelope, const Json::Array& keys) {
  Json json = parse_json(envelope).value();
  std::erase_if(*json["signatures"].if_array(),
                [&](const Json& one) { return std::ranges::count(keys, Json(one.text_or("keyid", ""))) > 0; });
  return to_json(json);
}

void list_key(Json& body, std::string_view role, const tuf::Signer& own) {
  const std::string id = tuf::key_id(own.public_key()).hex;
  body["keys"][id] = tuf::public_key_json(own.public_key());
  body["roles"][role]["keyids"].push_back(Json(id));
}

// -- what is changed in a root ---------------------------------------------------------------------------------------------
void foreign(Json& body, const tuf::Signer& own) {
  body["keys"] = Json::Object{};
  for (const std::string_view role : {"root", "targets", "snapshot", "timestamp"}) {
    body["roles"][role]["keyids"] = Json::Array{};
    body["roles"][role]["threshold"] = Json(1);
    list_key(body, role, own);
  }
}
void extra_root_key(Json& body, const tuf::Signer& own) { list_key(body, "root", own); }
void extra_targets_key(Json& body, const tuf::Signer& own) { list_key(body, "targets", own); }
void weaker(Json& body, const tuf::Signer&) {
  for (const std::string_view role : {"root", "targets", "snapshot", "timestamp"})
    body["roles"][role]["threshold"] = Json(1);
}
void earlier_end(Json& body, const tuf::Signer&) { body["expires"] = Json("2026-12-31T00:00:00Z"); }
void skipped_version(Json& body, const tuf::Signer&) { body["version"] = Json(body.integer_or("version", 0) + 1); }
void foreign_member(Json& body, const tuf::Signer&) { body["x-note"] = Json("please sign quickly"); }
void no_offline_targets_key(Json& body, const tuf::Signer&) {
  auto& ids = *body["roles"]["targets"]["keyids"].if_array();
  if (ids.size() > 1) ids.pop_back();
}

// -- roots ---------------------------------------------------------------------------------------------------------------
bool is_newest(const Asked& asked) { return asked.is_read() && asked.name() == "root.json"; }
bool is_numbered(const Asked& asked) { return asked.is_read() && asked.name().ends_with(".root.json"); }
bool is_root(const Asked& asked) { return is_newest(asked) || is_numbered(asked); }
std::int64_t number_in(const Asked& asked) { return decimal(asked.name().substr(0, asked.name().find('.'))).value(); }
std::string numbered(std::int64_t n) { return std::to_string(n) + ".root.json"; }
std::int64_t version_of(const FetchReply& root) {
  const auto envelope = tuf::parse_envelope(root.body, tuf::kMaxRoot);
  return envelope ? envelope->body.integer_or("version", 0) : 0;
}

// A root beyond the newest one, made from it: as N+1.root.json and as root.json.
Told next_root(Truth& truth, const Asked& asked, Edit edit) {
  if (!is_root(asked)) return std::nullopt;
  const auto newest = truth.beside(asked, "root.json");
  const auto next = version_of(newest) + 1;
  if (newest.status != 200 || (is_numbered(asked) && number_in(asked) != next)) return std::nullopt;
  Json envelope = parse_json(newest.body).value();
  envelope["signed"]["version"] = Json(next);
  return json_reply(edited(to_json(envelope), edit, truth.own()));
}

// The newest root itself, changed, under the same number.
Told same_root(Truth& truth, const Asked& asked, Edit edit) {
  if (!is_newest(asked)) return std::nullopt;
  const auto newest = truth.answer(asked);
  if (newest.status != 200) return std::nullopt;
  return json_reply(edited(newest.body, edit, truth.own()));
}

template <Edit edit>
Told as_next_root(Truth& truth, const Asked& asked) { return next_root(truth, asked, edit); }
template <Edit edit>
Told as_newest_root(Truth& truth, const Asked& asked) { return same_root(truth, asked, edit); }

Told old_root(Truth& truth, const Asked& asked) {
  if (!is_root(asked)) return std::nullopt;
  const auto newest = version_of(truth.beside(asked, "root.json"));
  if (is_numbered(asked)) return number_in(asked) < newest ? Told() : not_there();
  return truth.beside(asked, numbered(newest - 1));
}

Told wrong_number(Truth& truth, const Asked& asked) {
  if (!is_numbered(asked)) return std::nullopt;
  return truth.beside(asked, numbered(std::max<std::int64_t>(1, number_in(asked) - 1)));
}

// A rival's next root, signed by the rival as it should be.
Told rival_root(Truth& truth, const Asked& asked) { return is_root(asked) ? Told(truth.of_rival(asked)) : std::nullopt; }

Told no_production(Truth&, const Asked& asked) {
  return is_root(asked) && asked.target.ends_with("?production=1") ? Told(not_there()) : std::nullopt;
}

// -- targets ---------------------------------------------------------------------------------------------------------------
bool is_targets(const Asked& asked) {
  return asked.is_read() && (asked.name() == "targets.json" || asked.name().ends_with("-targets/"));
}
Told rival_targets(Truth& truth, const Asked& asked) { return is_targets(asked) ? Told(truth.of_rival(asked)) : std::nullopt; }
Told older_targets(Truth& truth, const Asked& asked) { return is_targets(asked) ? Told(truth.first(asked)) : std::nullopt; }

Told no_checksum(Truth& truth, const Asked& asked) {
  if (!is_targets(asked)) return std::nullopt;
  auto reply = truth.answer(asked);
  std::erase_if(reply.headers, [](const auto& one) { return equals_ignoring_case(one.first, "x-ats-role-checksum"); });
  return reply;
}

// -- drafts ----------------------------------------------------------------------------------------------------------------
bool is_draft(const Asked& asked) { return asked.is_read() && asked.name() == "root/updates"; }

template <Edit edit>
Told as_draft(Truth& truth, const Asked& asked) {
  if (!is_draft(asked)) return std::nullopt;
  auto reply = truth.answer(asked);
  auto state = parse_json(reply.body);
  if (!state || state->text_or("status", "NONE") == "NONE") return std::nullopt;
  for (const std::string_view root : {"ci-root", "prod-root"})
    if (const Bytes text = (*state)["updated"].text_or(root, ""); !text.empty())
      (*state)["updated"][root] = Json(edited(text, edit, truth.own()));
  return json_reply(to_json(*state));
}

// The online keys are said to be the liar's, and the draft names them.
Told own_online_key(Truth& truth, const Asked& asked) {
  const auto told = as_draft<extra_targets_key>(truth, asked);
  if (!told) return told;
  Json state = parse_json(told->body).value();
  state["updated"]["online-keys"]["targets"] = Json(tuf::key_id(truth.own().public_key()).hex);
  return json_reply(to_json(state));
}

// The owner's own targets key is said to be the server's.
Told owners_key_as_online(Truth& truth, const Asked& asked) {
  if (!is_draft(asked)) return std::nullopt;
  auto state = parse_json(truth.answer(asked).body);
  const auto root = tuf::parse_envelope(truth.beside(asked, "../root.json").body, tuf::kMaxRoot);
  if (!state || !root) return std::nullopt;
  const Json last = root->body.find("roles")->find("targets")->find("keyids")->if_array()->back();
  for (const std::string_view pair : {"current", "updated"})
    if (Json* shown = state->find(pair); shown != nullptr && !shown->is_null()) (*shown)["online-keys"]["targets"] = last;
  return json_reply(to_json(*state));
}

Told rival_draft(Truth& truth, const Asked& asked) {
  if (!is_draft(asked)) return std::nullopt;
  auto state = parse_json(truth.answer(asked).body);
  if (!state || state->text_or("status", "NONE") == "NONE") return std::nullopt;
  const Bytes root = truth.of_rival({"GET", asked.path().substr(0, asked.path().rfind("/updates")) + ".json", asked.headers, {}}).body;
  for (const std::string_view name : {"ci-root", "prod-root"}) (*state)["updated"][name] = Json(root);
  return json_reply(to_json(*state));
}

// -- any answer ------------------------------------------------------------------------------------------------------------
Told page(Truth&, const Asked& asked) {
  if (!asked.is_read()) return std::nullopt;
  return FetchReply{.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = Bytes(kPage)};
}
Told half(Truth& truth, const Asked& asked) {
  if (!asked.is_read()) return std::nullopt;
  auto reply = truth.answer(asked);
  reply.body.resize(reply.body.size() / 2);
  return reply;
}
Told nothing(Truth&, const Asked& asked) { return asked.is_read() ? Told(json_reply("")) : std::nullopt; }

Told broken_signatures(Truth& truth, const Asked& asked) {
  if (!is_root(asked) && !is_targets(asked)) return std::nullopt;
  auto reply = truth.answer(asked);
  if (reply.status != 200) return std::nullopt;
  Json json = parse_json(reply.body).value();
  if (json.find("signatures") != nullptr) return json_reply(with_broken_signatures(reply.body));
  for (auto& [tag, file] : *json.if_object()) file = parse_json(with_broken_signatures(to_json(file))).value();
  return json_reply(to_json(json));
}

// -- writes that never arrive ------------------------------------------------------------------------------------------------
Told swallowed(Truth& truth, const Asked& asked, FetchReply yes) {
  if (asked.is_read() || asked.path().ends_with("/token")) return std::nullopt;  // who signs in is let in
  truth.swallow(asked);
  return yes;
}
Told committed(Truth& truth, const Asked& asked) {
  return swallowed(truth, asked, json_reply(R"({"txid":"00000000000000000000000000000000","status":"committed"})"));
}
Told committed_silently(Truth& truth, const Asked& asked) { return swallowed(truth, asked, {.status = 204, .headers = {}, .body = {}}); }
Told committed_page(Truth& truth, const Asked& asked) {
  return swallowed(truth, asked, {.status = 200, .headers = {{"Content-Type", "text/html"}}, .body = Bytes(kPage)});
}
// And what was sent is shown, without the signature of the key that goes.
Told committed_by_half(Truth& truth, const Asked& asked) {
  if (!asked.is_read()) return committed_silently(truth, asked);
  if (!is_root(asked) || truth.swallowed().empty()) return std::nullopt;
  const auto newest = parse_json(truth.beside(asked, "root.json").body);
  if (!newest) return std::nullopt;
  const Json& going = *newest->find("signed")->find("roles")->find("root")->find("keyids");
  return json_reply(without_signatures_of(truth.swallowed(), *going.if_array()));
}

}  // namespace

const std::vector<Lie>& lies() {
  static const std::vector<Lie> table = {
      // roots
      {"foreign-root", as_next_root<foreign>},
      {"foreign-newest-root", as_newest_root<foreign>},
      {"root-with-an-extra-key", as_next_root<extra_root_key>},
      {"root-with-an-extra-targets-key", as_next_root<extra_targets_key>},
      {"newest-root-with-an-extra-key", as_newest_root<extra_root_key>},
      {"weaker-root", as_next_root<weaker>},
      {"weaker-newest-root", as_newest_root<weaker>},
      {"old-root", old_root},
      {"rival-root", rival_root},
      {"wrong-number", wrong_number},
      {"no-production", no_production},
      // targets
      {"rival-targets", rival_targets},
      {"older-targets", older_targets},
      {"no-checksum", no_checksum},
      // drafts of a transaction
      {"draft-with-an-extra-root-key", as_draft<extra_root_key>},
      {"draft-with-an-extra-targets-key", as_draft<extra_targets_key>},
      {"draft-without-the-owners-targets-key", as_draft<no_offline_targets_key>},
      {"draft-with-the-liars-online-key", own_online_key},
      {"owners-key-as-online-key", owners_key_as_online},
      {"weaker-draft", as_draft<weaker>},
      {"draft-that-ends-sooner", as_draft<earlier_end>},
      {"draft-of-a-later-version", as_draft<skipped_version>},
      {"draft-with-a-member-of-its-own", as_draft<foreign_member>},
      {"foreign-draft", as_draft<foreign>},
      {"rival-draft", rival_draft},
      // any answer
      {"page", page},
      {"half", half},
      {"nothing", nothing},
      {"broken-signatures", broken_signatures},
      // any write
      {"committed", committed},
      {"committed-silently", committed_silently},
      {"committed-page", committed_page},
      {"committed-by-half", committed_by_half},
  };
  return table;
}

}  // namespace rota::impostor
