// root pull, push, status, discard: the traffic between what is trusted here and what is published there.
#include <unistd.h>

#include <algorithm>

#include "ceremony/difference.h"
#include "ceremony/edit.h"
#include "ceremony/sign.h"
#include "compat/garage_sign_publish.h"
#include "crypto/hash.h"

namespace rota::compat::garage {
namespace {

using Root = tuf::Trusted<tuf::Root>;

// The signed root in roles/root.json, in canonical form; nullopt when there is none.
Result<std::optional<Bytes>> signed_root(const TufRepo& repo) {
  const auto file = TRY(repo.role_file("root.json"));
  if (!file) return std::optional<Bytes>();
  return std::optional(tuf::canonical(TRY_IN("roles/root.json", parse_json(*file))));
}

Result<Json> body_of(BytesView envelope) {
  return TRY(tuf::parse_envelope(envelope, tuf::kMaxTargets)).body;
}

// roles/root.json differs from the trusted root: a candidate, not known to be published.
Result<bool> holds_candidate(const TufRepo& repo, const Root& trusted) {
  const auto candidate = TRY(signed_root(repo));
  return candidate && !(TRY(body_of(*candidate)) == trusted->body);
}

// The server's root before one that was signed here is believed only by the word of keys that signed ours too: naming our key
// is not enough, anybody can do that.
Status signed_by_the_same(const tuf::Root& published, BytesView published_bytes, BytesView ours) {
  const auto theirs = TRY(tuf::parse_envelope(published_bytes, tuf::kMaxRoot));
  const auto mine = tuf::tally(published, tuf::Role::root, TRY(tuf::parse_envelope(ours, tuf::kMaxTargets))).signed_by;
  const auto tally = tuf::tally(published, tuf::Role::root, theirs);
  const auto votes = std::ranges::count_if(
      tally.signed_by, [&](const auto& id) { return std::ranges::find(mine, id) != mine.end(); });
  if (votes >= tally.threshold) return {};
  return rejected("root " + std::to_string(published.version) + " of the server: signed by " + std::to_string(votes) +
                      " of the keys that signed roles/root.json, want " + std::to_string(tally.threshold),
                  "give a root that you have by other means with --trusted-root FILE");
}

// Where the walk begins: --trusted-root, roles/trusted, roles/root.json, or, with --force, what the server shows.
Result<Root> pull_anchor(const Run& run, const TufRepo& repo, BytesView served) {
  if (const auto file = run.asked.value_if("--trusted-root"))
    return TRY_IN(*file, tuf::anchor_root(TRY(run.world.files.read(*file, tuf::kMaxRoot * 4))));
  if (run.asked.has("--force")) {
    run.talk.warn("--force: the server's root is taken without a link to any root that was trusted before");
    if (!run.asked.has("--yes"))
      return denied("root pull --force needs to be confirmed",
                    "add --yes when you have compared the key ids by other means");
    return TRY_IN("root.json of the server", tuf::anchor_root(served));
  }
  if (auto trusted = TRY(repo.trusted())) return *trusted;
  const auto own = TRY(signed_root(repo));
  if (!own)
    return not_found("no root to start from in " + repo.folder(),
                     "give one you have by other means with --trusted-root FILE, or take the server's with --force");
  auto anchor = tuf::anchor_root(*own);
  // A push that failed leaves a successor of the server's root here.
  auto published = tuf::anchor_root(served);
  if (published && TRY(body_of(*own)).integer_or("version", 0) == (*published)->version + 1 &&
      tuf::next_root(*published, *own)) {
    TRY(signed_by_the_same(**published, published->raw(), *own));
    return published;
  }
  return TRY_IN("roles/root.json", std::move(anchor));
}

// What became of the root that was signed here.
Status settle_candidate(const Run& run, const TufRepo& repo, const std::vector<Root>& chain) {
  const auto candidate = TRY(signed_root(repo));
  if (!candidate) return {};
  const Json body = TRY(body_of(*candidate));
  if (body == chain.front()->body) return {};
  for (const auto& root : chain)
    if (body == root->body) {
      run.say("your root " + std::to_string(root->version) + " was published");
      return {};
    }
  run.say("the signed root here was not published; it is kept as " + TRY(repo.supersede_candidate()));
  return {};
}

// The trusted root never goes backwards, whatever the walk began with; nor does another root of its version replace it,
// but for --force.
Status check_not_backwards(const Run& run, const TufRepo& repo, const Root& newest) {
  const auto trusted = TRY(repo.trusted());
  if (!trusted || newest->version > (*trusted)->version) return {};
  const std::string hint = "if this is another repository, use another folder for it";
  if (newest->version < (*trusted)->version)
    return rejected("root " + std::to_string(newest->version) + " of the server is older than the trusted root " +
                        std::to_string((*trusted)->version),
                    hint);
  if (newest->body == (*trusted)->body || run.asked.has("--force")) return {};
  return rejected("root " + std::to_string(newest->version) + " of the server is not the trusted one", hint);
}

void say_expiry(const Run& run, const Root& root) {
  if (root->expires <= run.now())
    run.talk.warn("root " + std::to_string(root->version) + " expired on " + rfc3339(root->expires) +
                  "; it can still be replaced");
}

Status record_push(const Run& run, const TufRepo& repo, BytesView candidate) {
  Json journal;
  const Json body = TRY(body_of(candidate));
  journal["version"] = TRY(body.integer("version"));
  journal["sha256"] = crypto::sha256_hex(tuf::canonical(body));
  journal["started"] = rfc3339(run.now());
  return repo.write_role_file("push.journal", to_pretty_json(journal));
}

Status promote(const Run& run, const TufRepo& repo, const Root& published) {
  TRY(repo.remember(published));
  TRY(repo.write_unsigned(tuf::Role::root, published->body));
  TRY(repo.remove_role_file("push.journal"));
  run.say("published root " + std::to_string(published->version));
  std::string names;
  for (const auto& local : repo.local_keys())
    if (published->material(tuf::Role::root).contains(local.key))
      names += (names.empty() ? "" : ", ") + ("keys/" + local.name + ".sec");
  run.say("keep " + repo.folder() + " safe: it holds the only copy of " + (names.empty() ? "your keys" : names));
  return {};
}

// The candidate as the server shows it, with the signatures that devices want; nullopt when it shows anything else.
Result<std::optional<Root>> published_as(const RepoService& service, const Push& push) {
  const auto served = TRY(served_root(service));
  auto root = tuf::next_root(push.trusted, served);
  if (!root || !((*root)->body == TRY(body_of(push.candidate)))) return std::optional<Root>();
  return std::optional(std::move(*root));
}

// After a POST whose outcome is not known: what does the server show?
Result<int> settle_push(const Run& run, const TufRepo& repo, const RepoService& service, const Push& push) {
  const auto published = published_as(service, push);
  if (!published)
    return run.refuse(kFailed, unavailable("the outcome of the push is not known: " + published.error().what,
                                           "run 'garage-sign root pull' or 'root push' again later"));
  if (!*published)
    return run.refuse(kFailed, unavailable("the server did not take the root", "run 'garage-sign root push' again"));
  TRY(promote(run, repo, **published));
  return kDone;
}

// True when an earlier push, whose answer was lost, did arrive; it is settled then.
Result<bool> arrived_before(const Run& run, const TufRepo& repo, const RepoService& service, const Push& push) {
  if (!TRY(repo.role_file("push.journal"))) return false;
  const auto published = TRY(published_as(service, push));
  if (!published) return false;
  TRY(promote(run, repo, *published));
  return true;
}

std::string push_name(const tuf::Allowed& allowed) {
  std::string query;
  if (!allowed.names.empty()) query = "?allow-weaker=1";
  if (allowed.short_expiry) query += query.empty() ? "?force-expiry=1" : "&force-expiry=1";
  return "root" + query;
}

// The candidate, with what the server takes beside `signed` and does not store.
Result<Bytes> sent_body(const Push& push) {
  if (push.targets_signatures.is_null()) return push.candidate;
  Json envelope = TRY(parse_json(push.candidate, {.max_bytes = tuf::kMaxRoot}));
  envelope["targets-signatures"] = push.targets_signatures;
  return to_json(envelope);
}

}  // namespace

Result<Bytes> served_root(const RepoService& service) {
  const auto served = TRY(ceremony::fetch_newest_root(service.root_source()));
  if (!served) return not_found("the server has no root for this repository");
  return *served;
}

Status write_pulled(const TufRepo& repo, const Root& newest) {
  TRY(repo.write_signed(tuf::Role::root, newest.raw()));
  TRY(repo.write_unsigned(tuf::Role::root, newest->body));
  return repo.remove_role_file("push.journal");
}

Result<int> refuse_before_sending(const Run& run, const TufRepo& repo, const Push& push) {
  if (TRY(body_of(push.candidate)) == push.trusted->body)
    return run.refuse(kRefused, rejected("root version " + std::to_string(push.trusted->version) +
                                         " is published already; there is nothing new"));
  if (run.asked.has("--no-verify")) return kDone;
  const auto fit = ceremony::publishable(push.trusted, push.candidate, run.now(), push.allowed);
  if (fit) return kDone;
  run.refuse(kRefused, fit.error());
  for (const auto& line : ceremony::missing_lines(push.trusted, push.candidate, repo.local_keys()))
    run.talk.err() << line << '\n';
  return kRefused;
}

Result<int> send_root(const Run& run, const TufRepo& repo, RepoService& service, const Push& push) {
  TRY(record_push(run, repo, push.candidate));
  const auto reply = service.call("POST", push_name(push.allowed), TRY(sent_body(push)));
  if (!reply || reply->status >= 500) return settle_push(run, repo, service, push);
  if (ceremony::is_staged(*reply))
    return run.refuse(kFailed, conflict("the root is staged: the server publishes it with the next targets that its new "
                                        "targets keys sign",
                                        "have the targets signed and pushed with the new key, then 'root pull'"));
  if (reply->status == 202)
    return run.refuse(kFailed,
                      conflict("a second person must approve this root", "approval id: " + reply->body.substr(0, 200)));
  if (reply->status / 100 == 2) return settle_push(run, repo, service, push);
  TRY(repo.remove_role_file("push.journal"));
  const auto refusal = refusal_in(*reply);
  if (reply->status == 400 && refusal.code == "invalid_root_role")
    return run.refuse(kRefused, rejected(refusal.text()));
  return run.refuse(kFailed,
                    conflict("push root: " + refusal.text(),
                             reply->status == 409 ? "the production chain is out of step: use 'fioctl keys'" : ""));
}

Result<int> root_pull(const Run& run) {
  const TufRepo repo = run.repo();
  auto service = TRY(run.service(repo));
  const auto lock = TRY(repo.lock());
  const auto served = TRY(served_root(service));
  const auto anchor = TRY(pull_anchor(run, repo, served));
  const auto chain = TRY(ceremony::walk_roots(service.root_source(), anchor));
  const Root newest = chain.size() > 1 ? chain.back() : TRY_IN("root.json", tuf::anchor_root(served));
  if (!(newest->body == chain.back()->body)) return rejected("root.json: differs from the end of the chain of roots");
  TRY(check_not_backwards(run, repo, newest));
  TRY(settle_candidate(run, repo, chain));
  for (std::size_t i = 1; i < chain.size(); ++i) TRY(repo.remember(chain[i]));
  TRY(repo.remember(newest));
  TRY(write_pulled(repo, newest));
  say_expiry(run, newest);
  run.say("pulled root " + std::to_string(newest->version) +
          (chain.size() > 1 ? ", verified from root " + std::to_string(anchor->version) : ""));
  return kDone;
}

Result<int> root_push(const Run& run) {
  const TufRepo repo = run.repo();
  const auto config = TRY(repo.config());
  const auto lock = TRY(repo.lock());
  const auto candidate = TRY(signed_root(repo));
  if (!candidate) return not_found("roles/root.json: no such file", "run 'garage-sign root sign' first");
  auto trusted = TRY(repo.trusted());
  if (!trusted) {
    auto service = TRY(run.service(repo));
    trusted = TRY_IN("root.json of the server", tuf::anchor_root(TRY(served_root(service))));
    if (!(TRY(body_of(*candidate)) == (*trusted)->body))
      TRY_IN("roles/root.json is no successor of the server's root", tuf::next_root(*trusted, *candidate));
  }
  const Push push{*trusted, *candidate, {run.asked.list("--allow"), run.asked.has("--force")}, {}};
  if (const int refused = TRY(refuse_before_sending(run, repo, push)); refused != kDone) return refused;
  auto service = TRY(run.service(repo));
  if (TRY(arrived_before(run, repo, service, push))) return kDone;
  return send_root(run, repo, service, push);
}

// Whose keys the trusted root is: its root key ids, each with the name of its key file here, if there is one.
Json root_keys(const tuf::Root& root, const std::vector<ceremony::LocalKey>& here) {
  Json keys{Json::Object{}};
  for (const auto& id : root.role(tuf::Role::root).key_ids) {
    keys[id.hex] = Json();
    const auto key = root.keys.find(id);
    for (const auto& local : here)
      if (key != root.keys.end() && local.key == key->second) keys[id.hex] = local.name;
  }
  return keys;
}

Result<int> root_status(const Run& run) {
  const TufRepo repo = run.repo();
  const auto trusted = TRY(trusted_root(repo));
  const bool candidate = TRY(holds_candidate(repo, trusted));
  Json facts;
  facts["trusted"]["version"] = trusted->version;
  facts["trusted"]["expires"] = rfc3339(trusted->expires);
  facts["trusted"]["root_keys"] = root_keys(*trusted, repo.local_keys());
  facts["push_pending"] = TRY(repo.role_file("push.journal")).has_value();
  std::vector<std::string> next;
  if (candidate) {
    const auto bytes = *TRY(signed_root(repo));
    facts["candidate"]["version"] = TRY(body_of(bytes)).integer_or("version", 0);
    next = ceremony::missing_lines(trusted, bytes, repo.local_keys());
    if (next.empty()) next.push_back("signed by enough keys: run 'garage-sign root push'");
  }
  if (!run.asked.has("--offline")) {
    auto service = TRY(run.service(repo));
    if (const auto served = served_root(service))
      facts["server"]["version"] = TRY(body_of(*served)).integer_or("version", 0);
  }
  for (const auto& line : next) facts["next"].push_back(line);
  if (run.asked.has("--json")) {
    run.talk.out() << to_json(facts) << '\n';
    return kDone;
  }
  run.talk.out() << to_pretty_json(facts);
  return kDone;
}

Result<int> root_discard(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  const auto trusted = TRY(repo.trusted());
  if (!trusted) return not_found("no trusted root in " + repo.folder(), "run 'garage-sign root pull' first");
  if (TRY(holds_candidate(repo, *trusted))) run.say("the signed root is kept as " + TRY(repo.supersede_candidate()));
  TRY(write_pulled(repo, *trusted));
  return kDone;
}

Result<int> verify_root(const Run& run) {
  const std::string input = run.asked.value("--input");
  const auto bytes = TRY(run.world.files.read(input, tuf::kMaxRoot * 4));
  const auto root = TRY_IN(input, tuf::anchor_root(bytes));
  const auto trusted = TRY(run.repo().trusted());
  if (trusted && root->version == (*trusted)->version && !(root->body == (*trusted)->body))
    return rejected(input + ": differs from the trusted root " + std::to_string(root->version));
  if (trusted && root->version == (*trusted)->version + 1) TRY_IN(input, tuf::next_root(*trusted, bytes));
  run.say(input + ": root " + std::to_string(root->version) + " is valid");
  return kDone;
}

}  // namespace rota::compat::garage
