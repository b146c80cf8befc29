// init and export-credentials: whole or not at all (garage-sign.md A3-A5, A23).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "keys/zip.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::compat {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::map<std::string, std::string>;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/home/tuf/repo";
const std::string kOauth2 =
    R"({"client_id":"ci@acme","client_secret":"sesame","server":"https://api.sim/ota/ostreehub/acme/oauth2"})";

std::string treehub(const std::string& oauth2, const std::string& no_auth) {
  return R"({"oauth2":)" + oauth2 + R"(,"no_auth":)" + no_auth + R"(,"ostree":{"server":"https://api.sim/x/","y":1}})";
}

Texts good_zip() {
  keys::Archive pair;
  sim::put_pair(pair, "targets", 't');
  return {{"treehub.json", treehub(kOauth2, "false")},
          {"tufrepo.url", " https://api.sim/ota/repo/acme\r\n"},
          {"root.json", sim::new_factory_roots().back()},
          {"targets.pub", Bytes(pair.find("targets.pub")->reveal())},
          {"targets.sec", Bytes(pair.find("targets.sec")->reveal())},
          {"autoprov.url", "https://gateway.sim"}};
}

Texts with(Texts zip, const std::string& name, const std::string& text) {
  zip[name] = text;
  return zip;
}
Texts without(Texts zip, const std::string& name) {
  zip.erase(name);
  return zip;
}

Bytes zipped(const Texts& texts) {
  keys::Archive::Members members;
  for (const auto& [name, text] : texts) members.emplace(name, crypto::SecretBytes(Bytes(text)));
  return Bytes(keys::zipped_members(members, kNow).value().reveal());
}

class Credentials : public testing::Test {
 protected:
  Credentials() { EXPECT_TRUE(make_folders(files_, "/home/tuf", 0700).ok()); }

  int run(std::vector<std::string> words) {
    std::ostringstream out, err;
    words.insert(words.end(), {"--repo", kRepo});
    const int code = garage_sign(words, cli::Talk(out, err), {files_, clock_, server_, false});
    EXPECT_EQ(out.str(), "");
    said_ = err.str();
    return code;
  }
  int init(const Bytes& zip, const std::vector<std::string>& more = {}) {
    EXPECT_TRUE(replace_file(files_, "/c.zip", zip, 0600).ok());
    std::vector<std::string> words = {"init", "-c", "/c.zip"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  std::string text(const std::string& name) { return files_.read(kRepo + "/" + name, 1 << 20).value(); }
  Json config() { return parse_json(text("config.json")).value(); }

  sim::CrashFiles files_;
  FixedClock clock_{kNow};
  sim::Repository server_{sim::new_factory_roots(), kNow};
  std::string said_;
};

TEST_F(Credentials, MakeARepository) {
  ASSERT_EQ(init(zipped(good_zip())), 0) << said_;
  const Json made = config();
  EXPECT_EQ(made.text("reposerver").value(), "https://api.sim/ota/repo/acme");
  EXPECT_EQ(made.text("repoServerType").value(), "RepoServer");
  EXPECT_EQ(made.find("auth")->text("client_secret").value(), "sesame");
  EXPECT_EQ(made.find("auth")->text("scope").value(), "none");
  EXPECT_EQ(to_json(*made.find("treehub")->find("ostree")), R"({"server":"https://api.sim/x/","y":1})");
  EXPECT_EQ(text("credentials.zip"), zipped(good_zip()));
  for (const auto* folder : {"", "/keys", "/roles", "/roles/unsigned"})
    EXPECT_EQ(files_.facts(kRepo + folder)->mode, 0700u) << folder;
  for (const auto* file : {"/config.json", "/credentials.zip", "/keys/targets.sec", "/roles/root.json"})
    EXPECT_EQ(files_.facts(kRepo + file)->mode, 0600u) << file;
  EXPECT_EQ(server_.requests().size(), 0u);
  EXPECT_EQ(run({"root", "pull"}), 0) << said_;
}

TEST_F(Credentials, MakeARepositoryOnce) {
  ASSERT_EQ(init(zipped(good_zip())), 0);
  const auto before = text("config.json");
  EXPECT_EQ(init(zipped(with(good_zip(), "tufrepo.url", "https://other.sim"))), 3);
  EXPECT_EQ(text("config.json"), before);
}

TEST_F(Credentials, AreRefusedWholeAndTheRightOnesTakenAfterwards) {
  keys::Archive other;
  sim::put_pair(other, "targets", 'x');
  const std::pair<const char*, Texts> bad[] = {
      {"tufrepo.url", without(good_zip(), "tufrepo.url")},
      {"treehub.json", without(good_zip(), "treehub.json")},
      {"treehub.json", with(good_zip(), "treehub.json", "{")},
      {"treehub.json", with(good_zip(), "treehub.json", "[]")},
      {"no_auth", with(good_zip(), "treehub.json", treehub("null", "false"))},
      {"client_secret", with(good_zip(), "treehub.json", treehub(R"({"server":"s","client_id":"i"})", "false"))},
      {"URL", with(good_zip(), "tufrepo.url", "ftp://api.sim")},
      {"root.json", with(good_zip(), "root.json", sim::signed_root(sim::root_body({.root_keys = "2"}), "3"))},
      {"targets.pub", with(good_zip(), "targets.pub", "{}")},
      {"targets.sec", with(good_zip(), "targets.sec", Bytes(other.find("targets.sec")->reveal()))},
  };
  for (const auto& [what, zip] : bad) {
    EXPECT_EQ(init(zipped(zip)), 3);
    EXPECT_THAT(said_, HasSubstr(what));
    EXPECT_THAT(files_.list("/home/tuf").value(), IsEmpty());
  }
  EXPECT_EQ(init("PK not really"), 3);
  EXPECT_EQ(init(zipped(good_zip()), {"--servertype", "mirror"}), 255);
  EXPECT_EQ(init(zipped(good_zip())), 0) << said_;
}

TEST_F(Credentials, MayComeWithoutARootOrATargetsKey) {
  ASSERT_EQ(init(zipped(without(without(good_zip(), "targets.sec"), "root.json"))), 0);
  EXPECT_THAT(said_, HasSubstr("has no root.json"));
  EXPECT_THAT(said_, HasSubstr("has no targets.sec"));
}

TEST_F(Credentials, OfAClientCertificateGoBeforeAPassword) {
  ASSERT_EQ(init(zipped(with(good_zip(), "client_auth.p12", "p12"))), 0) << said_;
  EXPECT_EQ(to_json(*config().find("auth")), R"({"certPath":"client_auth.p12","serverCertPath":null})");
  EXPECT_EQ(text("client_auth.p12"), "p12");
}

TEST_F(Credentials, MayBeNone) {
  ASSERT_EQ(init(zipped(with(good_zip(), "treehub.json", R"({"no_auth":true})"))), 0) << said_;
  EXPECT_TRUE(config().find("auth")->is_null());
}

TEST_F(Credentials, MayNameAnotherAddressOrKind) {
  const auto director = with(without(good_zip(), "tufrepo.url"), "api_gateway.url", "https://gateway.sim");
  ASSERT_EQ(init(zipped(director), {"-t", "DIRECTOR"}), 0) << said_;
  EXPECT_EQ(config().text("reposerver").value(), "https://gateway.sim");
  EXPECT_EQ(config().text("repoServerType").value(), "Director");
  EXPECT_FALSE(files_.facts(kRepo + "/roles/root.json")->exists());
}

TEST_F(Credentials, TakeTheAddressOfTheCommandLineFirst) {
  ASSERT_EQ(init(zipped(good_zip()), {"--reposerver", "https://mirror.sim/repo"}), 0) << said_;
  EXPECT_EQ(config().text("reposerver").value(), "https://mirror.sim/repo");
}

TEST_F(Credentials, KeepKeysThatWereMadeBefore) {
  ASSERT_EQ(run({"key", "generate", "--name", "mine"}), 0);
  const auto mine = text("keys/mine.sec");
  ASSERT_EQ(init(zipped(good_zip())), 0) << said_;
  EXPECT_EQ(text("keys/mine.sec"), mine);
}

TEST_F(Credentials, NeverReplaceAKeyThatWasMadeBefore) {
  ASSERT_EQ(run({"key", "generate", "--name", "targets"}), 0);
  const auto mine = text("keys/targets.sec");
  EXPECT_EQ(init(zipped(good_zip())), 3);
  EXPECT_EQ(text("keys/targets.sec"), mine);
  EXPECT_FALSE(files_.facts(kRepo + "/config.json")->exists());
}

TEST_F(Credentials, MakeARepositoryAfterAPowerCutToo) {
  bool done = false;
  for (int steps = 0; !done; ++steps) {
    SCOPED_TRACE(steps);
    files_ = sim::CrashFiles();
    ASSERT_TRUE(make_folders(files_, "/home/tuf", 0700).ok());
    ASSERT_TRUE(files_.sync_folder("/").ok() && files_.sync_folder("/home").ok());
    ASSERT_TRUE(create_durable(files_, "/c.zip", zipped(good_zip()), 0600).ok());
    files_.cut_after(steps);
    done = run({"init", "-c", "/c.zip"}) == 0;
    files_.restart();
    if (done || files_.facts(kRepo + "/config.json")->exists()) continue;
    ASSERT_EQ(run({"init", "-c", "/c.zip"}), 0) << said_;
    EXPECT_EQ(text("credentials.zip"), zipped(good_zip()));
  }
}

TEST_F(Credentials, AreExportedAndMakeAnEqualRepository) {
  ASSERT_EQ(init(zipped(good_zip())), 0);
  const auto before = config();
  ASSERT_EQ(run({"root", "pull"}), 0) << said_;
  ASSERT_EQ(run({"key", "generate", "--name", "other"}), 0);
  ASSERT_EQ(run({"key", "generate", "--name", "fresh"}), 0);
  ASSERT_EQ(run({"export-credentials", "-k", "other", "-k", "fresh", "-o", "/out.zip"}), 0) << said_;
  EXPECT_EQ(files_.facts("/out.zip")->mode, 0600u);
  const auto fresh = text("keys/fresh.sec");
  const auto zip = files_.read("/out.zip", 1 << 20).value();
  EXPECT_EQ(keys::unzipped_members(zip)->at("autoprov.url").reveal(), "https://gateway.sim");
  EXPECT_EQ(keys::unzipped_members(zip)->at("root.json").reveal(), text("roles/trusted/2.root.json"));
  files_ = sim::CrashFiles();
  ASSERT_TRUE(make_folders(files_, "/home/tuf", 0700).ok());
  ASSERT_EQ(init(zip), 0) << said_;
  EXPECT_EQ(config(), before);
  EXPECT_EQ(text("keys/targets.sec"), fresh);
  EXPECT_TRUE(files_.facts(kRepo + "/roles/root.json")->exists());
}

TEST_F(Credentials, AreNotExportedWithoutTheKey) {
  ASSERT_EQ(init(zipped(good_zip())), 0);
  EXPECT_EQ(run({"export-credentials", "-k", "nobody", "-o", "/out.zip"}), 3);
  EXPECT_FALSE(files_.facts("/out.zip")->exists());
}

}  // namespace
}  // namespace rota::compat
