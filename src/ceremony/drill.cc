#include "ceremony/drill.h"

#include <algorithm>
#include <set>

#include "ceremony/owner_key.h"
#include "crypto/hash.h"
#include "keys/key_file.h"
#include "tuf/sign.h"

namespace rota::ceremony {
namespace {

using tuf::KeyId;
using tuf::Role;
using tuf::Root;
using tuf::Trusted;

constexpr Role kOffline[] = {Role::root, Role::targets};
constexpr std::size_t kMaxDrill = 256 * 1024, kNonce = 32;

struct Usable {
  KeyId id;
  Role role;
  tuf::KeySigner signer;
  std::string member;
};

// The archive's private keys that the root names, each proven to belong to its public half.
Result<std::vector<Usable>> usable_keys(const keys::Archive& archive, const Root& root) {
  std::vector<Usable> usable;
  for (const Role role : kOffline)
    for (const auto& key : archive.keys_among(root.material(role))) {
      if (archive.find(key.sec_member) == nullptr) continue;
      auto secret = TRY(archive.private_key(key));
      usable.push_back({id_in(root, key.public_key), role, tuf::KeySigner(std::move(secret)), key.sec_member});
    }
  return usable;
}

Json keys_json(const std::vector<Usable>& usable) {
  Json json(Json::Array{});
  for (const auto& one : usable)
    json.push_back(Json(Json::Object{{"keyid", one.id.hex},
                                     {"role", tuf::name_of(one.role)},
                                     {"keytype", keys::key_type_name(one.signer.public_key().type())}}));
  return json;
}

std::int64_t count_of(const std::vector<Usable>& usable, Role role) {
  return std::ranges::count(usable, role, &Usable::role);
}

Json root_json(const Trusted<Root>& newest) {
  return Json(Json::Object{{"version", Json(newest->version)},
                           {"sha256", crypto::sha256_hex(newest.raw())},
                           {"expires", rfc3339(newest->expires)},
                           {"threshold", Json(newest->role(Role::root).threshold)}});
}

std::string compact(Time time) {
  std::string text;
  for (const char c : rfc3339(time))
    if (c != '-' && c != ':') text.push_back(c);
  return text;
}

// One signature a key, each verified by the key as the root has it.
Result<Json> signatures_over(const Json& body, const std::vector<Usable>& usable, const Root& root) {
  const Bytes message = TRY(tuf::bytes_to_sign(body));
  Json signatures(Json::Array{});
  std::set<KeyId> seen;
  for (const auto& one : usable) {
    if (!seen.insert(one.id).second) continue;
    const Bytes signature = TRY(one.signer.sign(message));
    const auto& key = root.keys.at(one.id);
    if (!key.verifies(crypto::scheme_of(key.type()), message, signature))
      return io_error("'" + one.member + "': what it signs does not verify");
    signatures.push_back(
        Json(Json::Object{{"keyid", one.id.hex}, {"method", tuf::method_of(key.type())}, {"sig", base64(signature)}}));
  }
  return signatures;
}

Status verdict_holds(const Json& body, const Trusted<Root>& root) {
  const Json* named = body.find("root");
  if (named == nullptr || named->text_or("sha256", "") != crypto::sha256_hex(root.raw()))
    return rejected("it was held against another root than the trusted one");
  if (body.text_or("verdict", "") != "passed")
    return rejected("the drill failed: no key of the archive was a root key");
  return {};
}

}  // namespace

Result<Drill> drilled(const keys::ArchiveOnDisk& disk, const std::string& name, const Trusted<Root>& newest, Time now) {
  const auto usable = TRY(usable_keys(disk.archive, *newest));
  Drill drill{.result = Json(Json::Object{}), .said = {}, .passed = count_of(usable, Role::root) > 0};
  Json body(Json::Object{{"_type", kDrillType},
                         {"archive", file_name_of(name)},
                         {"archive-sha256", disk.sha256},
                         {"at", rfc3339(now)},
                         {"nonce", crypto::random_hex(kNonce)},
                         {"root", root_json(newest)},
                         {"keys", keys_json(usable)},
                         {"verdict", drill.passed ? "passed" : "failed"}});
  drill.result["signatures"] = TRY(signatures_over(body, usable, *newest));
  drill.result["signed"] = std::move(body);
  for (const auto& one : usable)
    drill.said.push_back("key " + one.id.brief() + " ('" + one.member + "'): signed, a key of the role " +
                         std::string(tuf::name_of(one.role)));
  const auto threshold = newest->role(Role::root).threshold;
  drill.said.push_back("root " + std::to_string(newest->version) + " wants " + std::to_string(threshold) +
                       " root signature" + (threshold == 1 ? "" : "s") + "; this archive gives " +
                       std::to_string(count_of(usable, Role::root)));
  return drill;
}

Result<std::string> file_drill(Files& files, const std::string& archive_path, const Drill& drill, Time now) {
  const std::string first = archive_path + ".drill-" + compact(now);
  for (int n = 0;; ++n) {
    const std::string path = first + (n == 0 ? "" : "." + std::to_string(n)) + ".json";
    if (TRY(files.facts(path)).exists()) continue;
    TRY(replace_file(files, path, tuf::canonical(drill.result) + "\n", 0600));
    return path;
  }
}

Result<Json> read_drill(BytesView bytes, const Trusted<Root>& root) {
  const auto envelope = TRY_IN("drill", tuf::parse_envelope(bytes, kMaxDrill));
  if (envelope.body.text_or("_type", "") != kDrillType)
    return rejected("drill: _type: want '" + std::string(kDrillType) + "'");
  const Bytes message = TRY_IN("drill", tuf::bytes_to_sign(envelope.body));
  const auto root_keys = root->material(Role::root);
  bool by_root_key = false;
  for (const auto& one : envelope.signatures) {
    const auto key = root->keys.find(one.key_id);
    if (key == root->keys.end())
      return rejected("drill: key " + one.key_id.brief() + ": not a key of the trusted root");
    if (!key->second.verifies(crypto::scheme_of(key->second.type()), message, one.bytes))
      return rejected("drill: signature of key " + one.key_id.brief() + ": does not verify");
    by_root_key = by_root_key || root_keys.contains(key->second);
  }
  TRY_IN("drill", verdict_holds(envelope.body, root));
  if (!by_root_key) return rejected("drill: no root key has signed it");
  return envelope.body;
}

}  // namespace rota::ceremony
