#include "server/installation.h"

#include <spdlog/spdlog.h>

#include "crypto/hash.h"
#include "repo/repositories.h"
#include "server/devices.h"
#include "server/factories.h"
#include "server/target_uploads.h"

namespace rota::server {
namespace {

constexpr std::size_t kSealKey = 32;

Result<crypto::SecretBytes> seal_key_of(Files& files, const std::string& path, const std::string& database) {
  const auto facts = TRY(files.facts(path));
  if (!facts.exists()) {
    if (TRY(files.facts(database)).exists())
      return bad_input("seal key '" + path + "': is missing", "bring back the file this data folder was made with");
    Bytes fresh = crypto::random_bytes(kSealKey);
    TRY(create_durable(files, path, fresh, 0600));
    return crypto::SecretBytes(std::move(fresh));
  }
  if ((facts.mode & 077u) != 0) return bad_input("seal key '" + path + "': others may read it", "chmod 600 it");
  crypto::SecretBytes key(TRY(files.read(path, kSealKey)));
  if (key.size() != kSealKey)
    return bad_input("seal key '" + path + "': want 32 bytes, got " + std::to_string(key.size()));
  return key;
}

void append_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

Settings settings_of(const InstallationOptions& options) {
  Settings settings;
  settings.data_folder = options.data_folder;
  for (const auto& name : options.names) append_once(settings.names, name);
  append_once(settings.names, "localhost");
  append_once(settings.names, "127.0.0.1");
  return settings;
}

// The file first: a token that nobody can read is of no use, a file whose token is unknown is replaced at the next
// start.
Status give_admin_token(store::Database& db, Auth& auth, Files& files, const std::string& path) {
  if (!TRY(db.query("SELECT 1 FROM tokens WHERE user_name = 'admin' LIMIT 1")).empty()) return {};
  const std::string token = TRY(auth.make_token({"admin", "first admin token", "", {"*"}}));
  const Status written = replace_file(files, path, token + "\n", 0600);
  if (!written) TRY(auth.drop_tokens("admin", ""));
  return written;
}

}  // namespace

struct Installation::Parts {
  std::unique_ptr<FileLock> lock;
  crypto::SecretBytes seal_key;
  std::unique_ptr<store::Database> db;
  std::unique_ptr<store::Blobs> blobs;
  std::unique_ptr<repo::Repositories> repos;
  std::unique_ptr<Writes> writes;
  std::unique_ptr<Audit> audit;
  std::unique_ptr<Auth> auth;
  std::unique_ptr<Pki> pki;
  std::unique_ptr<Factories> factories;
  std::unique_ptr<Devices> devices;
  std::unique_ptr<App> app;
};

Installation::Installation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Installation::~Installation() {
  parts_->writes->settle();
}  // queued writes look at the registries, which go first
App& Installation::app() {
  return *parts_->app;
}

namespace {

// What lies on the disk: the folder, its lock, the seal key, the database.
Status open_folder(Installation::Parts& p, const InstallationOptions& options, Files& files) {
  TRY(make_folders(files, options.data_folder, 0700));
  p.lock = TRY_IN("data folder", files.lock(options.data_folder + "/lock", Seconds(0)));
  const std::string database = options.data_folder + "/rota.db";
  const std::string seal_key =
      options.seal_key_file.empty() ? options.data_folder + ".seal.key" : options.seal_key_file;
  p.seal_key = TRY(seal_key_of(files, seal_key, database));
  p.db = TRY(store::Database::open(database));
  p.blobs = TRY(store::open_folder_blobs(options.data_folder + "/blobs"));
  return make_folders(files, options.data_folder + "/spool", 0700);
}

Status open_registries(Installation::Parts& p, const InstallationOptions& options, const Clock& clock, Files& files) {
  p.repos = TRY(repo::Repositories::open(*p.db, p.seal_key, clock));
  p.writes = std::make_unique<Writes>(*p.db, [](const Error& error) { spdlog::error("write: {}", error.what); });
  p.audit = std::make_unique<Audit>(*p.db, *p.writes, clock);
  TRY(p.audit->prepare());
  p.auth = std::make_unique<Auth>(*p.db, clock);
  TRY(p.auth->prepare());
  p.pki = TRY(Pki::open({*p.db, files, clock, p.seal_key}, options.data_folder + "/pki"));
  p.factories = std::make_unique<Factories>(FactoryDoors{*p.db, files, clock, *p.repos, *p.auth, *p.pki, *p.audit},
                                            options.data_folder + "/ostree");
  TRY(p.factories->prepare());
  p.devices = std::make_unique<Devices>(*p.db, *p.writes, *p.audit, clock);
  TRY(prepare_target_uploads(*p.db));
  return p.devices->prepare();
}

}  // namespace

Result<std::unique_ptr<Installation>> Installation::open(const InstallationOptions& options, const Clock& clock,
                                                         Files& files) {
  auto parts = std::make_unique<Parts>();
  auto& p = *parts;
  TRY(open_folder(p, options, files));
  TRY(open_registries(p, options, clock, files));
  const Settings settings = settings_of(options);
  TRY(p.pki->prepare_server(settings.names));
  TRY(give_admin_token(
      *p.db, *p.auth, files,
      options.admin_token_file.empty() ? options.data_folder + "/admin-token" : options.admin_token_file));
  p.app.reset(new App{settings, clock, files, *p.db, *p.blobs, p.seal_key, *p.repos, *p.writes, *p.audit, *p.auth,
                      *p.pki, *p.factories, *p.devices});
  return std::unique_ptr<Installation>(new Installation(std::move(parts)));
}

}  // namespace rota::server
