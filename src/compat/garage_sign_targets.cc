#include "ceremony/edit.h"
#include "ceremony/sign.h"
#include "compat/garage_sign_publish.h"
#include "compat/garage_sign_target.h"
#include "crypto/hash.h"

namespace rota::compat::garage {
namespace {

constexpr std::string_view kChecksumFile = "targets.json.checksum";
constexpr std::string_view kChecksumHeader = "x-ats-role-checksum";
constexpr std::string_view kSeenFile = "trusted/targets.json";  // the newest targets verified here, as they were served

// What a signed file holds, as it is sent and as its checksum is taken.
Result<Bytes> canonical_envelope(BytesView bytes) {
  return tuf::canonical(TRY(parse_json(bytes)));
}

Result<Json> body_of(BytesView envelope) { return TRY(tuf::parse_envelope(envelope, tuf::kMaxTargets)).body; }

// Targets do not go backwards, nor change under their number, as long as the keys are those that signed them.
Status not_backwards(const TufRepo& repo, const tuf::Root& root, const tuf::Trusted<tuf::Targets>& served) {
  const auto seen = TRY(repo.role_file(kSeenFile));
  if (!seen) return {};
  const auto known = tuf::targets_under(root, *seen);
  if (!known || (*known)->version < served->version) return {};
  const std::string version = std::to_string((*known)->version);
  if (served->version < (*known)->version)
    return rejected("targets.json: the server goes backwards: want at least version " + version + ", got " +
                    std::to_string(served->version));
  if (TRY(body_of(served.raw())) == TRY(body_of(*seen))) return {};
  return rejected("targets.json: version " + version + " is another one than the version " + version + " seen before");
}

// By the keys of --key-name, and with the signatures of --signatures.
Result<Bytes> signed_here(const Run& run, const TufRepo& repo, const Json& body) {
  const auto signers = TRY(signers_named(repo, run.asked.list("--key-name")));
  const auto trusted = TRY(repo.trusted());
  auto ids = trusted ? (*trusted)->keys : ceremony::KnownIds{};
  const Bytes own = TRY(tuf::sign_envelope(body, pointers(signers), ids));
  if (!run.asked.has("--signatures")) return own;
  const auto given = TRY(given_signatures(repo, run.asked.value("--signatures")));
  for (const auto& signer : signers) ids.emplace(tuf::key_id(signer.public_key()), signer.public_key());
  return ceremony::append_given(own, given, ids);
}

// A server that says yes shows what it took; or what the same keys have signed since.
Status shown_as_sent(RepoService& service, const tuf::Root& root, const tuf::Trusted<tuf::Targets>& sent) {
  const std::string version = std::to_string(sent->version), again = "run 'garage-sign targets push' again";
  const auto reply = TRY(served_targets(service));
  const auto shown = tuf::targets_under(root, reply.body);
  if (!shown) return unavailable("the server said yes to targets version " + version + ", but shows " + shown.error().what, again);
  if ((*shown)->version > sent->version || TRY(body_of(reply.body)) == TRY(body_of(sent.raw()))) return {};
  return unavailable("the server said yes, but does not show targets version " + version + " as they were sent", again);
}

// nullopt: the command line is wrong, already said.
Result<int> add_target(const Run& run, const std::optional<NewTarget>& target) {
  if (!target) return kUsage;
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  TRY(put_target(run, *target, body));
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  run.say("added " + target->file);
  return kDone;
}

}  // namespace

Result<int> targets_init(const Run& run) {
  const auto version = decimal(run.asked.value("--version"), INT32_MAX);
  const auto expires = parse_instant(run.asked.value("--expires"));
  if (!version) return run.refuse(kUsage, version.error().in("option --version"));
  if (!expires) return run.refuse(kUsage, expires.error().in("option --expires"));
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.make_and_lock());
  Json body;
  body["_type"] = "Targets";
  body["version"] = *version;
  body["expires"] = rfc3339(*expires);
  body["targets"] = Json::Object{};
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  return kDone;
}

Result<FetchReply> served_targets(RepoService& service) {
  auto reply = TRY(service.call("GET", "targets.json"));
  if (reply.status != 200) return unavailable("GET targets.json: " + refusal_in(reply).text());
  return reply;
}

Result<FetchedTargets> checked_targets(const TufRepo& repo, const tuf::Root& root, const FetchReply& reply) {
  const auto targets =
      TRY_IN("targets.json under root " + std::to_string(root.version), tuf::targets_under(root, reply.body));
  const std::string checksum(header(reply.headers, kChecksumHeader));
  if (!is_sha256_hex(checksum)) return rejected("targets.json: the server sent no checksum");
  TRY(not_backwards(repo, root, targets));
  return FetchedTargets{targets, checksum};
}

Status keep_fetched(const TufRepo& repo, const FetchedTargets& fetched) {
  TRY(repo.write_role_file(kSeenFile, fetched.targets.raw()));
  TRY(repo.write_unsigned(tuf::Role::targets, TRY(body_of(fetched.targets.raw()))));
  return repo.write_role_file(kChecksumFile, fetched.checksum);
}

Result<int> targets_pull(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  const auto trusted = TRY(trusted_root(repo));
  auto service = TRY(run.service(repo));
  const auto reply = TRY(served_targets(service));
  const auto fetched = checked_targets(repo, *trusted, reply);
  if (!fetched) return run.refuse(kRefused, fetched.error());
  TRY(keep_fetched(repo, *fetched));
  run.say("pulled targets version " + std::to_string(fetched->targets->version));
  return kDone;
}

Result<int> targets_add(const Run& run) { return add_target(run, asked_target(run)); }

Result<int> targets_add_uploaded(const Run& run) {
  return add_target(run, asked_target(run, TRY(uploaded_file(run, run.asked.value("--input")))));
}

Result<int> targets_delete(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  const std::string file = run.asked.value("--filename");
  Json* all = body.find("targets");
  if (all == nullptr || all->if_object() == nullptr || all->if_object()->erase(file) == 0)
    return not_found("target '" + file + "'");
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  return kDone;
}

Result<int> targets_sign(const Run& run) {
  const auto names = run.asked.list("--key-name");
  const bool given = run.asked.has("--signatures");
  if (run.strict() && names.size() > 1) return run.refuse(kUsage, bad_input("option --key-name given twice"));
  if (names.empty() && !given) return run.refuse(kUsage, bad_input("missing option --key-name"));
  if (given && run.asked.has("--version")) return run.refuse(kUsage, bad_input("--signatures excludes --version"));
  const auto version = run.asked.value_if("--version") ? decimal(run.asked.value("--version"), INT32_MAX)
                                                       : Result<std::int64_t>(std::int64_t{0});
  if (!version) return run.refuse(kUsage, version.error().in("option --version"));
  const auto asked = asked_expiry(run);
  if (asked.refused != kDone) return asked.refused;
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  const auto own = TRY(body.text("expires"));
  const Time expires = asked.at && !given ? *asked.at : TRY_IN("unsigned/targets.json", parse_rfc3339(own));
  if (const int refused = refuse_past(run, expires); refused != kDone) return refused;
  if (!given) {  // what was signed elsewhere is signed as it is
    body["version"] = *version > 0 ? *version : TRY(body.integer("version")) + 1;
    body["expires"] = rfc3339(expires);
  }
  TRY(repo.write_signed(tuf::Role::targets, TRY(signed_here(run, repo, body))));
  run.say("signed targets version " + std::to_string(*body.find("version")->if_int()) + ", expires " +
          rfc3339(expires));
  return kDone;
}

Result<int> targets_push(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  const auto trusted = TRY(trusted_root(repo));
  const auto file = TRY(repo.role_file("targets.json"));
  if (!file) return not_found("roles/targets.json: no such file", "run 'garage-sign targets sign' first");
  const auto signed_targets = TRY(canonical_envelope(*file));
  const auto verified = TRY_IN("roles/targets.json under root " + std::to_string(trusted->version),
                               tuf::targets_under(*trusted, signed_targets));
  auto service = TRY(run.service(repo));
  const auto checksum = TRY(repo.role_file(kChecksumFile));
  if (!checksum && TRY(service.call("GET", "targets.json")).status != 404)
    return not_found("roles/targets.json.checksum: no such file", "run 'garage-sign targets pull' first");
  Headers headers;
  if (checksum) headers.emplace_back(kChecksumHeader, std::string(trim(*checksum)));
  const auto reply = TRY(service.call("PUT", "targets", signed_targets, headers));
  if (reply.status / 100 != 2) {
    const auto refusal = refusal_in(reply);
    const bool race = reply.status == 428 || (reply.status == 412 && refusal.code == "role_checksum_mismatch");
    return run.refuse(race ? kLostRace : kFailed,
                      conflict("push targets: " + refusal.text(),
                               race ? "somebody else was first: run 'garage-sign targets pull' and edit again" : ""));
  }
  TRY(shown_as_sent(service, *trusted, verified));
  const std::string next(header(reply.headers, kChecksumHeader));
  TRY(repo.write_role_file(kSeenFile, signed_targets));
  TRY(repo.write_role_file(kChecksumFile, is_sha256_hex(next) ? next : crypto::sha256_hex(signed_targets)));
  TRY(repo.write_unsigned(tuf::Role::targets, TRY(body_of(signed_targets))));
  run.say("published targets version " + std::to_string(verified->version));
  return kDone;
}

Result<int> targets_get_unsigned(const Run& run) {
  run.talk.out() << TRY(tuf::bytes_to_sign(TRY(run.repo().unsigned_role(tuf::Role::targets))));
  return kDone;
}

Result<int> targets_increment_version(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  body["version"] = TRY(body.integer("version")) + 1;
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  return kDone;
}

Result<int> get_targets(const Run& run) {
  const TufRepo repo = run.repo();
  const auto trusted = TRY(trusted_root(repo));
  auto service = TRY(run.service(repo));
  const auto reply = TRY(served_targets(service));
  TRY_IN("targets.json", tuf::targets_under(*trusted, reply.body));
  run.talk.out() << reply.body << '\n';
  return kDone;
}

}  // namespace rota::compat::garage
