// The ways of reading a file against each other: whatever the streamed one gives, reading the whole gives too; the same
// values, the same covered bytes, and what is read in public is what the whole says. What is counted early for a large
// file is counted again when it is read. The first byte decides whether the file is a targets file, whether the rest,
// which is its text, is put into canonical form first, so that the streamed way is reached, and whether it is signed, by
// whom, over which form, and made large.
#include <algorithm>

#include "json_mutation.h"
#include "must_hold.h"
#include "signed_anew.h"
#include "tuf/early_tally.h"
#include "tuf/form.h"
#include "tuf/tally.h"

using namespace rota;
using namespace rota::tuf;
using rota::fuzz::must_hold;

ROTA_FUZZ_MUTATES_JSON(1)

namespace {

constexpr std::size_t kLarge = 1u << 20, kPlenty = 2 * kLarge;
constexpr CanonicalForm kForms[] = {CanonicalForm::uptane, CanonicalForm::device, CanonicalForm::olpc};

std::string text_of(const Target& target) {
  std::string text = target.name + " " + std::to_string(target.length) + " " + target.custom;
  for (const auto& [algorithm, digest] : target.hashes) text += " " + algorithm + ":" + digest;
  return text + "\n";
}

std::string text_of(const Delegations& delegations) {
  std::string text = delegations.succinct ? delegations.succinct->name_prefix : "";
  for (const auto& [id, key] : delegations.keys) text += id.hex + " " + key.pem();
  for (const auto& [id, why] : delegations.unusable) text += id.hex + " " + why;
  for (const DelegatedRole& role : delegations.roles) {
    text += role.name + " " + std::to_string(role.keys.threshold) + (role.terminating ? " ends\n" : "\n");
    for (const std::string& path : role.paths) text += path + "\n";
    for (const std::string& prefix : role.path_hash_prefixes) text += prefix + "\n";
  }
  return text;
}

std::string text_of(const Targets& targets) {
  std::string text =
      std::to_string(targets.version) + " " + rfc3339(targets.expires) + " " + std::to_string(targets.count) + "\n";
  for (const Target& target : targets.targets) text += text_of(target);
  return targets.delegations ? text + "\n" + text_of(*targets.delegations) : text;
}

std::string text_of(const FileMeta& meta) {
  std::string text = " " + std::to_string(meta.version) + " " + std::to_string(meta.length.value_or(-1));
  for (const auto& [algorithm, digest] : meta.hashes) text += " " + algorithm + ":" + digest;
  return text + "\n";
}
std::string text_of(const Timestamp& timestamp) {
  return std::to_string(timestamp.version) + " " + rfc3339(timestamp.expires) + text_of(timestamp.snapshot);
}
std::string text_of(const Snapshot& snapshot) {
  std::string text = std::to_string(snapshot.version) + " " + rfc3339(snapshot.expires) + "\n";
  for (const auto& [name, meta] : snapshot.meta) text += name + text_of(meta);
  return text;
}

template <typename T>
void same(const Result<T>& a, const Result<T>& b) {
  must_hold(a.ok() == b.ok(), "both ways give the same verdict");
  must_hold(a.ok() ? text_of(*a) == text_of(*b) : a.error().what == b.error().what, "both ways give the same values");
}

SignedBytes covered_by(const SignedFile& file) {
  return file.covered ? SignedBytes(*file.covered, file.dialect) : SignedBytes(file.body, std::nullopt, file.dialect);
}

// A signature over any form counts for one file when it counts for the other.
void same_signatures_count(const SignedFile& streamed, const SignedFile& whole) {
  auto some = covered_by(streamed), all = covered_by(whole);
  must_hold(some.text() == all.text(), "both ways cover the same bytes");
  for (const CanonicalForm form : kForms) {
    const Bytes signature = fuzz::signer(1).sign(canonical(whole.body, form)).value();
    const auto& key = fuzz::signer(1).public_key();
    const bool counts = some.verified_by(key, crypto::Scheme::ed25519, signature);
    must_hold(counts == all.verified_by(key, crypto::Scheme::ed25519, signature),
              "both ways count the same signatures");
    must_hold(counts || whole.dialect == Dialect::tuf, "every form counts in the uptane dialect");
  }
}

void same_file(const SignedFile& streamed, const FileBytes& bytes) {
  const auto whole = read_whole(bytes, kPlenty);
  must_hold(whole.ok(), "nothing is streamed that is refused as a whole");
  must_hold(streamed.dialect == whole->dialect, "both ways see the same dialect");
  must_hold(streamed.signatures == whole->signatures, "both ways see the same signatures");
  must_hold(streamed.entries || streamed.body == whole->body, "both ways see the same body");
  same_signatures_count(streamed, *whole);
}

void try_targets(const FileBytes& bytes) {
  if (const auto streamed = read_streamed(bytes, Wanted::all())) {
    same_file(*streamed, bytes);
    if (const auto whole = read_whole(bytes, kPlenty); whole.ok()) same(read_targets(*streamed), read_targets(*whole));
  }
  const auto all = read_signed_targets(bytes, kPlenty, Wanted::all()),
             none = read_signed_targets(bytes, kPlenty, Wanted::none());
  const auto whole = read_whole(bytes, kPlenty);
  must_hold(whole.ok() || whole.error().fault == Fault::rejected, "form is refused as rejected");
  must_hold(all.ok() == none.ok(), "what is wanted does not decide");
  if (!all.ok() || !whole.ok()) return;
  const auto kept = read_targets(*all), forgotten = read_targets(*none, Wanted::none());
  same(kept, read_targets(*whole));
  must_hold(kept.ok() == forgotten.ok(), "what is wanted does not decide");
  if (kept.ok()) must_hold(forgotten->targets.empty() && forgotten->count == kept->count, "all are counted");
}

void try_other(const FileBytes& bytes) {
  if (const auto streamed = read_streamed(bytes)) same_file(*streamed, bytes);
  const auto file = read_signed(bytes, kPlenty), whole = read_whole(bytes, kPlenty);
  must_hold(!file.ok() || whole.ok(), "nothing is read that is refused as a whole");
  if (!file.ok()) return;
  same(read_timestamp(*file), read_timestamp(*whole));
  same(read_snapshot(*file), read_snapshot(*whole));
}

Bytes canonical_text(BytesView text) {
  const auto json = parse_json(text, fuzz::kSignedText);
  return json.ok() ? canonical(*json, CanonicalForm::uptane) : Bytes(text);
}

// Of two that have to sign; nobody in the seeds.
const test::Seeds kSigners = {7, 8};

struct Signing {
  Dialect dialect;
  test::Seeds keys;
  CanonicalForm form;
};

// Signed besides whom it names, if it reads as a file; and white space until it is large.
Bytes large(BytesView text, const Signing& signing) {
  Bytes file(text);
  const auto json = parse_json(text, fuzz::kSignedText);
  const Json* body = json.ok() ? json->find("signed") : nullptr;
  if (body != nullptr) {
    const Json* named = json->find("signatures");
    Json list = parse_json(fuzz::signatures_over(*body, signing.dialect, signing.keys, signing.form)).value();
    if (named != nullptr && named->if_array() != nullptr)
      for (const Json& one : *named->if_array()) list.push_back(one);
    file = fuzz::envelope_of(to_json(list), canonical(*body, CanonicalForm::uptane));
  }
  return file.append(kLarge - std::min(file.size(), kLarge), ' ');
}

void try_early(const FileBytes& bytes, Dialect dialect) {
  std::map<KeyId, crypto::PublicKey> keys;
  for (const int seed : kSigners)
    keys.emplace(key_id(fuzz::signer(seed).public_key(), dialect), fuzz::signer(seed).public_key());
  const std::map<KeyId, std::string> unusable;
  Authority by{.name = "targets", .keys = &keys, .unusable = &unusable, .role = {{}, 2}, .dialect = dialect};
  for (const auto& [id, key] : keys) by.role.key_ids.push_back(id);
  EarlyTally early(by, bytes);
  const auto file = read_signed_targets(bytes, kPlenty, Wanted::none());
  if (!file.ok() || !early.met(*file)) return;
  const auto whole = read_whole(bytes, kPlenty);
  must_hold(whole.ok(), "nothing is counted early that is refused as a whole");
  auto covered = covered_by(*whole);
  must_hold(tally(by, {dialect, whole->signatures, covered}).met(), "what counts early counts later");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) {
  if (size < 2) return 0;
  const BytesView text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  if ((bytes[0] & 12) == 12) {
    const Signing signing{(bytes[0] & 1) != 0 ? Dialect::tuf : Dialect::uptane,
                          (bytes[0] & 64) != 0 ? test::Seeds{7} : kSigners, kForms[((bytes[0] >> 4) & 3) % 3]};
    try_early(FileBytes(large(text, signing)), signing.dialect);
    return 0;
  }
  const FileBytes file((bytes[0] & 2) != 0 ? canonical_text(text) : Bytes(text));
  (bytes[0] & 1) != 0 ? try_targets(file) : try_other(file);
  return 0;
}
