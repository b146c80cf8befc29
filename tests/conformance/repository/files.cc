#include <string_view>

#include "crypto/hash.h"
#include "recipe.h"
#include "sim/roots.h"

namespace rota::conformance {
namespace {

using tuf::Dialect;

constexpr std::string_view kFar = "2090-01-01T00:00:00Z";
constexpr std::string_view kBinPrefix = "bin";
constexpr int kBinBits = 3;

Json body_of(std::string_view type, tuf::Version version, std::string_view expires = kFar) {
  return Json(Json::Object{{"_type", Json(type)}, {"spec_version", "1.0.31"}, {"version", Json(version)}, {"expires", Json(expires)}});
}

// Adds the keys to `key_objects`.
Json quorum(std::string_view keys, Json& key_objects) {
  Json ids{Json::Array{}};
  for (const char seed : keys) {
    const auto key = sim::key_of(seed).public_key();
    const std::string id = tuf::key_id(key, Dialect::tuf).hex;
    key_objects[id] = tuf::public_key_json(key, Dialect::tuf);
    ids.push_back(Json(id));
  }
  return Json(Json::Object{{"keyids", std::move(ids)}, {"threshold", Json(1)}});
}

Bytes signed_by(std::string_view keys, const Json& body) {
  std::vector<tuf::KeySigner> signers;
  for (const char seed : keys) signers.emplace_back(sim::key_of(seed));
  std::vector<const tuf::Signer*> pointers;
  for (const auto& signer : signers) pointers.push_back(&signer);
  return tuf::sign_envelope(body, pointers, {}, Dialect::tuf).value();
}

// Length and hash, as targets, snapshot and timestamp list a file.
Json facts_of(BytesView bytes) {
  Json facts;
  facts["length"] = Json(static_cast<std::int64_t>(bytes.size()));
  facts["hashes"]["sha256"] = crypto::sha256_hex(bytes);
  return facts;
}

// TAP 15: the first bits of the hash of the target path.
int bin_of(std::string_view target) {
  return static_cast<unsigned char>(crypto::sha256(target).front()) >> (8 - kBinBits);
}

class Maker {
 public:
  explicit Maker(const Recipe& recipe) : recipe_(recipe) {}

  std::map<std::string, Bytes> files() {
    add_root();
    add_delegated();
    add_targets();
    add_snapshot_and_timestamp();
    return std::move(files_);
  }

 private:
  void add_root() {
    Json root = body_of("root", recipe_.root);
    root["consistent_snapshot"] = Json(true);
    Json& keys = root["keys"] = Json(Json::Object{});
    Json& roles = root["roles"];
    roles["root"] = quorum(recipe_.root_key, keys);
    roles["timestamp"] = quorum(recipe_.timestamp_key, keys);
    roles["snapshot"] = quorum("s", keys);
    roles["targets"] = quorum("g", keys);
    files_["metadata/" + std::to_string(recipe_.root) + ".root.json"] = signed_by(recipe_.root_signers, root);
  }

  void add_delegated() {
    Json odd = body_of("targets", 1);
    odd["targets"]["odd/notes.txt"] = artifact("odd/notes.txt", "notes of the odd role\n");
    keep_role(kOddRole, 1, signed_by("o", odd));

    Json bins = body_of("targets", 1);
    bins["targets"] = Json(Json::Object{});
    Json& keys = bins["delegations"]["keys"] = Json(Json::Object{});
    Json succinct = quorum("n", keys);
    succinct["bit_length"] = Json(kBinBits);
    succinct["name_prefix"] = kBinPrefix;
    bins["delegations"]["succinct_roles"] = std::move(succinct);
    keep_role("bins", 1, signed_by("b", bins));
    for (int bin = 0; bin < 1 << kBinBits; ++bin) add_bin(bin);
  }

  void add_bin(int bin) {
    Json body = body_of("targets", 1);
    Json& targets = body["targets"] = Json(Json::Object{});
    for (const std::string name : {"bins/a.txt", "bins/b.txt", "bins/c.txt"})
      if (bin_of(name) == bin) targets[name] = artifact(name, "content of " + name + "\n");
    keep_role(std::string(kBinPrefix) + "-" + std::to_string(bin), 1, signed_by("n", body));
  }

  void add_targets() {
    Json targets = body_of("targets", recipe_.targets);
    targets["targets"]["release.txt"] = artifact("release.txt", recipe_.release);
    Json& delegations = targets["delegations"];
    Json& keys = delegations["keys"] = Json(Json::Object{});
    delegations["roles"] = Json(Json::Array{delegation(kOddRole, "o", "odd/*", keys), delegation("bins", "b", "bins/*", keys)});
    keep_role("targets", recipe_.targets, signed_by("g", targets));
  }

  static Json delegation(std::string_view role, std::string_view key, std::string_view pattern, Json& keys) {
    Json entry = quorum(key, keys);
    entry["name"] = role;
    entry["terminating"] = Json(false);
    entry["paths"] = Json(Json::Array{Json(pattern)});
    return entry;
  }

  void add_snapshot_and_timestamp() {
    Json snapshot = body_of("snapshot", recipe_.snapshot);
    snapshot["meta"] = std::move(listed_);
    const Bytes bytes = signed_by("s", snapshot);
    files_["metadata/" + std::to_string(recipe_.snapshot) + ".snapshot.json"] = bytes;
    Json timestamp = body_of("timestamp", recipe_.timestamp, recipe_.timestamp_expires);
    Json facts = facts_of(bytes);
    facts["version"] = Json(recipe_.snapshot);
    timestamp["meta"]["snapshot.json"] = std::move(facts);
    files_["metadata/timestamp.json"] = signed_by(recipe_.timestamp_key, timestamp);
  }

  void keep_role(std::string_view role, tuf::Version version, Bytes bytes) {
    Json facts = facts_of(bytes);
    facts["version"] = Json(version);
    listed_[std::string(role) + ".json"] = std::move(facts);
    files_["metadata/" + std::to_string(version) + "." + percent_encoded(role) + ".json"] = std::move(bytes);
  }

  // Keeps the content under its hashed name.
  Json artifact(const std::string& path, const Bytes& content) {
    const auto slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
    files_["targets/" + folder + crypto::sha256_hex(content) + "." + path.substr(folder.size())] = content;
    return facts_of(content);
  }

  const Recipe& recipe_;
  Json listed_;  // by the snapshot
  std::map<std::string, Bytes> files_;
};

}  // namespace

std::map<std::string, Bytes> files_of(const Recipe& recipe) { return Maker(recipe).files(); }

}  // namespace rota::conformance
