#include "ceremony/staged_roots.h"

#include <algorithm>

#include "base/files.h"
#include "ceremony/sign.h"

namespace rota::ceremony {
namespace {

using tuf::KeyId;
using tuf::Role;
using tuf::Root;
using tuf::Trusted;

constexpr Role kRoles[] = {Role::root, Role::targets, Role::snapshot, Role::timestamp};
constexpr std::int64_t kProductionTargets = 2;  // fioctl.md 7.4

const Json kNothing;

const Json& member(const Json& json, std::string_view name) {
  const Json* found = json.find(name);
  return found == nullptr ? kNothing : *found;
}

bool all_text(const Json& json, std::initializer_list<std::string_view> names) {
  if (json.if_object() == nullptr || json.if_object()->size() > names.size()) return false;
  return std::ranges::all_of(names, [&](auto name) { return member(json, name).if_text() != nullptr; });
}

std::vector<std::string> texts_of(const Json& array) {
  std::vector<std::string> texts;
  if (array.if_array() != nullptr)
    for (const Json& item : *array.if_array())
      if (item.if_text() != nullptr) texts.push_back(*item.if_text());
  return texts;
}

// Which role of which stream a draft may change, and how.
struct Permission {
  Tolerance tolerance;
  Stream stream;
  const UpdatesState& state;

  // An online key for another, as the server says that it made it.
  bool is_online_change(Role role, const std::vector<std::string>& before, const std::vector<std::string>& after) const {
    const auto old_id = state.current.online_keys.find(std::string(tuf::name_of(role)));
    const auto new_id = state.updated.online_keys.find(std::string(tuf::name_of(role)));
    if (role == Role::root || old_id == state.current.online_keys.end() || new_id == state.updated.online_keys.end())
      return false;
    auto expected = before;
    std::ranges::replace(expected, old_id->second, new_id->second);
    auto found = after;
    std::ranges::sort(expected);
    std::ranges::sort(found);
    return expected == found;
  }
  bool keys(Role role, const std::vector<std::string>& before, const std::vector<std::string>& after) const {
    if (tolerance == Tolerance::shown) return true;
    return tolerance == Tolerance::online_keys && is_online_change(role, before, after);
  }
  bool threshold(Role role, std::int64_t before, std::int64_t after) const {
    if (stream == Stream::prod && role == Role::targets && before < kProductionTargets && after == kProductionTargets)
      return true;
    return tolerance == Tolerance::shown && (role == Role::root || (role == Role::targets && stream == Stream::prod));
  }
};

// One root of a draft made anew from the verified one, with those of the draft's changes that may be.
class Rebuilding {
 public:
  Rebuilding(const Root& current, const Json& draft, const Permission& may)
      : current_(current), draft_(draft), may_(may), body_(current.body) {}

  Result<Json> body() {
    body_["version"] = Json(current_.version + 1);
    if (all_text(member(draft_, "x-changelog"), {"polis-id", "message", "timestamp"}))
      body_["x-changelog"] = member(draft_, "x-changelog");
    if (const auto at = parse_rfc3339(draft_.text_or("expires", "")); at.ok() && *at >= current_.expires)
      body_["expires"] = Json(rfc3339(*at));
    for (const Role role : kRoles) TRY(take_role(role));
    auto edit = TRY(RootEdit::of(std::move(body_)));
    edit.drop_unused_keys();
    TRY(same_as_draft(edit.body()));
    return edit.body();
  }

 private:
  Status take_role(Role role) {
    const Json& theirs = member(member(draft_, "roles"), tuf::name_of(role));
    Json& ours = body_["roles"][tuf::name_of(role)];
    const auto before = texts_of(member(ours, "keyids")), after = texts_of(member(theirs, "keyids"));
    if (before != after && may_.keys(role, before, after)) {
      for (const auto& id : after)
        if (current_.keys.find(KeyId{id}) == current_.keys.end()) TRY(take_key(id));
      ours["keyids"] = member(theirs, "keyids");
    }
    const auto threshold = theirs.integer_or("threshold", 0);
    if (may_.threshold(role, ours.integer_or("threshold", 0), threshold)) ours["threshold"] = Json(threshold);
    return {};
  }

  Status take_key(const std::string& id) {
    const Json& json = member(member(draft_, "keys"), id);
    const auto key = TRY_IN("draft: key " + KeyId{id}.brief(), tuf::public_key_from_json(json));
    if (tuf::key_id(key).hex != id)
      return rejected("draft: key " + KeyId{id}.brief() + ": want the id " + tuf::key_id(key).hex + " for this key");
    if (body_["keys"].find(id) == nullptr) body_["keys"][id] = json;
    const Json& owner = member(member(draft_, "x-key-owners"), id);
    if (all_text(owner, {"polis-id", "created-at"})) body_["x-key-owners"][id] = owner;
    return {};
  }

  // Whatever is still different was not to be changed.
  Status same_as_draft(const Json& ours) const {
    if (ours == draft_) return {};
    std::string text;
    for (const auto& line : lines(difference(ours, draft_))) text += "\n  " + line;
    return rejected("the server's draft of the " + std::string(name_of(may_.stream)) + " root differs from the verified root " +
                        std::to_string(current_.version) + " in what nobody here asked for:" + text,
                    "nothing was signed and nothing was sent");
  }

  const Root& current_;
  const Json& draft_;
  const Permission& may_;
  Json body_;
};

Json signatures_json(const tuf::Envelope& envelope) {
  Json list{Json::Array{}};
  for (const auto& one : envelope.signatures)
    list.push_back(Json(Json::Object{{"keyid", one.key_id.hex}, {"method", one.method}, {"sig", base64(one.bytes)}}));
  return list;
}

std::set<std::string> signature_ids(const tuf::Envelope& envelope) {
  std::set<std::string> ids;
  for (const auto& one : envelope.signatures) ids.insert(one.key_id.hex + base64(one.bytes));
  return ids;
}

}  // namespace

CurrentRoots current_roots(NewestRoots verified) {
  CurrentRoots current{.roots = std::move(verified)};
  if (current.roots.contains(Stream::prod)) return current;
  current.roots.emplace(Stream::prod, current.roots.at(Stream::ci));
  current.production = CurrentRoots::Production::derived;
  return current;
}

void raise_production_threshold(RootEdit& production) {
  const bool enough = production.key_ids(Role::targets).size() >= static_cast<std::size_t>(kProductionTargets);
  if (enough && production.threshold(Role::targets) < kProductionTargets)
    production.set_threshold(Role::targets, kProductionTargets).value();
}

Result<StagedRoots> StagedRoots::in(const UpdatesState& state, const CurrentRoots& current, Tolerance tolerance) {
  StagedRoots staged(current);
  for (const auto& [stream, trusted] : current.roots) {
    const std::string where = "draft of the " + std::string(name_of(stream)) + " root";
    const auto& text = state.updated.root(stream);
    if (text.empty() && stream == Stream::prod && current.production == CurrentRoots::Production::derived) continue;
    if (text.empty()) return rejected(where + ": the server shows none");
    const auto envelope = TRY_IN(where, tuf::parse_envelope(text, tuf::kMaxRoot));
    const Permission may{tolerance, stream, state};
    staged.edits_.emplace(stream, TRY(RootEdit::of(TRY(Rebuilding(*trusted, envelope.body, may).body()))));
    staged.signatures_.emplace(stream, signatures_json(envelope));
  }
  if (!staged.edits_.contains(Stream::prod)) {
    staged.edits_.emplace(Stream::prod, staged.edits_.at(Stream::ci));
    staged.signatures_.emplace(Stream::prod, Json(Json::Array{}));
    raise_production_threshold(staged.edits_.at(Stream::prod));
  }
  return staged;
}

Result<StagedRoots> StagedRoots::fresh(const CurrentRoots& current, const RootEdit::Author& author,
                                       std::string_view message) {
  StagedRoots staged(current);
  for (const auto& [stream, trusted] : current.roots) {
    auto edit = TRY(RootEdit::of(trusted->body));
    edit.set_version(trusted->version + 1);
    edit.set_changelog(author, message);
    staged.edits_.emplace(stream, std::move(edit));
  }
  staged.edited();
  return staged;
}

void StagedRoots::edited() {
  was_edited_ = true;
  raise_production_threshold(edits_.at(Stream::prod));
}

Result<KeyId> StagedRoots::add_key(Role role, const crypto::PublicKey& key, const RootEdit::Author& author) {
  KeyId id;
  for (auto& [stream, edit] : edits_) {
    id = TRY(edit.add_key(role, key));
    edit.set_key_owner(id, author);
  }
  edited();
  return id;
}

Status StagedRoots::remove_key(Role role, const KeyId& id) {
  auto next = edits_;
  for (auto& [stream, edit] : next) {
    TRY(edit.remove_key(role, id));
    const auto left = static_cast<std::int64_t>(edit.key_ids(role).size());
    if (left < edit.threshold(role))
      return rejected("role " + std::string(tuf::name_of(role)) + " of the " + std::string(name_of(stream)) +
                      " root: want at least " + std::to_string(edit.threshold(role)) + " keys, " + std::to_string(left) +
                      " would be left");
  }
  edits_ = std::move(next);
  edited();
  return {};
}

Result<KeyId> StagedRoots::replace_key(Role role, const KeyId& old_id, const crypto::PublicKey& key,
                                       const RootEdit::Author& author) {
  KeyId id;
  auto next = edits_;
  for (auto& [stream, edit] : next) {
    id = TRY(edit.replace_key(role, old_id, key));
    edit.set_key_owner(id, author);
  }
  edits_ = std::move(next);
  edited();
  return id;
}

Status StagedRoots::set_threshold(Role role, std::int64_t threshold) {
  if (role == Role::targets && threshold < kProductionTargets)
    return rejected("threshold of targets: want at least 2 in production, got " + std::to_string(threshold));
  if (role != Role::root && role != Role::targets)
    return bad_input("threshold: want the role root or targets, got " + std::string(tuf::name_of(role)));
  auto next = edits_;
  for (auto& [stream, edit] : next) {
    if (role == Role::targets && stream == Stream::ci) continue;
    const auto keys = static_cast<std::int64_t>(edit.key_ids(role).size());
    if (threshold > keys)
      return rejected("threshold of " + std::string(tuf::name_of(role)) + ": want at most the number of keys, " +
                      std::to_string(keys) + ", got " + std::to_string(threshold));
    TRY(edit.set_threshold(role, threshold));
  }
  edits_ = std::move(next);
  edited();
  return {};
}

void StagedRoots::renew(Time now, std::optional<Time> expires) {
  for (auto& [stream, edit] : edits_) edit.set_expires(expires.value_or(renewed_expiry(edit.expires(), now)));
  edited();
}

std::map<Stream, RootDifference> StagedRoots::differences() const {
  std::map<Stream, RootDifference> all;
  for (const auto& [stream, edit] : edits_) all.emplace(stream, difference(current_.roots.at(stream)->body, edit.body()));
  return all;
}

Result<std::map<Stream, Bytes>> StagedRoots::signed_by(const std::vector<const tuf::Signer*>& signers) const {
  std::map<Stream, Bytes> envelopes;
  for (const auto& [stream, edit] : edits_) {
    const auto had = was_edited_ ? Json(Json::Array{}) : signatures_.at(stream);
    const auto ids = known_ids(*current_.roots.at(stream), edit.body());
    const Bytes unsigned_yet = tuf::envelope_bytes(edit.body(), had);
    envelopes.emplace(stream, TRY_IN(name_of(stream), append_signatures(unsigned_yet, signers, ids)));
  }
  return envelopes;
}

Result<DraftVerdict> judged(const CurrentRoots& current, const std::map<Stream, Bytes>& envelopes, Time now,
                            const tuf::Allowed& allowed) {
  DraftVerdict verdict;
  for (const auto& [stream, bytes] : envelopes) {
    const auto& trusted = current.roots.at(stream);
    const auto findings = tuf::admit_root(trusted, bytes, now, tuf::Quorum::later);
    const std::string which(name_of(stream));
    if (const auto reasons = tuf::stopping(findings, allowed); !reasons.empty()) {
      std::string text;
      for (const auto& reason : reasons) text.append(text.empty() ? "" : "; ").append(reason);
      return rejected("next " + which + " " + text);
    }
    for (const auto& finding : findings)
      if (finding.weight == tuf::Finding::Weight::warning && stream == Stream::ci)
        verdict.warnings.push_back(finding.message);
    for (const auto& line : missing_lines(trusted, bytes, {})) verdict.missing.push_back(which + ": " + line);
    if (missing_lines(trusted, bytes, {}).empty()) TRY_IN("next " + which, tuf::next_root(trusted, bytes));
  }
  return verdict;
}

Status not_the_owners(const keys::Archive& archive, const std::string& online_targets_id) {
  for (const auto& key : archive.keys()) {
    const std::string name = file_name_of(key.pub_member);
    const bool is_owners = name.starts_with("fioctl-targets-") || name == "offline-targets.pub";
    if (is_owners && archive.find(key.sec_member) != nullptr && tuf::key_id(key.public_key).hex == online_targets_id)
      return rejected("root/updates: the server calls the targets key " + online_targets_id +
                      " its online key, but it is the owner's: '" + key.pub_member + "'");
  }
  return {};
}

bool shows(const UpdatesState& state, const std::map<Stream, Bytes>& envelopes) {
  for (const auto& [stream, ours] : envelopes) {
    const auto mine = tuf::parse_envelope(ours, tuf::kMaxRoot);
    const auto theirs = tuf::parse_envelope(state.updated.root(stream), tuf::kMaxRoot);
    if (!mine.ok() || !theirs.ok() || !(mine->body == theirs->body)) return false;
    const auto have = signature_ids(*theirs);
    if (!std::ranges::all_of(signature_ids(*mine), [&](const auto& one) { return have.contains(one); })) return false;
  }
  return true;
}

}  // namespace rota::ceremony
