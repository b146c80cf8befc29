// delegations and targets delegations: roles that a supplier signs (garage-sign.md 7.5, 7.6).
#include <algorithm>

#include "compat/garage_sign_target.h"
#include "keys/key_file.h"

namespace rota::compat::garage {
namespace {

constexpr std::size_t kLongest = tuf::kMaxTargets, kLongestName = 50, kLongestPrefix = 253;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

Status check_role_name(const std::string& name) {
  if (name.empty() || name.size() > kLongestName || name.front() == '.' || !std::ranges::all_of(name, is_name_character))
    return bad_input("want 1 to 50 characters of a-z, A-Z, 0-9, '_', '-', '.', the first no '.'");
  if (tuf::role_named(name)) return bad_input("'" + name + "' is a role of the repository itself");
  return {};
}

Status check_prefix(const std::string& prefix) {
  if (prefix.empty() || prefix.size() > kLongestPrefix || prefix.find("..") != std::string::npos)
    return bad_input("want 1 to 253 characters without '..'");
  return {};
}

// What a supplier edits: the body of a targets role, nothing signed yet.
Result<Json> unsigned_input(const Run& run) {
  const std::string input = run.asked.value("--input");
  Json body = TRY_IN(input, parse_json(TRY(run.world.files.read(input, kLongest))));
  if (body.find("signed") != nullptr) return conflict(input + ": is signed already", "edit the file it was signed from");
  const Json* targets = body.find("targets");
  if (targets == nullptr || targets->if_object() == nullptr) return bad_input(input + ": is no targets role");
  return body;
}

// To stdout, or over the input with --inplace.
Status hand_over(const Run& run, BytesView text) {
  if (run.asked.has("--inplace")) return replace_file(run.world.files, run.asked.value("--input"), text, 0644);
  run.talk.out() << text << '\n';
  return {};
}

Result<std::vector<tuf::KeySigner>> user_keys_named(const Run& run) {
  const std::string folder = run.asked.value_if("--keys-path").value_or(run.home() + "/user-keys") + "/";
  std::vector<tuf::KeySigner> signers;
  for (const auto& name : run.asked.list("--key-name")) {
    TRY(check_key_name(name));
    const std::string pub = folder + name + ".pub", sec = folder + name + ".sec";
    const Bytes public_half = TRY(run.world.files.read(pub, keys::kMaxKeyFile));
    const crypto::SecretBytes private_half(TRY(run.world.files.read(sec, keys::kMaxKeyFile)));
    tuf::KeySigner signer(TRY(keys::read_key_pair({pub, sec, public_half, private_half, run.homes.get()})));
    const auto is_same = [&](const tuf::KeySigner& other) { return other.public_key() == signer.public_key(); };
    if (std::ranges::none_of(signers, is_same)) signers.push_back(std::move(signer));
  }
  return signers;
}

// The delegations of the targets that were pulled; nullopt when none were.
Result<std::optional<tuf::Delegations>> pulled_delegations(const TufRepo& repo) {
  const auto file = TRY(repo.role_file("unsigned/targets.json"));
  if (!file) return std::optional<tuf::Delegations>();
  const Json body = TRY_IN("roles/unsigned/targets.json", parse_json(*file));
  const Json* delegations = body.find("delegations");
  if (delegations == nullptr) return std::optional(tuf::Delegations());
  return std::optional(
      TRY_IN("roles/unsigned/targets.json: delegations", tuf::read_delegations(*delegations, tuf::Dialect::uptane)));
}

Status check_paths(const tuf::Delegations& delegations, const std::string& name, const tuf::Envelope& envelope) {
  const auto targets = TRY_IN(name, tuf::read_targets(envelope));
  for (const auto& target : targets.targets) {
    const auto speakers = tuf::speakers_for(delegations, target.name);
    if (std::ranges::find(speakers, name, &tuf::Speaker::role) == speakers.end())
      return rejected(name + ": target '" + target.name + "' is outside the paths of the delegation");
  }
  return {};
}

// Declared in the pulled targets, signed by enough of the keys named there, nothing outside its paths.
Status check_delegated(const Run& run, const TufRepo& repo, const std::string& name, BytesView bytes) {
  const auto delegations = TRY(pulled_delegations(repo));
  if (!delegations) {
    run.talk.warn("the targets were never pulled here: '" + name + "' is not checked");
    return {};
  }
  const auto& roles = delegations->roles;
  const auto role = std::ranges::find(roles, name, &tuf::DelegatedRole::name);
  if (role == roles.end()) return not_found("delegation '" + name + "': not in the pulled targets");
  const auto envelope = TRY_IN(name, tuf::parse_envelope(bytes, kLongest));
  const auto by = tuf::authority(*delegations, {role->name, role->keys, role->terminating}, tuf::Dialect::uptane);
  TRY(tuf::signed_by(by, envelope, "delegation '" + name + "'"));
  return check_paths(*delegations, name, envelope);
}

// kDone, or said already.
Result<int> refuse_name(const Run& run) {
  const Status named = check_role_name(run.asked.value("--name"));
  if (!named) return run.refuse(kUsage, named.error().in("option --name"));
  if (run.repo().is_director()) return bad_input("a director repository has no delegations");
  return kDone;
}

void drop_unused_keys(Json& delegations) {
  std::set<std::string> used;
  for (const Json& role : *delegations.find("roles")->if_array())
    if (const Json* ids = role.find("keyids"); ids != nullptr && ids->if_array() != nullptr)
      for (const Json& id : *ids->if_array())
        if (id.if_text() != nullptr) used.insert(*id.if_text());
  std::erase_if(*delegations.find("keys")->if_object(), [&](const auto& key) { return !used.contains(key.first); });
}

Json new_role(const Run& run, const Json& key_ids) {
  Json paths{Json::Array{}};
  for (const auto& prefix : run.asked.list("--prefix")) paths.push_back(prefix);
  return Json::Object{{"name", run.asked.value("--name")}, {"keyids", key_ids},   {"paths", paths},
                      {"threshold", std::int64_t{1}},      {"terminating", true}};
}

// In place of the delegation of that name, else at the end.
void put_role(Json& delegations, Json role) {
  for (Json& old : *delegations.find("roles")->if_array())
    if (old.text_or("name", "") == role.text_or("name", "")) {
      old = std::move(role);
      return;
    }
  delegations["roles"].push_back(std::move(role));
}

Status add_delegation(const Run& run, Json& body) {
  Json& delegations = body["delegations"];
  if (delegations.if_object() == nullptr) delegations = Json::Object{{"keys", Json::Object{}}, {"roles", Json::Array{}}};
  Json key_ids{Json::Array{}};
  for (const auto& path : run.asked.list("--key")) {
    const auto key = TRY_IN(path, keys::read_public_key_file(TRY(run.world.files.read(path, keys::kMaxKeyFile))));
    const std::string id = tuf::key_id(key).hex;
    delegations["keys"][id] = tuf::public_key_json(key);
    key_ids.push_back(id);
  }
  put_role(delegations, new_role(run, key_ids));
  TRY_IN("roles/unsigned/targets.json: delegations", tuf::read_delegations(delegations, tuf::Dialect::uptane));
  drop_unused_keys(delegations);
  return {};
}

}  // namespace

Result<int> targets_delegations_add(const Run& run) {
  if (const int refused = TRY(refuse_name(run)); refused != kDone) return refused;
  for (const auto& prefix : run.asked.list("--prefix"))
    if (const Status fits = check_prefix(prefix); !fits) return run.refuse(kUsage, fits.error().in("option --prefix"));
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  TRY(add_delegation(run, body));
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  run.say("delegated to '" + run.asked.value("--name") + "'; sign and push the targets next");
  return kDone;
}

Result<int> delegations_init(const Run& run) {
  const Json body = Json::Object{{"_type", "Targets"},
                                 {"expires", rfc3339(run.now() + days(365))},
                                 {"targets", Json::Object{}},
                                 {"version", std::int64_t{1}}};
  run.talk.out() << to_pretty_json(body);
  return kDone;
}

Result<int> delegations_add_target(const Run& run) {
  const auto target = asked_target(run);
  if (!target) return kUsage;
  Json body = TRY(unsigned_input(run));
  TRY(put_target(run, *target, body));
  TRY(hand_over(run, to_pretty_json(body)));
  run.say("added " + target->file);
  return kDone;
}

Result<int> delegations_sign(const Run& run) {
  const Json body = TRY(unsigned_input(run));
  const auto signers = TRY(user_keys_named(run));
  TRY(hand_over(run, TRY(tuf::sign_envelope(body, pointers(signers)))));
  return kDone;
}

Result<int> delegations_push(const Run& run) {
  if (const int refused = TRY(refuse_name(run)); refused != kDone) return refused;
  const std::string name = run.asked.value("--name"), input = run.asked.value("--input");
  const Bytes file = TRY(run.world.files.read(input, kLongest));
  TRY_IN(input, tuf::parse_envelope(file, kLongest));
  const TufRepo repo = run.repo();
  TRY(check_delegated(run, repo, name, file));
  auto service = TRY(run.service(repo));
  const auto reply = TRY(service.call("PUT", "delegations/" + name + ".json", file));
  if (reply.status / 100 != 2) return rejected("push delegation '" + name + "': " + refusal_in(reply).text());
  run.say("published delegation '" + name + "'");
  return kDone;
}

Result<int> delegations_pull(const Run& run) {
  if (const int refused = TRY(refuse_name(run)); refused != kDone) return refused;
  const std::string name = run.asked.value("--name");
  const TufRepo repo = run.repo();
  auto service = TRY(run.service(repo));
  const auto reply = TRY(service.call("GET", "delegations/" + name + ".json"));
  if (reply.status != 200) return not_found("GET delegations/" + name + ".json: " + refusal_in(reply).text());
  TRY(check_delegated(run, repo, name, reply.body));
  if (const auto output = run.asked.value_if("--output"))
    TRY(replace_file(run.world.files, *output, reply.body, 0644));
  else
    run.talk.out() << reply.body << '\n';
  run.say("pulled delegation '" + name + "'");
  return kDone;
}

}  // namespace rota::compat::garage
