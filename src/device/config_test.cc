#include "device/config.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "device/settings.h"

namespace rota::device {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string value(const Config& config, const char* section, const char* key) {
  const auto* found = config.find(section, key);
  return found == nullptr ? "(none)" : found->text;
}

TEST(Config, ReadsQuotesCommentsAndBlanks) {
  const auto config = Config::parse(
      "; a\n# b\n\n[tls]\n server = \"https://gw:8443\" # c\n[pacman]\r\ntags=a,b\nos = 'lmp'\nx=\n"
      "s = \"a\\\"b\\\\\"\n",
      "f");
  ASSERT_TRUE(config.ok()) << config.error().what;
  EXPECT_EQ(value(*config, "tls", "server"), "https://gw:8443");
  EXPECT_EQ(value(*config, "pacman", "tags"), "a,b");
  EXPECT_EQ(value(*config, "pacman", "os"), "lmp");
  EXPECT_EQ(value(*config, "pacman", "x"), "");
  EXPECT_EQ(value(*config, "pacman", "s"), "a\"b\\");
  EXPECT_EQ(Config::parse(config->to_toml(), "g")->to_toml(), config->to_toml());
}

TEST(Config, RefusesWithTheLine) {
  struct Row {
    const char* text;
    const char* reason;
  };
  for (const Row& row :
       {Row{"a = 1\n", "f:1: 'a' stands before"}, Row{"[s]\nnonsense\n", "f:2: want key = value"},
        Row{"[s]\na = 1\na = 2\n", "f:3: 'a' said twice"}, Row{"[s]\n[t]\n[s]\n", "f:3: section [s] said twice"},
        Row{"[s]\na = [1]\n", "f:2: want one value"}, Row{"[s]\na = \"b\n", "f:2: want a closing quote"},
        Row{"[s]\na = \"b\" c\n", "f:2: text after"}, Row{"[s\n", "f:1: want [section]"}}) {
    const auto config = Config::parse(row.text, "f");
    ASSERT_FALSE(config.ok()) << row.text;
    EXPECT_THAT(config.error().what, HasSubstr(row.reason));
  }
}

class ConfigFiles : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const std::string& path, const std::string& text) {
    ASSERT_TRUE(make_folders(files, folder_of(folder + "/" + path), 0700).ok());
    ASSERT_TRUE(files.create(folder + "/" + path, text, 0600).ok());
  }
  PosixFiles files;
  std::string folder = testing::TempDir() + "config-XXXXXX";
};

TEST_F(ConfigFiles, AreAppliedByNameAndReplacedByLaterFolders) {
  write("usr/10.toml", "[a]\nk = usr-10\nonly = usr\n");
  write("usr/20.toml", "[a]\nk = usr-20\n");
  write("usr/30.txt", "not read");
  write("etc/10.toml", "[a]\nk = etc-10\nz = etc\n");
  write("var/sota.toml", "[a]\nz = sota\n");
  const auto config = Config::load(files, {folder + "/usr", folder + "/var/sota.toml", folder + "/etc"});
  ASSERT_TRUE(config.ok()) << config.error().what;
  EXPECT_EQ(value(*config, "a", "k"), "usr-20") << "20 comes after 10, wherever they lie";
  EXPECT_EQ(value(*config, "a", "only"), "(none)") << "the whole file was replaced";
  EXPECT_EQ(value(*config, "a", "z"), "sota");
  EXPECT_FALSE(Config::load(files, {folder + "/nothing"}).ok());
}

TEST_F(ConfigFiles, KeepUnknownKeysAndHideSecrets) {
  write("a.toml", "[p11]\npass = 1234\nlabel = t\n[mine]\nsecret = s\nopen = o\n");
  const auto config = Config::load(files, {folder}).value();
  EXPECT_THAT(config.unknown_keys(), ElementsAre("mine.open", "mine.secret"));
  EXPECT_THAT(config.to_report(), HasSubstr("open = \"o\""));
  EXPECT_THAT(config.to_report(), Not(HasSubstr("1234")));
  EXPECT_THAT(config.to_report(), Not(HasSubstr("secret")));
}

TEST(Settings, HaveTheDefaultsOfTheSpecification) {
  Config config;
  config.set("tls", "server", "https://gw:8443/");
  const auto settings = settings_of(config).value();
  EXPECT_EQ(settings.repo_server, "https://gw:8443/repo");
  EXPECT_EQ(settings.package.ostree_server, "https://gw:8443/treehub");
  EXPECT_EQ(settings.database(), "/var/sota/rota.db");
  EXPECT_EQ(settings.lock_path, "/var/lock/aklite.lock");
  EXPECT_EQ(settings.boot.reboot_flag, "/var/run/aktualizr-session/need_reboot");
  EXPECT_EQ(settings.polling, Seconds(300));
  EXPECT_EQ(settings.tls.key, "/var/sota/pkey.pem");
  EXPECT_EQ(settings.trust.imported_root, "/var/sota/import/repo/root.json");
}

TEST(Settings, RefuseAValueThatIsNone) {
  struct Row {
    const char *section, *key, *value;
  };
  for (const Row& row :
       {Row{"uptane", "polling_sec", "0"}, Row{"uptane", "polling_sec", "soon"}, Row{"pacman", "booted", "maybe"},
        Row{"bootloader", "rollback_mode", "grub"}, Row{"tuf", "trust_on_first_use", "yes"}}) {
    Config config;
    config.set(row.section, row.key, row.value);
    const auto settings = settings_of(config);
    ASSERT_FALSE(settings.ok()) << row.key << row.value;
    EXPECT_THAT(settings.error().what, HasSubstr(row.key));
  }
}

}  // namespace
}  // namespace rota::device
