// The `tufrepo` folder of garage-sign: keys, roles, what is trusted and what is not yet (garage-sign.md 4, formats.md
// 1). In:    a folder made by this or another tool. Out:   its keys and roles; durable, atomic changes under a lock.
// Never: a private key overwritten or deleted; the trusted root going backwards.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "ceremony/check.h"
#include "keys/key_homes.h"
#include "tuf/verify.h"

namespace rota::compat {

class TufRepo {
 public:
  // `homes`: how keys are reached whose file only says where they live; without it they are refused.
  TufRepo(Files& files, std::string folder, std::shared_ptr<const keys::KeyHomes> homes = nullptr)
      : files_(&files), folder_(std::move(folder)), homes_(std::move(homes)) {}

  const std::string& folder() const { return folder_; }
  bool exists() const;
  // Waits up to 10 s for another writer; conflict then. not_found when there is no such folder.
  Result<std::unique_ptr<FileLock>> lock() const;
  Result<std::unique_ptr<FileLock>> make_and_lock() const;  // makes the folder when it is missing

  // A new repository with these files, by path below the folder: whole or not at all. conflict: there is one already,
  // or a file of that name with other bytes.
  using NewFiles = std::map<std::string, crypto::SecretBytes, std::less<>>;
  Status make(const NewFiles& files) const;
  // A file beside config.json, or anywhere by its whole path; not_found when there is none.
  Result<crypto::SecretBytes> file(std::string_view name) const;
  // A new file there, 0600, durable. conflict: there is one with other bytes.
  Status add_file(std::string_view name, BytesView bytes) const;

  // config.json. not_found with a hint when there is none.
  Result<Json> config() const;
  Status write_config(const Json& config) const;
  bool is_director() const;  // of a kind without targets of its own; false when there is no configuration

  Result<crypto::PublicKey> public_key(const std::string& name) const;    // not_found names the file
  Result<crypto::PrivateKey> private_key(const std::string& name) const;  // of a pair that belongs together
  // Both files exclusively, private half first, durable when this returns. conflict when either exists.
  Status add_key(const std::string& name, const crypto::PrivateKey& key) const;
  Status add_public_key(const std::string& name, const crypto::PublicKey& key) const;
  // Renames an old pair to <name>.pub.~N~ and <name>.sec.~N~.
  Status set_pair_aside(const std::string& name) const;
  // Names whose private half is here.
  std::vector<ceremony::LocalKey> local_keys() const;

  // Role files; nullopt when absent. Paths: "root.json", "unsigned/targets.json", …
  Result<std::optional<Bytes>> role_file(std::string_view path) const;
  Result<Json> unsigned_role(tuf::Role role) const;  // not_found: "run root pull"
  Status write_unsigned(tuf::Role role, const Json& body) const;
  Status write_signed(tuf::Role role, BytesView envelope) const;
  Status write_role_file(std::string_view path, BytesView bytes) const;
  Status remove_role_file(std::string_view path) const;  // ok when it is not there

  // The trusted root: the highest of roles/trusted, verified; nullopt when there is none yet.
  Result<std::optional<tuf::Trusted<tuf::Root>>> trusted() const;
  // Adds to roles/trusted, byte for byte.
  Status remember(const tuf::Trusted<tuf::Root>& root) const;
  // roles/root.json moved to roles/superseded; where to.
  Result<std::string> supersede_candidate() const;

 private:
  std::string path(std::string_view rest) const { return folder_ + "/" + std::string(rest); }
  Status write(const std::string& rest, BytesView bytes) const;
  Status bring_in(const NewFiles& files) const;
  Status write_all(const NewFiles& files) const;
  Files* files_;
  std::string folder_;
  std::shared_ptr<const keys::KeyHomes> homes_;
};

// 1-200 characters, no '/', no NUL, not starting with '.'.
Status check_key_name(std::string_view name);

}  // namespace rota::compat
