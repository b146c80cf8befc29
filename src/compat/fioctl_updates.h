// What the commands of `keys tuf updates` share: the factory, its verified roots, its transaction. Private to fioctl*.cc.
#pragma once

#include "ceremony/staged_roots.h"
#include "ceremony/updates_api.h"
#include "compat/fioctl_trust.h"
#include "keys/archive_file.h"

namespace rota::compat::fio {

// An archive named on the command line; one that is not there yet has no `disk`.
struct OpenArchive {
  keys::ArchiveFile file;
  std::optional<keys::ArchiveOnDisk> disk = {};
  const keys::Archive& archive() const {
    static const keys::Archive kNone;
    return disk ? disk->archive : kNone;
  }
};
enum class Presence { required, optional };
Result<OpenArchive> open_archive(const Run& run, const std::string& path, keys::ArchiveUnlock& unlock, Presence presence);

// A factory as this command sees it: the roots it believes, and the API that changes them.
struct Scene {
  Access access;
  ceremony::UpdatesApi api;
  ceremony::CurrentRoots current;
};
Result<Access> access_for(const Run& run, const keys::Archive& archive);
// Verifies the roots.
Result<Scene> scene_of(const Run& run, Access access, const keys::Archive& archive, FirstUse first_use = FirstUse::ask);

// A journal is settled with the server it was written for; bad_input otherwise.
Status same_server(const Run& run, const keys::ArchiveFile& file, const Access& access);

// fioctl.md 9: NONE and APPLYING are refused for every command that modifies.
Result<ceremony::UpdatesState> open_state(const ceremony::UpdatesApi& api);

// `init --first-time` for a command that goes on with the key: it lies in FILE, the server knows, no transaction is open.
Status take_first_root(const Run& run, const std::string& path);
// --first-time, and not to settle what an earlier run left.
bool takes_first_root(const Run& run);

// The flags.
Result<crypto::KeyType> asked_key_type(const Asked& asked);
// --key-type, --key-home; in a dry run the key that is made up for it lives nowhere.
Result<ceremony::NewKeyWish> asked_new_key(const Run& run, const keys::Archive& archive);
Result<tuf::Role> asked_offline_role(const Asked& asked);
Result<std::string> required(const Run& run, std::string_view flag);
std::vector<std::string> allowed_names(const Asked& asked);  // --allow a,b

// A server's words, fit for a terminal.
std::string terminal_text(std::string_view text);

// "Changes of the ci root:" and its lines, for both chains; nothing with --json.
void show_differences(const Run& run, const std::map<ceremony::Stream, ceremony::RootDifference>& differences);

// The keys of the archive that may sign this step: active in the current or in the next root role. io: none; the ids looked
// for are named.
Result<std::vector<tuf::KeySigner>> root_signers(const keys::Archive& archive, const ceremony::StagedRoots& staged);
std::vector<const tuf::Signer*> pointers(const std::vector<tuf::KeySigner>& signers);

}  // namespace rota::compat::fio
