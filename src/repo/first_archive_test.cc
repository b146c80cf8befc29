// What the owner takes home, once (repo-api.md 5, 9; E2, E8).
#include "crypto/hash.h"
#include "repo/acme_for_test.h"

namespace rota::repo {
namespace {

using test::body_of;
using test::unpacked;
using testing::ElementsAre;
using testing::HasSubstr;

class FirstArchive : public test::Acme {};
class FirstRootKey : public test::Acme {
 protected:
  tuf::KeyId id_of(const std::optional<crypto::PrivateKey>& key) { return tuf::key_id(key->public_key()); }
  std::int64_t copies() { return db_->query("SELECT COUNT(*) FROM first_root_keys").value()[0].integer(0); }
};

TEST_F(FirstArchive, HoldsWhatGarageSignWorksFrom) {
  std::map<std::string, unsigned> modes;
  const auto members = unpacked(repos_->first_archive("acme").value(), &modes);
  std::vector<std::string> names;
  for (const auto& [name, bytes] : members) names.push_back(name);
  EXPECT_THAT(
      names, ElementsAre("tufrepo/config.json", "tufrepo/credentials.zip", "tufrepo/keys/offline-root.pub",
                         "tufrepo/keys/offline-root.sec", "tufrepo/keys/offline-targets.pub",
                         "tufrepo/keys/offline-targets.sec", "tufrepo/keys/root.pub", "tufrepo/keys/root.sec",
                         "tufrepo/roles/root.json", "tufrepo/roles/targets.json", "tufrepo/roles/targets.json.checksum",
                         "tufrepo/roles/unsigned/root.json", "tufrepo/roles/unsigned/targets.json"));
  for (const auto& [name, mode] : modes) EXPECT_EQ(mode, name.ends_with('/') ? 0700u : 0600u) << name;
  EXPECT_EQ(members.at("tufrepo/roles/root.json"), *repos_->root("acme", 2).value());
  EXPECT_EQ(members.at("tufrepo/roles/targets.json"), *published()->targets);
  EXPECT_EQ(members.at("tufrepo/roles/targets.json.checksum"), published()->targets_checksum);
  EXPECT_EQ(parse_json(members.at("tufrepo/roles/unsigned/root.json")).value(), body_of(*published()->root));
  EXPECT_EQ(parse_json(members.at("tufrepo/roles/unsigned/targets.json")).value(), body_of(*published()->targets));
  EXPECT_THAT(members.at("tufrepo/keys/offline-root.sec"),
              testing::MatchesRegex(R"(\{"keytype":"ED25519","keyval":\{"private":"[0-9a-f]{64}"\}\})"));
}

TEST_F(FirstArchive, SaysWhereTheServerIs) {
  const auto members = unpacked(repos_->first_archive("acme").value());
  const Json config = parse_json(members.at("tufrepo/config.json")).value();
  EXPECT_EQ(config.text("reposerver").value(), "https://localhost:8080/ota/repo/acme");
  EXPECT_EQ(config.text("repoServerType").value(), "RepoServer");
  const Json& auth = *config.find("auth");
  EXPECT_EQ(auth.text("server").value(), "https://localhost:8080/ota/ostreehub/acme/oauth2");
  EXPECT_EQ(auth.text("client_id").value(), "owner@acme");
  EXPECT_EQ(auth.text("client_secret").value(), "token-of-the-owner");
  EXPECT_EQ(auth.text("scope").value(), "none");
}

TEST_F(FirstArchive, HoldsCredentialsWithoutAKey) {
  const auto zip = unpacked(repos_->credentials_zip("acme", test::kApi, {"ci@acme", "t0ken"}).value());
  std::vector<std::string> names;
  for (const auto& [name, bytes] : zip) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("root.json", "targets.pub", "treehub.json", "tufrepo.url"));
  EXPECT_EQ(zip.at("tufrepo.url"), "https://localhost:8080/ota/repo/acme\n");
  EXPECT_EQ(zip.at("root.json"), *published()->root);
  const auto key = tuf::public_key_from_json(parse_json(zip.at("targets.pub")).value()).value();
  EXPECT_THAT(*published()->targets, HasSubstr(tuf::key_id(key).hex));
  const Json treehub = parse_json(zip.at("treehub.json")).value();
  EXPECT_EQ(treehub.find("oauth2")->text("client_secret").value(), "t0ken");
  EXPECT_EQ(treehub.find("ostree")->text("server").value(), "https://localhost:8080/ota/treehub/acme/api/v3/");
}

TEST_F(FirstArchive, MayBeFetchedUntilConfirmed) {
  const Bytes archive = repos_->first_archive("acme").value();
  reopen();
  EXPECT_EQ(repos_->first_archive("acme").value(), archive);
  EXPECT_EQ(repos_->confirm_first_archive("acme", std::string(64, '0')).error().fault, Fault::conflict);
  EXPECT_EQ(repos_->first_archive("acme").value(), archive) << "a wrong digest erases nothing";
  ASSERT_TRUE(repos_->confirm_first_archive("acme", crypto::sha256_hex(archive)));
  EXPECT_EQ(repos_->first_archive("acme").error().fault, Fault::not_found);
  EXPECT_TRUE(db_->query("SELECT sealed FROM first_archives").value()[0].is_null(0));
  EXPECT_TRUE(repos_->confirm_first_archive("acme", crypto::sha256_hex(archive))) << "the answer may have been lost";
  EXPECT_EQ(repos_->confirm_first_archive("acme", "").error().fault, Fault::conflict);
}

TEST_F(FirstArchive, IsErasedByTheOwnersFirstRoot) {
  ASSERT_TRUE(std::holds_alternative<tuf::Version>(push_root(next_root(), {&*offline_root_})));
  EXPECT_EQ(repos_->first_archive("acme").error().fault, Fault::not_found);
  EXPECT_TRUE(db_->query("SELECT sealed FROM first_archives").value()[0].is_null(0)) << "it holds the key of root 1";
}

TEST_F(FirstArchive, OfAnotherFactoryIsAnotherOne) {
  ASSERT_TRUE(repos_->create({.name = "other", .api_url = test::kApi, .api_token = "t"}));
  ASSERT_TRUE(
      db_->execute("UPDATE first_archives SET sealed = (SELECT sealed FROM first_archives WHERE factory = 'other') "
                   "WHERE factory = 'acme'"));
  EXPECT_EQ(repos_->first_archive("acme").error().fault, Fault::rejected) << "sealed for its place";
}

TEST_F(FirstRootKey, IsHandedOutUntilSealed) {
  EXPECT_EQ(repos_->first_root_key("acme", id_of(root_)).value().public_key(), root_->public_key());
  EXPECT_EQ(repos_->first_root_key("acme", id_of(offline_root_)).value().public_key(), offline_root_->public_key());
  ASSERT_TRUE(repos_->seal_first_root_key("acme", id_of(root_)));
  EXPECT_EQ(repos_->first_root_key("acme", id_of(root_)).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->seal_first_root_key("acme", id_of(root_)).error().fault, Fault::not_found);
  EXPECT_TRUE(repos_->first_root_key("acme", id_of(offline_root_)));
}

TEST_F(FirstRootKey, TakesTheArchiveOutOfReachWhenSealed) {
  ASSERT_TRUE(repos_->seal_first_root_key("acme", id_of(offline_root_)));
  EXPECT_EQ(repos_->first_archive("acme").error().fault, Fault::not_found);
  clock_.pass(days(1) + Seconds(1));
  ASSERT_TRUE(repos_->refresh("acme"));
  EXPECT_TRUE(db_->query("SELECT sealed FROM first_archives").value()[0].is_null(0)) << "no copy after a day";
}

TEST_F(FirstRootKey, IsSealedWhenTheArchiveIsConfirmed) {
  ASSERT_TRUE(repos_->confirm_first_archive("acme", crypto::sha256_hex(repos_->first_archive("acme").value())));
  EXPECT_EQ(repos_->first_root_key("acme", id_of(root_)).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->first_root_key("acme", id_of(offline_root_)).error().fault, Fault::not_found);
}

TEST_F(FirstRootKey, IsErasedByARootWithoutIt) {
  ASSERT_EQ(copies(), 2);
  const auto mine = crypto::PrivateKey::generate_ed25519().value();
  Json root = next_root();
  test::unlist_key(root, "root", offline_root_->public_key());
  test::list_key(root, "root", mine.public_key());
  ASSERT_TRUE(std::holds_alternative<tuf::Version>(push_root(root, {&*offline_root_, &mine})));
  EXPECT_EQ(copies(), 0);
  EXPECT_EQ(repos_->first_root_key("acme", id_of(offline_root_)).error().fault, Fault::not_found);
}

TEST_F(FirstRootKey, IsErasedADayAfterItWasSealed) {
  ASSERT_TRUE(repos_->seal_first_root_key("acme", id_of(root_)));
  clock_.pass(days(1));
  ASSERT_TRUE(repos_->refresh("acme"));
  EXPECT_EQ(copies(), 2);
  clock_.pass(Seconds(1));
  ASSERT_TRUE(repos_->refresh("acme"));
  EXPECT_EQ(copies(), 1);
}

TEST_F(FirstRootKey, IsNoOnlineKey) {
  const Json root = body_of(*published()->root);
  const auto online = root.find("roles")->find("targets")->find("keyids")->if_array()->front();
  EXPECT_EQ(repos_->first_root_key("acme", tuf::KeyId{*online.if_text()}).error().fault, Fault::not_found);
  EXPECT_EQ(repos_->first_root_key("acme", tuf::KeyId{""}).error().fault, Fault::not_found);
}

}  // namespace
}  // namespace rota::repo
