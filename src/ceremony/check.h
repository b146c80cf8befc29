// Would a device take this step, and does the field's rule book let us publish it? (garage-sign.md 9, fioctl.md 7.6)
// In:    the trusted root, a candidate, the time, the names of key files at hand.
// Out:   findings, who has signed, who is missing and which local file could sign.
// Never: a decision of its own: tuf/ decides, this reports.
#pragma once

#include <string>
#include <vector>

#include "tuf/admit.h"

namespace rota::ceremony {

struct StepCheck {
  std::vector<tuf::Finding> findings;
  tuf::Tally old_quorum;  // by the trusted root's root keys
  tuf::Tally new_quorum;  // by the candidate's own
  bool signed_enough() const { return old_quorum.met() && new_quorum.met(); }
};

// The step trusted -> candidate. rejected when the candidate cannot even be read as a root.
Result<StepCheck> check_step(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate, Time now);

// A key whose private half is at hand under this name.
struct LocalKey {
  std::string name;
  crypto::PublicKey key;
};

// "root 8 needs 1 more signature by the keys of root 7; missing: 4f1c… (keys/old.sec)": one line per quorum not met.
std::vector<std::string> missing_lines(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate,
                                       const std::vector<LocalKey>& local);

// Findings for people: "error: …", "needs --allow lower-threshold: …", "warning: …".
std::vector<std::string> finding_lines(const StepCheck& check);

// Ok when nothing stops the publication under `allowed` and next_root takes it; rejected, listing every reason,
// otherwise.
Status publishable(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate, Time now, const tuf::Allowed& allowed);

}  // namespace rota::ceremony
