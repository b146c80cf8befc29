#include "tuf/key.h"

#include <gtest/gtest.h>

#include "tuf/form.h"

namespace rota::tuf {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

constexpr const char* kPublic = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Json ed25519(std::string_view type, std::string_view value = kPublic) {
  Json json;
  json["keytype"] = type;
  json["keyval"]["public"] = value;
  return json;
}

TEST(KeyId, IsTheDigestOfTheDialect) {
  const auto key = public_key_from_json(ed25519("ED25519")).value();
  EXPECT_EQ(key_id(key, Dialect::uptane).hex, "06e3fd8fda29bb60ab59557de61edb0aecdb231134be30e75b455f8e1b792fa9");
  EXPECT_EQ(key_id(key, Dialect::tuf).hex, "74c181c7ad8a0855d4b55e44d2ba87aabdddb196832571f15f92fece332e4916");
}

TEST(KeyId, ShowsNothingATerminalWouldObey) {
  EXPECT_EQ((KeyId{"\x1b[2J aé"}.brief()), "?[2J?a??");
}

TEST(PublicKeyFromJson, AcceptsTypesInAnyCase) {
  for (const char* type : {"ED25519", "ed25519", "Ed25519"})
    EXPECT_TRUE(public_key_from_json(ed25519(type)).ok()) << type;
}

TEST(PublicKeyFromJson, ReadsBackEveryTypeInBothDialects) {
  const auto keys = {PrivateKey::generate_ed25519().value().public_key(),
                     PrivateKey::generate_rsa(2048).value().public_key(),
                     PrivateKey::generate_p256().value().public_key()};
  for (const auto& key : keys) {
    for (const Dialect dialect : {Dialect::uptane, Dialect::tuf}) {
      const auto read = public_key_from_json(public_key_json(key, dialect));
      ASSERT_TRUE(read.ok()) << read.error().what;
      EXPECT_EQ(*read, key);
    }
  }
}

TEST(PublicKeyFromJson, RefusesATypeNobodyKnows) {
  const auto key = public_key_from_json(ed25519("ED448"));
  ASSERT_FALSE(key.ok());
  EXPECT_EQ(key.error().what, "keytype: want RSA or ED25519, got 'ED448'");
}

TEST(PublicKeyFromJson, RefusesASchemeThatIsNotTheTypes) {
  Json json = ed25519("ed25519");
  json["scheme"] = "ed25519";
  EXPECT_TRUE(public_key_from_json(json).ok());
  json["scheme"] = "rsassa-pss-sha256";
  EXPECT_FALSE(public_key_from_json(json).ok());
  json["scheme"] = 1;
  EXPECT_FALSE(public_key_from_json(json).ok());
}

TEST(PublicKeyFromJson, ExplainsAnEcKeyUnderTheWrongLabel) {
  const auto ec = PrivateKey::generate_p256().value().public_key();
  const auto key = public_key_from_json(ed25519("ED25519", hex(ec.spki_der())));
  ASSERT_FALSE(key.ok());
  EXPECT_NE(key.error().what.find("EC P-256"), std::string::npos) << key.error().what;
}

TEST(PublicKeyFromJson, RefusesValuesWithoutForm) {
  for (const char* value : {"", "00", "zz", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}) {
    for (const char* type : {"ED25519", "RSA", "ECPRIME256V1"})
      EXPECT_FALSE(public_key_from_json(ed25519(type, value)).ok()) << type << " " << value;
  }
  EXPECT_FALSE(public_key_from_json(Json(Json::Object{})).ok());
  EXPECT_FALSE(public_key_from_json(Json(Json::Object{{"keytype", "RSA"}})).ok());
  EXPECT_FALSE(public_key_from_json(Json(Json::Object{{"keytype", "RSA"}, {"keyval", "x"}})).ok());
}

// No client of the uptane line verifies another size (formats.md 11.1); the specification asks for 2048 or more.
TEST(RootKey, RefusesRsaSizesThatDevicesNeverVerify) {
  const Json odd = public_key_json(PrivateKey::generate_rsa(2560).value().public_key(), Dialect::tuf);
  const auto refused = form::root_key(odd, Dialect::uptane);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what, "RSA size: want 2048, 3072 or 4096 bit, got 2560");
  EXPECT_TRUE(form::root_key(odd, Dialect::tuf).ok());
}

TEST(RootKey, NeedsASchemeInTheTufDialect) {
  EXPECT_FALSE(form::root_key(ed25519("ed25519"), Dialect::tuf).ok());
}

TEST(SchemeOfMethod, ReadsAnyCaseAndTheAlias) {
  EXPECT_EQ(scheme_of_method("ED25519"), crypto::Scheme::ed25519);
  EXPECT_EQ(scheme_of_method("rsassa-pss"), crypto::Scheme::rsassa_pss_sha256);
  EXPECT_EQ(scheme_of_method("RSASSA-PSS-SHA256"), crypto::Scheme::rsassa_pss_sha256);
  EXPECT_EQ(scheme_of_method("ecPrime256v1"), std::nullopt);
  EXPECT_EQ(scheme_of_method(""), std::nullopt);
}

}  // namespace
}  // namespace rota::tuf
