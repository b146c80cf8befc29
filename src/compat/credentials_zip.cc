#include "compat/credentials_zip.h"

#include "keys/key_file.h"
#include "tuf/verify.h"

namespace rota::compat {
namespace {

using crypto::SecretBytes;
using Members = keys::Archive::Members;

// nullopt when the zip has no such member.
std::optional<BytesView> member(const Members& zip, std::string_view name) {
  const auto found = zip.find(name);
  if (found == zip.end()) return std::nullopt;
  return found->second.reveal();
}

Result<Json> treehub_in(const Members& zip) {
  const auto bytes = member(zip, "treehub.json");
  if (!bytes) return not_found("treehub.json: is missing");
  Json treehub = TRY_IN("treehub.json", parse_json(*bytes));
  if (treehub.if_object() == nullptr) return bad_input("treehub.json: want an object");
  const Json* no_auth = treehub.find("no_auth");
  if (no_auth == nullptr || no_auth->is_null()) treehub["no_auth"] = false;
  TRY_IN("treehub.json", treehub.boolean("no_auth"));
  Json* oauth2 = treehub.find("oauth2");
  if (oauth2 == nullptr) treehub["oauth2"] = Json();
  if (oauth2 != nullptr && oauth2->if_object() != nullptr) (*oauth2)["scope"] = oauth2->text_or("scope", "none");
  return treehub;
}

Result<Json> oauth2_in(const Json& treehub) {
  const Json& auth = *treehub.find("oauth2");
  for (const auto* name : {"server", "client_id", "client_secret"}) TRY_IN("treehub.json: oauth2", auth.text(name));
  return auth;
}

Result<Json> auth_in(const Members& zip, const Json& treehub) {
  if (zip.contains("client_auth.p12")) {
    Json auth;
    auth["certPath"] = "client_auth.p12";
    auth["serverCertPath"] = zip.contains("server.p12") ? Json("server.p12") : Json();
    return auth;
  }
  if (!treehub.find("oauth2")->is_null()) return oauth2_in(treehub);
  if (TRY(treehub.boolean("no_auth"))) return Json();
  return bad_input("treehub.json: has no oauth2, and no_auth is not true");
}

Result<std::string> address_in(const Members& zip, const InitOptions& options) {
  const std::string name = options.type == ServerType::director ? "api_gateway.url" : "tufrepo.url";
  const auto in_zip = member(zip, name);
  if (!options.reposerver && !in_zip) return not_found(name + ": is missing", "give the address with --reposerver");
  const std::string url(trim(options.reposerver ? BytesView(*options.reposerver) : *in_zip));
  if (!url.starts_with("https://") && !url.starts_with("http://"))
    return bad_input("address of the repository: want an http or https URL, got '" + url.substr(0, 100) + "'");
  return url;
}

Result<Json> config_of(const Members& zip, const InitOptions& options) {
  Json config;
  config["treehub"] = TRY(treehub_in(zip));
  config["auth"] = TRY(auth_in(zip, *config.find("treehub")));
  config["reposerver"] = TRY(address_in(zip, options));
  config["repoServerType"] = options.type == ServerType::director ? "Director" : "RepoServer";
  return config;
}

void put(TufRepo::NewFiles& files, const std::string& path, BytesView bytes) {
  files.insert_or_assign(path, SecretBytes(Bytes(bytes)));
}

Status put_root(NewRepo& repo, const Members& zip) {
  const auto root = member(zip, "root.json");
  if (!root) {
    repo.missing.push_back("root.json");
    return {};
  }
  TRY_IN("root.json", tuf::anchor_root(*root));
  put(repo.files, "roles/root.json", to_pretty_json(TRY(parse_json(*root))));
  return {};
}

Status put_targets_key(NewRepo& repo, const Members& zip) {
  const auto pub = member(zip, "targets.pub"), sec = member(zip, "targets.sec");
  if (pub) TRY_IN("targets.pub", keys::read_public_key_file(*pub));
  if (pub && sec) {
    const SecretBytes secret{Bytes(*sec)};
    TRY(keys::read_key_pair({"targets.pub", "targets.sec", *pub, secret}));
  }
  for (const auto* name : {"targets.pub", "targets.sec"}) {
    if (const auto bytes = member(zip, name))
      put(repo.files, std::string("keys/") + name, *bytes);
    else
      repo.missing.push_back(name);
  }
  return {};
}

Json treehub_of(const Json& config) {
  const Json* before = config.find("treehub");
  const Json* auth = config.find("auth");
  const bool oauth2 = auth != nullptr && auth->find("client_id") != nullptr;
  Json treehub = before == nullptr ? Json(Json::Object{}) : *before;
  treehub["oauth2"] = oauth2 ? *auth : Json();
  return treehub;
}

}  // namespace

Result<NewRepo> repo_of_credentials(BytesView zip, const InitOptions& options) {
  const auto members = TRY(keys::unzipped_members(zip));
  NewRepo repo;
  put(repo.files, "config.json", to_pretty_json(TRY(config_of(members, options))));
  put(repo.files, "credentials.zip", zip);
  for (const auto* name : {"client_auth.p12", "server.p12"})
    if (const auto bytes = member(members, name)) put(repo.files, name, *bytes);
  if (options.type == ServerType::reposerver) TRY(put_root(repo, members));
  TRY(put_targets_key(repo, members));
  return repo;
}

Result<SecretBytes> credentials_of_repo(const TufRepo& repo, const ExportedCredentials& exported, Time now) {
  const auto before = TRY_IN("credentials.zip", repo.file("credentials.zip"));
  auto members = TRY_IN("credentials.zip", keys::unzipped_members(before.reveal()));
  TRY(repo.private_key(exported.key_name));  // a pair that belongs together
  for (const std::string half : {".pub", ".sec"})
    members.insert_or_assign("targets" + half, TRY(repo.file("keys/" + exported.key_name + half)));
  put(members, "treehub.json", to_json(treehub_of(exported.config)));
  put(members, "tufrepo.url", TRY_IN("config.json", exported.config.text("reposerver")));
  members.erase("root.json");
  if (exported.root) put(members, "root.json", *exported.root);
  return keys::zipped_members(members, now);
}

}  // namespace rota::compat
