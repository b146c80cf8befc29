#include "keys/archive.h"

#include "keys/key_file.h"
#include "keys/tar.h"

namespace rota::keys {
namespace {

using crypto::PublicKey;
using crypto::SecretBytes;

constexpr std::string_view kPub = ".pub", kSec = ".sec", kNotes = "tufrepo/rota/";

std::string sec_of(std::string_view pub_member) {
  return std::string(pub_member.substr(0, pub_member.size() - kPub.size())).append(kSec);
}

}  // namespace

Result<Archive> Archive::read(BytesView packed, const ArchiveLimits& limits) {
  if (packed.size() > limits.packed)
    return bad_input("archive: want at most " + std::to_string(limits.packed) + " bytes, got " +
                     std::to_string(packed.size()));
  if (packed.starts_with("age-encryption.org/")) return bad_input("archive: sealed (age v1): it has to be opened first");
  Archive archive;
  archive.members_ = TRY_IN("archive", unpacked_members(packed, limits));
  return archive;
}

Archive Archive::copy() const {
  Archive other;
  other.homes_ = homes_;
  for (const auto& [name, bytes] : members_) other.members_.emplace(name, bytes.copy());
  return other;
}

const SecretBytes* Archive::find(std::string_view name) const {
  const auto at = members_.find(name);
  return at == members_.end() ? nullptr : &at->second;
}

void Archive::put(std::string name, SecretBytes bytes) { members_.insert_or_assign(std::move(name), std::move(bytes)); }

Status Archive::add_key(const std::string& name, const crypto::PrivateKey& key) {
  const std::string pub = name + std::string(kPub), sec = name + std::string(kSec);
  if (find(pub) != nullptr || find(sec) != nullptr) return conflict("archive: '" + pub + "' is there already");
  put(pub, SecretBytes(public_key_file(key.public_key(), KeyFileForm::archive)));
  put(sec, private_key_file(key, KeyFileForm::archive));
  return {};
}

std::vector<ArchivedKey> Archive::keys() const {
  std::vector<ArchivedKey> found;
  for (const auto& [name, bytes] : members_) {
    if (!name.ends_with(kPub)) continue;
    if (auto key = read_public_key_file(bytes.reveal()); key.ok())
      found.push_back({name, sec_of(name), std::move(key).value()});
  }
  return found;
}

std::vector<std::string> Archive::unreadable() const {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : members_)
    if (name.ends_with(kPub) && !read_public_key_file(bytes.reveal())) names.push_back(name);
  return names;
}

std::vector<ArchivedKey> Archive::keys_among(const std::set<PublicKey>& wanted) const {
  std::map<PublicKey, ArchivedKey> best;
  for (auto& key : keys()) {
    if (!wanted.contains(key.public_key)) continue;
    const auto [at, is_new] = best.try_emplace(key.public_key, key);
    if (!is_new && find(at->second.sec_member) == nullptr && find(key.sec_member) != nullptr) at->second = key;
  }
  std::vector<ArchivedKey> found;
  for (auto& [material, key] : best) found.push_back(std::move(key));
  return found;
}

Result<crypto::PrivateKey> Archive::private_key(const ArchivedKey& key) const {
  const SecretBytes* pub = find(key.pub_member);
  const SecretBytes* sec = find(key.sec_member);
  if (pub == nullptr || sec == nullptr)
    return bad_input("archive: '" + key.pub_member + "' is there, its private key '" + key.sec_member + "' is missing");
  return TRY_IN("archive", read_key_pair({key.pub_member, key.sec_member, pub->reveal(), *sec, homes_.get()}));
}

Result<SecretBytes> Archive::packed(Time now) const {
  SecretBytes bytes = TRY(packed_members(members_, now));
  const Archive again = TRY(read(bytes.reveal()));
  TRY(kept_by(again));
  return bytes;
}

Status Archive::kept_by(const Archive& successor) const {
  for (const auto& [name, bytes] : members_) {
    const SecretBytes* other = successor.find(name);
    if (other == nullptr) return bad_input("archive: member '" + name + "' would be lost");
    if (other->reveal() != bytes.reveal() && !name.starts_with(kNotes))
      return bad_input("archive: member '" + name + "' would be changed");
  }
  return {};
}

std::string new_key_member(std::string_view role, const PublicKey& key) {
  return "tufrepo/keys/fioctl-" + std::string(role) + "-" + tuf::key_id(key).hex;
}

}  // namespace rota::keys
