#include "keys/archive_unlock.h"

#include <algorithm>

namespace rota::keys {

using crypto::SecretBytes;

namespace {
constexpr std::size_t kMaxKeyFile = 64 * 1024, kMaxPassphrase = 1024;
}

Result<SecretBytes> ArchiveUnlock::passphrase(std::string_view what) {
  if (known_) return known_->copy();
  if (!ask_) return denied(std::string(what) + ": sealed by a passphrase, and there is nobody to ask", "give --passphrase-file");
  SecretBytes answer = TRY(ask_(what));
  if (answer.empty()) return denied(std::string(what) + ": the passphrase is empty");
  known_ = answer.copy();
  return answer;
}

Result<SecretBytes> ArchiveUnlock::opened(BytesView bytes, std::string_view what) {
  switch (age_lock(bytes)) {
    case AgeLock::none: return SecretBytes(Bytes(bytes));
    case AgeLock::passphrase: {
      const SecretBytes phrase = TRY(passphrase(what));
      auto plain = TRY_IN(what, age_opened(bytes, phrase));
      return plain;
    }
    case AgeLock::recipients: {
      if (identities_.empty()) return denied(std::string(what) + ": sealed to recipients", "give --identity FILE");
      auto plain = TRY_IN(what, age_opened(bytes, identities_));
      return plain;
    }
  }
  abort_with("AgeLock: not one of its values");
}

Result<Bytes> ArchiveUnlock::sealed_like(BytesView like, BytesView packed, const Archive& archive) {
  switch (age_lock(like)) {
    case AgeLock::none: return Bytes(packed);
    case AgeLock::passphrase: {
      const SecretBytes phrase = TRY(passphrase("the new archive"));
      return age_sealed(packed, phrase);
    }
    case AgeLock::recipients: {
      auto recipients = TRY(noted_recipients(archive));
      if (recipients.empty())
        for (const AgeIdentity& one : identities_) recipients.push_back(one.recipient());
      return age_sealed(packed, recipients);
    }
  }
  abort_with("AgeLock: not one of its values");
}

Result<ArchiveUnlock> unlock_from(Files& files, const UnlockWish& wish, ArchiveUnlock::Passphrase ask) {
  std::vector<AgeIdentity> identities;
  for (const auto& path : split(wish.identity_files, ',')) {
    if (path.empty()) continue;
    const SecretBytes text(TRY(files.read(path, kMaxKeyFile)));
    for (AgeIdentity& one : TRY_IN("'" + path + "'", AgeIdentity::parse_file(text.reveal())))
      identities.push_back(std::move(one));
  }
  if (wish.passphrase_file.empty()) return ArchiveUnlock(std::move(ask), std::move(identities));
  const auto from_file = [&files, path = wish.passphrase_file](std::string_view) { return passphrase_from(files, path); };
  return ArchiveUnlock(from_file, std::move(identities));
}

Result<SecretBytes> passphrase_from(Files& files, const std::string& path) {
  const SecretBytes text(TRY(files.read(path, kMaxPassphrase)));
  const auto line = text.reveal().substr(0, text.reveal().find_first_of("\r\n"));
  if (line.empty()) return bad_input("'" + path + "': its first line is empty; it should be the passphrase");
  return SecretBytes(Bytes(line));
}

Result<std::vector<AgeRecipient>> parse_recipients(std::string_view text) {
  std::vector<AgeRecipient> recipients;
  std::string lines(text);
  std::ranges::replace(lines, ',', '\n');
  for (const auto& line : split(lines, '\n'))
    if (!trim(line).empty()) recipients.push_back(TRY(AgeRecipient::parse(line)));
  return recipients;
}

Result<std::vector<AgeRecipient>> noted_recipients(const Archive& archive) {
  const auto* note = archive.find(kRecipientsMember);
  if (note == nullptr) return std::vector<AgeRecipient>();
  return TRY_IN(kRecipientsMember, parse_recipients(note->reveal()));
}

void note_recipients(Archive& archive, const std::vector<AgeRecipient>& recipients) {
  std::string text;
  for (const AgeRecipient& one : recipients) text += one.text() + "\n";
  archive.put(std::string(kRecipientsMember), SecretBytes(std::move(text)));
}

}  // namespace rota::keys
