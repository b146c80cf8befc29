// init and export-credentials: a tufrepo from credentials.zip and back (garage-sign.md 7.2).
#include "compat/credentials_zip.h"
#include "compat/garage_sign_run.h"

namespace rota::compat::garage {
namespace {

constexpr std::size_t kMaxZip = 32u << 20;

std::optional<ServerType> server_type(const Run& run) {
  const std::string type = lower(run.asked.value_if("--servertype").value_or("reposerver"));
  if (type == "reposerver") return ServerType::reposerver;
  if (type == "director") return ServerType::director;
  return std::nullopt;
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
