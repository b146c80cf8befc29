// init and export-credentials: a tufrepo from credentials.zip and back (garage-sign.md 7.2).
#include "compat/credentials_zip.h"
#include "compat/garage_sign_run.h"
#include "crypto/pkcs12.h"

namespace rota::compat::garage {
namespace {

constexpr std::size_t kMaxZip = 32u << 20, kMaxCertificate = 1u << 20;

std::optional<ServerType> server_type(const Run& run) {
  const std::string type = lower(run.asked.value_if("--servertype").value_or("reposerver"));
  if (type == "reposerver") return ServerType::reposerver;
  if (type == "director") return ServerType::director;
  return std::nullopt;
}

// A file that will be of use: the client's holds a key, the server's holds none.
Result<crypto::SecretBytes> readable_pkcs12(const Run& run, std::string_view option) {
  const std::string path = run.asked.value(option);
  crypto::SecretBytes bytes(TRY(run.world.files.read(path, kMaxCertificate)));
  const auto read = TRY_IN(path, crypto::read_pkcs12(bytes.reveal()));
  const bool wants_key = option == "--client-cert";
  if (wants_key && read.key_pem.reveal().empty()) return bad_input(path + ": has no private key");
  if (!wants_key && read.trusted_pem.empty()) return bad_input(path + ": has no certificates to trust");
  return bytes;
}

}  // namespace

Result<int> init(const Run& run) {
  const auto type = server_type(run);
  if (!type) return run.refuse(kUsage, bad_input("option --servertype: want reposerver or director"));
  const std::string credentials = run.asked.value("--credentials");
  const crypto::SecretBytes zip(TRY(run.world.files.read(credentials, kMaxZip)));
  const InitOptions options{*type, run.asked.value_if("--reposerver")};
  const auto made = TRY_IN(credentials, repo_of_credentials(zip.reveal(), options));
  const TufRepo repo = run.repo();
  TRY(make_folders(run.world.files, folder_of(repo.folder()), 0700));
  TRY(repo.make(made.files));
  for (const auto& name : made.missing) run.talk.warn(credentials + ": has no " + name);
  run.say("made " + repo.folder());
  return kDone;
}

Result<int> import_client_cert(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  Json config = TRY(repo.config());
  const auto client = TRY(readable_pkcs12(run, "--client-cert"));
  const bool with_server = run.asked.has("--server-cert");
  const auto server = with_server ? TRY(readable_pkcs12(run, "--server-cert")) : crypto::SecretBytes();
  TRY(repo.add_file("client_auth.p12", client.reveal()));
  if (with_server) TRY(repo.add_file("server.p12", server.reveal()));
  config["auth"] = Json::Object{{"certPath", "client_auth.p12"}, {"serverCertPath", with_server ? Json("server.p12") : Json()}};
  TRY(repo.write_config(config));
  run.say("'" + repo.folder() + "' now calls its service with the client certificate");
  return kDone;
}

Result<int> export_credentials(const Run& run) {
  const TufRepo repo = run.repo();
  const auto lock = TRY(repo.lock());
  const Json config = TRY(repo.config());
  ExportedCredentials exported{config, run.asked.value("--key-name"), {}};
  const auto root = trusted_root(repo);
  if (!root && root.error().fault != Fault::not_found) return root.error();
  if (root) exported.root = root->raw().bytes();
  if (!root) run.talk.warn("no root.json is exported: " + root.error().what);
  const auto zip = TRY(credentials_of_repo(repo, exported, run.now()));
  const std::string output = run.asked.value("--output");
  TRY(replace_file(run.world.files, output, zip.reveal(), 0600));
  run.say("wrote " + output + " with the private key '" + exported.key_name + "': keep it safe");
  return kDone;
}

}  // namespace rota::compat::garage
