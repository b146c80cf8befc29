#include "ceremony/check.h"

namespace rota::ceremony {
namespace {

using tuf::Finding;
using tuf::KeyId;

struct Candidate {
  tuf::Envelope envelope;
  tuf::Root root;
};

Result<Candidate> read_candidate(BytesView bytes) {
  auto envelope = TRY_IN("root", tuf::parse_envelope(bytes, tuf::kMaxRoot));
  auto root = TRY_IN("root", tuf::read_root(envelope));
  return Candidate{std::move(envelope), std::move(root)};
}

const std::string* local_name(const tuf::Root& root, const KeyId& id, const std::vector<LocalKey>& local) {
  const auto key = root.keys.find(id);
  if (key == root.keys.end()) return nullptr;
  for (const auto& one : local)
    if (one.key == key->second) return &one.name;
  return nullptr;
}

std::string missing_keys(const tuf::Root& root, const tuf::Tally& tally, const std::vector<LocalKey>& local) {
  std::string text;
  for (const auto& id : tally.missing) {
    text.append(text.empty() ? "" : ", ").append(id.brief());
    if (const auto* name = local_name(root, id, local)) text.append(" ('" + *name + "' can sign)");
  }
  return text.empty() ? "no key is left that could sign" : text;
}

struct Quorum {
  std::string by;  // "root 7"
  const tuf::Root& root;
  const tuf::Tally& tally;
};

void add_missing(std::vector<std::string>& lines, const tuf::Root& candidate, const Quorum& quorum,
                 const std::vector<LocalKey>& local) {
  if (quorum.tally.met()) return;
  const auto more = quorum.tally.threshold - static_cast<std::int64_t>(quorum.tally.signed_by.size());
  lines.push_back("root " + std::to_string(candidate.version) + " needs " + std::to_string(more) + " more signature" +
                  (more == 1 ? "" : "s") + " by the keys of " + quorum.by + "; missing: " +
                  missing_keys(quorum.root, quorum.tally, local));
}

std::string_view prefix_of(Finding::Weight weight) {
  switch (weight) {
    case Finding::Weight::error: return "error: ";
    case Finding::Weight::needs_ok: return "needs --allow ";
    case Finding::Weight::expiry: return "expiry: ";
    case Finding::Weight::warning: return "warning: ";
  }
  abort_with("ceremony: no such weight");
}

}  // namespace

Result<StepCheck> check_step(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate, Time now) {
  const auto read = TRY(read_candidate(candidate));
  return StepCheck{tuf::admit_root(trusted, candidate, now), tuf::tally(*trusted, tuf::Role::root, read.envelope),
                   tuf::tally(read.root, tuf::Role::root, read.envelope)};
}

std::vector<std::string> missing_lines(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate,
                                       const std::vector<LocalKey>& local) {
  const auto read = read_candidate(candidate);
  if (!read) return {read.error().what};
  const auto by_old = tuf::tally(*trusted, tuf::Role::root, read->envelope);
  const auto by_new = tuf::tally(read->root, tuf::Role::root, read->envelope);
  std::vector<std::string> lines;
  add_missing(lines, read->root, {"root " + std::to_string(trusted->version), *trusted, by_old}, local);
  add_missing(lines, read->root, {"root " + std::to_string(read->root.version), read->root, by_new}, local);
  return lines;
}

std::vector<std::string> finding_lines(const StepCheck& check) {
  std::vector<std::string> lines;
  for (const auto& finding : check.findings) {
    std::string line(prefix_of(finding.weight));
    if (finding.weight == Finding::Weight::needs_ok) line += finding.name + ": ";
    lines.push_back(line + finding.message);
  }
  return lines;
}

Status publishable(const tuf::Trusted<tuf::Root>& trusted, BytesView candidate, Time now, const tuf::Allowed& allowed) {
  const auto reasons = tuf::stopping(tuf::admit_root(trusted, candidate, now), allowed);
  if (!reasons.empty()) {
    std::string text;
    for (const auto& reason : reasons) text.append(text.empty() ? "" : "; ").append(reason);
    return rejected("root: " + text);
  }
  TRY(tuf::next_root(trusted, candidate));
  return {};
}

}  // namespace rota::ceremony
