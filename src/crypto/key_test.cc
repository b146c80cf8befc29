#include "crypto/key.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

namespace rota::crypto {
namespace {

constexpr const char* kSeed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";  // RFC 8032 7.1 test 1
constexpr const char* kPublic = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const Json& vectors() {
  static const Json all = [] {
    PosixFiles files;
    return parse_json(files.read(ROTA_SOURCE_DIR "/tests/vectors/formats.json", 1u << 20).value()).value();
  }();
  return all;
}

const Json& vector_named(std::string_view list, std::string_view member, std::string_view name) {
  for (const Json& item : **vectors().array(list))
    if (item.text_or(member, "") == name) return item;
  abort_with("no vector of that name");
}

std::string text_of(const Json& json, std::string_view member) {
  return json.text(member).value();
}

PublicKey public_vector(std::string_view name) {
  const Json& key = vector_named("keys", "name", name);
  return PublicKey::from_spki_der(unhex(text_of(key, "spki_der_hex")).value()).value();
}

// RFC 6979 A.2.6.
PublicKey p384_key() {
  return PublicKey::from_spki_der(
             unhex("3076301006072a8648ce3d020106052b8104002203620004"
                   "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
                   "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720")
                 .value())
      .value();
}

SecretBytes rsa_pem() {
  return SecretBytes(text_of(vector_named("keys", "name", "rsa-2048-a"), "private_pkcs1_pem"));
}
PrivateKey ed25519_a() {
  return PrivateKey::from_ed25519_seed(SecretBytes(unhex(kSeed).value())).value();
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

TEST(PublicKey, ReadsEachGoldenKeyIntoItsSpki) {
  for (const char* name : {"ed25519-a", "ed25519-b", "ed25519-c"}) {
    const Json& key = vector_named("keys", "name", name);
    const auto read = PublicKey::from_ed25519_hex(text_of(key, "public"));
    ASSERT_TRUE(read.ok()) << name;
    EXPECT_EQ(hex(read->spki_der()), text_of(key, "spki_der_hex"));
    EXPECT_EQ(sha256_hex(read->spki_der()), text_of(key, "k1"));
    EXPECT_EQ(read->ed25519_hex(), text_of(key, "public"));
  }
  const Json& rsa = vector_named("keys", "name", "rsa-2048-a");
  const auto read = PublicKey::from_pem(text_of(rsa, "public"));
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(hex(read->spki_der()), text_of(rsa, "spki_der_hex"));
  EXPECT_EQ(read->pem(), text_of(rsa, "public"));
  EXPECT_EQ(read->bits(), 2048);
  EXPECT_EQ(public_vector("ec-p256-a").pem(), text_of(vector_named("keys", "name", "ec-p256-a"), "public_pem"));
}

TEST(PublicKey, AcceptsUpperCaseHexCrlfAndAMissingLastLineEnd) {
  EXPECT_TRUE(PublicKey::from_ed25519_hex(replaced(kPublic, "d", "D"))->operator==(ed25519_a().public_key()));
  const PublicKey rsa = public_vector("rsa-2048-a");
  const std::string pem = rsa.pem();
  for (const std::string& spelling : {replaced(pem, "\n", "\r\n"), pem.substr(0, pem.size() - 1), "\n" + pem + "\n"}) {
    const auto read = PublicKey::from_pem(spelling);
    ASSERT_TRUE(read.ok()) << read.error().what;
    EXPECT_TRUE(*read == rsa);
  }
}

TEST(PublicKey, HasOneSpkiForBothSpellingsOfAPoint) {
  const auto compressed = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\nMDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADvEh93aS4ChS4IPIITAIGV+FfmS3T\n"
      "FO0AZcTJQkrKeXw=\n-----END PUBLIC KEY-----\n");
  const auto full = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvEh93aS4ChS4IPIITAIGV+FfmS3T\n"
      "FO0AZcTJQkrKeXxSzD0EQHWVrVBlwABlyQBozKipQSCWyB1xwCSVaxPb+Q==\n-----END PUBLIC KEY-----\n");
  ASSERT_TRUE(compressed.ok()) << compressed.error().what;
  EXPECT_TRUE(*compressed == *full);
  EXPECT_EQ(compressed->spki_der().size(), 91u);
}

TEST(PublicKey, RefusesHexThatIsNoEd25519Key) {
  const std::string ff(60, 'f');
  const std::string texts[] = {
      "",
      "00",
      std::string(kPublic).substr(2),
      std::string(kPublic) + "00",
      replaced(kPublic, "d7", "g7"),
      std::string(64, '0'),                                                // order 4
      "01" + std::string(62, '0'),                                         // order 1
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",  // order 8
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",  // order 8, the other sign
      "ec" + ff + "7f",                                                    // order 2
      "ed" + ff + "7f",
      "ff" + ff + "ff",  // not below p
  };
  for (const std::string& text : texts) {
    const auto read = PublicKey::from_ed25519_hex(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().fault, Fault::bad_input);
  }
}

TEST(PublicKey, RefusesAPointOfSmallOrderInDerToo) {
  const Bytes weak = unhex("302a300506032b6570032100" + std::string(64, '0')).value();
  EXPECT_FALSE(PublicKey::from_spki_der(weak).ok());
}

constexpr const char* kRsa1024 =
    "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC1xX3zmOoNStkRLA9FVbs+6Nw6\n"
    "ngEi3BcuJ0/Pij3O/xau5rOJQBnjWAeapdIcyDUqbxQYrTF29Id6HnVoFI6i84Po\n"
    "w6Md6Uyc89mu+jqZ7m3XjhUHnWZp3Z+mu9l27a7DQyEi9HYXjXRqTtEgfPBI6gsu\n"
    "04I0hYQlZAqovRUwEQIDAQAB\n-----END PUBLIC KEY-----\n";
constexpr const char* kExplicitCurve =
    "-----BEGIN PUBLIC KEY-----\nMIIBSzCCAQMGByqGSM49AgEwgfcCAQEwLAYHKoZIzj0BAQIhAP////8AAAABAAAA\n"
    "AAAAAAAAAAAA////////////////MFsEIP////8AAAABAAAAAAAAAAAAAAAA////\n"
    "///////////8BCBaxjXYqjqT57PrvVV2mIa8ZR0GsMxTsPY7zjw+J9JgSwMVAMSd\n"
    "NgiG5wSTamZ44ROdJreBn36QBEEEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5\n"
    "RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9QIhAP////8AAAAA\n"
    "//////////+85vqtpxeehPO5ysL8YyVRAgEBA0IABP/1FirqChrEdLPGngjHPdCj\n"
    "m6jgR1Y0TH9IwjCQyFg+Rtnfj68oxJy4/u63Ezdz1Q6psU5Dbe0SkK72zi0m2do=\n-----END PUBLIC KEY-----\n";

TEST(PublicKey, RefusesPemThatIsNoAdmissibleKey) {
  const std::string rsa = public_vector("rsa-2048-a").pem();
  const std::string p521 =
      "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBHchD2ZuXsiJyAdUXhKVOGeRRJ51G"
      "5RbY+q1/H8olMEVCNQd2+yRsyWDy9SRRAUVhODlilqyeKJfY9fxkOfMOAlIBRVd1"
      "W/xkHo2gEyJxcdedeeHQ1eCiv7wK6CzDY5DlZsPw/f/zupmBCkB7igRbT66C+HeS"
      "p+PbJClH5QFux5+asCo=";
  const std::string texts[] = {"",
                               "no PEM",
                               rsa + rsa,
                               replaced(rsa, "PUBLIC", "RSA PUBLIC"),
                               replaced(rsa, "-----END", "-----and"),
                               replaced(rsa, "MIIB", "!IIB"),
                               kRsa1024,
                               kExplicitCurve,
                               "-----BEGIN PUBLIC KEY-----\n" + p521 + "\n-----END PUBLIC KEY-----\n",
                               std::string((1u << 20) + 1, ' ') + rsa};
  for (const std::string& text : texts) {
    const auto read = PublicKey::from_pem(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().fault, Fault::bad_input);
  }
}

// SEQUENCE { modulus of 2048 bit, exponent 1 }: every padded message would be its own signature.
TEST(PublicKey, RefusesAnRsaExponentThatForges) {
  Bytes der = public_vector("rsa-2048-a").spki_der();
  ASSERT_EQ(hex(BytesView(der).substr(der.size() - 5)), "0203010001");
  der[der.size() - 3] = 0;
  EXPECT_FALSE(PublicKey::from_spki_der(der).ok());
  der[der.size() - 3] = 1;
  der[der.size() - 1] = 0;
  EXPECT_FALSE(PublicKey::from_spki_der(der).ok()) << "an even exponent";
}

TEST(PublicKey, RefusesBytesAfterItsDer) {
  EXPECT_FALSE(PublicKey::from_spki_der(public_vector("rsa-2048-a").spki_der() + '\0').ok());
  EXPECT_FALSE(PublicKey::from_spki_der(ed25519_a().public_key().spki_der() + '\0').ok());
  EXPECT_FALSE(PublicKey::from_spki_der("").ok());
}

// What the library's own decoder makes of a key, judged by the same rules.
Result<PublicKey> read_by_the_library(BytesView der) {
  const unsigned char* at = bytes_of(der);
  KeyHandle key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (!key || at != bytes_of(der) + der.size()) return bad_input("no key");
  return PublicKey::from_native(std::make_shared<NativeKey>(std::move(key)));
}

void expect_read_as_by_the_library(const Bytes& der) {
  const auto ours = PublicKey::from_spki_der(der), theirs = read_by_the_library(der);
  ASSERT_EQ(ours.ok(), theirs.ok()) << hex(der);
  if (!ours.ok()) return;
  EXPECT_EQ(hex(ours->spki_der()), hex(theirs->spki_der()));
  EXPECT_EQ(ours->bits(), theirs->bits());
  EXPECT_TRUE(ours->type() == theirs->type());
  EXPECT_TRUE(PublicKey::from_spki_der(ours->spki_der())->operator==(*ours));
}

TEST(PublicKey, IsReadAsByTheLibraryHoweverItsDerIsBent) {
  for (const Bytes& der : {public_vector("rsa-2048-a").spki_der(), public_vector("ec-p256-a").spki_der(),
                           p384_key().spki_der(), ed25519_a().public_key().spki_der()}) {
    expect_read_as_by_the_library(der);
    for (std::size_t at = 0; at < der.size(); at += at < 40 || at + 12 > der.size() ? 1 : 37) {
      for (const int bit : {0x01, 0x10, 0x80, 0xff}) {
        Bytes bent = der;
        bent[at] = static_cast<char>(bent[at] ^ bit);
        expect_read_as_by_the_library(bent);
      }
    }
    for (const Bytes& other : {der.substr(0, der.size() - 1), der.substr(1), der + der})
      expect_read_as_by_the_library(other);
  }
}

// SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING { SEQUENCE { `numbers` } } }, all lengths in two bytes.
Bytes rsa_der(const Bytes& numbers) {
  const auto element = [](char tag, const Bytes& content) {
    const Bytes size{static_cast<char>(content.size() >> 8), static_cast<char>(content.size() & 0xff)};
    return Bytes(1, tag) + '\x82' + size + content;
  };
  return element('\x30', unhex("300d06092a864886f70d0101010500").value() +
                             element('\x03', Bytes(1, '\0') + element('\x30', numbers)));
}

TEST(PublicKey, RefusesRsaNumbersThatAreNone) {
  const Bytes modulus = unhex("0282010100").value() + Bytes(256, '\xc5');
  const Bytes good = unhex("0203010001").value();
  ASSERT_TRUE(PublicKey::from_spki_der(rsa_der(modulus + good)).ok());
  const Bytes wrong[] = {
      good + modulus,                                     // the modulus is 65537
      modulus + unhex("020100").value(),                  // exponent 0
      modulus + unhex("020101").value(),                  // 1
      modulus + unhex("020102").value(),                  // 2
      modulus + unhex("0209010000000000000001").value(),  // 65 bit
      modulus + unhex("0200").value(),                    // nothing
      modulus,
  };
  for (const Bytes& numbers : wrong) EXPECT_FALSE(PublicKey::from_spki_der(rsa_der(numbers)).ok()) << hex(numbers);
  EXPECT_TRUE(PublicKey::from_spki_der(rsa_der(modulus + unhex("020103").value())).ok());
  EXPECT_TRUE(PublicKey::from_spki_der(rsa_der(modulus + unhex("02080100000000000001").value())).ok());
}

// Old encoders leave out the zero that keeps a number from being negative; the library reads it all the same.
TEST(PublicKey, SpellsRsaNumbersAsTheyShouldBe) {
  const Bytes digits(256, '\xc5'), exponent = unhex("0203010001").value();
  const auto right = PublicKey::from_spki_der(rsa_der(unhex("0282010100").value() + digits + exponent));
  const auto respelled = PublicKey::from_spki_der(rsa_der(unhex("02820100").value() + digits + exponent));
  ASSERT_TRUE(respelled.ok()) << respelled.error().what;
  EXPECT_EQ(hex(respelled->spki_der()), hex(right->spki_der()));
}

TEST(PublicKey, RefusesRsaSizesOutsideTheLimits) {
  const auto of_bits = [](std::size_t bits) {
    Bytes digits((bits + 7) / 8, '\xff');
    digits[0] = static_cast<char>(0xff >> (digits.size() * 8 - bits));
    if (digits[0] < 0) digits.insert(0, 1, '\0');
    const Bytes size{static_cast<char>(digits.size() >> 8), static_cast<char>(digits.size() & 0xff)};
    return PublicKey::from_spki_der(rsa_der("\x02\x82" + size + digits + unhex("0203010001").value()));
  };
  EXPECT_FALSE(of_bits(2047).ok());
  EXPECT_EQ(of_bits(2048)->bits(), 2048);
  EXPECT_EQ(of_bits(3071)->bits(), 3071);
  EXPECT_EQ(of_bits(8192)->bits(), 8192);
  EXPECT_FALSE(of_bits(8193).ok());
}

TEST(PublicKey, SpellsACompressedPointOut) {
  const auto key = PublicKey::from_spki_der(unhex("3039301306072a8648ce3d020106082a8648ce3d03010703220002359b6199c8c7be"
                                                  "d064d45281b1ad79fbce4bcc695aa7a30a605baeba"
                                                  "337fa37c")
                                                .value());
  ASSERT_TRUE(key.ok()) << key.error().what;
  EXPECT_EQ(
      hex(key->spki_der()),
      "3059301306072a8648ce3d020106082a8648ce3d03010703420004359b6199c8c7bed064d45281b1ad79fbce4bcc695aa7a30a605baeba"
      "337fa37c429bf48c2384d947242c36c9db67ecf54b68107bdf7c743fe033f35152189184");
}

TEST(PublicKey, IsReadFromAPointAlone) {
  const PublicKey p256 = public_vector("ec-p256-a"), p384 = p384_key();
  const Bytes short_point = p256.spki_der().substr(p256.spki_der().size() - 65);
  const Bytes long_point = p384.spki_der().substr(p384.spki_der().size() - 97);
  EXPECT_TRUE(PublicKey::from_ec_point(KeyType::ecdsa_p256, short_point)->operator==(p256));
  EXPECT_TRUE(PublicKey::from_ec_point(KeyType::ecdsa_p384, long_point)->operator==(p384));
  Bytes off_curve = short_point, compressed = short_point;
  off_curve.back() ^= 1;
  compressed[0] = 0x02;
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p256, off_curve).ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p256, compressed).ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p256, compressed.substr(0, 33)).ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p256, long_point).ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p384, short_point).ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ecdsa_p256, "").ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::rsa, "").ok());
  EXPECT_FALSE(PublicKey::from_ec_point(KeyType::ed25519, Bytes(32, '\x04')).ok());
}

TEST(PublicKey, RefusesAPointThatIsNotOnItsCurve) {
  for (const PublicKey& key : {public_vector("ec-p256-a"), p384_key()}) {
    for (const std::size_t from_end : {1u, 30u}) {
      Bytes der = key.spki_der();
      der[der.size() - from_end] ^= 1;
      const auto read = PublicKey::from_spki_der(der);
      ASSERT_FALSE(read.ok());
      EXPECT_EQ(read.error().fault, Fault::bad_input);
    }
  }
}

TEST(Verifies, AcceptsEcdsaOverP384) {  // RFC 6979 A.2.6, SHA-384, message "sample"
  const PublicKey key = p384_key();
  const Bytes signature =
      unhex(
          "306602310094edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e"
          "36dd1e80fabe4602310099ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145"
          "786e679e7b82c71a38628ac8")
          .value();
  EXPECT_EQ(key.bits(), 384);
  EXPECT_TRUE(key.verifies(Scheme::ecdsa_sha384, "sample", signature));
  EXPECT_FALSE(key.verifies(Scheme::ecdsa_sha384, "Sample", signature));
  EXPECT_FALSE(key.verifies(Scheme::ecdsa_sha256, "sample", signature));
  EXPECT_FALSE(public_vector("ec-p256-a").verifies(Scheme::ecdsa_sha384, "sample", signature));
}

// Two threads may be the first to need the same key.
TEST(Verifies, SharesAKeyBetweenThreads) {
  const PrivateKey signer = ed25519_a();
  const Bytes signature = signer.sign("message").value();
  for (int round = 0; round < 50; ++round) {
    const PublicKey shared = PublicKey::from_ed25519_hex(kPublic).value();
    std::atomic<int> verified = 0;
    {
      const auto verify = [&] { verified += shared.verifies(Scheme::ed25519, "message", signature) ? 1 : 0; };
      const std::jthread one(verify), two(verify);
    }
    ASSERT_EQ(verified, 2);
  }
}

TEST(Verifies, AgreesWithEveryGoldenSignature) {
  for (const Json& sample : **vectors().array("signatures")) {
    const PublicKey key = public_vector(text_of(sample, "key"));
    const Bytes signature = unbase64(text_of(sample, "sig")).value();
    EXPECT_EQ(key.verifies(scheme_of(key.type()), text_of(sample, "message"), signature), *sample.boolean("valid"))
        << text_of(sample, "id");
  }
}

TEST(Verifies, RefusesASchemeThatIsNotTheKeys) {
  const Json& sample = vector_named("signatures", "id", "rsa-ok");
  const PublicKey key = public_vector("rsa-2048-a");
  const Bytes signature = unbase64(text_of(sample, "sig")).value();
  EXPECT_FALSE(key.verifies(Scheme::ed25519, text_of(sample, "message"), signature));
  const Json& pkcs1 = vector_named("signatures", "id", "rsa-pkcs1v15");  // good, were RSA's other padding allowed
  EXPECT_FALSE(key.verifies(Scheme::ecdsa_sha256, text_of(pkcs1, "message"), unbase64(text_of(pkcs1, "sig")).value()));
}

TEST(Verifies, RefusesASignatureOfAnotherLength) {
  const PrivateKey key = ed25519_a();
  const Bytes signature = key.sign("message").value();
  for (const Bytes& other : {Bytes(), signature.substr(1), signature + 'x'})
    EXPECT_FALSE(key.public_key().verifies(Scheme::ed25519, "message", other));
}

TEST(Verifies, AcceptsEcdsaOverP256) {  // RFC 6979 A.2.5, SHA-256, message "sample"
  const Bytes point = unhex(
                          "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                          "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
                          .value();
  const Bytes prefix = unhex("3059301306072a8648ce3d020106082a8648ce3d030107034200").value();
  const Bytes signature = unhex(
                              "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                              "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
                              .value();
  const auto key = PublicKey::from_spki_der(prefix + point);
  ASSERT_TRUE(key.ok()) << key.error().what;
  EXPECT_TRUE(key->verifies(Scheme::ecdsa_sha256, "sample", signature));
  EXPECT_FALSE(key->verifies(Scheme::ecdsa_sha256, "Sample", signature));
}

TEST(PssSaltLength, IsFoundInAValidSignatureOnly) {
  const PublicKey key = public_vector("rsa-2048-a");
  const std::pair<const char*, int> samples[] = {
      {"rsa-ok", 32}, {"rsa-salt-20", 20}, {"rsa-salt-222", 222}, {"rsa-pkcs1v15", -1}, {"rsa-bitflip", -1}};
  for (const auto& [id, want] : samples) {
    const Json& sample = vector_named("signatures", "id", id);
    EXPECT_EQ(key.pss_salt_length(text_of(sample, "message"), unbase64(text_of(sample, "sig")).value()), want) << id;
  }
}

TEST(Sign, MakesTheGoldenEd25519Signature) {
  const Json& sample = vector_named("signatures", "id", "ed-ok");
  EXPECT_EQ(base64(ed25519_a().sign(text_of(sample, "message")).value()), text_of(sample, "sig"));
}

TEST(Sign, MakesPssWithASaltOf32) {
  const PrivateKey key = PrivateKey::from_pem(rsa_pem()).value();
  const Bytes signature = key.sign("message").value();
  EXPECT_EQ(key.public_key().pss_salt_length("message", signature), 32);
  EXPECT_FALSE(key.public_key().verifies(Scheme::rsassa_pss_sha256, "massage", signature));
}

TEST(Sign, RefusesP256) {
  const auto signature = PrivateKey::generate_p256()->sign("message");
  ASSERT_FALSE(signature.ok());
  EXPECT_EQ(signature.error().fault, Fault::bad_input);
}

TEST(PrivateKey, WritesThePkcs1ItRead) {
  const PrivateKey key = PrivateKey::from_pem(rsa_pem()).value();
  EXPECT_EQ(key.pkcs1_pem().reveal(), rsa_pem().reveal());
  EXPECT_TRUE(key.public_key() == public_vector("rsa-2048-a"));
}

TEST(PrivateKey, ReadsWhatItWrites) {
  for (const auto& made :
       {PrivateKey::generate_ed25519(), PrivateKey::generate_rsa(2048), PrivateKey::generate_p256()}) {
    ASSERT_TRUE(made.ok()) << made.error().what;
    const auto read = PrivateKey::from_pem(made->pkcs8_pem());
    ASSERT_TRUE(read.ok()) << read.error().what;
    EXPECT_TRUE(read->public_key() == made->public_key());
  }
  EXPECT_EQ(hex(ed25519_a().ed25519_seed().reveal()), kSeed);
  EXPECT_EQ(ed25519_a().public_key().ed25519_hex(), kPublic);
}

TEST(PrivateKey, ReadsWhatOpensslEcparamWrites) {
  const SecretBytes pem(
      Bytes("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
            "-----BEGIN EC PRIVATE KEY-----\n"
            "MHcCAQEEINmRl0tKdAnGhbxVToPH4bN4e/AXUwLLLnPP2K+CgbcyoAoGCCqGSM49\n"
            "AwEHoUQDQgAEBZ1QzbmHftT3uMISw1qaM3JMIwf+WECit/McqxWMA0nqU9IRV79x\n"
            "gTfyQfQqeOuFICmf8A6CTOdrqLdUzpHrAA==\n-----END EC PRIVATE KEY-----\n"));
  const auto key = PrivateKey::from_pem(pem);
  ASSERT_TRUE(key.ok()) << key.error().what;
  EXPECT_EQ(key->public_key().type(), KeyType::ecdsa_p256);
}

TEST(PrivateKey, RefusesAHalfThatBelongsToAnotherKey) {
  std::string pem(PrivateKey::from_pem(rsa_pem())->pkcs1_pem().reveal());
  const std::size_t in_modulus = pem.find('\n') + 30;
  pem[in_modulus] = pem[in_modulus] == 'A' ? 'B' : 'A';
  const auto read = PrivateKey::from_pem(SecretBytes(std::move(pem)));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().fault, Fault::bad_input);
}

TEST(PrivateKey, RefusesAPassphraseAndSaysSo) {
  const auto old_style = PrivateKey::from_pem(SecretBytes(
      Bytes("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
            "AES-128-CBC,ADE0D132120726F3D4B937E82AC9EB6C\n\n"
            "PCfpL/8iQbjmXT80AeLicv5UBwzruLIMaR8FTuZqkezYfwvKGhVuu8h0ap9aSDVC\n-----END RSA PRIVATE KEY-----\n")));
  const auto new_style = PrivateKey::from_pem(
      SecretBytes(Bytes("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")));
  for (const auto* refused : {&old_style, &new_style}) {
    ASSERT_FALSE(refused->ok());
    EXPECT_NE(refused->error().hint.find("passphrase"), std::string::npos) << refused->error().what;
  }
}

TEST(PrivateKey, RefusesP384) {
  const auto read =
      PrivateKey::from_pem(SecretBytes(Bytes("-----BEGIN PRIVATE KEY-----\n"
                                             "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAkIxfIxejvqxmbbKSw\n"
                                             "CScn8reI2WjPqBGNHpdct313fvSLo6W1lIklpItowgKZB12hZANiAASxN+ro9QXr\n"
                                             "ORS4B41dDjqMl4FzZub7BBjO7c9PHlDoNquvUqlrHYRhX/XDpD2SpAeFI2zt3AQD\n"
                                             "QDw+pDHfWY7w+W9I9uSU2cS8GpZgM37/YvzmHilDr7ypV9IYUsRR+f0=\n"
                                             "-----END PRIVATE KEY-----\n")));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().what, "private key: want RSA, P-256 or Ed25519, got P-384");
}

TEST(PrivateKey, RefusesWhatIsNoPrivateKey) {
  EXPECT_FALSE(PrivateKey::from_pem(SecretBytes(public_vector("rsa-2048-a").pem())).ok());
  EXPECT_FALSE(
      PrivateKey::from_pem(SecretBytes(Bytes("-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n"))).ok());
  EXPECT_FALSE(PrivateKey::from_pem(SecretBytes()).ok());
  EXPECT_FALSE(PrivateKey::from_ed25519_seed(SecretBytes(Bytes(31, 's'))).ok());
  EXPECT_FALSE(PrivateKey::generate_rsa(1024).ok());
}

}  // namespace
}  // namespace rota::crypto
