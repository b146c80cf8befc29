// root key add, remove, sign: edits of the unsigned root and signatures over it.
#include "ceremony/check.h"
#include "ceremony/difference.h"
#include "ceremony/edit.h"
#include "ceremony/sign.h"
#include "compat/garage_sign_run.h"

namespace rota::compat::garage {
namespace {

// nullopt: said already, a usage error.
std::optional<tuf::Role> edited_role(const Run& run) {
  if (run.asked.words.starts_with("root key")) return tuf::Role::root;
  if (run.asked.words.starts_with("root targets-key")) return tuf::Role::targets;
  const auto role = tuf::role_named(lower(run.asked.value_if("--role").value_or("root")));
  const bool online = run.asked.words.starts_with("root online-key");
  if (role && (!online || *role != tuf::Role::root)) return role;
  run.refuse(kUsage, bad_input("option --role: '" + run.asked.value("--role") + "' is not possible here"));
  return std::nullopt;
}

void say_role(const Run& run, const ceremony::RootEdit& edit, tuf::Role role) {
  std::string line = std::string(tuf::name_of(role)) + ": threshold " + std::to_string(edit.threshold(role)) + ", keys";
  for (const auto& id : edit.key_ids(role)) line += " " + id.hex;
  run.say(line);
}

// The ids named by --key-id and --key-name; nullopt: a usage error, said already.
Result<std::optional<std::vector<tuf::KeyId>>> ids_to_remove(const Run& run, const TufRepo& repo) {
  const auto ids = run.asked.list("--key-id"), names = run.asked.list("--key-name");
  const auto usage = [&](const std::string& text) {
    run.refuse(kUsage, bad_input(text));
    return std::optional<std::vector<tuf::KeyId>>();
  };
  if (names.empty() && (ids.empty() || run.strict())) return usage("missing option --key-name");
  std::vector<tuf::KeyId> all;
  for (const auto& id : ids) {
    if (!is_sha256_hex(id)) return usage("option --key-id: want 64 lower-case hex digits");
    all.push_back({id});
  }
  for (const auto& name : names) {
    const auto key = TRY_IN("key '" + name + "'", repo.public_key(name));
    if (const tuf::KeyId id = tuf::key_id(key); std::find(all.begin(), all.end(), id) == all.end()) all.push_back(id);
  }
  return std::optional(all);
}

// Keys that the root lists under other ids than K1 (chains of 2021 and 2022) are removed by name all the same.
tuf::KeyId listed_id(const TufRepo& repo, const tuf::KeyId& id) {
  const auto trusted = repo.trusted();
  if (!trusted || !*trusted) return id;
  for (const auto& [known, key] : (**trusted)->keys)
    if (tuf::key_id(key) == id) return known;
  return id;
}

ceremony::KnownIds ids_known_here(const TufRepo& repo, const Json& body) {
  if (const auto trusted = trusted_root(repo)) return ceremony::known_ids(**trusted, body);
  const auto root = tuf::read_root_body(body);
  return root ? root->keys : ceremony::KnownIds{};
}

// What a push would say to it: told now, refused then.
void say_prospects(const Run& run, const TufRepo& repo, BytesView envelope) {
  const auto trusted = trusted_root(repo);
  if (!trusted) return;
  if (const auto check = ceremony::check_step(*trusted, envelope, run.now()))
    for (const auto& line : ceremony::finding_lines(*check)) run.talk.err() << line << '\n';
  for (const auto& line : ceremony::missing_lines(*trusted, envelope, repo.local_keys()))
    run.talk.err() << "notice: " << line << '\n';
}

// The candidate, or the envelope named by --input, with more signatures; the signed bytes stay.
Result<int> append(const Run& run, const TufRepo& repo) {
  const auto trusted = TRY(trusted_root(repo));
  const auto input = run.asked.value_if("--input");
  const auto file =
      input ? std::optional(TRY(run.world.files.read(*input, tuf::kMaxRoot * 4))) : TRY(repo.role_file("root.json"));
  if (!file) return not_found("roles/root.json: no such file");
  const Bytes candidate = tuf::canonical(TRY(parse_json(*file)));
  const Json body = TRY(tuf::parse_envelope(candidate, tuf::kMaxRoot * 4)).body;
  if (TRY(body.integer("version")) != trusted->version + 1)
    return rejected("root " + std::to_string(TRY(body.integer("version"))) + " is no successor of root " +
                    std::to_string(trusted->version));
  for (const auto& line : ceremony::lines(ceremony::difference(trusted->body, body))) run.say(line);
  const auto ids = ceremony::known_ids(*trusted, body);
  const auto signers = TRY(signers_named(repo, run.asked.list("--key-name")));
  if (run.asked.has("--detached")) {
    if (signers.size() != 1) return bad_input("--detached: want exactly one --key-name");
    const Json one = TRY(ceremony::detached_signature(candidate, signers[0], ids));
    TRY(replace_file(run.world.files, run.asked.value("--output"), to_pretty_json(one), 0600));
    return kDone;
  }
  Bytes next = TRY(ceremony::append_signatures(candidate, pointers(signers), ids));
  if (const auto map = run.asked.value_if("--signatures"))
    next = TRY(ceremony::append_given(next, TRY(given_signatures(repo, *map)), ids));
  TRY(repo.write_signed(tuf::Role::root, next));
  say_prospects(run, repo, next);
  return kDone;
}

// Signatures made elsewhere over the unsigned root as it is.
Result<int> sign_with_given(const Run& run, const TufRepo& repo) {
  const Json body = TRY(repo.unsigned_role(tuf::Role::root));
  std::vector<std::string> names = run.asked.list("--key-name");
  if (const auto alias = run.asked.value_if("--old-root-alias")) names.push_back(*alias);
  const auto signers = TRY(signers_named(repo, names));
  auto ids = ids_known_here(repo, body);
  const auto given = TRY(given_signatures(repo, run.asked.value("--signatures")));
  for (const auto& signature : given) ids.emplace(tuf::key_id(signature.key), signature.key);
  const auto own = TRY(ceremony::sign_root(body, pointers(signers), ids));
  const auto envelope = TRY(ceremony::append_given(own, given, ids));
  TRY(repo.write_signed(tuf::Role::root, envelope));
  say_prospects(run, repo, envelope);
  return kDone;
}

Result<Time> default_expiry(const Run& run, const ceremony::RootEdit& edit) {
  return run.strict() ? edit.expires() : ceremony::renewed_expiry(edit.expires(), run.now());
}

// kDone, or kRefused and said.
Result<int> refuse_expiry(const Run& run, const TufRepo& repo, Time expires) {
  if (const int refused = refuse_past(run, expires); refused != kDone) return refused;
  if (expires < run.now() + days(30) && !run.asked.has("--force"))
    return run.refuse(kRefused, rejected("expiry " + rfc3339(expires) + " is less than 30 days ahead",
                                         "--force signs it all the same"));
  if (const auto trusted = TRY(repo.trusted()); trusted && expires < (*trusted)->expires)
    run.talk.warn("expires " + rfc3339(expires) + ", earlier than the trusted root's " + rfc3339((*trusted)->expires));
  return kDone;
}

}  // namespace

Result<int> root_key_add(const Run& run) {
  const auto role = edited_role(run);
  if (!role) return kUsage;
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  auto edit = TRY(ceremony::RootEdit::of(TRY(repo.unsigned_role(tuf::Role::root))));
  for (const auto& name : run.asked.list("--key-name"))
    TRY_IN("key '" + name + "'", edit.add_key(*role, TRY_IN("key '" + name + "'", repo.public_key(name))));
  TRY(repo.write_unsigned(tuf::Role::root, edit.body()));
  say_role(run, edit, *role);
  return kDone;
}

Result<int> root_key_remove(const Run& run) {
  const auto role = edited_role(run);
  if (!role) return kUsage;
  const TufRepo repo = run.repo();
  const auto ids = TRY(ids_to_remove(run, repo));
  if (!ids) return kUsage;
  const auto lock = TRY(repo.lock());
  auto edit = TRY(ceremony::RootEdit::of(TRY(repo.unsigned_role(tuf::Role::root))));
  for (const auto& id : *ids) {
    auto removed = edit.remove_key(*role, id);
    if (!removed) removed = edit.remove_key(*role, listed_id(repo, id));
    if (!removed) run.talk.warn(removed.error().what);
  }
  TRY(repo.write_unsigned(tuf::Role::root, edit.body()));
  say_role(run, edit, *role);
  return kDone;
}

Result<int> root_sign(const Run& run) {
  const TufRepo repo = run.repo();
  const bool given = run.asked.has("--signatures");
  if (run.asked.has("--old-root-alias") && !given) return bad_input("--old-root-alias goes with --signatures");
  if (run.asked.list("--key-name").empty() && !given) return run.refuse(kUsage, bad_input("missing option --key-name"));
  const auto asked = asked_expiry(run);
  if (asked.refused != kDone) return asked.refused;
  const auto lock = TRY(repo.lock());
  if (run.asked.has("--append")) return append(run, repo);
  if (given) return sign_with_given(run, repo);
  auto edit = TRY(ceremony::RootEdit::of(TRY(repo.unsigned_role(tuf::Role::root))));
  const Time expires = asked.at ? *asked.at : TRY(default_expiry(run, edit));
  if (const int refused = TRY(refuse_expiry(run, repo, expires)); refused != kDone) return refused;
  edit.set_version(edit.version() + 1);
  edit.set_expires(expires);
  const auto signers = TRY(signers_named(repo, run.asked.list("--key-name")));
  const auto envelope = TRY(ceremony::sign_root(edit.body(), pointers(signers), ids_known_here(repo, edit.body())));
  TRY(repo.write_signed(tuf::Role::root, envelope));
  run.say("signed root " + std::to_string(edit.version()) + ", expires " + rfc3339(expires));
  say_prospects(run, repo, envelope);
  return kDone;
}

Result<int> root_get_unsigned(const Run& run) {
  run.talk.out() << TRY(tuf::bytes_to_sign(TRY(run.repo().unsigned_role(tuf::Role::root))));
  return kDone;
}

Result<int> root_increment_version(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  auto edit = TRY(ceremony::RootEdit::of(TRY(repo.unsigned_role(tuf::Role::root))));
  edit.set_version(edit.version() + 1);
  TRY(repo.write_unsigned(tuf::Role::root, edit.body()));
  return kDone;
}

Result<int> root_set_threshold(const Run& run) {
  const auto role = edited_role(run);
  const auto wanted = decimal(run.asked.value("--threshold"), 1000);
  if (!role) return kUsage;
  if (!wanted) return run.refuse(kUsage, wanted.error());
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  auto edit = TRY(ceremony::RootEdit::of(TRY(repo.unsigned_role(tuf::Role::root))));
  if (*wanted < edit.threshold(*role))
    run.talk.warn("the threshold is lowered: 'root push' will want --allow lower-threshold");
  TRY(edit.set_threshold(*role, *wanted));
  TRY(repo.write_unsigned(tuf::Role::root, edit.body()));
  say_role(run, edit, *role);
  return kDone;
}

}  // namespace rota::compat::garage
