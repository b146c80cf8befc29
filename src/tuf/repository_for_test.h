// Repositories for tests: keys from one-byte seeds, roles and files made and signed here. For *_test.cc only.
#pragma once

#include "crypto/hash.h"
#include "tuf/sign.h"
#include "tuf/verify.h"

namespace rota::tuf::test {

using Seeds = std::vector<int>;

inline Time at(std::string_view text) { return parse_rfc3339(text).value(); }
inline const Time kNow = at("2027-01-01T00:00:00Z");

// The Ed25519 key whose seed is 32 times that byte.
inline KeySigner signer(int seed) {
  return KeySigner(
      crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(Bytes(32, static_cast<char>(seed)))).value());
}
inline crypto::PublicKey public_key(int seed) { return signer(seed).public_key(); }
inline KeyId id(int seed, Dialect dialect = Dialect::uptane) { return key_id(public_key(seed), dialect); }

struct RolePlan {
  Seeds seeds;
  std::int64_t threshold = 1;
};

// A root to be: who holds which role.
struct RootPlan {
  Version version = 1;
  RolePlan root{{1}}, targets{{2}}, snapshot{{3}}, timestamp{{4}};
  std::string expires = "2028-01-01T00:00:00Z";
  Dialect dialect = Dialect::uptane;
};

inline std::string type_of(Role role, Dialect dialect) {
  std::string name(name_of(role));
  if (dialect == Dialect::uptane) name[0] = static_cast<char>(name[0] - 32);
  return name;
}

inline Json head(Role role, Version version, std::string_view expires, Dialect dialect = Dialect::uptane) {
  Json body;
  body["_type"] = type_of(role, dialect);
  if (dialect == Dialect::tuf) body["spec_version"] = "1.0.31";
  body["version"] = version;
  body["expires"] = expires;
  return body;
}

inline Json root_body(const RootPlan& plan) {
  Json body = head(Role::root, plan.version, plan.expires, plan.dialect);
  body["consistent_snapshot"] = plan.dialect == Dialect::tuf;
  body["keys"] = Json(Json::Object{});
  const auto add = [&](const char* name, const RolePlan& role) {
    Json& json = body["roles"][name];
    json["keyids"] = Json(Json::Array{});
    json["threshold"] = role.threshold;
    for (const int seed : role.seeds) {
      json["keyids"].push_back(id(seed, plan.dialect).hex);
      body["keys"][id(seed, plan.dialect).hex] = public_key_json(public_key(seed), plan.dialect);
    }
  };
  add("root", plan.root);
  add("targets", plan.targets);
  add("snapshot", plan.snapshot);
  add("timestamp", plan.timestamp);
  return body;
}

inline Bytes signed_file(const Json& body, const Seeds& seeds, Dialect dialect = Dialect::uptane) {
  std::vector<KeySigner> signers;
  for (const int seed : seeds) signers.push_back(signer(seed));
  std::vector<const Signer*> pointers;
  for (const KeySigner& one : signers) pointers.push_back(&one);
  return sign_envelope(body, pointers, {}, dialect).value();
}

inline Bytes root_file(const RootPlan& plan) { return signed_file(root_body(plan), plan.root.seeds, plan.dialect); }
inline Bytes root_file(const RootPlan& plan, const Seeds& seeds) {
  return signed_file(root_body(plan), seeds, plan.dialect);
}
inline Trusted<Root> trusted_root(const RootPlan& plan = {}) { return anchor_root(root_file(plan)).value(); }

struct Versions {
  Version timestamp = 1, snapshot = 1, targets = 1;
};

// What a repository serves besides its roots.
struct SetPlan {
  Versions versions = {};
  std::string expires = "2027-06-01T00:00:00Z";
  Seeds targets{2}, snapshot{3}, timestamp{4};
  std::string target_name = "foo-lmp-1";
  std::map<std::string, Version> also_listed = {};  // in the snapshot
  Dialect dialect = Dialect::uptane;
};

inline Json listed(Version version, BytesView file) {
  Json json;
  json["version"] = version;
  json["length"] = static_cast<std::int64_t>(file.size());
  json["hashes"]["sha256"] = crypto::sha256_hex(file);
  return json;
}

inline Json targets_body(const SetPlan& plan) {
  Json body = head(Role::targets, plan.versions.targets, plan.expires, plan.dialect);
  Json& target = body["targets"][plan.target_name];
  target["hashes"]["sha256"] = std::string(64, 'a');
  target["length"] = 0;
  target["custom"]["name"] = "foo-lmp";
  return body;
}

inline Json snapshot_body(const SetPlan& plan, BytesView targets) {
  Json body = head(Role::snapshot, plan.versions.snapshot, plan.expires, plan.dialect);
  body["meta"]["targets.json"] = listed(plan.versions.targets, targets);
  for (const auto& [name, version] : plan.also_listed) body["meta"][name]["version"] = version;
  return body;
}

inline Json timestamp_body(const SetPlan& plan, BytesView snapshot) {
  Json body = head(Role::timestamp, plan.versions.timestamp, plan.expires, plan.dialect);
  body["meta"]["snapshot.json"] = listed(plan.versions.snapshot, snapshot);
  return body;
}

inline Generation generation(const SetPlan& plan = {}) {
  Generation set;
  set.targets = signed_file(targets_body(plan), plan.targets, plan.dialect);
  set.snapshot = signed_file(snapshot_body(plan, set.targets), plan.snapshot, plan.dialect);
  set.timestamp = signed_file(timestamp_body(plan, set.snapshot), plan.timestamp, plan.dialect);
  return set;
}

}  // namespace rota::tuf::test
