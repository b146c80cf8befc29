#include "repo/new_factory.h"

#include "crypto/hash.h"
#include "repo/first_archive.h"

namespace rota::repo {
namespace {

using crypto::PrivateKey;
using tuf::Role;

constexpr int kRsaBits = 3072;  // 128 bits of security; 4096 take seconds to make

// Which keys a root lists for a role, in this order.
using RoleList = std::vector<std::pair<Role, std::vector<const PrivateKey*>>>;

Json root_body(tuf::Version version, const RoleList& roles, Time expires) {
  Json body(Json::Object{
      {"_type", "Root"}, {"consistent_snapshot", false}, {"expires", rfc3339(expires)}, {"version", version}});
  for (const auto& [role, keys] : roles) {
    Json& listed = body["roles"][tuf::name_of(role)];
    listed["threshold"] = 1;
    for (const PrivateKey* key : keys) {
      const std::string id = tuf::key_id(key->public_key()).hex;
      body["keys"][id] = tuf::public_key_json(key->public_key());
      listed["keyids"].push_back(id);
    }
  }
  return body;
}

Result<Bytes> signed_root(const Json& body, const std::vector<const PrivateKey*>& keys) {
  std::vector<tuf::KeySigner> signers;
  for (const PrivateKey* key : keys) signers.emplace_back(*key);
  std::vector<const tuf::Signer*> views;
  for (const auto& signer : signers) views.push_back(&signer);
  return tuf::sign_envelope(body, views);
}

struct Keys {
  PrivateKey root, offline_root, offline_targets, targets, snapshot, timestamp;
};

Result<Keys> make_keys(crypto::KeyType type) {
  auto root = TRY(new_key(type));
  auto offline_root = TRY(new_key(type));
  auto offline_targets = TRY(new_key(type));
  auto targets = TRY(PrivateKey::generate_ed25519());
  auto snapshot = TRY(PrivateKey::generate_ed25519());
  auto timestamp = TRY(PrivateKey::generate_ed25519());
  return Keys{std::move(root),    std::move(offline_root), std::move(offline_targets),
              std::move(targets), std::move(snapshot),     std::move(timestamp)};
}

// Root 1 by the server's root key; root 2 hands over to the offline keys and is signed by both.
Result<std::vector<Bytes>> make_roots(const Keys& keys, Time now) {
  const RoleList first = {{Role::root, {&keys.root}},
                          {Role::targets, {&keys.targets}},
                          {Role::snapshot, {&keys.snapshot}},
                          {Role::timestamp, {&keys.timestamp}}};
  RoleList second = first;
  second[0].second = {&keys.offline_root};
  second[1].second = {&keys.targets, &keys.offline_targets};
  auto one = TRY(signed_root(root_body(1, first, now + kRootLife), {&keys.root}));
  auto two = TRY(signed_root(root_body(2, second, now + kRootLife), {&keys.root, &keys.offline_root}));
  return std::vector<Bytes>{std::move(one), std::move(two)};
}

MadeFactory::Online online(Role role, const PrivateKey& key) {
  return {{role, tuf::key_id(key.public_key()), OnlineKey::State::active, tuf::KeySigner(key)}, key};
}

}  // namespace

Result<PrivateKey> new_key(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::ed25519:
      return PrivateKey::generate_ed25519();
    case crypto::KeyType::rsa:
      return PrivateKey::generate_rsa(kRsaBits);
    case crypto::KeyType::ecdsa_p256:
    case crypto::KeyType::ecdsa_p384:
      return bad_input("key type: want ED25519 or RSA, got an EC type");
  }
  abort_with("KeyType: not one of its values");
}

Result<MadeFactory> make_factory(const NewFactory& wish, Time now) {
  const Keys keys = TRY(make_keys(wish.key_type));
  const auto roots = TRY(make_roots(keys, now));
  std::vector<MadeFactory::Online> pairs = {online(Role::targets, keys.targets), online(Role::snapshot, keys.snapshot),
                                            online(Role::timestamp, keys.timestamp)};
  std::vector<OnlineKey> signers;
  for (const auto& pair : pairs) signers.push_back(pair.key);
  auto standing = TRY(standing_after(unpublished(wish.name, crypto::random_uuid(), roots),
                                     Change{.targets_body = empty_targets()}, signers, now));
  const Credentials credentials{
      wish.name, wish.api_url, {"owner@" + wish.name, wish.api_token}, roots.back(), public_key_file(keys.targets.public_key())};
  auto archive = TRY(first_archive(
      {credentials, keys.root, keys.offline_root, keys.offline_targets, roots.back(), *standing.published->targets},
      now));
  return MadeFactory{std::move(standing), std::move(pairs), {keys.root, keys.offline_root}, std::move(archive)};
}

}  // namespace rota::repo
