#include "tuf/key.h"

#include <gtest/gtest.h>

#include "tuf/form.h"

namespace rota::tuf {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using crypto::PublicKey;

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
  EXPECT_EQ((KeyId{"!~\x7f"}.brief()), "!~?");
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

// A point of the first root of a public repository, which a later root spells as PEM.
constexpr const char* kPoint =
    "04117b33dd265715bf23315e368faa499728db8d1f0a377070a1c7b1aba2cc21be"
    "6ab1628e42f2cdd7a35479f2dce07b303a8ba646c55569a8d2a504ba7e86e447";
constexpr const char* kSamePoint =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEXsz3SZXFb8jMV42j6pJlyjbjR8K\n"
    "N3Bwocexq6LMIb5qsWKOQvLN16NUefLc4HswOoumRsVVaajSpQS6fobkRw==\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* kP384Point =  // RFC 6979 A.2.6
    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";

Json tuf_key(std::string_view type, std::string_view scheme, std::string_view value) {
  Json json = ed25519(type, value);
  json["scheme"] = scheme;
  return json;
}

PublicKey p384_key() {
  return PublicKey::from_ec_point(KeyType::ecdsa_p384, unhex(kP384Point).value()).value();
}

TEST(PublicKeyFromJson, AcceptsWhatTheSchemeSays) {
  const std::string rsa = PrivateKey::generate_rsa(2048)->public_key().pem();
  const std::string p384 = p384_key().pem();
  struct Case {
    std::string_view type, scheme, value;
    KeyType want;
  };
  const Case cases[] = {
      {"ed25519", "ed25519", kPublic, KeyType::ed25519},
      {"rsa", "rsassa-pss-sha256", rsa, KeyType::rsa},
      {"ecdsa", "ecdsa-sha2-nistp256", kSamePoint, KeyType::ecdsa_p256},
      {"ecdsa", "ecdsa-sha2-nistp256", kPoint, KeyType::ecdsa_p256},
      {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", kPoint, KeyType::ecdsa_p256},
      {"ecdsa", "ecdsa-sha2-nistp384", p384, KeyType::ecdsa_p384},
      {"ecdsa", "ecdsa-sha2-nistp384", kP384Point, KeyType::ecdsa_p384},
      {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", p384, KeyType::ecdsa_p384},
  };
  for (const Case& c : cases) {
    const auto key = public_key_from_json(tuf_key(c.type, c.scheme, c.value));
    ASSERT_TRUE(key.ok()) << c.type << " " << c.scheme << ": " << key.error().what;
    EXPECT_TRUE(key->type() == c.want) << c.type << " " << c.scheme;
  }
}

TEST(PublicKeyFromJson, RefusesWhatTheSchemeDoesNotSay) {
  const std::string rsa = PrivateKey::generate_rsa(2048)->public_key().pem();
  const std::string p384 = p384_key().pem();
  struct Case {
    std::string_view type, scheme, value;
  };
  const Case cases[] = {
      {"ecdsa", "ecdsa-sha2-nistp256", p384},
      {"ecdsa", "ecdsa-sha2-nistp256", kP384Point},
      {"ecdsa", "ecdsa-sha2-nistp384", kSamePoint},
      {"ecdsa", "ecdsa-sha2-nistp384", kPoint},
      {"ecdsa", "rsassa-pss-sha256", kSamePoint},
      {"ecdsa", "ECDSA-SHA2-NISTP256", kSamePoint},
      {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", p384},
      {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp256", kSamePoint},
      {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", kSamePoint},
      {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", kSamePoint},
      {"ecprime256v1", "ecdsa-sha2-nistp384", p384},
      {"rsa", "ed25519", rsa},
      {"rsa", "ecdsa-sha2-nistp256", kSamePoint},
      {"rsa", "rsassa-pss-sha384", rsa},
      {"rsa", "rsassa-pss-sha512", rsa},
      {"rsa", "rsa-pkcs1v15-sha256", rsa},
      {"rsa", "rsassa-pss-sha256", kSamePoint},
      {"rsa", "rsassa-pss-sha256", kPublic},
      {"ecdsa", "ecdsa-sha2-nistp256", rsa},
      {"ed25519", "rsassa-pss-sha256", kPublic},
      {"ed25519", "ed25519", kSamePoint},
      {"ed25519", "ed25519", kPoint},
      {"ed25519", "", kPublic},
  };
  for (const Case& c : cases) {
    const auto key = public_key_from_json(tuf_key(c.type, c.scheme, c.value));
    EXPECT_FALSE(key.ok()) << c.type << " " << c.scheme;
    EXPECT_FALSE(form::root_key(tuf_key(c.type, c.scheme, c.value), Dialect::tuf).ok()) << c.type << " " << c.scheme;
  }
}

TEST(PublicKeyFromJson, SaysWhatItWantsInstead) {
  const auto why = [](std::string_view type, std::string_view scheme, std::string_view value) {
    return public_key_from_json(tuf_key(type, scheme, value)).error().what;
  };
  EXPECT_EQ(why("rsa", "rsa-pkcs1v15-sha256", ""), "scheme: want rsassa-pss-sha256 for a key of type rsa");
  EXPECT_EQ(why("ecdsa", "ecdsa-sha2-nistp521", ""), "scheme: want ecdsa-sha2-nistp256 for a key of type ecdsa");
  EXPECT_EQ(why("ed448", "ed448", ""), "keytype: want RSA or ED25519, got 'ed448'");
  EXPECT_EQ(why("ecdsa", "ecdsa-sha2-nistp384", kPoint).substr(0, 28), "EC key: want 0x04 and the tw");
  EXPECT_EQ(why("ecdsa", "ecdsa-sha2-nistp384", kSamePoint), "key: want ecdsa-sha2-nistp384, got ECPRIME256V1");
  EXPECT_EQ(why("ed25519", "ed25519", hex(p384_key().spki_der())),
            "ED25519 key: want 64 hex digits (32 bytes), got 240 characters");
}

TEST(PublicKeyJson, IsSpelledByTheDialect) {
  const PublicKey p256 = public_key_from_json(tuf_key("ecdsa", "ecdsa-sha2-nistp256", kPoint)).value();
  EXPECT_EQ(to_json(public_key_json(p256, Dialect::uptane)),
            R"({"keytype":"ECPRIME256V1","keyval":{"public":")" + hex(p256.spki_der()) + "\"}}");
  const Json tuf = public_key_json(p256, Dialect::tuf);
  EXPECT_EQ(tuf.text("scheme").value(), "ecdsa-sha2-nistp256");
  EXPECT_EQ(tuf.find("keyval")->text("public").value(), kSamePoint);
}

TEST(PublicKeyFromJson, TakesThePointInHexForTheKeyInPem) {
  EXPECT_EQ(*public_key_from_json(tuf_key("ecdsa", "ecdsa-sha2-nistp256", kPoint)),
            *public_key_from_json(tuf_key("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", kSamePoint)));
}

TEST(PublicKeyFromJson, ReadsP384AsItIsWritten) {
  const Json json = public_key_json(p384_key(), Dialect::tuf);
  EXPECT_EQ(json.text("keytype").value(), "ecdsa");
  EXPECT_EQ(json.text("scheme").value(), "ecdsa-sha2-nistp384");
  EXPECT_EQ(*public_key_from_json(json), p384_key());
}

TEST(RootKey, IsNeverP384InTheUptaneDialect) {
  for (const Json& json : {public_key_json(p384_key(), Dialect::tuf), public_key_json(p384_key(), Dialect::uptane),
                           ed25519("ecdsa-sha2-nistp384", kP384Point)}) {
    const auto refused = form::root_key(json, Dialect::uptane);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().what, "key type: want RSA or ED25519, got EC P-384");
  }
  EXPECT_TRUE(form::root_key(public_key_json(p384_key(), Dialect::tuf), Dialect::tuf).ok());
}

TEST(MethodOf, IsEmptyForTypesThatNeverSign) {
  EXPECT_EQ(method_of(KeyType::ed25519), "ed25519");
  EXPECT_EQ(method_of(KeyType::rsa), "rsassa-pss-sha256");
  EXPECT_EQ(method_of(KeyType::ecdsa_p256), "");
  EXPECT_EQ(method_of(KeyType::ecdsa_p384), "");
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

TEST(RootKey, MayBeRsaOf4096Bit) {
  const auto key = PublicKey::from_pem(
      "-----BEGIN PUBLIC KEY-----\n"
      "MIICIjANBgkqhkiG9w0BAQEFAAOCAg8AMIICCgKCAgEAm7WEvsVJacn6FujOktVs\n"
      "TdFSYKuutozaiVANduCECTFi+7XFz8p0u9MvkAjrJ+zNPv63HsOMtZD3hYvVzseN\n"
      "tfh7HPMwUTOaP0N0Sk/eLzkdGgwesu5jdiSV5IiSOwqSk5gSpOvfgdcoWCXzIGat\n"
      "5CcHunZoTTNxew1piS3/RJKBcrnyy4GoAH1ExsfSX47i3j36EtWS/Pwqfmn6qtCa\n"
      "MTrpE6tOKr10lomqwsFATKzzxmkWRiByZ78QwhzJU4An9Ycr+ecnd4enzt3eXs16\n"
      "QhBP2tmvFwmu0X/ickVsQcrSRiCJNRpz1Gu8XnVQUz6LP0l0KLzz/hR0P/XayfeB\n"
      "1f0dLu+Fcot/yG+xi1LgYSd38GwaMXUySxlc1+jCzEna3buish/7f/+A5pMYeDxf\n"
      "NEMeEv/3DsYpISA2X+B+fKIuoC5oOz1dRWbgeSZnk7+Gcwe+FRKffTCquXcrzq36\n"
      "PddUadh+VyUZTKTsJYZYKnHckonppuXYCVAyLxV9g0Y+7sgNlRlMzl+BrLyHohxG\n"
      "BYfM8LNphBIKiikRVFuynny6ufXHHgXbKBhWkYI71z/JlCIOVAqoWDpaJGIfx4rj\n"
      "tPk/GBIJr35KXCXyPTnK7t7ReUCINp1OPriNTLi9T8h3heTa+J7mtpIvRokk0a8p\n"
      "v7KHXNDAeuTX4Vp+PExggCcCAwEAAQ==\n"
      "-----END PUBLIC KEY-----\n"
  ).value();
  EXPECT_EQ(form::root_key(public_key_json(key, Dialect::uptane), Dialect::uptane).value(), key);
}

TEST(RootKey, NeedsASchemeInTheTufDialect) {
  EXPECT_FALSE(form::root_key(ed25519("ed25519"), Dialect::tuf).ok());
}

TEST(SchemeOfMethod, ReadsAnyCaseAndTheAlias) {
  EXPECT_EQ(scheme_of_method("ED25519"), crypto::Scheme::ed25519);
  EXPECT_EQ(scheme_of_method("rsassa-pss"), crypto::Scheme::rsassa_pss_sha256);
  EXPECT_EQ(scheme_of_method("RSASSA-PSS-SHA256"), crypto::Scheme::rsassa_pss_sha256);
  EXPECT_EQ(scheme_of_method("ecPrime256v1"), std::nullopt);
  EXPECT_EQ(scheme_of_method("ecdsa-sha2-nistp256"), crypto::Scheme::ecdsa_sha256);
  EXPECT_EQ(scheme_of_method("ecdsa-sha2-nistp384"), std::nullopt);
  EXPECT_EQ(scheme_of_method(""), std::nullopt);
}

}  // namespace
}  // namespace rota::tuf
