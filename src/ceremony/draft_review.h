// What a draft would do, in plain words: for those who are asked to sign it (fioctl.md 7.5).
// In:    a checked draft, the time.
// Out:   the difference, what device rules and linter say, both thresholds, who signed and who is missing.
// Never: a line of a stranger's text that could be taken for one of ours; a decision.
#pragma once

#include <string>
#include <vector>

#include "ceremony/check.h"
#include "ceremony/difference.h"
#include "ceremony/draft_file.h"

namespace rota::ceremony {

struct Participant {
  tuf::KeyId key_id;
  std::string owner;                          // of the root before the step, or as the draft says; empty: nobody says
  bool owner_is_claim = false;                // only the draft says so
  bool before = false, after = false;         // in the root role before and after the step
  const DraftSignature* signature = nullptr;  // in the draft that was reviewed
};

struct DraftReview {
  RootDifference changes;
  std::vector<tuf::Finding> findings;  // without the two quorums
  tuf::Tally old_quorum, new_quorum;
  std::vector<Participant> participants;
  std::vector<std::string> notes;  // one person with two keys, names that change
  bool complete() const { return old_quorum.met() && new_quorum.met(); }
};
// The draft outlives the review.
DraftReview reviewed(const CheckedDraft& draft, Time now);

// "root 8 needs 1 more signature by the keys of root 7; missing: bob (key 4f1c…)"; empty when both are met.
std::vector<std::string> missing_people(const CheckedDraft& draft, const DraftReview& review);

// The whole review for a terminal, printable ASCII, one line each.
std::vector<std::string> lines(const CheckedDraft& draft, const DraftReview& review);
Json to_json(const CheckedDraft& draft, const DraftReview& review);

// Ok when nothing but missing signatures stands between this draft and publication; rejected, with every reason. Those
// that `allowed` names are let through.
Status signable(const DraftReview& review, const tuf::Allowed& allowed);

// Foreign text on one line of a terminal: printable ASCII, `longest` characters at most.
std::string plain(std::string_view text, std::size_t longest = 200);

}  // namespace rota::ceremony
