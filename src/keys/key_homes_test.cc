// Against real tokens (SoftHSM), a real TPM (swtpm) and a real program that signs.
#include "keys/key_homes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include <atomic>
#include <filesystem>
#include <fstream>

#include "base/child.h"
#include "keys/archive.h"
#include "keys/key_file.h"

namespace rota::keys {
namespace {

using crypto::KeyType;
using crypto::SecretBytes;

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";
constexpr const char* kPin = "1234";


class KeyHomesTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-homes-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text, unsigned mode = 0600) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  // Reads a key back from the two files that stand for it.
  Result<crypto::PrivateKey> through_files(const crypto::PrivateKey& key, const KeyHomes& homes, KeyFileForm form) {
    const SecretBytes sec = private_key_file(key, form);
    const Bytes pub = public_key_file(key.public_key(), form);
    return read_key_pair({"k.pub", "k.sec", pub, sec, &homes});
  }

  std::string folder_;
  PosixFiles files_;
};

// A token of its own for each test. SoftHSM 2.6 loses 24 bytes with every Ed25519 key that it reads, out of the sight of
// whoever looks for leaks; they are not looked for here.
class TokenTest : public KeyHomesTest {
 protected:
  void SetUp() override {
    KeyHomesTest::SetUp();
#ifdef __SANITIZE_ADDRESS__
    __lsan_disable();
#endif
    std::filesystem::create_directory(folder_ + "/tokens");
    const std::string config = file("softhsm2.conf", "directories.tokendir = " + folder_ + "/tokens\nlog.level = ERROR\n");
    ASSERT_EQ(::setenv("SOFTHSM2_CONF", config.c_str(), 1), 0);
    make_token("owner");
  }

#ifdef __SANITIZE_ADDRESS__
  void TearDown() override {
    __lsan_enable();
    KeyHomesTest::TearDown();
  }
#endif

  void make_token(const std::string& label) {
    const Command command{.argv = {"softhsm2-util", "--init-token", "--free", "--label", label, "--pin", kPin, "--so-pin", "5678"},
                          .environment = {{"SOFTHSM2_CONF", folder_ + "/softhsm2.conf"}}};
    ASSERT_TRUE(output_of(command).ok());
  }

  KeyHomes homes(std::string pin = kPin) {
    return KeyHomes(files_, {[this, pin](std::string_view) -> Result<SecretBytes> {
                               ++asked_;
                               return SecretBytes(Bytes(pin));
                             },
                             "", ""});
  }
  struct Pair {
    Bytes pub;
    SecretBytes sec;
  };
  Pair pair_on(const std::string& token) {
    const auto key = homes().new_key(uri(token), KeyType::ed25519).value();
    return {public_key_file(key.public_key(), KeyFileForm::archive), private_key_file(key, KeyFileForm::archive)};
  }
  static Result<crypto::PrivateKey> of(const Pair& pair, const KeyHomes& homes) {
    return read_key_pair({"k.pub", "k.sec", pair.pub, pair.sec, &homes});
  }
  std::string uri(const std::string& rest) const { return "pkcs11:" + rest + "?module-path=" + kModule; }

  std::atomic<int> asked_ = 0;
};

TEST_F(TokenTest, MakesKeysThatSignAndThatAKeyFilePointsTo) {
  const auto homes = this->homes();
  for (const KeyType type : {KeyType::ed25519, KeyType::rsa, KeyType::ecdsa_p256}) {
    const auto key = homes.new_key(uri("token=owner"), type);
    ASSERT_TRUE(key.ok()) << key.error().what;
    EXPECT_EQ(key->public_key().type(), type);
    const auto signature = key->sign("message");
    ASSERT_TRUE(signature.ok()) << signature.error().what;
    EXPECT_TRUE(key->public_key().verifies(scheme_of(type), "message", *signature));
    for (const auto form : {KeyFileForm::tufrepo, KeyFileForm::archive}) {
      const auto again = through_files(*key, this->homes(), form);
      ASSERT_TRUE(again.ok()) << again.error().what;
      const auto second = again->sign("another");
      ASSERT_TRUE(second.ok()) << second.error().what;
      EXPECT_TRUE(key->public_key().verifies(scheme_of(type), "another", *second));
    }
  }
}

TEST_F(TokenTest, AsksForThePinOnceAndNotBeforeSomethingIsSigned) {
  const auto made = homes().new_key(uri("token=owner;object=root"), KeyType::ed25519);
  ASSERT_TRUE(made.ok());
  asked_ = 0;
  const auto homes = this->homes();
  const auto key = through_files(*made, homes, KeyFileForm::archive);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(asked_, 0);
  EXPECT_TRUE(key->sign("1").ok());
  EXPECT_TRUE(key->sign("2").ok());
  EXPECT_TRUE(homes.new_key(uri("token=owner;object=root"), KeyType::ed25519)->sign("3").ok());
  EXPECT_LE(asked_, 2);  // once for each way of naming the token
}

TEST_F(TokenTest, TriesAWrongPinOnce) {
  const auto pair = pair_on("token=owner;object=root");  // no session is left: a token is open to a whole process
  asked_ = 0;
  const auto key = of(pair, homes("9999"));
  for (int time = 0; time < 5; ++time) {
    const auto signature = key->sign("message");
    ASSERT_FALSE(signature.ok());
    EXPECT_EQ(signature.error().fault, Fault::denied);
    EXPECT_NE(signature.error().what.find("wrong PIN"), std::string::npos);
  }
  EXPECT_EQ(asked_, 1);
  EXPECT_TRUE(of(pair, homes())->sign("message").ok()) << "the token is locked";
}

TEST_F(TokenTest, TakesThePairThatIsThere) {
  const auto homes = this->homes();
  const auto made = homes.new_key(uri("token=owner;object=root;id=%01"), KeyType::ed25519);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(homes.new_key(uri("token=owner;object=root"), KeyType::ed25519)->public_key(), made->public_key());
  EXPECT_EQ(homes.new_key(uri("id=%01"), KeyType::ed25519)->public_key(), made->public_key());
  EXPECT_NE(homes.new_key(uri("token=owner"), KeyType::ed25519)->public_key(), made->public_key());
  const auto of_another_type = homes.new_key(uri("token=owner;object=root"), KeyType::rsa);
  ASSERT_FALSE(of_another_type.ok());
  EXPECT_EQ(of_another_type.error().fault, Fault::bad_input);
}

TEST_F(TokenTest, NotesTheTokenAndTheKeyWhateverItWasCalledBy) {
  const auto key = homes().new_key(uri("object=root"), KeyType::ed25519);
  ASSERT_TRUE(key.ok());
  const auto noted = Pkcs11Uri::parse(key->held_elsewhere()->reference().text);
  ASSERT_TRUE(noted.ok());
  EXPECT_EQ(noted->token, "owner");
  EXPECT_FALSE(noted->serial.empty());
  EXPECT_EQ(noted->id.size(), 16u);
  EXPECT_EQ(noted->object, "root");
  EXPECT_EQ(noted->module_path, kModule);
}

TEST_F(TokenTest, SaysWhyAKeyIsNotHad) {
  make_token("second");
  const auto homes = this->homes();
  const struct {
    std::string home;
    Fault fault;
    std::string why;
  } cases[] = {
      {uri("token=nobody"), Fault::not_found, "no token fits"},
      {uri(""), Fault::conflict, "both fit"},
      {"pkcs11:token=owner?module-path=/usr/lib/nothing.so", Fault::not_found, "no such file"},
      {"pkcs11:token=owner?module-path=/etc/passwd", Fault::io, "PKCS#11 module"},
      {"pkcs11:token=owner?module-path=" + file("mine.so", "", 0666), Fault::denied, "others may write"},
      {"file:/x", Fault::bad_input, "want pkcs11:"},
      {"tpm2:slot", Fault::bad_input, "want tpm2:"},
  };
  for (const auto& [home, fault, why] : cases) {
    const auto key = homes.new_key(home, KeyType::ed25519);
    ASSERT_FALSE(key.ok()) << home;
    EXPECT_EQ(key.error().fault, fault) << home << ": " << key.error().what;
    EXPECT_NE(key.error().what.find(why), std::string::npos) << key.error().what;
  }
}

TEST_F(TokenTest, BelievesNoOtherKeysSignature) {
  const auto homes = this->homes();
  const auto one = homes.new_key(uri("token=owner;object=one"), KeyType::ed25519);
  const auto two = homes.new_key(uri("token=owner;object=two"), KeyType::ed25519);
  ASSERT_TRUE(one.ok() && two.ok());
  const auto swapped = homes.key(one->public_key(), two->held_elsewhere()->reference());
  ASSERT_TRUE(swapped.ok());
  const auto signature = swapped->sign("message");
  ASSERT_FALSE(signature.ok());
  EXPECT_EQ(signature.error().fault, Fault::rejected);
}

TEST_F(TokenTest, ReadsThePinFromAFileThatNobodyElseReads) {
  const std::string good = file("pin", std::string(kPin) + "\n"), open = file("open-pin", kPin, 0644);
  const KeyHomes homes(files_, {});
  EXPECT_TRUE(homes.new_key(uri("token=owner") + "&pin-source=" + good, KeyType::ed25519).ok());
  const auto refused = homes.new_key(uri("token=owner") + "&pin-source=" + open, KeyType::ed25519);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("others may read"), std::string::npos);
  EXPECT_EQ(homes.new_key(uri("token=owner"), KeyType::ed25519).error().fault, Fault::denied) << "there is nobody to ask";
  EXPECT_TRUE(KeyHomes(files_, {{}, good, ""}).new_key(uri("token=owner"), KeyType::ed25519).ok());
}

TEST_F(TokenTest, AnArchiveSaysWhereAKeyLivesAndHoldsNoPrivateHalf) {
  const auto homes = std::make_shared<KeyHomes>(this->homes());
  const auto key = homes->new_key(uri("token=owner"), KeyType::ed25519);
  ASSERT_TRUE(key.ok());
  Archive archive;
  ASSERT_TRUE(archive.add_key("tufrepo/keys/root", *key).ok());
  EXPECT_EQ(archive.find("tufrepo/keys/root.sec")->reveal().find("private\":"), BytesView::npos);
  const auto packed = archive.packed(Time());
  ASSERT_TRUE(packed.ok());
  auto again = Archive::read(packed->reveal());
  ASSERT_TRUE(again.ok());
  const auto refused = again->private_key(again->keys().front());
  ASSERT_FALSE(refused.ok()) << "nothing says how tokens are reached";
  again->reach(homes);
  EXPECT_TRUE(again->private_key(again->keys().front())->sign("message").ok());
  EXPECT_TRUE(again->copy().private_key(again->keys().front())->sign("message").ok());
}

// swtpm on two ports of the loopback, for all tests of the suite: a TPM takes a while to make an RSA key.
class TpmTest : public KeyHomesTest {
 protected:
  static void SetUpTestSuite() {
    char name[] = "/tmp/rota-tpm-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    state_ = name;
    for (int port = 20'000 + ::getpid() % 20'000; port < 65'000; port += 7)
      if (start(port)) return;
    FAIL() << "no swtpm";
  }
  static void TearDownTestSuite() {
    std::ifstream pid(state_ + "/pid");
    int number = 0;
    if (pid >> number) ::kill(number, SIGTERM);
    std::filesystem::remove_all(state_);
  }
  static bool start(int port) {
    const auto at = [](int number) { return "type=tcp,bindaddr=127.0.0.1,port=" + std::to_string(number); };
    const bool up = started({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state_, "--server", at(port), "--ctrl", at(port + 1),
                             "--flags", "not-need-init,startup-clear", "--daemon", "--pid", "file=" + state_ + "/pid"});
    ::setenv("TPM2OPENSSL_TCTI", ("swtpm:host=127.0.0.1,port=" + std::to_string(port)).c_str(), 1);
    return up;
  }
  // Not by run(), which leaves nothing behind: what goes on in the background outlives the process that starts it.
  static bool started(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    int status = -1;
    const bool spawned = posix_spawnp(&child, argv[0], &quiet, nullptr, argv.data(), environ) == 0;
    posix_spawn_file_actions_destroy(&quiet);
    return spawned && ::waitpid(child, &status, 0) == child && status == 0;
  }
  inline static std::string state_;
};

TEST_F(TpmTest, MakesKeysThatOnlyThatTpmSignsWith) {
  const KeyHomes homes(files_, {});
  for (const KeyType type : {KeyType::rsa, KeyType::ecdsa_p256}) {
    const auto key = homes.new_key("tpm2:", type);
    ASSERT_TRUE(key.ok()) << key.error().what;
    const auto again = through_files(*key, homes, KeyFileForm::archive);
    ASSERT_TRUE(again.ok()) << again.error().what;
    const auto signature = again->sign("message");
    ASSERT_TRUE(signature.ok()) << signature.error().what;
    EXPECT_TRUE(key->public_key().verifies(scheme_of(type), "message", *signature));
  }
  const auto no_such = homes.new_key("tpm2:", KeyType::ed25519);
  ASSERT_FALSE(no_such.ok());
  EXPECT_EQ(no_such.error().fault, Fault::bad_input);
}

TEST_F(TpmTest, WantsThePinOfAKeyThatHasOne) {
  const KeyHomes good(files_, {{}, file("pin", "open sesame\n"), ""}), wrong(files_, {{}, file("wrong", "open barley\n"), ""}), nobody(files_, {});
  const auto key = good.new_key("tpm2:pin", KeyType::ecdsa_p256);
  ASSERT_TRUE(key.ok()) << key.error().what;
  EXPECT_TRUE(through_files(*key, good, KeyFileForm::archive)->sign("message").ok());
  EXPECT_EQ(through_files(*key, wrong, KeyFileForm::archive)->sign("message").error().fault, Fault::denied);
  EXPECT_EQ(through_files(*key, nobody, KeyFileForm::archive)->sign("message").error().fault, Fault::denied);
}

class SignerTest : public KeyHomesTest {
 protected:
  void SetUp() override {
    KeyHomesTest::SetUp();
    ASSERT_TRUE(output_of({.argv = {"openssl", "genpkey", "-algorithm", "ed25519", "-out", folder_ + "/k.pem"}}).ok());
    program_ = file("signer", "#!/bin/sh\nset -e\ncd " + folder_ + R"(
[ "$2" = root ] || { echo "no such key: $2" >&2; exit 1; }
case $1 in
public) openssl pkey -in k.pem -pubout ;;
sign) [ "$3" = ed25519 ]; cat >m; openssl pkeyutl -sign -rawin -inkey k.pem -in m ;;
esac
)", 0700);
  }
  std::string program_;
};

TEST_F(SignerTest, SignsByAProgram) {
  const KeyHomes homes(files_, {{}, "", program_});
  const auto key = homes.new_key("signer:root", KeyType::ed25519);
  ASSERT_TRUE(key.ok()) << key.error().what;
  const auto again = through_files(*key, homes, KeyFileForm::tufrepo);
  ASSERT_TRUE(again.ok());
  const std::string message(300'000, 'm');
  const auto signature = again->sign(message);
  ASSERT_TRUE(signature.ok()) << signature.error().what;
  EXPECT_TRUE(key->public_key().verifies(crypto::Scheme::ed25519, message, *signature));
}

TEST_F(SignerTest, SaysWhatTheProgramSaysWhenItRefuses) {
  const KeyHomes homes(files_, {{}, "", program_});
  const auto missing = homes.new_key("signer:other", KeyType::ed25519);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().fault, Fault::denied);
  EXPECT_NE(missing.error().what.find("no such key: other"), std::string::npos) << missing.error().what;
  EXPECT_EQ(KeyHomes(files_, {}).new_key("signer:root", KeyType::ed25519).error().fault, Fault::denied);
  for (const std::string name : {"", "-x", "a b", "a\nb"})
    EXPECT_EQ(homes.new_key("signer:" + name, KeyType::ed25519).error().fault, Fault::bad_input) << name;
}

TEST(KeyReference, IsOneHomeAndNothingElse) {
  const auto reference = [](std::string_view keyval) {
    return reference_in(SecretBytes("{\"keytype\":\"ED25519\",\"keyval\":" + std::string(keyval) + "}"));
  };
  EXPECT_EQ(reference(R"({"pkcs11":"pkcs11:token=a"})").value()->text, "pkcs11:token=a");
  EXPECT_EQ(reference(R"({"private":"00"})").value(), std::nullopt);
  for (const auto* both : {R"({"pkcs11":"pkcs11:","private":"00"})", R"({"pkcs11":"pkcs11:","signer":"a"})", R"({"pkcs11":7})", R"({"signer":""})"})
    EXPECT_EQ(reference(both).error().fault, Fault::bad_input) << both;
}

}  // namespace
}  // namespace rota::keys
