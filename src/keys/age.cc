#include "keys/age.h"

#include <algorithm>

#include "crypto/chacha.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/x25519.h"
#include "keys/age_header.h"
#include "keys/bech32.h"

namespace rota::keys {
namespace {

using crypto::SecretBytes;

constexpr std::string_view kRecipientPrefix = "age", kIdentityPrefix = "age-secret-key-";
constexpr std::string_view kX25519 = "X25519", kScrypt = "scrypt";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519", kScryptSalt = "age-encryption.org/v1/scrypt";
constexpr std::size_t kFileKey = 16, kPoint = 32, kSalt = 16, kNonce = 16, kChunk = 64 * 1024;
constexpr int kMaxWorkFactor = 22;
const Bytes kZeroNonce(12, '\0');

Bytes header_mac(const SecretBytes& file_key, BytesView header) {
  return crypto::hmac_sha256(crypto::hkdf_sha256(file_key, "", "header"), header);
}

// 11 bytes big-endian counter, then 1 for the last chunk.
Bytes chunk_nonce(std::uint64_t counter, bool last) {
  Bytes nonce(12, '\0');
  for (int i = 0; i < 8; ++i) nonce[static_cast<std::size_t>(10 - i)] = static_cast<char>((counter >> (8 * i)) & 0xff);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

Bytes sealed_payload(const SecretBytes& file_key, BytesView plain) {
  Bytes out = crypto::random_bytes(kNonce);
  const SecretBytes key = crypto::hkdf_sha256(file_key, out, "payload");
  for (std::uint64_t counter = 0;; ++counter) {
    const BytesView chunk = plain.substr(0, kChunk);
    plain.remove_prefix(chunk.size());
    out += crypto::chacha_sealed(key, chunk_nonce(counter, plain.empty()), chunk);
    if (plain.empty()) return out;
  }
}

Error cut_or_changed() { return rejected("age: the file was changed or cut short after it was sealed"); }

Result<SecretBytes> opened_payload(const SecretBytes& file_key, BytesView payload) {
  if (payload.size() < kNonce + crypto::kChachaTag) return cut_or_changed();
  const SecretBytes key = crypto::hkdf_sha256(file_key, payload.substr(0, kNonce), "payload");
  payload.remove_prefix(kNonce);
  Bytes plain;
  plain.reserve(payload.size());
  for (std::uint64_t counter = 0; !payload.empty(); ++counter) {
    const BytesView chunk = payload.substr(0, kChunk + crypto::kChachaTag);
    payload.remove_prefix(chunk.size());
    const auto opened = crypto::chacha_opened(key, chunk_nonce(counter, payload.empty()), chunk);
    const bool empty_tail = opened.ok() && opened->empty() && counter > 0;
    if (!opened.ok() || empty_tail) {
      SecretBytes::wipe(plain);
      return cut_or_changed();
    }
    plain += opened->reveal();
  }
  return SecretBytes(std::move(plain));
}

Bytes sealed_with(const SecretBytes& file_key, const std::vector<AgeStanza>& stanzas, BytesView plain) {
  const Bytes header = age_header_text(stanzas);
  return header + " " + base64_bare(header_mac(file_key, header)) + "\n" + sealed_payload(file_key, plain);
}

SecretBytes x25519_wrap_key(const SecretBytes& shared, BytesView share, BytesView recipient) {
  return crypto::hkdf_sha256(shared, Bytes(share) + Bytes(recipient), kX25519Info);
}

Result<AgeStanza> stanza_for(const AgeRecipient& recipient, const SecretBytes& file_key) {
  const SecretBytes ephemeral = crypto::new_x25519_key();
  const Bytes share = TRY(crypto::x25519_public(ephemeral));
  const SecretBytes shared = TRY(crypto::x25519_shared(ephemeral, recipient.point()));
  const SecretBytes wrap = x25519_wrap_key(shared, share, recipient.point());
  return AgeStanza{{std::string(kX25519), base64_bare(share)},
                   crypto::chacha_sealed(wrap, kZeroNonce, file_key.reveal())};
}

// The file key, if this stanza was made for this identity; nothing when it was made for another.
Result<std::optional<SecretBytes>> file_key_of(const AgeStanza& stanza, const AgeIdentity& identity) {
  if (stanza.words.size() != 2) return bad_input("age: X25519 stanza: want one argument");
  const Bytes share = TRY_IN("age: X25519 stanza", unbase64_bare(stanza.words[1]));
  if (share.size() != kPoint || stanza.body.size() != kFileKey + crypto::kChachaTag)
    return bad_input("age: X25519 stanza: wrong size");
  const SecretBytes shared = TRY(crypto::x25519_shared(identity.key(), share));
  const SecretBytes wrap = x25519_wrap_key(shared, share, identity.recipient().point());
  auto opened = crypto::chacha_opened(wrap, kZeroNonce, stanza.body);
  if (!opened.ok()) return std::optional<SecretBytes>();
  return std::optional<SecretBytes>(std::move(opened).value());
}

Result<SecretBytes> scrypt_wrap_key(const SecretBytes& passphrase, BytesView salt, int work_factor) {
  return crypto::scrypt(passphrase, Bytes(kScryptSalt) + Bytes(salt), work_factor);
}

struct ScryptStanza {
  Bytes salt;
  int work_factor;
};

Result<ScryptStanza> read_scrypt(const AgeStanza& stanza) {
  if (stanza.words.size() != 3) return bad_input("age: scrypt stanza: want two arguments");
  Bytes salt = TRY_IN("age: scrypt stanza", unbase64_bare(stanza.words[1]));
  if (salt.size() != kSalt || stanza.body.size() != kFileKey + crypto::kChachaTag)
    return bad_input("age: scrypt stanza: wrong size");
  const auto factor = decimal(stanza.words[2], kMaxWorkFactor);
  if (!factor.ok() || *factor < 1)
    return want_got("age: scrypt work factor", "1.." + std::to_string(kMaxWorkFactor), stanza.words[2].substr(0, 20));
  return ScryptStanza{std::move(salt), static_cast<int>(*factor)};
}

Result<SecretBytes> opened_with(const SecretBytes& file_key, const AgeHeader& header) {
  if (!crypto::same_bytes(header_mac(file_key, header.text), header.mac)) return cut_or_changed();
  return opened_payload(file_key, header.payload);
}

bool is_scrypt(const AgeStanza& stanza) { return stanza.words[0] == kScrypt; }

}  // namespace

Result<AgeRecipient> AgeRecipient::parse(std::string_view text) {
  auto read = TRY_IN("age recipient", read_bech32(trim(text)));
  if (read.prefix != kRecipientPrefix || read.bytes.size() != kPoint)
    return bad_input("age recipient: want 'age1…', got '" + read.prefix.substr(0, 20) + "1…'");
  return AgeRecipient(Bytes(read.bytes.reveal()));
}

std::string AgeRecipient::text() const { return std::string(bech32(kRecipientPrefix, point_).reveal()); }

AgeIdentity AgeIdentity::make() {
  SecretBytes key = crypto::new_x25519_key();
  Bytes point = crypto::x25519_public(key).value();
  return {std::move(key), std::move(point)};
}

Result<AgeIdentity> AgeIdentity::parse(std::string_view text) {
  auto read = TRY_IN("age identity", read_bech32(trim(text)));
  if (read.prefix != kIdentityPrefix || read.bytes.size() != kPoint)
    return bad_input("age identity: want 'AGE-SECRET-KEY-1…'");
  Bytes point = TRY(crypto::x25519_public(read.bytes));
  return AgeIdentity(std::move(read.bytes), std::move(point));
}

Result<std::vector<AgeIdentity>> AgeIdentity::parse_file(BytesView text) {
  std::vector<AgeIdentity> identities;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const BytesView line = trim(text.substr(0, end));
    text.remove_prefix(end == BytesView::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    identities.push_back(TRY_IN("line " + std::to_string(number), parse(line)));
  }
  if (identities.empty()) return bad_input("no age identity in it");
  return identities;
}

SecretBytes AgeIdentity::text() const {
  const SecretBytes small = bech32(kIdentityPrefix, key_.reveal());
  Bytes text(small.reveal());
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return SecretBytes(std::move(text));
}

AgeLock age_lock(BytesView bytes) {
  const auto header = read_age_header(bytes);
  if (!header.ok()) return is_age(bytes) ? AgeLock::recipients : AgeLock::none;
  return std::ranges::any_of(header->stanzas, is_scrypt) ? AgeLock::passphrase : AgeLock::recipients;
}

Result<Bytes> age_sealed(BytesView plain, const SecretBytes& passphrase, int work_factor) {
  const SecretBytes file_key(crypto::random_bytes(kFileKey));
  const Bytes salt = crypto::random_bytes(kSalt);
  const SecretBytes wrap = TRY(scrypt_wrap_key(passphrase, salt, work_factor));
  const AgeStanza stanza{{std::string(kScrypt), base64_bare(salt), std::to_string(work_factor)},
                         crypto::chacha_sealed(wrap, kZeroNonce, file_key.reveal())};
  return sealed_with(file_key, {stanza}, plain);
}

Result<Bytes> age_sealed(BytesView plain, const std::vector<AgeRecipient>& recipients) {
  if (recipients.empty()) return bad_input("age: no recipient");
  const SecretBytes file_key(crypto::random_bytes(kFileKey));
  std::vector<AgeStanza> stanzas;
  for (const AgeRecipient& recipient : recipients) stanzas.push_back(TRY(stanza_for(recipient, file_key)));
  return sealed_with(file_key, stanzas, plain);
}

Result<SecretBytes> age_opened(BytesView sealed, const SecretBytes& passphrase) {
  const AgeHeader header = TRY(read_age_header(sealed));
  if (header.stanzas.size() != 1 || !is_scrypt(header.stanzas[0]))
    return bad_input("age: sealed to recipients, not by a passphrase", "give the identity file");
  const ScryptStanza scrypt = TRY(read_scrypt(header.stanzas[0]));
  const SecretBytes wrap = TRY(scrypt_wrap_key(passphrase, scrypt.salt, scrypt.work_factor));
  const auto file_key = crypto::chacha_opened(wrap, kZeroNonce, header.stanzas[0].body);
  if (!file_key.ok()) return denied("age: the passphrase is wrong");
  return opened_with(*file_key, header);
}

Result<SecretBytes> age_opened(BytesView sealed, const std::vector<AgeIdentity>& identities) {
  const AgeHeader header = TRY(read_age_header(sealed));
  if (std::ranges::any_of(header.stanzas, is_scrypt))
    return bad_input("age: sealed by a passphrase, not to recipients", "give the passphrase");
  for (const AgeStanza& stanza : header.stanzas) {
    if (stanza.words[0] != kX25519) continue;  // other kinds may stand beside ours
    for (const AgeIdentity& identity : identities) {
      const auto file_key = TRY(file_key_of(stanza, identity));
      if (file_key) return opened_with(*file_key, header);
    }
  }
  return denied("age: not sealed to any of the identities given");
}

}  // namespace rota::keys
