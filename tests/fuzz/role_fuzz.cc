// Each role in each dialect, behind its signature: the input is what is signed, and it is signed here, so that every
// check of form and version is reached. What is accepted keeps the promises of its role, whatever way its bytes spell
// it; and what a publication finds no fault with is read.
#include "json_mutation.h"
#include "must_hold.h"
#include "signed_anew.h"
#include "tuf/admit.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(1)

namespace {

constexpr Version kFloor = 3, kListed = 5;
constexpr std::string_view kUntil = "2028-01-01T00:00:00Z";
constexpr std::size_t kMaxText = 4096;  // so that no spelling of it meets the limit of a role's size

Fresh<Timestamp> timestamp_under(const Fresh<Root>& root) {
  Json body = test::head(Role::timestamp, kListed, kUntil, root->dialect);
  body["meta"]["snapshot.json"]["version"] = kListed;
  return fresh(next_timestamp(root, {}, test::signed_file(body, {4}, root->dialect)).value(), test::kNow).value();
}

Fresh<Snapshot> snapshot_under(const Fresh<Root>& root, const Fresh<Timestamp>& timestamp) {
  Json body = test::head(Role::snapshot, kListed, kUntil, root->dialect);
  body["meta"]["targets.json"]["version"] = kListed;
  return fresh(next_snapshot(root, timestamp, {}, test::signed_file(body, {3}, root->dialect)).value(), test::kNow)
      .value();
}

// What is trusted already when the file under test arrives.
struct Scene {
  explicit Scene(Dialect dialect) : root(test::trusted_root({.root = {{1, 5}, 1}, .dialect = dialect})) {}
  Trusted<Root> root;
  Fresh<Root> last = fresh(root, test::kNow).value();
  Fresh<Timestamp> timestamp = timestamp_under(last);
  Fresh<Snapshot> snapshot = snapshot_under(last, timestamp);
  Floors floors{.timestamp = kFloor, .snapshot = kFloor, .targets = kFloor, .listed = {{"targets.json", kFloor}}};
};

void in_range(Version version, Version least, Dialect dialect) {
  const Version last = dialect == Dialect::tuf ? (Version{1} << 53) - 1 : INT32_MAX;
  must_hold(version >= least && version <= last, "versions are in range");
}

Status try_root(const Scene& scene, const Bytes& file) {
  const auto root = TRY(next_root(scene.root, file));
  must_hold(root->version == 2 && root->dialect == scene.root->dialect, "a root follows in its dialect");
  must_hold(root->roles.size() == 4, "a root has its four roles");
  const std::int64_t max_threshold = root->dialect == Dialect::tuf ? INT32_MAX : 1000;
  for (const auto& [role, keys] : root->roles)
    must_hold(keys.threshold >= 1 && keys.threshold <= max_threshold, "thresholds are in range");
  for (const auto& [id, why] : root->unusable)
    must_hold(!why.empty() && !root->keys.contains(id), "a key is usable or it is not");
  const auto voters = root->material(Role::root).size();
  const Tally votes = tally(*root, Role::root, *parse_envelope(file, file.size()));
  must_hold(votes.met() && votes.signed_by.size() <= voters, "one key is one vote");
  must_hold(votes.signed_by.size() + votes.missing.size() <= root->role(Role::root).key_ids.size(),
            "nobody signed and is missing");
  return {};
}

Status try_timestamp(const Scene& scene, const Bytes& file) {
  const auto timestamp = TRY(next_timestamp(scene.last, scene.floors, file));
  in_range(timestamp->version, kFloor, scene.root->dialect);
  in_range(timestamp->snapshot.version, kFloor, scene.root->dialect);
  must_hold(timestamp->snapshot.length.value_or(0) >= 0, "lengths are in range");
  return {};
}

Status try_snapshot(const Scene& scene, const Bytes& file) {
  const auto snapshot = TRY(next_snapshot(scene.last, scene.timestamp, scene.floors, file));
  must_hold(snapshot->version == kListed, "the version is the listed one");
  in_range(snapshot->meta.at("targets.json").version, kFloor, scene.root->dialect);
  for (const auto& [name, meta] : snapshot->meta) in_range(meta.version, 1, scene.root->dialect);
  return {};
}

Status try_targets(const Scene& scene, const Bytes& file) {
  const auto targets = TRY(next_targets(scene.last, scene.snapshot, scene.floors, file));
  must_hold(targets->version == kListed, "the version is the listed one");
  for (const Target& target : targets->targets)
    must_hold(target.length >= 0 && (target.sha256().empty() || is_sha256_hex(target.sha256())), "targets are in range");
  return {};
}

struct Case {
  Role role;
  test::Seeds keys;
  Status (*tried)(const Scene& scene, const Bytes& file);
  bool (*reads)(const Envelope& file);
};
const Case kCases[] = {
    {Role::root, {1, 5, 6}, try_root, [](const Envelope& file) { return read_root(file).ok(); }},
    {Role::timestamp, {4}, try_timestamp, [](const Envelope& file) { return read_timestamp(file).ok(); }},
    {Role::snapshot, {3}, try_snapshot, [](const Envelope& file) { return read_snapshot(file).ok(); }},
    {Role::targets, {2}, try_targets, [](const Envelope& file) { return read_targets(file).ok(); }},
};

void try_to_publish(const Case& one, const Bytes& file, Dialect dialect) {
  if (!form_faults(one.role, file, dialect).empty()) return;
  const auto envelope = parse_envelope(file, file.size());
  must_hold(envelope.ok() && one.reads(*envelope), "what is published is read");
}

void try_text(const Scene& scene, const Case& one, BytesView text) {
  const auto body = parse_json(text, fuzz::kSignedText);
  const Bytes signatures = fuzz::signatures_over(body.ok() ? *body : Json(), scene.root->dialect, one.keys);
  const Bytes file = fuzz::envelope_of(signatures, text);
  const Status verdict = one.tried(scene, file);
  try_to_publish(one, file, scene.root->dialect);
  must_hold(verdict.ok() || verdict.error().fault == Fault::rejected, "form is refused as rejected");
  must_hold(body.ok() || !verdict.ok(), "what is no JSON is not accepted");
  if (!body.ok()) return;
  const Status again = one.tried(scene, fuzz::envelope_of(signatures, to_json(*body)));
  must_hold(verdict.ok() == again.ok(), "the spelling of a file does not decide");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  static const Scene uptane(Dialect::uptane), tuf(Dialect::tuf);
  if (size < 2 || size > kMaxText) return 0;
  const BytesView text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try_text((bytes[0] & 4) != 0 ? tuf : uptane, kCases[bytes[0] & 3], text);
  return 0;
}
