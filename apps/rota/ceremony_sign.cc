// rota ceremony review, sign, merge: drafts looked at, signed and joined; no network.
#include <algorithm>

#include "ceremony.h"
#include "ceremony/draft_finish.h"
#include "ceremony/draft_memory.h"
#include "ceremony/draft_review.h"
#include "ceremony/draft_sign.h"

namespace rota::app {
namespace {

using ceremony::CheckedDraft;
using ceremony::DraftFile;

// What the signer believes: what he gave, else the pin of his archive.
Result<std::optional<ceremony::Chain>> own_belief(const Invocation& call, const Keyring& ring) {
  if (auto given = TRY(given_chain(call))) return given;
  return ring.pin;
}

void show(const Invocation& call, const CheckedDraft& draft, const ceremony::DraftReview& review) {
  for (const auto& line : ceremony::lines(draft, review)) call.talk.say(line);
}

Json ids_json(const std::vector<tuf::KeyId>& ids) {
  Json json(Json::Array{});
  for (const auto& id : ids) json.push_back(Json(id.hex));
  return json;
}

std::string names_of(const std::vector<tuf::KeyId>& ids) {
  std::string text;
  for (const auto& id : ids) text += (text.empty() ? "" : ", ") + id.brief();
  return text;
}

// The draft as it is on disk now, to stdout.
Status report(const Invocation& call, const CheckedDraft& draft, Json facts) {
  const auto review = ceremony::reviewed(draft, SystemClock().now());
  const auto missing = ceremony::missing_people(draft, review);
  if (call.json()) {
    facts["review"] = ceremony::to_json(draft, review);
    call.talk.out() << to_json(facts) << "\n";
    return {};
  }
  for (const auto& line : missing) call.talk.out() << line << "\n";
  if (missing.empty())
    call.talk.out() << "everybody needed has signed; next: rota ceremony finish " << facts.text_or("written", "")
                    << "\n";
  return {};
}

std::vector<tuf::KeyId> signing_ids(const CheckedDraft& draft, const Keyring& ring) {
  std::vector<tuf::KeyId> ids;
  for (const auto& [id, key] : draft.signers())
    if (std::ranges::any_of(ring.signers, [&key](const auto& one) { return one.public_key() == key; }))
      ids.push_back(id);
  return ids;
}

Status writable(Files& files, const std::string& output, const std::string& draft) {
  if (output == draft || !TRY(files.facts(output)).exists()) return {};
  return conflict("'" + output + "': exists already", "name another file with -o");
}

}  // namespace

Status ceremony_review(const Invocation& call) {
  const auto draft = TRY(DraftFile(call.files, call.given.text("draft")).read());
  const auto ring = TRY(keyring_of(call, draft));
  const auto belief = TRY(own_belief(call, ring));
  if (belief) TRY(ceremony::starts_from(draft, *belief));
  const auto review = ceremony::reviewed(draft, SystemClock().now());
  if (call.json()) {
    Json json = ceremony::to_json(draft, review);
    json["believed"] = belief.has_value();
    call.talk.out() << to_json(json) << "\n";
    return {};
  }
  for (const auto& line : ceremony::lines(draft, review)) call.talk.out() << line << "\n";
  if (!belief)
    call.talk.warn("nothing here says that the root it starts from is the factory's; give --trusted-root or -k");
  return {};
}

Status ceremony_sign(const Invocation& call) {
  if (!call.given.has("keys")) return bad_input("sign: with which keys?", "give -k ARCHIVE");
  const DraftFile file(call.files, call.given.text("draft"));
  const std::string output = call.given.text_or("output", file.path());
  TRY(writable(call.files, output, file.path()));
  const auto held = TRY(file.lock());
  TRY(file.no_journal());
  const auto draft = TRY(file.read());
  const auto ring = TRY(keyring_of(call, draft));
  TRY(believed(call, draft, TRY(own_belief(call, ring))));
  const auto review = ceremony::reviewed(draft, SystemClock().now());
  show(call, draft, review);
  const auto allowed = allowed_of(call);
  TRY(ceremony::signable(review, allowed));
  const ceremony::SigningMemory memory(call.files, folder_of(profile_path()) + "/signed");
  const auto ids = signing_ids(draft, ring);
  if (std::ranges::find(allowed.names, "another-draft") == allowed.names.end()) TRY(memory.may_sign(draft, ids));
  std::vector<const tuf::Signer*> signers;
  for (const auto& signer : ring.signers) signers.push_back(&signer);
  if (!signers.empty()) TRY(confirmed(call, "Sign this draft?"));
  const auto done = TRY(ceremony::signed_draft(draft, signers, SystemClock().now()));
  TRY(memory.remember(draft, ids));
  TRY(DraftFile(call.files, output).write(done.draft));
  if (!done.added.empty()) call.talk.say("signed with " + names_of(done.added));
  if (!done.before.empty()) call.talk.say("had signed before: " + names_of(done.before));
  return report(call, TRY(ceremony::checked_draft(done.draft)),
                Json(Json::Object{
                    {"written", output}, {"signed", ids_json(done.added)}, {"signed-before", ids_json(done.before)}}));
}

Status ceremony_merge(const Invocation& call) {
  const auto paths = call.given.list("drafts");
  if (paths.size() < 2) return bad_input("merge: want two drafts or more, got " + std::to_string(paths.size()));
  const DraftFile into(call.files, paths.front());
  const std::string output = call.given.text_or("output", into.path());
  TRY(writable(call.files, output, into.path()));
  const auto held = TRY(into.lock());
  TRY(into.no_journal());
  std::vector<CheckedDraft> drafts;
  for (const auto& path : paths) drafts.push_back(TRY(DraftFile(call.files, path).read()));
  const auto merged = TRY(ceremony::merged_drafts(drafts));
  TRY(DraftFile(call.files, output).write(merged));
  return report(call, TRY(ceremony::checked_draft(merged)), Json(Json::Object{{"written", output}}));
}

}  // namespace rota::app
