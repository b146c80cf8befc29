#include "ceremony/edit.h"
#include "ceremony/sign.h"
#include "compat/garage_sign_run.h"
#include "crypto/hash.h"

namespace rota::compat::garage {
namespace {

constexpr std::string_view kChecksumFile = "targets.json.checksum";
constexpr std::string_view kChecksumHeader = "x-ats-role-checksum";
constexpr std::size_t kLongestHardwareId = 200;

// What a signed file holds, as it is sent and as its checksum is taken.
Result<Bytes> canonical_envelope(BytesView bytes) {
  return tuf::canonical(TRY(parse_json(bytes)));
}

Status check_filename(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.find("..") != std::string_view::npos)
    return bad_input("target name: want 1 to 253 characters without '..'");
  return {};
}

// Objects member by member, everything else replaced.
void merge_deeply(Json& into, const Json& from) {
  const auto* members = from.if_object();
  if (members == nullptr || into.if_object() == nullptr) {
    into = from;
    return;
  }
  for (const auto& [name, value] : *members) {
    if (Json* there = into.find(name))
      merge_deeply(*there, value);
    else
      into[name] = value;
  }
}

// The parsed --customMeta, or an object; usage errors are said here.
Result<std::optional<Json>> custom_meta(const Run& run) {
  const auto text = run.asked.value_if("--customMeta");
  if (!text) return std::optional(Json(Json::Object{}));
  const auto json = parse_json(*text);
  if (!json || json->if_object() == nullptr) {
    run.refuse(kUsage, bad_input("option --customMeta: want a JSON object"));
    return std::optional<Json>();
  }
  for (const auto* name : {"name", "version", "hardwareIds", "targetFormat", "uri", "cliUploaded"})
    if (json->find(name) != nullptr) {
      run.refuse(kUsage, bad_input(std::string("option --customMeta: must not contain ") + name));
      return std::optional<Json>();
    }
  return std::optional(*json);
}

struct NewTarget {
  std::string file, format;
  std::int64_t length = 0;
};

// nullopt: the command line is wrong, already said.
std::optional<NewTarget> new_target(const Run& run) {
  const auto usage = [&](const std::string& text) {
    run.refuse(kUsage, bad_input(text));
    return std::nullopt;
  };
  const std::string format = lower(run.asked.value_if("--format").value_or("binary"));
  if (format != "ostree" && format != "binary") return usage("option --format: want ostree or binary");
  const auto length = decimal(run.asked.value("--length"), (std::int64_t{1} << 53) - 1);
  if (!length) return usage("option --length: " + length.error().what);
  const std::string sha = lower(run.asked.value("--sha256"));
  if (!is_sha256_hex(sha)) return usage("option --sha256: want 64 hex digits");
  for (const auto& id : split(run.asked.value("--hardwareids"), ','))
    if (trim(id).size() > kLongestHardwareId) return usage("option --hardwareids: want at most 200 characters each");
  const std::string file = run.asked.value("--name") + "-" + run.asked.value("--version");
  if (auto fits = check_filename(file); !fits) return usage(fits.error().what);
  return NewTarget{file, format == "ostree" ? "OSTREE" : "BINARY", *length};
}

Json custom_of(const Run& run, const NewTarget& target, const Json* before) {
  Json custom;
  custom["name"] = run.asked.value("--name");
  custom["version"] = run.asked.value("--version");
  custom["hardwareIds"] = Json::Array{};
  for (const auto& id : split(run.asked.value("--hardwareids"), ','))
    custom["hardwareIds"].push_back(std::string(trim(id)));
  custom["targetFormat"] = target.format;
  custom["uri"] = run.asked.value_if("--url") ? Json(run.asked.value("--url")) : Json(nullptr);
  const std::string now = rfc3339(run.now());
  custom["createdAt"] = before == nullptr ? now : before->text_or("createdAt", now);
  custom["updatedAt"] = now;
  custom["cliUploaded"] = false;
  return custom;
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

Result<int> targets_pull(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  const auto trusted = TRY(trusted_root(repo));
  auto service = TRY(RepoService::open(TRY(repo.config()), run.world.fetcher));
  const auto reply = TRY(service.call("GET", "targets.json"));
  if (reply.status != 200) return unavailable("GET targets.json: " + refusal_in(reply).text());
  const auto targets = tuf::targets_under(*trusted, reply.body);
  if (!targets)
    return run.refuse(kRefused, targets.error().in("targets.json under root " + std::to_string(trusted->version)));
  const std::string checksum(header(reply.headers, kChecksumHeader));
  if (!is_sha256_hex(checksum)) return run.refuse(kRefused, rejected("targets.json: the server sent no checksum"));
  TRY(repo.write_unsigned(tuf::Role::targets, TRY(tuf::parse_envelope(reply.body, tuf::kMaxTargets)).body));
  TRY(repo.write_role_file(kChecksumFile, checksum));
  run.say("pulled targets version " + std::to_string((*targets)->version));
  return kDone;
}

Result<int> targets_add(const Run& run) {
  const auto target = new_target(run);
  if (!target) return kUsage;
  const auto meta = TRY(custom_meta(run));
  if (!meta) return kUsage;
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  const Json* all = body.find("targets");
  const Json* old = all == nullptr ? nullptr : all->find(target->file);
  Json entry;
  entry["hashes"]["sha256"] = lower(run.asked.value("--sha256"));
  entry["length"] = target->length;
  Json custom = custom_of(run, *target, old == nullptr ? nullptr : old->find("custom"));
  merge_deeply(custom, *meta);
  entry["custom"] = custom;
  TRY_IN("target " + target->file, tuf::in_canonical_subset(entry));
  body["targets"][target->file] = entry;
  TRY(repo.write_unsigned(tuf::Role::targets, body));
  run.say("added " + target->file);
  return kDone;
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
  if (run.strict() && names.size() > 1) return run.refuse(kUsage, bad_input("option --key-name given twice"));
  if (names.empty()) return run.refuse(kUsage, bad_input("missing option --key-name"));
  const auto version = run.asked.value_if("--version") ? decimal(run.asked.value("--version"), INT32_MAX)
                                                       : Result<std::int64_t>(std::int64_t{0});
  if (!version) return run.refuse(kUsage, version.error().in("option --version"));
  const auto asked = asked_expiry(run);
  if (asked.refused != kDone) return asked.refused;
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json body = TRY(repo.unsigned_role(tuf::Role::targets));
  const auto own = TRY(body.text("expires"));
  const Time expires = asked.at ? *asked.at : TRY_IN("unsigned/targets.json", parse_rfc3339(own));
  if (const int refused = refuse_past(run, expires); refused != kDone) return refused;
  body["version"] = *version > 0 ? *version : TRY(body.integer("version")) + 1;
  body["expires"] = rfc3339(expires);
  const auto signers = TRY(signers_named(repo, names));
  const auto ids = TRY(repo.trusted());
  const auto known = ids ? (*ids)->keys : std::map<tuf::KeyId, crypto::PublicKey>{};
  TRY(repo.write_signed(tuf::Role::targets, TRY(tuf::sign_envelope(body, pointers(signers), known))));
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
  auto service = TRY(RepoService::open(TRY(repo.config()), run.world.fetcher));
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
  const std::string next(header(reply.headers, kChecksumHeader));
  TRY(repo.write_role_file(kChecksumFile, is_sha256_hex(next) ? next : crypto::sha256_hex(signed_targets)));
  TRY(repo.write_unsigned(tuf::Role::targets, TRY(tuf::parse_envelope(signed_targets, tuf::kMaxTargets)).body));
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
  auto service = TRY(RepoService::open(TRY(repo.config()), run.world.fetcher));
  const auto reply = TRY(service.call("GET", "targets.json"));
  if (reply.status != 200) return unavailable("GET targets.json: " + refusal_in(reply).text());
  TRY_IN("targets.json", tuf::targets_under(*trusted, reply.body));
  run.talk.out() << reply.body << '\n';
  return kDone;
}

}  // namespace rota::compat::garage
