#include "sim/roots.h"

namespace rota::sim {
namespace {

Json role_of(std::string_view keys, std::int64_t threshold, Json& key_objects) {
  Json ids{Json::Array{}};
  for (const char seed : keys) {
    const auto key = key_of(seed).public_key();
    key_objects[tuf::key_id(key).hex] = tuf::public_key_json(key);
    ids.push_back(Json(tuf::key_id(key).hex));
  }
  return Json(Json::Object{{"keyids", std::move(ids)}, {"threshold", Json(threshold)}});
}

}  // namespace

crypto::PrivateKey key_of(char seed) {
  return crypto::PrivateKey::from_ed25519_seed(crypto::SecretBytes(std::string(32, seed))).value();
}

Json root_body(const RootRecipe& recipe) {
  Json body = recipe.extras;
  body["_type"] = "Root";
  body["version"] = Json(recipe.version);
  body["expires"] = recipe.expires;
  body["consistent_snapshot"] = Json(false);
  Json keys{Json::Object{}};
  body["roles"]["root"] = role_of(recipe.root_keys, recipe.root_threshold, keys);
  body["roles"]["targets"] = role_of(recipe.targets_keys, recipe.targets_threshold, keys);
  body["roles"]["snapshot"] = role_of("s", 1, keys);
  body["roles"]["timestamp"] = role_of("c", 1, keys);
  body["keys"] = std::move(keys);
  return body;
}

Bytes signed_root(const Json& body, std::string_view keys) {
  std::vector<tuf::KeySigner> signers;
  for (const char seed : keys) signers.emplace_back(key_of(seed));
  std::vector<const tuf::Signer*> pointers;
  for (const auto& signer : signers) pointers.push_back(&signer);
  return tuf::sign_envelope(body, pointers).value();
}

Bytes envelope_without_signatures(const Json& body) { return tuf::envelope_bytes(body, Json(Json::Array{})); }

std::vector<Bytes> new_factory_roots() {
  return {signed_root(root_body({}), "1"),
          signed_root(root_body({.version = 2, .root_keys = "2", .targets_keys = "to"}), "12")};
}

}  // namespace rota::sim
