// move-offline: the root role goes to keys that the user holds, and the server's root key goes (garage-sign.md 7.4).
// Each step is durable before the next. Run again after a cut anywhere, it finds out what is done and goes on; the old private
// key is always on at least one side.
#include <algorithm>

#include "ceremony/edit.h"
#include "compat/garage_sign_publish.h"
#include "keys/key_file.h"

namespace rota::compat::garage {
namespace {

using Root = tuf::Trusted<tuf::Root>;

struct Move {
  const Run& run;
  TufRepo repo;
  RepoService service;
  std::vector<Root> chain;  // from the trusted root to the newest
  Bytes targets = {};       // as published, when another key is to sign them
  const Root& newest() const { return chain.back(); }
  std::string old_alias() const { return run.asked.value("--old-root-alias"); }
  bool replaces_all() const { return run.asked.has("--replace-all-keys"); }
};

// kDone, or said already.
Result<int> refuse_options(const Run& run, bool is_director) {
  const bool root = run.asked.has("--new-root"), targets = run.asked.has("--new-targets");
  if (!root && !run.asked.has("--fetch-only") && !run.strict())
    return run.refuse(kUsage, bad_input("missing option --new-root (or --fetch-only, to take the old key and nothing else)"));
  if (is_director && targets) return bad_input("--new-targets: a director keeps its targets key online");
  if (!is_director && root && !targets) return run.refuse(kUsage, bad_input("missing option --new-targets"));
  if (const auto id = run.asked.value_if("--old-keyid"); id && !is_sha256_hex(*id))
    return run.refuse(kUsage, bad_input("option --old-keyid: want 64 lower-case hex digits"));
  return kDone;
}

Result<std::vector<Root>> verified_chain(const TufRepo& repo, const RepoService& service) {
  auto anchor = TRY(repo.trusted());
  if (!anchor) {
    const auto own = TRY(repo.role_file("root.json"));
    anchor = own ? TRY_IN("roles/root.json", tuf::anchor_root(*own))
                 : TRY_IN("root.json of the server", tuf::anchor_root(TRY(served_root(service))));
  }
  return ceremony::walk_roots(service.root_source(), *anchor);
}

// The id under which a root lists the key.
std::optional<tuf::KeyId> id_in(const tuf::Root& root, const crypto::PublicKey& key) {
  for (const auto& id : root.role(tuf::Role::root).key_ids)
    if (const auto at = root.keys.find(id); at != root.keys.end() && at->second == key) return id;
  return std::nullopt;
}

// Both halves: one alone is what a cut left.
Result<bool> has_pair(const Move& move, const std::string& name) {
  TRY(check_key_name(name));
  const std::string path = move.repo.folder() + "/keys/" + name;
  Files& files = move.run.world.files;
  return TRY(files.facts(path + ".sec")).exists() && TRY(files.facts(path + ".pub")).exists();
}

// The new key signs for root and the old one does not: an earlier run got as far as the server.
Result<bool> is_published(const Move& move) {
  const auto name = move.run.asked.value_if("--new-root");
  if (!name || !TRY(has_pair(move, move.old_alias()))) return false;
  const auto next = TRY(move.repo.public_key(*name)), old = TRY(move.repo.public_key(move.old_alias()));
  return id_in(*move.newest(), next) && !id_in(*move.newest(), old);
}

Result<tuf::KeyId> old_id(const Move& move) {
  if (const auto id = move.run.asked.value_if("--old-keyid")) return tuf::KeyId{*id};
  const auto& ids = move.newest()->role(tuf::Role::root).key_ids;
  if (ids.empty()) return rejected("the root names no root key");
  return ids.back();
}

Result<crypto::PrivateKey> key_of_server(Move& move, const tuf::KeyId& id) {
  auto reply = TRY(move.service.call("GET", "root/private_keys/" + id.hex));
  if (reply.status != 200)
    return not_found("the server's private key " + id.brief() + ": " + refusal_in(reply).text(),
                     "if you have it already, put it into keys/" + move.old_alias() + ".sec");
  const crypto::SecretBytes pair(std::move(reply.body));
  return TRY_IN("private key of the server", keys::read_private_key_file(pair));
}

// In keys/<alias> when this returns, and the key that the root lists under `id`.
Result<crypto::PrivateKey> take_old_key(Move& move, const tuf::KeyId& id) {
  const auto listed = move.newest()->keys.find(id);
  if (listed == move.newest()->keys.end()) return not_found("key " + id.brief() + ": not in the server's root");
  const bool is_here = TRY(has_pair(move, move.old_alias()));
  const auto key = is_here ? TRY(move.repo.private_key(move.old_alias())) : TRY(key_of_server(move, id));
  if (!(key.public_key() == listed->second))
    return rejected("key '" + move.old_alias() + "': is not the key " + id.brief() + " of the root");
  if (is_here) return key;
  TRY(move.repo.set_pair_aside(move.old_alias()));
  TRY(move.repo.add_key(move.old_alias(), key));
  move.run.say("kept the old root key as keys/" + move.old_alias() + ".sec");
  return key;
}

// Every key of the role but `next`, and a threshold that it meets alone.
Status leave_only(ceremony::RootEdit& edit, tuf::Role role, const crypto::PublicKey& next) {
  const auto next_id = TRY(edit.add_key(role, next));
  for (const auto& id : edit.key_ids(role))
    if (id != next_id) TRY(edit.remove_key(role, id));
  return edit.threshold(role) > 1 ? edit.set_threshold(role, 1) : Status();
}

// The published targets, which the root's keys signed; kept here as the unsigned ones when there are none yet.
Result<Bytes> pulled_targets(Move& move) {
  const auto reply = TRY(served_targets(move.service));
  const auto fetched = TRY_IN("targets.json", checked_targets(move.repo, *move.newest(), reply));
  if (!TRY(move.repo.role_file("unsigned/targets.json"))) TRY(keep_fetched(move.repo, fetched));
  return reply.body;
}

// The key that gives way to the new one: the one that signed what is published.
Result<tuf::KeyId> replaced_targets_key(Move& move, const ceremony::RootEdit& edit, BytesView targets) {
  const auto envelope = TRY(tuf::parse_envelope(targets, tuf::kMaxTargets));
  const auto signers = tuf::tally(*move.newest(), tuf::Role::targets, envelope).signed_by;
  if (signers.size() == 1) return signers.front();
  std::string names;
  for (const auto& id : edit.key_ids(tuf::Role::targets)) names += " " + id.hex;
  return conflict("targets: several keys signed them, which of them is to go? keys:" + names,
                  "--replace-all-keys puts the new one in place of all; or use 'root targets-key' and 'root push'");
}

Status edit_targets_keys(Move& move, ceremony::RootEdit& edit) {
  const auto name = move.run.asked.value_if("--new-targets");
  if (!name) return {};
  const auto next = TRY_IN("key '" + *name + "'", move.repo.public_key(*name));
  Bytes targets = TRY(pulled_targets(move));
  const bool may_sign = move.newest()->material(tuf::Role::targets).contains(next);
  if (may_sign && !move.replaces_all()) return {};  // with the others
  if (move.replaces_all())
    TRY(leave_only(edit, tuf::Role::targets, next));
  else
    TRY(edit.replace_key(tuf::Role::targets, TRY(replaced_targets_key(move, edit, targets)), next));
  move.targets = std::move(targets);
  return {};
}

// By the new targets key over what is published, so that root and targets change together. Null: its private half is
// elsewhere, and a server that needs it stages the root until targets come.
Result<Json> targets_signatures(const Move& move) {
  const auto name = move.run.asked.value_if("--new-targets");
  if (!name || move.targets.empty() || !TRY(has_pair(move, *name))) return Json();
  const tuf::KeySigner signer(TRY_IN("key '" + *name + "'", move.repo.private_key(*name)));
  const auto envelope = TRY(tuf::parse_envelope(move.targets, tuf::kMaxTargets));
  const auto id = tuf::key_id(signer.public_key());
  Json signatures;
  signatures.push_back(TRY(tuf::signature_json(signer, id, envelope.body)));
  return signatures;
}

Result<Json> next_body(Move& move, const tuf::KeyId& old, const crypto::PublicKey& next) {
  auto edit = TRY(ceremony::RootEdit::of(move.newest()->body));
  if (move.replaces_all())
    TRY(leave_only(edit, tuf::Role::root, next));
  else
    TRY(edit.replace_key(tuf::Role::root, old, next));
  TRY(edit_targets_keys(move, edit));
  edit.set_version(edit.version() + 1);
  edit.set_expires(ceremony::renewed_expiry(edit.expires(), move.run.now()));
  return edit.body();
}

Push push_of(const Move& move, Bytes candidate) {
  Push push{move.newest(), std::move(candidate), {{"replace-role"}, false}, {}};  // it is what this command is for
  if (move.replaces_all()) push.allowed.names = {"replace-role", "fewer-keys", "lower-threshold"};
  return push;
}

Result<int> publish(Move& move, const tuf::KeyId& old, const crypto::PrivateKey& old_key) {
  const std::string name = move.run.asked.value("--new-root");
  const tuf::KeySigner next(TRY_IN("key '" + name + "'", move.repo.private_key(name))), before(old_key);
  const Json body = TRY(next_body(move, old, next.public_key()));
  const auto ids = ceremony::known_ids(*move.newest(), body);
  Push push = push_of(move, TRY(ceremony::sign_root(body, {&next, &before}, ids)));
  push.targets_signatures = TRY(targets_signatures(move));
  if (const int refused = TRY(refuse_before_sending(move.run, move.repo, push)); refused != kDone) return refused;
  const int sent = TRY(send_root(move.run, move.repo, move.service, push));
  if (sent == kDone) TRY(move.repo.write_signed(tuf::Role::root, push.candidate));
  return sent;
}

Result<int> delete_old_key(Move& move, const tuf::KeyId& old) {
  const auto reply = move.service.call("DELETE", "root/private_keys/" + old.hex);
  const bool is_gone = reply && (reply->status / 100 == 2 || reply->status == 404);
  if (is_gone) {
    move.run.say("the server has no private key of the old root any more");
    return kDone;
  }
  return unavailable("the old root key may still be on the server: " +
                         (reply ? refusal_in(*reply).text() : reply.error().what),
                     "the new root is published; run the same command again to delete the key");
}

// Keeps what the server shows and deletes what it should not have any more.
Result<int> finish(Move& move) {
  for (const auto& root : move.chain) TRY(move.repo.remember(root));
  TRY(write_pulled(move.repo, move.newest()));
  const auto key = TRY(move.repo.public_key(move.old_alias()));
  for (const auto& root : move.chain)
    if (const auto id = id_in(*root, key)) return delete_old_key(move, *id);
  const auto given = move.run.asked.value_if("--old-keyid");
  return delete_old_key(move, given ? tuf::KeyId{*given} : tuf::key_id(key));
}

void say_what_remains(const Run& run) {
  run.say("nothing was changed on the server; to go on by hand:");
  for (const auto* step : {"root pull", "root key add, root key remove, root targets-key add and remove",
                           "root sign with the new and the old key", "root push", "targets sign and targets push"})
    run.say(std::string("  garage-sign ") + step);
}

}  // namespace

Result<int> move_offline(const Run& run) {
  const TufRepo repo = run.repo();
  const bool is_director = repo.is_director();
  if (const int refused = TRY(refuse_options(run, is_director)); refused != kDone) return refused;
  auto service = TRY(run.service(repo));
  const auto lock = TRY(repo.lock());
  auto chain = TRY(verified_chain(repo, service));
  Move move{run, repo, std::move(service), std::move(chain)};
  if (TRY(is_published(move))) return finish(move);
  const auto old = TRY(old_id(move));
  const auto old_key = TRY(take_old_key(move, old));
  if (run.asked.has("--fetch-only") || !run.asked.has("--new-root")) {
    say_what_remains(run);
    return kDone;
  }
  const int published = TRY(publish(move, old, old_key));
  return published == kDone ? delete_old_key(move, old) : Result<int>(published);
}

}  // namespace rota::compat::garage
