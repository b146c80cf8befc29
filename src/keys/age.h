// Files sealed in the age v1 format: by a passphrase (scrypt) or to X25519 recipients; in the binary form or in ASCII armour.
// The stock `age` program opens what is sealed here, and the other way round.
// In:    bytes, and a passphrase or identities.
// Out:   the bytes sealed or opened.
// Never: a byte handed out that was not authenticated; a file key kept.
#pragma once

#include <string>
#include <vector>

#include "crypto/secret.h"

namespace rota::keys {

// Whom a file is sealed to: an X25519 public key, "age1…".
class AgeRecipient {
 public:
  static Result<AgeRecipient> parse(std::string_view text);  // bad_input
  const Bytes& point() const { return point_; }
  std::string text() const;
  bool operator==(const AgeRecipient&) const = default;

 private:
  explicit AgeRecipient(Bytes point) : point_(std::move(point)) {}
  friend class AgeIdentity;
  Bytes point_;  // 32 bytes
};

// Who opens it: "AGE-SECRET-KEY-1…".
class AgeIdentity {
 public:
  static AgeIdentity make();
  static Result<AgeIdentity> parse(std::string_view text);  // bad_input
  // Every identity of a key file: one a line, '#' comments and empty lines skipped. bad_input naming the line.
  static Result<std::vector<AgeIdentity>> parse_file(BytesView text);
  crypto::SecretBytes text() const;
  AgeRecipient recipient() const { return AgeRecipient(point_); }
  const crypto::SecretBytes& key() const { return key_; }

 private:
  AgeIdentity(crypto::SecretBytes key, Bytes point) : key_(std::move(key)), point_(std::move(point)) {}
  crypto::SecretBytes key_;
  Bytes point_;
};

// What a file's header says about its opening, before anything is opened.
enum class AgeLock { none, passphrase, recipients };
// none: not an age file.
AgeLock age_lock(BytesView bytes);

constexpr int kAgeWorkFactor = 18;  // 2^18: 256 MiB and about a second

Result<Bytes> age_sealed(BytesView plain, const crypto::SecretBytes& passphrase, int work_factor = kAgeWorkFactor);
// bad_input without any recipient.
Result<Bytes> age_sealed(BytesView plain, const std::vector<AgeRecipient>& recipients);

// bad_input: not in the form of the format, or sealed in the other way. denied: the passphrase is wrong, no identity fits.
// rejected: changed or cut after it was sealed.
Result<crypto::SecretBytes> age_opened(BytesView sealed, const crypto::SecretBytes& passphrase);
Result<crypto::SecretBytes> age_opened(BytesView sealed, const std::vector<AgeIdentity>& identities);

}  // namespace rota::keys
