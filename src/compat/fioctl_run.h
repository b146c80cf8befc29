// What the commands of fioctl share. Private to fioctl*.cc.
#pragma once

#include "compat/fioctl.h"
#include "compat/fioctl_arguments.h"
#include "keys/archive_unlock.h"

namespace rota::compat::fio {

constexpr int kDone = 0;
// fioctl.md 4.
int exit_code(Fault fault);

struct Run {
  const Asked& asked;
  const cli::Talk& talk;
  const FioctlWorld& world;

  bool json() const { return asked.has("--json"); }
  // A progress line, "= …", on stdout; nothing with --json.
  void progress(std::string_view line) const {
    if (!json()) talk.out() << "= " << line << '\n';
  }
};

// login, logout (fioctl.md 2).
Status login(const Run& run);
Status logout(const Run& run);

// keys rotate FILE: done, or the error that decides the exit code.
Status keys_rotate(const Run& run);

// keys archive show|verify|encrypt|decrypt|prune|split|drill FILE (fioctl.md 11).
Status archive_show(const Run& run);
Status archive_verify(const Run& run);
Status archive_encrypt(const Run& run);
Status archive_decrypt(const Run& run);
Status archive_prune(const Run& run);
Status archive_split(const Run& run);
Status archive_drill(const Run& run);

// keys tuf show-root [--prod --raw], keys tuf download-roots FILE [--prod] (fioctl.md 9).
Status show_root(const Run& run);
Status download_roots(const Run& run);

// keys tuf updates … (fioctl.md 9).
Status updates_init(const Run& run);
Status updates_review(const Run& run);
Status updates_apply(const Run& run);
Status updates_cancel(const Run& run);
Status updates_add_offline_key(const Run& run);
Status updates_delete_offline_key(const Run& run);
Status updates_rotate_offline_key(const Run& run);
Status updates_rotate_online_key(const Run& run);
Status updates_set_threshold(const Run& run);
Status updates_sign(const Run& run);
Status updates_sign_prod_targets(const Run& run);

// The shortcuts, and the older words for them (fioctl.md 9, 10).
Status tuf_rotate_offline_key(const Run& run);
Status tuf_rotate_all_keys(const Run& run);
Status keys_rotate_targets(const Run& run);
Status keys_resign_root(const Run& run);
Status keys_copy_targets(const Run& run);

// keys status [FILE] [--fleet] (fioctl.md 11).
Status keys_status(const Run& run);

// completion bash|zsh|fish.
Status completion(const Run& run);

// What opens the archives of this command line: --passphrase-file, --identity, the person.
Result<keys::ArchiveUnlock> unlock_of(const Run& run);

}  // namespace rota::compat::fio
