#include "keys/archive_index.h"

#include "base/json.h"

namespace rota::keys {
namespace {

std::string rota_member(std::string_view kind, std::string_view stream) {
  return "tufrepo/rota/" + std::string(kind) + (stream == "ci" ? "" : "." + std::string(stream)) + ".root.json";
}

// The earlier index, or null: a broken one is rebuilt, never an error.
Json earlier_index(const Archive& archive) {
  const auto* bytes = archive.find(kIndexMember);
  if (bytes == nullptr) return Json();
  const auto json = parse_json(bytes->reveal());
  return json.ok() ? *json : Json();
}

const Json* earlier_entry(const Json& index, const std::string& pub_member) {
  const Json* keys = index.find("keys");
  if (keys == nullptr || keys->if_array() == nullptr) return nullptr;
  for (const Json& entry : *keys->if_array())
    if (entry.text_or("pub", "") == pub_member) return &entry;
  return nullptr;
}

std::string role_of(const tuf::Root& root, const crypto::PublicKey& key) {
  for (const auto role : {tuf::Role::root, tuf::Role::targets, tuf::Role::snapshot, tuf::Role::timestamp})
    if (root.material(role).contains(key)) return std::string(tuf::name_of(role));
  return "";
}

}  // namespace

std::string trusted_member(std::string_view stream) { return rota_member("trusted", stream); }
std::string candidate_member(std::string_view stream) { return rota_member("candidate", stream); }

Json index_of(const Archive& archive, const IndexChange& change) {
  const Json earlier = earlier_index(archive);
  Json keys{Json::Array{}};
  for (const auto& key : archive.keys()) {
    const Json* old_entry = earlier_entry(earlier, key.pub_member);
    Json entry = old_entry != nullptr ? *old_entry : Json(Json::Object{});
    const std::string role = role_of(change.trusted, key.public_key);
    entry["keyid"] = tuf::key_id(key.public_key).hex;
    entry["pub"] = key.pub_member;
    entry["status"] = key.public_key == change.pending ? "pending" : role.empty() ? "retired" : "active";
    if (!role.empty()) entry["role"] = role;
    if (key.pub_member == change.pending_member) {
      entry["role"] = change.role;
      entry["created-at"] = rfc3339(change.now);
      entry["since-root"] = Json(change.trusted.version + 1);
    }
    keys.push_back(std::move(entry));
  }
  return Json(Json::Object{{"format", "rota-archive/1"}, {"factory", change.factory}, {"keys", std::move(keys)}});
}

}  // namespace rota::keys
