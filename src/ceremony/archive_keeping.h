// Looking at an archive and changing how it is kept (fioctl.md 11, formats.md 10.5).
// In:    an archive on disk and what opens it.
// Out:   a report without secrets; a sealed or an open copy under another name.
// Never: the archive itself changed or removed; a copy that was not read back.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "keys/archive_file.h"

namespace rota::ceremony {

// {"archive","sha256","mode","sealed": "no"|"passphrase"|"recipients","layout": "tufrepo"|"keys","recipients"?,
//  "keys":[{"keyid","type","pub","private": true|false,"roles":[…]}],"unreadable":[…],"members":N,
//  "pins":{"ci":{"version","sha256","expires"}},"candidates": likewise,"journal"?: "prepared"|"sending"|"confirmed",
//  "leftovers":[…]}.
// Pins are roots that were verified, candidates those that a new key was signed into; "roles" are those in which the newer of
// the two names the key.
Result<Json> archive_report(const keys::ArchiveFile& file, const keys::ArchiveOnDisk& disk);
// The same for people.
std::string archive_text(const Json& report);

// How many keys' private halves are in no file but on a token, in a TPM or behind a program.
std::size_t keys_elsewhere(const keys::Archive& archive);

// Ok when every .pub is readable and every private half that is here belongs to its public one; rejected or bad_input naming the
// first that does not. Keys that live elsewhere are not asked: a drill does that.
Status archive_is_whole(const keys::ArchiveOnDisk& disk);

struct SealWish {
  std::string output;
  std::vector<keys::AgeRecipient> recipients = {};  // none: by passphrase
};
// A sealed copy, durable, 0600, opened again and compared. Recipients are noted in it, so that its successors are sealed to
// the same. conflict when `output` is there.
Status seal_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const SealWish& wish, Time now);
// An open copy. bad_input when it is not sealed.
Status open_archive(const keys::ArchiveFile& file, keys::ArchiveUnlock& unlock, const std::string& output);

}  // namespace rota::ceremony
