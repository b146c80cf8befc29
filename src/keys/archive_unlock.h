// What opens sealed archives, and seals their successors in the same way (formats.md 10.5).
// In:    a passphrase that is asked for when it is needed, identities.
// Out:   an archive's packed bytes; sealed bytes.
// Never: an archive written in the open that was found sealed; a passphrase asked for twice.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/files.h"
#include "keys/age.h"
#include "keys/archive.h"

namespace rota::keys {

class ArchiveUnlock {
 public:
  // Asks the person, or reads the file that was named; denied when there is neither.
  using Passphrase = std::function<Result<crypto::SecretBytes>(std::string_view what)>;

  ArchiveUnlock() = default;
  ArchiveUnlock(Passphrase passphrase, std::vector<AgeIdentity> identities)
      : ask_(std::move(passphrase)), identities_(std::move(identities)) {}

  // The packed archive: `bytes` themselves when they are not sealed. denied: wrong or no passphrase, no identity fits.
  Result<crypto::SecretBytes> opened(BytesView bytes, std::string_view what);

  // `packed` sealed as `like` was: by the same passphrase, or to the recipients that `archive` notes, else to the identities given.
  Result<Bytes> sealed_like(BytesView like, BytesView packed, const Archive& archive);

  // How private keys are reached that an archive only says the home of.
  void reach(std::shared_ptr<const KeyHomes> homes) { homes_ = std::move(homes); }
  const std::shared_ptr<const KeyHomes>& homes() const { return homes_; }

  // "passphrase from a prompt or a file", for those who seal for the first time.
  Result<crypto::SecretBytes> passphrase(std::string_view what);

 private:
  Passphrase ask_;
  std::vector<AgeIdentity> identities_;
  std::shared_ptr<const KeyHomes> homes_ = {};
  std::optional<crypto::SecretBytes> known_;  // the passphrase that opened or sealed something
};

// What the person named on the command line: a file whose first line is the passphrase, files with identities (comma between
// them). `ask` is used where no passphrase file is named. Errors: those of reading the files.
struct UnlockWish {
  std::string passphrase_file = {};
  std::string identity_files = {};
};
Result<ArchiveUnlock> unlock_from(Files& files, const UnlockWish& wish, ArchiveUnlock::Passphrase ask);

// The first line of a file (also /dev/fd/N), without its line end. bad_input when it is empty or longer than 1 KiB.
Result<crypto::SecretBytes> passphrase_from(Files& files, const std::string& path);

// tufrepo/rota/recipients: "age1…", one a line. Empty when the archive notes none.
constexpr std::string_view kRecipientsMember = "tufrepo/rota/recipients";
Result<std::vector<AgeRecipient>> parse_recipients(std::string_view text);  // one a line, or a comma between them
Result<std::vector<AgeRecipient>> noted_recipients(const Archive& archive);
void note_recipients(Archive& archive, const std::vector<AgeRecipient>& recipients);

}  // namespace rota::keys
