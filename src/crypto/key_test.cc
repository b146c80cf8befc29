#include "crypto/key.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "crypto/hash.h"

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
  const std::string p384 =
      "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEYHJOLrDGocWYGLb6b3p6wQ7WDYL+wBcn"
      "GjfsTovagvgfzHVY5FC1xbpmX0GM4zEXEAPyQOB06UuVdpta5eZCEJcBe0cw32Id"
      "C4Qc3uX5Q4uknKoiv3QyXz3zMsyxmy4v";
  const std::string texts[] = {"",
                               "no PEM",
                               rsa + rsa,
                               replaced(rsa, "PUBLIC", "RSA PUBLIC"),
                               replaced(rsa, "-----END", "-----and"),
                               replaced(rsa, "MIIB", "!IIB"),
                               kRsa1024,
                               kExplicitCurve,
                               "-----BEGIN PUBLIC KEY-----\n" + p384 + "\n-----END PUBLIC KEY-----\n",
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
