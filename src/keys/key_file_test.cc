#include "keys/key_file.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "crypto/hash.h"

namespace rota::keys {
namespace {

const Json& vectors() {
  static const Json json = [] {
    PosixFiles files;
    const auto bytes = files.read(ROTA_SOURCE_DIR "/tests/vectors/formats.json", 8u << 20);
    return parse_json(bytes.value(), {.numbers = JsonRules::Numbers::any}).value();
  }();
  return json;
}

crypto::SecretBytes secret(std::string text) { return crypto::SecretBytes(std::move(text)); }

TEST(PublicKeyFile, AcceptsEveryGoldenKey) {
  for (const Json& key : **vectors().array("keys")) {
    SCOPED_TRACE(key.text_or("name", ""));
    const auto read = read_public_key_file(key.text_or("pub_file", ""));
    ASSERT_TRUE(read.ok()) << read.error().what;
    EXPECT_EQ(hex(read->spki_der()), key.text_or("spki_der_hex", ""));
  }
}

TEST(PublicKeyFile, RefusesWhatIsNoKey) {
  for (const Json& row : **vectors().array("keys_refused")) {
    if (row.text_or("id", "") == "ec-p256") continue;  // may be stored; a root refuses it (ceremony/edit_test.cc)
    SCOPED_TRACE(row.text_or("reason", ""));
    EXPECT_FALSE(read_public_key_file(row.text_or("pub_file", "")).ok());
  }
}

TEST(PublicKeyFile, RefusesP384) {  // RFC 6979 A.2.6
  const auto read = read_public_key_file(
      R"({"keytype":"ecdsa","scheme":"ecdsa-sha2-nistp384","keyval":{"public":"04)"
      "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
      R"(8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"}})");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().what, "key file: want RSA, ED25519 or ECPRIME256V1, got EC P-384");
}

TEST(PublicKeyFile, AcceptsALowerCaseTypeAndAnotherMemberOrder) {
  const std::string a = vectors().find("keys")->if_array()->front().text_or("public", "");
  EXPECT_TRUE(read_public_key_file(R"({"keyval":{"public":")" + a + R"("},"keytype":"ed25519"})").ok());
}

TEST(PrivateKeyFile, AcceptsEveryFormOfEveryGoldenKey) {
  int forms = 0;
  for (const Json& key : **vectors().array("keys")) {
    for (const char* form :
         {"sec_file", "sec_file_seed_only", "sec_file_seed_and_public", "sec_file_pkcs8_read_only"}) {
      const std::string text = key.text_or(form, "");
      if (text.empty()) continue;
      SCOPED_TRACE(key.text_or("name", "") + " " + form);
      const auto read = read_private_key_file(secret(text));
      ASSERT_TRUE(read.ok()) << read.error().what;
      EXPECT_EQ(hex(read->public_key().spki_der()), key.text_or("spki_der_hex", ""));
      ++forms;
    }
  }
  EXPECT_EQ(forms, 8);
}

struct Refused {
  const char* name;
  std::string text;
  const char* says;
};

TEST(PrivateKeyFile, RefusesWhatIsNoPrivateKey) {
  const std::string seed(64, '1');
  const Refused rows[] = {
      {"no json", "hello", "json"},
      {"no type", R"({"keyval":{"private":"00"}})", "keytype"},
      {"no keyval", R"({"keytype":"ED25519"})", "keyval"},
      {"public half only", R"({"keytype":"ED25519","keyval":{"public":"00"}})", "private value"},
      {"unknown type", R"({"keytype":"DSA","keyval":{"private":"00"}})", "keytype"},
      {"short seed", R"({"keytype":"ED25519","keyval":{"private":"0011"}})", "64 or 128"},
      {"not hex", R"({"keytype":"ED25519","keyval":{"private":")" + std::string(64, 'x') + R"("}})", "hex"},
      {"foreign public half", R"({"keytype":"ED25519","keyval":{"private":")" + seed + seed + R"("}})", "another key"},
      {"token", R"({"keytype":"RSA","keyval":{"pkcs11":"pkcs11:object=root"}})", "lives elsewhere (pkcs11)"},
      {"bad pem", R"({"keytype":"RSA","keyval":{"private":"-----BEGIN RSA PRIVATE KEY-----\n"}})", "RSA"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto read = read_private_key_file(secret(row.text));
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().fault, Fault::bad_input);
    EXPECT_NE(read.error().what.find(row.says), std::string::npos) << read.error().what;
    EXPECT_EQ(read.error().what.find(seed), std::string::npos) << "a private value in an error";
  }
}

TEST(PrivateKeyFile, RefusesAPairOfTwoKeys) {
  const auto& keys = **vectors().array("keys");
  const std::string text = R"({"keytype":"ED25519","keyval":{"private":")" + keys[0].text_or("seed_hex", "") +
                           R"(","public":")" + keys[1].text_or("public", "") + R"("}})";
  const auto read = read_private_key_file(secret(text));
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().what.find("different keys"), std::string::npos);
}

TEST(KeyPair, RefusesFilesOfTwoKeysAndNamesBoth) {
  const auto& keys = **vectors().array("keys");
  const auto sec = secret(keys[0].text_or("sec_file_seed_only", ""));
  const std::string pub = keys[1].text_or("pub_file", "");
  const auto read = read_key_pair({"a.pub", "a.sec", pub, sec});
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().what.find("'a.sec'"), std::string::npos);
  EXPECT_NE(read.error().what.find("'a.pub'"), std::string::npos);
}

TEST(KeyFiles, WriteTheFormsOfBothTools) {
  const Json& key = vectors().find("keys")->if_array()->front();
  const auto private_key = read_private_key_file(secret(key.text_or("sec_file_seed_only", ""))).value();
  EXPECT_EQ(private_key_file(private_key, KeyFileForm::archive).reveal(), key.text_or("sec_file_seed_only", ""));
  EXPECT_EQ(public_key_file(private_key.public_key(), KeyFileForm::archive), key.text_or("pub_file", ""));
  const std::string seed = key.text_or("seed_hex", ""), pub = key.text_or("public", "");
  EXPECT_EQ(private_key_file(private_key, KeyFileForm::tufrepo).reveal(),
            "{\n  \"keyval\" : {\n    \"private\" : \"" + seed + pub + "\"\n  },\n  \"keytype\" : \"ED25519\"\n}");
  EXPECT_EQ(public_key_file(private_key.public_key(), KeyFileForm::tufrepo),
            "{\n  \"keyval\" : {\n    \"public\" : \"" + pub + "\"\n  },\n  \"keytype\" : \"ED25519\"\n}");
}

TEST(KeyFiles, RsaComesBackFromBothForms) {
  const Json& key = (**vectors().array("keys"))[3];
  ASSERT_EQ(key.text_or("name", ""), "rsa-2048-a");
  const auto private_key = read_private_key_file(secret(key.text_or("sec_file_pkcs8_read_only", ""))).value();
  EXPECT_EQ(private_key_file(private_key, KeyFileForm::archive).reveal(), key.text_or("sec_file", ""));
  for (const auto form : {KeyFileForm::archive, KeyFileForm::tufrepo}) {
    const auto again = read_private_key_file(private_key_file(private_key, form));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->public_key(), private_key.public_key());
    EXPECT_EQ(read_public_key_file(public_key_file(private_key.public_key(), form)).value(), private_key.public_key());
  }
}

}  // namespace
}  // namespace rota::keys
