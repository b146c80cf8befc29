#include "keys/age.h"

#include <gtest/gtest.h>

#include "keys/age_header.h"

namespace rota::keys {
namespace {

using crypto::SecretBytes;

// Made by age 1.1.1 from "golden plain text\n". TEST ONLY keys.
constexpr std::string_view kIdentity = "AGE-SECRET-KEY-18KXUXEQ46KLQRRJFMGCCY9JTKU90FJVQMNRTPDZ532ZA4WUKHEJSH0ZUFN";
constexpr std::string_view kRecipient = "age1sj8jncx73n89amm8qvzhl880nw6ha5k2rnrmp9nmttq39qpk6sfqxdgjat";
constexpr std::string_view kPlain = "golden plain text\n";
constexpr std::string_view kToRecipient =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBnclhyU2c4VmJSRXZVd3BsNWUzME1ERnIwVXd1aTBQK0g2VFZMVWM4eUZFCjdDZ1NVWnM2N3"
    "dNSHE3TmZ2b0UzWi9nMjZNWUpoMlFyUnJMMnZSNzNzQmcKLS0tIG9BOEo3bi9NMWtHaVRqaGJ1dXBCQjB2U3pJQjZWNUJvM2VJNGN1VVAxRlEKRLh9"
    "vSBN+0SedQZPSVdfL1C6EVUGUNhOAQhfDYeUIM2Fwtk/GkwOn9FKZaL6Fa7Ce1c=";
constexpr std::string_view kArmored =
    "-----BEGIN AGE ENCRYPTED FILE-----\n"
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBMcUhQZW9KUFFTbktwbFYz\n"
    "QkZON0sxVXlEdERMMmJHTnNIRForMlJuNTA0CnJiV050VForYlFhb1NBZDc5Nit1\n"
    "ZnNyY01PYTloeXRXWHNiTHBkcmlJNjAKLS0tIEJEdFlBZUhjL1dBZWh6ekFiaXNG\n"
    "TWFXaDl5aSttRnBwdXJuY1F0ZWZOZzQK8b1lU+a0uVOVHNu8sYoGsdVfQ+tHMqKz\n"
    "w9qHh8dEMAtGLDOJ2HyMf4DgG2ZYp7ZCZdc=\n"
    "-----END AGE ENCRYPTED FILE-----\n";
// Passphrase "correct horse".
constexpr std::string_view kByPassphrase =
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBVTUZZSlRKVjZIRmdxVUVNYXliN0NRIDE4CjArR2dEQ0poRy9UbEhBY283RnhlS05XdVhmdE"
    "dETEp6RmZHbmp4MEV5ZDAKLS0tIGxmZWhZd0c3NVZyWkJzRU5nN2U0SFIvTVlxWlhreEZVOVR3TytsUC9qS3cKDquI5oVL/V2pBwn3O90IT9P4vGzp"
    "cugFkHKH9RW/b3Hw6zvQL7C5tQIG7VYsX+9g9WQ=";

Bytes decoded(std::string_view text) { return unbase64(text).value(); }
SecretBytes secret(std::string_view text) { return SecretBytes(Bytes(text)); }
std::vector<AgeIdentity> identities() { return AgeIdentity::parse_file(Bytes(kIdentity) + "\n").value(); }

TEST(Age, OpensWhatTheStockToolSealed) {
  EXPECT_EQ(age_opened(decoded(kToRecipient), identities()).value().reveal(), kPlain);
  EXPECT_EQ(age_opened(kArmored, identities()).value().reveal(), kPlain);
  EXPECT_EQ(age_opened(decoded(kByPassphrase), secret("correct horse")).value().reveal(), kPlain);
}

TEST(Age, OpensWhatItSealedAtEverySizeAroundAChunk) {
  const AgeIdentity mine = AgeIdentity::make(), other = AgeIdentity::make();
  std::vector<AgeIdentity> both;
  both.push_back(AgeIdentity::parse(other.text().reveal()).value());
  both.push_back(AgeIdentity::parse(mine.text().reveal()).value());
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 131072u, 200000u}) {
    const Bytes plain(size, 'x');
    const Bytes sealed = age_sealed(plain, {mine.recipient()}).value();
    EXPECT_EQ(age_opened(sealed, both).value().reveal(), plain) << size;
  }
  const Bytes sealed = age_sealed("x", secret("p"), 10).value();
  EXPECT_EQ(age_opened(sealed, secret("p")).value().reveal(), "x");
}

TEST(Age, SealsToSeveralRecipients) {
  std::vector<AgeIdentity> people;
  std::vector<AgeRecipient> recipients;
  for (int i = 0; i < 3; ++i) {
    people.push_back(AgeIdentity::make());
    recipients.push_back(people.back().recipient());
  }
  const Bytes sealed = age_sealed(kPlain, recipients).value();
  for (AgeIdentity& one : people) {
    std::vector<AgeIdentity> alone;
    alone.push_back(std::move(one));
    EXPECT_EQ(age_opened(sealed, alone).value().reveal(), kPlain);
  }
}

TEST(Age, RefusesTheWrongKeyAsDenied) {
  std::vector<AgeIdentity> stranger;
  stranger.push_back(AgeIdentity::make());
  EXPECT_EQ(age_opened(decoded(kToRecipient), stranger).error().fault, Fault::denied);
  EXPECT_EQ(age_opened(age_sealed("x", secret("p"), 10).value(), secret("q")).error().fault, Fault::denied);
}

TEST(Age, RefusesTheWrongKindOfKeyWithAHint) {
  EXPECT_EQ(age_opened(decoded(kToRecipient), secret("p")).error().hint, "give the identity file");
  EXPECT_EQ(age_opened(decoded(kByPassphrase), identities()).error().hint, "give the passphrase");
}

TEST(Age, RefusesEveryChangedByteAndEveryCut) {
  const Bytes whole = decoded(kToRecipient);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(age_opened(changed, identities()).ok()) << i;
    EXPECT_FALSE(age_opened(BytesView(whole).substr(0, i), identities()).ok()) << i;
  }
  EXPECT_FALSE(age_opened(whole + "x", identities()).ok());
}

TEST(Age, RefusesChunksThatWereCutOrDroppedOrSwapped) {
  const std::size_t chunk = 65536 + 16;
  const Bytes sealed = age_sealed(Bytes(3 * 65536, 'x'), {AgeRecipient::parse(kRecipient).value()}).value();
  const std::size_t start = sealed.size() - 3 * chunk;
  EXPECT_FALSE(age_opened(sealed.substr(0, start + 2 * chunk), identities()).ok());
  Bytes dropped = sealed, swapped = sealed;
  dropped.erase(start, chunk);
  EXPECT_FALSE(age_opened(dropped, identities()).ok());
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(start),
                   swapped.begin() + static_cast<std::ptrdiff_t>(start + chunk),
                   swapped.begin() + static_cast<std::ptrdiff_t>(start + chunk));
  EXPECT_FALSE(age_opened(swapped, identities()).ok());
}

TEST(Age, RefusesHeadersWithoutForm) {
  const Bytes good = decoded(kByPassphrase);
  const auto with = [&](std::string_view from, std::string_view to) {
    Bytes changed = good;
    changed.replace(changed.find(from), from.size(), to);
    return read_age_header(changed);
  };
  EXPECT_TRUE(read_age_header(good).ok());
  EXPECT_FALSE(with("v1\n", "v2\n").ok());
  EXPECT_FALSE(with("-> scrypt", "->  scrypt").ok());
  EXPECT_FALSE(with("\n---", "\n-> X25519 AAAA\n\n---").ok()) << "scrypt stands alone";
  EXPECT_FALSE(with("Eyd0", "Ey").ok());
  EXPECT_FALSE(read_age_header("age-encryption.org/v1\n--- " + base64_bare(Bytes(32, 'x')) + "\n").ok());
}

TEST(Age, RefusesArmourThatTheStockToolRefuses) {
  const Bytes good(kArmored);
  const auto with = [&](std::string_view from, std::string_view to) {
    Bytes changed = good;
    changed.replace(changed.find(from), from.size(), to);
    return age_opened(changed, identities());
  };
  EXPECT_TRUE(with("FILE-----\n", "FILE-----\r\n").ok());
  EXPECT_TRUE(age_opened("\n" + good + "\n \n", identities()).ok());
  EXPECT_FALSE(with("FILE-----\n", "FILE-----").ok()) << "text on the first line";
  EXPECT_FALSE(with("FILE-----\n", "FILE-----\n\n").ok()) << "an empty line";
  EXPECT_FALSE(with("\n-----END", "-----END").ok()) << "text on the last line";
  EXPECT_FALSE(with("\nQkZO", "QkZO\n").ok()) << "a long line";
  EXPECT_FALSE(with("\nw9qH", "\nw9qH\n").ok()) << "a short line that is not the last";
  EXPECT_FALSE(age_opened(good + "x", identities()).ok());
  for (const char* file : {"-----BEGIN AGE ENCRYPTED FILE-----",
                           "-----BEGIN AGE ENCRYPTED FILE-----END AGE ENCRYPTED FILE-----",
                           "-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n"})
    EXPECT_FALSE(age_opened(file, identities()).ok()) << file;
}

TEST(Age, RefusesAWorkFactorThatWouldTakeAllMemory) {
  Bytes changed = decoded(kByPassphrase);
  changed.replace(changed.find(" 18\n"), 4, " 23\n");
  const auto refused = age_opened(changed, secret("correct horse"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what, "age: scrypt work factor: want 1..22, got 23");
}

TEST(AgeKeys, AreSpelledLikeTheStockTools) {
  EXPECT_EQ(identities()[0].recipient().text(), kRecipient);
  EXPECT_EQ(identities()[0].text().reveal(), kIdentity);
  EXPECT_EQ(AgeRecipient::parse(kRecipient).value().text(), kRecipient);
}

TEST(AgeKeys, RefuseATypingError) {
  std::string wrong(kRecipient);
  wrong[20] = wrong[20] == 'q' ? 'p' : 'q';
  EXPECT_EQ(AgeRecipient::parse(wrong).error().what, "age recipient: bech32: the checksum does not fit: a typing error?");
  for (const auto* text : {"", "age", "age1", "1qqqqqq", "AGe1sj8jncx73n89amm8qvzhl880nw6ha5k2rnrmp9nmttq39qpk6sfqxdgjat"})
    EXPECT_FALSE(AgeRecipient::parse(text).ok()) << text;
  EXPECT_FALSE(AgeRecipient::parse(kIdentity).ok());
  EXPECT_FALSE(AgeIdentity::parse(kRecipient).ok());
}

TEST(AgeLock, TellsFromTheHeader) {
  EXPECT_EQ(age_lock(decoded(kByPassphrase)), AgeLock::passphrase);
  EXPECT_EQ(age_lock(kArmored), AgeLock::recipients);
  EXPECT_EQ(age_lock("\x1f\x8b"), AgeLock::none);
}

}  // namespace
}  // namespace rota::keys
