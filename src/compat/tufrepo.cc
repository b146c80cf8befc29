#include "compat/tufrepo.h"

#include "crypto/hash.h"
#include "keys/key_file.h"

namespace rota::compat {
namespace {

constexpr unsigned kFileMode = 0600, kFolderMode = 0700;
constexpr std::size_t kMaxConfig = 1u << 20, kMaxFile = 32u << 20;
constexpr std::string_view kConfig = "config.json";
constexpr std::string_view kHowToGetOne = "unpack the key archive, or run 'garage-sign init'";

// The folder and all that is in it, if it is there.
Status clear(Files& files, const std::string& folder) {
  if (!TRY(files.facts(folder)).exists()) return {};
  for (const auto& name : TRY(files.list(folder))) {
    const std::string path = folder + "/" + name;
    const bool is_folder = TRY(files.facts(path)).kind == FileFacts::Kind::folder;
    TRY(is_folder ? clear(files, path) : files.remove(path));
  }
  return files.remove(folder);
}

}  // namespace

Status check_key_name(std::string_view name) {
  if (name.empty() || name.size() > 200 || name[0] == '.' || name.find('/') != std::string_view::npos ||
      name.find('\0') != std::string_view::npos)
    return bad_input("key name '" + std::string(name.substr(0, 60)) +
                     "': want 1 to 200 characters, no '/', not starting with '.'");
  return {};
}

bool TufRepo::exists() const {
  const auto facts = files_->facts(folder_);
  return facts.ok() && facts->kind == FileFacts::Kind::folder;
}

Result<std::unique_ptr<FileLock>> TufRepo::lock() const {
  if (!exists()) return not_found(folder_ + ": no such repository", std::string(kHowToGetOne));
  return make_and_lock();
}

Result<std::unique_ptr<FileLock>> TufRepo::make_and_lock() const {
  TRY(make_folders(*files_, folder_, kFolderMode));
  return TRY_IN("another command is writing here", files_->lock(path(".lock"), Seconds(10)));
}

Status TufRepo::make(const NewFiles& files) const {
  if (TRY(files_->facts(path(kConfig))).exists())
    return conflict(path(kConfig) + ": there is a repository already", "choose another name with --repo");
  if (exists()) return bring_in(files);
  const TufRepo draft(*files_, folder_ + ".new~");  // one of an earlier run that was cut goes
  TRY(clear(*files_, draft.folder_));
  const auto placed = [&]() -> Status {
    TRY(draft.write_all(files));
    TRY(files_->rename(draft.folder_, folder_));
    return files_->sync_folder(folder_of(folder_));
  }();
  if (!placed) static_cast<void>(clear(*files_, draft.folder_));
  return placed;
}

// Into a folder that somebody made before, with keys perhaps: config.json, which makes it a repository, comes last.
Status TufRepo::bring_in(const NewFiles& files) const {
  const auto held = TRY(lock());
  NewFiles missing;
  for (const auto& [name, bytes] : files) {
    if (!TRY(files_->facts(path(name))).exists()) {
      missing.emplace(name, bytes.copy());
      continue;
    }
    const crypto::SecretBytes present(TRY(files_->read(path(name), kMaxFile)));
    if (present.reveal() != bytes.reveal()) return conflict(path(name) + ": exists already, with other content");
  }
  return write_all(missing);
}

Status TufRepo::write_all(const NewFiles& files) const {
  for (const auto* folder : {"keys", "roles/unsigned"}) TRY(make_folders(*files_, path(folder), kFolderMode));
  for (const auto& [name, bytes] : files)
    if (name != kConfig) TRY(create_durable(*files_, path(name), bytes.reveal(), kFileMode));
  return create_durable(*files_, path(kConfig), files.find(kConfig)->second.reveal(), kFileMode);
}

Result<crypto::SecretBytes> TufRepo::file(std::string_view name) const {
  const std::string at = name.starts_with('/') ? std::string(name) : path(name);
  return crypto::SecretBytes(TRY(files_->read(at, kMaxFile)));
}

Status TufRepo::add_file(std::string_view name, BytesView bytes) const {
  if (!TRY(files_->facts(path(name))).exists()) return create_durable(*files_, path(name), bytes, kFileMode);
  if (TRY(file(name)).reveal() == bytes) return {};
  return conflict(path(name) + ": exists already");
}

Status TufRepo::write_config(const Json& config) const { return write(std::string(kConfig), to_pretty_json(config)); }

Result<Json> TufRepo::config() const {
  auto bytes = files_->read(path(kConfig), kMaxConfig);
  if (!bytes && bytes.error().fault == Fault::not_found)
    return not_found(path(kConfig) + ": no such file", std::string(kHowToGetOne));
  return TRY_IN(path(kConfig), parse_json(TRY(std::move(bytes))));
}

bool TufRepo::is_director() const {
  const auto present = config();
  return present.ok() && equals_ignoring_case(present->text_or("repoServerType", "RepoServer"), "Director");
}

Result<crypto::PublicKey> TufRepo::public_key(const std::string& name) const {
  TRY(check_key_name(name));
  const auto bytes = TRY(files_->read(path("keys/" + name + ".pub"), keys::kMaxKeyFile));
  return TRY_IN("keys/" + name + ".pub", keys::read_public_key_file(bytes));
}

Result<crypto::PrivateKey> TufRepo::private_key(const std::string& name) const {
  TRY(check_key_name(name));
  const std::string pub = "keys/" + name + ".pub", sec = "keys/" + name + ".sec";
  const crypto::SecretBytes secret(TRY(files_->read(path(sec), keys::kMaxKeyFile)));
  const auto pub_bytes = TRY(files_->read(path(pub), keys::kMaxKeyFile));
  return keys::read_key_pair({pub, sec, pub_bytes, secret, homes_.get()});
}

Status TufRepo::add_key(const std::string& name, const crypto::PrivateKey& key) const {
  TRY(check_key_name(name));
  const std::string pub = path("keys/" + name + ".pub"), sec = path("keys/" + name + ".sec");
  TRY(make_folders(*files_, path("keys"), kFolderMode));
  for (const auto& file : {pub, sec})
    if (TRY(files_->facts(file)).exists())
      return conflict("key '" + name + "': " + file + " exists already",
                      "choose another name, or --force to keep the old pair aside");
  const auto form = keys::KeyFileForm::tufrepo;
  TRY(create_durable(*files_, sec, keys::private_key_file(key, form).reveal(), kFileMode));
  return create_durable(*files_, pub, keys::public_key_file(key.public_key(), form), kFileMode);
}

Status TufRepo::add_public_key(const std::string& name, const crypto::PublicKey& key) const {
  TRY(check_key_name(name));
  TRY(make_folders(*files_, path("keys"), kFolderMode));
  return create_durable(*files_, path("keys/" + name + ".pub"), keys::public_key_file(key, keys::KeyFileForm::tufrepo),
                        kFileMode);
}

Status TufRepo::set_pair_aside(const std::string& name) const {
  TRY(check_key_name(name));
  for (int n = 1;; ++n) {
    const std::string suffix = ".~" + std::to_string(n) + "~";
    const std::string pub = path("keys/" + name + ".pub"), sec = path("keys/" + name + ".sec");
    if (TRY(files_->facts(pub + suffix)).exists() || TRY(files_->facts(sec + suffix)).exists()) continue;
    for (const auto& file : {pub, sec})
      if (TRY(files_->facts(file)).exists()) TRY(files_->rename(file, file + suffix));
    return files_->sync_folder(path("keys"));
  }
}

std::vector<ceremony::LocalKey> TufRepo::local_keys() const {
  std::vector<ceremony::LocalKey> found;
  const auto names = files_->list(path("keys"));
  if (!names) return found;
  for (const auto& file : *names) {
    if (!file.ends_with(".sec")) continue;
    const std::string name = file.substr(0, file.size() - 4);
    if (auto key = public_key(name)) found.push_back({name, *key});
  }
  return found;
}

Result<std::optional<Bytes>> TufRepo::role_file(std::string_view role_path) const {
  auto bytes = files_->read(path("roles/" + std::string(role_path)), tuf::kMaxTargets);
  if (!bytes && bytes.error().fault == Fault::not_found) return std::optional<Bytes>();
  return std::optional(TRY(std::move(bytes)));
}

Result<Json> TufRepo::unsigned_role(tuf::Role role) const {
  const std::string name(tuf::name_of(role));
  const auto bytes = TRY(role_file("unsigned/" + name + ".json"));
  if (!bytes)
    return not_found(path("roles/unsigned/" + name + ".json") + ": no such file",
                     "run 'garage-sign " + name + " pull' first");
  return TRY_IN("roles/unsigned/" + name + ".json", parse_json(*bytes));
}

Status TufRepo::write_unsigned(tuf::Role role, const Json& body) const {
  return write("roles/unsigned/" + std::string(tuf::name_of(role)) + ".json", to_pretty_json(body));
}

Status TufRepo::write_signed(tuf::Role role, BytesView envelope) const {
  return write("roles/" + std::string(tuf::name_of(role)) + ".json", to_pretty_json(TRY(parse_json(envelope))));
}

Status TufRepo::write_role_file(std::string_view role_path, BytesView bytes) const {
  return write("roles/" + std::string(role_path), bytes);
}

Status TufRepo::remove_role_file(std::string_view role_path) const {
  const std::string file = path("roles/" + std::string(role_path));
  if (!TRY(files_->facts(file)).exists()) return {};
  TRY(files_->remove(file));
  return files_->sync_folder(folder_of(file));
}

Status TufRepo::write(const std::string& rest, BytesView bytes) const {
  TRY(make_folders(*files_, folder_of(path(rest)), kFolderMode));
  return replace_file(*files_, path(rest), bytes, kFileMode);
}

Result<std::optional<tuf::Trusted<tuf::Root>>> TufRepo::trusted() const {
  const auto names = files_->list(path("roles/trusted"));
  std::int64_t newest = 0;
  if (names)
    for (const auto& name : *names) {
      const auto version = decimal(name.substr(0, name.find('.')));
      if (version.ok() && name == std::to_string(*version) + ".root.json") newest = std::max(newest, *version);
    }
  if (newest == 0) return std::optional<tuf::Trusted<tuf::Root>>();
  const std::string file = "trusted/" + std::to_string(newest) + ".root.json";
  const auto bytes = TRY(role_file(file));
  if (!bytes) return not_found("roles/" + file);
  return std::optional(TRY_IN("roles/" + file, tuf::anchor_root(*bytes)));
}

Status TufRepo::remember(const tuf::Trusted<tuf::Root>& root) const {
  const std::string file = "trusted/" + std::to_string(root->version) + ".root.json";
  const auto have = TRY(role_file(file));
  if (have && *have == root.raw()) return {};
  return write("roles/" + file, root.raw());
}

Result<std::string> TufRepo::supersede_candidate() const {
  const auto candidate = TRY(role_file("root.json"));
  if (!candidate) return not_found("roles/root.json");
  const auto envelope = TRY(tuf::parse_envelope(*candidate, tuf::kMaxTargets));
  const std::string name = "superseded/" + std::to_string(TRY(envelope.body.integer("version"))) + "-" +
                           crypto::sha256_hex(tuf::canonical(envelope.body)).substr(0, 8) + ".root.json";
  TRY(write("roles/" + name, *candidate));
  return "roles/" + name;
}

}  // namespace rota::compat
