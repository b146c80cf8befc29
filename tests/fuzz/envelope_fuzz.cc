// Envelopes and the four roles: what is read is within the promised ranges, and every check of a publication ends.
#include "json_mutation.h"
#include "must_hold.h"
#include "tuf/admit.h"
#include "tuf/form.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(0)

namespace {

template <typename T>
void version_in_range(const Result<T>& role, Dialect dialect) {
  if (!role.ok()) return must_hold(role.error().fault == Fault::rejected, "form is refused as rejected");
  must_hold(role->version >= 1 && role->version <= form::last_version(dialect), "versions are in range");
}

void root_holds_its_promise(const Envelope& envelope) {
  const auto root = read_root(envelope);
  version_in_range(root, envelope.dialect);
  if (!root.ok()) return;
  must_hold(root->roles.size() == 4, "a root has its four roles");
  for (const Role role : form::kRoles) {
    const auto& keys = root->role(role);
    must_hold(keys.threshold >= 1 && keys.threshold <= INT32_MAX, "thresholds are in range");
    const auto votes = tally(*root, role, envelope);
    must_hold(votes.signed_by.size() <= root->material(role).size(), "one key is one vote");
    must_hold(votes.signed_by.size() + votes.missing.size() <= keys.key_ids.size(), "nobody signed and is missing");
  }
}

void targets_hold_their_promise(const Result<Targets>& targets) {
  if (!targets.ok()) return;
  for (const Target& target : targets->targets)
    must_hold(target.length >= 0 && (target.sha256().empty() || is_sha256_hex(target.sha256())), "hashes are hex");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  const BytesView input(reinterpret_cast<const char*>(bytes), size);
  for (const Role role : form::kRoles) form_faults(role, input);
  const auto envelope = parse_envelope(input, kMaxTargets);
  if (!envelope.ok()) {
    must_hold(envelope.error().fault == Fault::rejected, "form is refused as rejected");
    return 0;
  }
  root_holds_its_promise(*envelope);
  version_in_range(read_timestamp(*envelope), envelope->dialect);
  version_in_range(read_snapshot(*envelope), envelope->dialect);
  const auto targets = read_targets(*envelope);
  version_in_range(targets, envelope->dialect);
  targets_hold_their_promise(targets);
  return 0;
}
