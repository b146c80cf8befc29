// The offline key archive: gzip and tar in memory, layouts A, B and C (formats.md 10).
// In:    the packed bytes of an archive, of whatever age.
// Out:   its members byte for byte, its keys by material, the packed bytes of its successor.
// Never: the disk (see archive_file.h); a member changed or dropped that the caller did not name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"
#include "crypto/secret.h"
#include "keys/key_homes.h"

namespace rota::keys {

// formats.md 10.4.
struct ArchiveLimits {
  std::size_t packed = 32u << 20;
  std::size_t member = 16u << 20;
  std::size_t unpacked = 64u << 20;
  std::size_t members = 4096;
};

// A .pub member and the .sec member that belongs to it by name.
struct ArchivedKey {
  std::string pub_member;
  std::string sec_member;
  crypto::PublicKey public_key;
};

class Archive {
 public:
  using Members = std::map<std::string, crypto::SecretBytes, std::less<>>;

  // bad_input, in words of its own each: not gzip, encrypted, cut short, wrong checksum, not tar, over a limit, an
  // unsafe name (absolute, ".."), a link or device, a name twice. Folders are skipped, a leading "./" is dropped.
  // Memory stays within the limits whatever the bytes claim.
  static Result<Archive> read(BytesView packed, const ArchiveLimits& limits = {});
  Archive() = default;
  Archive copy() const;  // reaches what this one reaches
  // How private keys are reached that the archive only says the home of; without it they are refused.
  void reach(std::shared_ptr<const KeyHomes> homes) { homes_ = std::move(homes); }
  const KeyHomes* homes() const { return homes_.get(); }

  const Members& members() const& { return members_; }
  const Members& members() const&& = delete;  // nor `for (… : opened().members())`: the archive would be gone
  const crypto::SecretBytes* find(std::string_view name) const;
  // New or instead of the old one.
  void put(std::string name, crypto::SecretBytes bytes);
  // Adds `name`.pub and `name`.sec in the archive's form; conflict when either is there already.
  Status add_key(const std::string& name, const crypto::PrivateKey& key);

  // True for layout A: a tufrepo with its configuration.
  bool is_tufrepo() const { return find("tufrepo/config.json") != nullptr; }

  // Every .pub member that can be read, by name. Those that cannot are left out here; see unreadable().
  std::vector<ArchivedKey> keys() const;
  std::vector<std::string> unreadable() const;
  // The keys whose material is among `wanted`; one entry per key: a pair whose .sec is there goes before one without.
  std::vector<ArchivedKey> keys_among(const std::set<crypto::PublicKey>& wanted) const;
  // The private half; bad_input naming both members when it is missing or of another key. One that lives elsewhere is not looked
  // for yet.
  Result<crypto::PrivateKey> private_key(const ArchivedKey& key) const;

  // gzip and ustar, members sorted by name, folders 0700, files 0600, owner 0, all dated `now`. bad_input when a name
  // does not fit ustar or the result would not be readable under the limits.
  Result<crypto::SecretBytes> packed(Time now) const;

  // Ok when every member is in `successor` unchanged; Rota's own notes (tufrepo/rota/) may be newer there.
  Status kept_by(const Archive& successor) const;

 private:
  Members members_;
  std::shared_ptr<const KeyHomes> homes_ = {};
};

// "tufrepo/keys/fioctl-<role>-<key id>", without .pub or .sec.
std::string new_key_member(std::string_view role, const crypto::PublicKey& key);

}  // namespace rota::keys
