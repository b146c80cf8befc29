#include "repo/first_archive.h"

#include "base/json.h"
#include "crypto/hash.h"

namespace rota::repo {
namespace {

std::string private_value(const crypto::PrivateKey& key) {
  if (key.public_key().type() == crypto::KeyType::rsa) return std::string(key.pkcs1_pem().reveal());
  return hex(key.ed25519_seed().reveal());
}

Json oauth2(const Credentials& credentials) {
  Json json;
  json["server"] = credentials.api_url + "/ota/ostreehub/" + credentials.factory + "/oauth2";
  json["client_id"] = credentials.proof.user;
  json["client_secret"] = credentials.proof.token;
  json["scope"] = "none";
  return json;
}

Json treehub(const Credentials& credentials) {
  Json json;
  json["oauth2"] = credentials.proof.is_certificate() ? Json() : oauth2(credentials);
  json["no_auth"] = false;
  json["ostree"]["server"] = credentials.api_url + "/ota/treehub/" + credentials.factory + "/api/v3/";
  return json;
}

std::string repo_url(const Credentials& credentials) {
  return credentials.api_url + "/ota/repo/" + credentials.factory;
}

Json config(const Credentials& credentials) {
  Json json;
  json["reposerver"] = repo_url(credentials);
  json["auth"] = oauth2(credentials);
  json["treehub"] = treehub(credentials);
  json["repoServerType"] = "RepoServer";
  return json;
}

Result<Bytes> unsigned_role(BytesView envelope) {
  const Json json = TRY(parse_json(envelope));
  return to_pretty_json(*json.find("signed"));
}

void add_pair(Members& members, const std::string& name, const crypto::PrivateKey& key) {
  members["tufrepo/keys/" + name + ".pub"] = public_key_file(key.public_key());
  members["tufrepo/keys/" + name + ".sec"] = Bytes(private_key_file(key).reveal());
}

}  // namespace

std::string public_key_file(const crypto::PublicKey& key) {
  return to_json(tuf::public_key_json(key));
}

crypto::SecretBytes private_key_file(const crypto::PrivateKey& key) {
  Json json = tuf::public_key_json(key.public_key());
  json["keyval"] = Json(Json::Object{{"private", private_value(key)}});
  return crypto::SecretBytes(to_json(json));
}

Json key_pair(const crypto::PrivateKey& key) {
  Json json = tuf::public_key_json(key.public_key());
  json["keyval"]["private"] = private_value(key);
  return json;
}

Result<Bytes> credentials_archive(const Credentials& credentials, Time now) {
  Members members;
  members["root.json"] = credentials.root;
  if (!credentials.targets_pub.empty()) members["targets.pub"] = credentials.targets_pub;
  members["treehub.json"] = to_json(treehub(credentials));
  members["tufrepo.url"] = repo_url(credentials) + "\n";
  if (credentials.proof.is_certificate()) {
    members["client_auth.p12"] = credentials.proof.client_p12;
    members["server.p12"] = credentials.proof.server_p12;
  }
  return zip(members, now);
}

Result<crypto::SecretBytes> first_archive(const FirstArchive& content, Time now) {
  Members members;
  members["tufrepo/config.json"] = to_pretty_json(config(content.credentials));
  members["tufrepo/credentials.zip"] = TRY(credentials_archive(content.credentials, now));
  add_pair(members, "offline-root", content.offline_root);
  add_pair(members, "offline-targets", content.offline_targets);
  add_pair(members, "root", content.root);
  members["tufrepo/roles/root.json"] = content.root_file;
  members["tufrepo/roles/targets.json"] = content.targets_file;
  members["tufrepo/roles/targets.json.checksum"] = crypto::sha256_hex(content.targets_file);
  members["tufrepo/roles/unsigned/root.json"] = TRY(unsigned_role(content.root_file));
  members["tufrepo/roles/unsigned/targets.json"] = TRY(unsigned_role(content.targets_file));
  auto archive = tar_gz(members, now);
  for (auto& [path, bytes] : members) crypto::SecretBytes::wipe(bytes);
  return crypto::SecretBytes(TRY(std::move(archive)));
}

}  // namespace rota::repo
