#include "impostor/forge.h"

#include "base/files.h"
#include "crypto/hash.h"

namespace rota::impostor {
namespace {

const std::string kExpires = "2037-01-01T00:00:00Z";

Result<tuf::Envelope> envelope_in(const std::string& folder, const std::string& name) {
  PosixFiles files;
  return tuf::parse_envelope(TRY(files.read(folder + "/" + name, tuf::kMaxTargets)), tuf::kMaxTargets);
}

Json meta_of(BytesView file, tuf::Version version) {
  Json meta;
  meta["version"] = version;
  meta["length"] = static_cast<std::int64_t>(file.size());
  meta["hashes"]["sha256"] = crypto::sha256_hex(file);
  return meta;
}

Json role_body(std::string_view type, tuf::Version version) {
  Json body;
  body["_type"] = type;
  body["version"] = version;
  body["expires"] = kExpires;
  return body;
}

Json wished_target(const Wish& wish) {
  Json target;
  target["hashes"]["sha256"] = wish.commit;
  target["length"] = 0;
  Json& custom = target["custom"];
  custom["name"] = wish.machine + "-lmp";
  custom["version"] = std::to_string(wish.version);
  custom["hardwareIds"].push_back(wish.machine);
  custom["targetFormat"] = "OSTREE";
  custom["tags"].push_back("main");
  return target;
}

std::string target_name(const Wish& wish) { return wish.machine + "-lmp-" + std::to_string(wish.version); }

void list_key(Json& root, const std::string& role, const crypto::PublicKey& key) {
  const std::string id = tuf::key_id(key).hex;
  root["keys"][id] = tuf::public_key_json(key);
  Json entry;
  entry["keyids"].push_back(id);
  entry["threshold"] = 1;
  root["roles"][role] = entry;
}

}  // namespace

Result<Recorded> recorded_in(const std::string& folder) {
  const auto targets = TRY(envelope_in(folder, "targets.json"));
  const auto root = TRY(tuf::read_root(TRY(envelope_in(folder, "root.json"))));
  const auto timestamp = TRY(tuf::read_timestamp(TRY(envelope_in(folder, "timestamp.json"))));
  const auto snapshot = TRY(tuf::read_snapshot(TRY(envelope_in(folder, "snapshot.json"))));
  return Recorded{root, timestamp, snapshot, targets.body};
}

Result<Set> forged_set(const Recorded& recorded, const Wish& wish, const RoleSigners& signers) {
  Json targets = recorded.targets_body;
  const auto targets_version = TRY(targets.integer("version")) + 1;
  targets["version"] = targets_version;
  targets["expires"] = kExpires;
  targets["targets"][target_name(wish)] = wished_target(wish);
  Set set;
  set["targets.json"] = TRY(tuf::sign_envelope(targets, {&signers.targets}));

  Json snapshot = role_body("Snapshot", recorded.snapshot.version + 1);
  if (recorded.snapshot.meta.contains("root.json")) snapshot["meta"]["root.json"]["version"] = recorded.root.version;
  snapshot["meta"]["targets.json"] = meta_of(set["targets.json"], targets_version);
  set["snapshot.json"] = TRY(tuf::sign_envelope(snapshot, {&signers.snapshot}));

  Json timestamp = role_body("Timestamp", recorded.timestamp.version + 1);
  timestamp["meta"]["snapshot.json"] = meta_of(set["snapshot.json"], recorded.snapshot.version + 1);
  set["timestamp.json"] = TRY(tuf::sign_envelope(timestamp, {&signers.timestamp}));
  return set;
}

Result<Set> forged_root_and_set(const Recorded& recorded, const Wish& wish, const tuf::Signer& root_key) {
  const tuf::KeySigner own(TRY(crypto::PrivateKey::generate_ed25519()));
  Json root = recorded.root.body;
  const auto version = recorded.root.version + 1;
  root["version"] = version;
  root["expires"] = kExpires;
  root["keys"] = Json::Object{};
  for (const auto role : {"targets", "snapshot", "timestamp"}) list_key(root, role, own.public_key());
  list_key(root, "root", own.public_key());
  Set set = TRY(forged_set(recorded, wish, {own, own, own}));
  set[std::to_string(version) + ".root.json"] = TRY(tuf::sign_envelope(root, {&root_key, &own}));
  return set;
}

}  // namespace rota::impostor
