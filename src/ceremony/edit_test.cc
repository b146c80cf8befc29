#include "ceremony/edit.h"

#include <gtest/gtest.h>

#include "sim/roots.h"

namespace rota::ceremony {
namespace {

using sim::key_of;
using tuf::Role;

tuf::KeyId id_of(char seed) { return tuf::key_id(key_of(seed).public_key()); }

RootEdit edit_of(const sim::RootRecipe& recipe) { return RootEdit::of(sim::root_body(recipe)).value(); }

Json extras() {
  return parse_json(R"({"x-changelog":{"message":"old"},"x-whatever":[1,{"a":null}],"x-key-owners":{}})").value();
}

TEST(RootEdit, KeepsEveryMemberItWasNotAskedToChange) {
  auto edit = edit_of({.extras = extras()});
  Json before = edit.body();
  edit.set_version(2);
  ASSERT_TRUE(edit.add_key(Role::root, key_of('2').public_key()).ok());
  Json after = edit.body();
  for (Json* body : {&before, &after}) {
    body->if_object()->erase("version");
    body->if_object()->erase("keys");
    body->find("roles")->if_object()->erase("root");
  }
  EXPECT_EQ(before, after);
}

TEST(RootEdit, AppendsANewKeyAtTheEnd) {
  auto edit = edit_of({.targets_keys = "t"});
  ASSERT_TRUE(edit.add_key(Role::targets, key_of('o').public_key()).ok());
  EXPECT_EQ(edit.key_ids(Role::targets), (std::vector<tuf::KeyId>{id_of('t'), id_of('o')}));
  EXPECT_NE(edit.body().find("keys")->find(id_of('o').hex), nullptr);
  EXPECT_EQ(edit.threshold(Role::targets), 1);
}

TEST(RootEdit, AddsAKeyOnce) {
  auto edit = edit_of({});
  const Json before = edit.body();
  EXPECT_EQ(edit.add_key(Role::root, key_of('1').public_key()).value(), id_of('1'));
  EXPECT_EQ(edit.body(), before);
}

TEST(RootEdit, UsesTheIdThatTheRootAlreadyHasForAKey) {
  Json body = sim::root_body({});
  const std::string k2(64, 'e');
  Json keys = *body.find("keys");
  keys[k2] = *keys.find(id_of('t').hex);
  keys.if_object()->erase(id_of('t').hex);
  body["keys"] = keys;
  body["roles"]["targets"]["keyids"] = Json(Json::Array{Json(k2)});
  auto edit = RootEdit::of(body).value();
  EXPECT_EQ(edit.add_key(Role::root, key_of('t').public_key()).value().hex, k2);
}

TEST(RootEdit, DropsAKeyThatNoRoleUsesAndItsOwner) {
  Json owners{Json::Object{}};
  owners["x-key-owners"][id_of('1').hex] = Json(Json::Object{{"polis-id", "u"}});
  auto edit = edit_of({.extras = owners});
  ASSERT_TRUE(edit.replace_key(Role::root, id_of('1'), key_of('2').public_key()).ok());
  EXPECT_EQ(edit.body().find("keys")->find(id_of('1').hex), nullptr);
  EXPECT_EQ(edit.body().find("x-key-owners")->find(id_of('1').hex), nullptr);
  EXPECT_EQ(edit.key_ids(Role::root), std::vector<tuf::KeyId>{id_of('2')});
}

TEST(RootEdit, KeepsAKeyThatAnotherRoleUses) {
  auto edit = edit_of({.root_keys = "12", .targets_keys = "1"});
  ASSERT_TRUE(edit.remove_key(Role::root, id_of('1')).ok());
  EXPECT_NE(edit.body().find("keys")->find(id_of('1').hex), nullptr);
}

TEST(RootEdit, RefusesToRemoveAKeyTheRoleDoesNotHaveAndNamesTheOnesItHas) {
  auto edit = edit_of({});
  const Json before = edit.body();
  const auto removed = edit.remove_key(Role::root, id_of('z'));
  ASSERT_FALSE(removed.ok());
  EXPECT_EQ(removed.error().fault, Fault::not_found);
  EXPECT_NE(removed.error().what.find(id_of('1').hex), std::string::npos);
  EXPECT_EQ(edit.body(), before);
}

TEST(RootEdit, RefusesKeysThatDevicesCannotUse) {
  auto edit = edit_of({});
  const Json before = edit.body();
  const auto p256 = crypto::PrivateKey::generate_p256().value();
  EXPECT_FALSE(edit.add_key(Role::root, p256.public_key()).ok());
  EXPECT_FALSE(edit.replace_key(Role::root, id_of('1'), p256.public_key()).ok());
  const auto p384 = crypto::PublicKey::from_ec_point(
      crypto::KeyType::ecdsa_p384,  // RFC 6979 A.2.6
      unhex("04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13"
            "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720")
          .value());
  EXPECT_FALSE(edit.add_key(Role::root, p384.value()).ok());
  EXPECT_EQ(edit.body(), before);
}

TEST(RootEdit, RefusesAThresholdOutsideWhatDevicesTake) {
  auto edit = edit_of({});
  for (const int bad : {0, -1, 1001}) EXPECT_FALSE(edit.set_threshold(Role::root, bad).ok()) << bad;
  ASSERT_TRUE(edit.set_threshold(Role::targets, 2).ok());
  EXPECT_EQ(edit.threshold(Role::targets), 2);
}

TEST(RootEdit, RefusesWhatIsNoRoot) {
  for (const char* text : {"{}", R"({"_type":"Root"})", "[]"})
    EXPECT_FALSE(RootEdit::of(parse_json(text).value()).ok()) << text;
}

TEST(RootEdit, WritesChangelogAndOwner) {
  auto edit = edit_of({});
  const RootEdit::Author author{"u1", parse_rfc3339("2030-01-01T00:00:00Z").value()};
  edit.set_changelog(author, "Rotate");
  edit.set_key_owner(id_of('1'), author);
  EXPECT_EQ(to_json(*edit.body().find("x-changelog")),
            R"({"message":"Rotate","polis-id":"u1","timestamp":"2030-01-01T00:00:00Z"})");
  EXPECT_EQ(edit.body().find("x-key-owners")->find(id_of('1').hex)->text_or("polis-id", ""), "u1");
}

TEST(RenewedExpiry, IsNeverEarlierThanTheCurrentOne) {
  const Time now = parse_rfc3339("2030-01-01T00:00:00Z").value();
  EXPECT_EQ(rfc3339(renewed_expiry(now, now)), "2031-01-01T00:00:00Z");
  EXPECT_EQ(renewed_expiry(now + days(1000), now), now + days(1000));
}

}  // namespace
}  // namespace rota::ceremony
