#include "ceremony/draft_review.h"

#include <algorithm>
#include <map>
#include <set>

#include "ceremony/draft_new.h"
#include "crypto/hash.h"

namespace rota::ceremony {
namespace {

using tuf::Finding;
using tuf::KeyId;

constexpr std::size_t kLongestReason = 1000;

std::string root_name(tuf::Version version) {
  return "root " + std::to_string(version);
}

std::string chain_name(Stream stream) {
  return stream == Stream::ci ? "" : " of the production chain";
}

bool lists(const tuf::Root& root, const KeyId& id) {
  const auto& ids = root.role(tuf::Role::root).key_ids;
  return std::ranges::find(ids, id) != ids.end();
}

std::string named(const Participant& one) {
  return (one.owner.empty() ? "somebody" : plain(one.owner)) + " (key " + one.key_id.brief() + ")";
}

class Reviewing {
 public:
  Reviewing(const CheckedDraft& draft, Time now) : draft_(draft), before_(*draft.trusted()), after_(draft.next) {
    review_.changes = difference(before_.body, after_.body);
    review_.findings = tuf::admit_root(draft.trusted(), draft.candidate, now, tuf::Quorum::later);
  }

  DraftReview review() {
    count();
    for (const auto& [id, key] : draft_.signers()) review_.participants.push_back(participant(id));
    note_people_with_several_keys();
    note_names_that_change();
    return std::move(review_);
  }

 private:
  void count() {
    const auto envelope = tuf::parse_envelope(draft_.candidate, kMaxDraft);
    if (!envelope.ok()) abort_with("ceremony: a checked draft is no envelope");
    review_.old_quorum = tuf::tally(before_, tuf::Role::root, *envelope);
    review_.new_quorum = tuf::tally(after_, tuf::Role::root, *envelope);
  }

  Participant participant(const KeyId& id) const {
    Participant one{.key_id = id, .owner = owner_in(before_.body, id)};
    one.before = lists(before_, id);
    one.after = lists(after_, id);
    one.owner_is_claim = one.owner.empty();
    if (one.owner.empty()) one.owner = owner_in(after_.body, id);
    for (const auto& signature : draft_.draft.signatures)
      if (signature.key_id == id) one.signature = &signature;
    return one;
  }

  void note_people_with_several_keys() {
    std::map<std::string, std::vector<const Participant*>> by_owner;
    for (const auto& one : review_.participants)
      if (!one.owner.empty()) by_owner[one.owner].push_back(&one);
    for (const auto& [owner, keys] : by_owner) {
      if (keys.size() < 2) continue;
      std::string text = plain(owner) + " holds " + std::to_string(keys.size()) + " of these keys:";
      for (const Participant* one : keys) text += " " + one->key_id.brief() + " (" + place_of(*one) + ")";
      review_.notes.push_back(text + "; each key counts for itself, so one person gives several signatures");
    }
  }

  std::string place_of(const Participant& one) const {
    if (one.before && one.after) return "old and new";
    return one.before ? "old, counts for " + root_name(before_.version)
                      : "new, counts for " + root_name(after_.version);
  }

  void note_names_that_change() {
    for (const auto& [id, key] : after_.keys) {
      const std::string was = owner_in(before_.body, id), is = owner_in(after_.body, id);
      if (!was.empty() && was != is)
        review_.notes.push_back("the name of key " + id.brief() + " changes from '" + plain(was) + "' to '" +
                                plain(is) + "'");
    }
  }

  const CheckedDraft& draft_;
  const tuf::Root& before_;
  const tuf::Root& after_;
  DraftReview review_;
};

struct OneQuorum {
  const tuf::Tally& tally;
  tuf::Version version;  // of the root whose keys these are
  std::string state() const {
    return root_name(version) + ": " + std::to_string(tally.signed_by.size()) + " of " +
           std::to_string(tally.threshold) + (tally.met() ? " signatures, enough" : " signatures");
  }
};

std::string missing_line(const CheckedDraft& draft, const DraftReview& review, const OneQuorum& quorum) {
  const auto more = quorum.tally.threshold - static_cast<std::int64_t>(quorum.tally.signed_by.size());
  std::string people;
  for (const auto& id : quorum.tally.missing) {
    const auto one = std::ranges::find(review.participants, id, &Participant::key_id);
    if (one != review.participants.end()) people += (people.empty() ? "" : ", ") + named(*one);
  }
  return root_name(draft.next.version) + " needs " + std::to_string(more) + " more signature" + (more == 1 ? "" : "s") +
         " by the keys of " + root_name(quorum.version) +
         "; missing: " + (people.empty() ? "nobody is left who could sign" : people);
}

std::string participant_line(const Participant& one) {
  const std::string place = one.before && one.after ? "old and new" : one.before ? "old root only" : "new root only";
  const std::string who =
      one.owner.empty() ? "no name" : plain(one.owner) + (one.owner_is_claim ? " (as the draft says)" : "");
  return "  " + one.key_id.hex + "  " + who + ", " + place + ", " +
         (one.signature == nullptr ? "missing" : "signed " + rfc3339(one.signature->signed_at));
}

std::string finding_line(const Finding& finding) {
  switch (finding.weight) {
    case Finding::Weight::error:
      return "error: " + plain(finding.message);
    case Finding::Weight::needs_ok:
      return "needs --allow " + finding.name + ": " + plain(finding.message);
    case Finding::Weight::expiry:
      return "needs --allow short-expiry: " + plain(finding.message);
    case Finding::Weight::warning:
      return "warning: " + plain(finding.message);
  }
  abort_with("ceremony: no such weight");
}

Json tally_json(const tuf::Tally& tally) {
  Json signed_by(Json::Array{}), missing(Json::Array{});
  for (const auto& id : tally.signed_by) signed_by.push_back(Json(id.hex));
  for (const auto& id : tally.missing) missing.push_back(Json(id.hex));
  return Json(Json::Object{{"threshold", Json(tally.threshold)},
                           {"signed", std::move(signed_by)},
                           {"missing", std::move(missing)},
                           {"met", tally.met()}});
}

Json participants_json(const DraftReview& review) {
  Json json(Json::Array{});
  for (const auto& one : review.participants) {
    Json entry(
        Json::Object{{"keyid", one.key_id.hex}, {"owner", one.owner}, {"before", one.before}, {"after", one.after}});
    if (one.signature != nullptr) entry["signed-at"] = rfc3339(one.signature->signed_at);
    json.push_back(std::move(entry));
  }
  return json;
}

Json texts(const std::vector<std::string>& lines) {
  Json json(Json::Array{});
  for (const auto& line : lines) json.push_back(Json(line));
  return json;
}

std::vector<std::string> finding_lines_of(const DraftReview& review) {
  std::vector<std::string> out;
  for (const auto& finding : review.findings) out.push_back(finding_line(finding));
  return out;
}

}  // namespace

std::string plain(std::string_view text, std::size_t longest) {
  std::string out;
  for (const char c : text.substr(0, longest)) out.push_back(c >= 0x20 && c < 0x7f ? c : '?');
  return out + (text.size() > longest ? "..." : "");
}

DraftReview reviewed(const CheckedDraft& draft, Time now) {
  return Reviewing(draft, now).review();
}

std::vector<std::string> missing_people(const CheckedDraft& draft, const DraftReview& review) {
  std::vector<std::string> out;
  if (!review.old_quorum.met())
    out.push_back(missing_line(draft, review, {review.old_quorum, draft.trusted()->version}));
  if (!review.new_quorum.met()) out.push_back(missing_line(draft, review, {review.new_quorum, draft.next.version}));
  return out;
}

std::vector<std::string> lines(const CheckedDraft& draft, const DraftReview& review) {
  const auto& trusted = draft.trusted();
  std::vector<std::string> out = {
      "draft " + draft.digest,
      "from  " + root_name(trusted->version) + ", SHA-256 " + crypto::sha256_hex(trusted.raw()),
      "to    " + root_name(draft.next.version) + chain_name(draft.draft.stream) + ", factory '" +
          plain(draft.draft.factory) + "' (as the draft says)",
      "why   " + plain(draft.draft.reason(), kLongestReason) +
          (draft.draft.author().empty() ? "" : ", says " + plain(draft.draft.author()))};
  out.emplace_back("changes:");
  for (const auto& line : lines(review.changes)) out.push_back("  " + plain(line));
  if (!review.findings.empty()) out.emplace_back("checks:");
  for (const auto& line : finding_lines_of(review)) out.push_back("  " + line);
  out.emplace_back("signatures:");
  out.push_back("  " + OneQuorum{review.old_quorum, trusted->version}.state());
  out.push_back("  " + OneQuorum{review.new_quorum, draft.next.version}.state());
  for (const auto& one : review.participants) out.push_back(participant_line(one));
  for (const auto& note : review.notes) out.push_back("note: " + note);
  for (const auto& line : missing_people(draft, review)) out.push_back(line);
  return out;
}

Json to_json(const CheckedDraft& draft, const DraftReview& review) {
  const auto& trusted = draft.trusted();
  return Json(Json::Object{
      {"draft", draft.digest},
      {"factory", draft.draft.factory},
      {"stream", name_of(draft.draft.stream)},
      {"reason", draft.draft.reason()},
      {"author", draft.draft.author()},
      {"from", Json(Json::Object{{"version", Json(trusted->version)}, {"sha256", crypto::sha256_hex(trusted.raw())}})},
      {"to", Json(Json::Object{{"version", Json(draft.next.version)}, {"expires", rfc3339(draft.next.expires)}})},
      {"root_diff", to_json(review.changes)},
      {"checks", texts(finding_lines_of(review))},
      {"old", tally_json(review.old_quorum)},
      {"new", tally_json(review.new_quorum)},
      {"people", participants_json(review)},
      {"notes", texts(review.notes)},
      {"missing", texts(missing_people(draft, review))},
      {"complete", review.complete()}});
}

Status signable(const DraftReview& review, const tuf::Allowed& allowed) {
  std::string text;
  for (const auto& reason : tuf::stopping(review.findings, allowed))
    text.append(text.empty() ? "" : "; ").append(plain(reason));
  if (text.empty()) return {};
  std::string names;
  for (const auto& finding : review.findings)
    if (finding.weight == Finding::Weight::needs_ok || finding.weight == Finding::Weight::expiry)
      names += (names.empty() ? "" : ",") + (finding.weight == Finding::Weight::expiry ? "short-expiry" : finding.name);
  return rejected("the proposed root: " + text, names.empty() ? "" : "if it is meant so: --allow " + names);
}

}  // namespace rota::ceremony
