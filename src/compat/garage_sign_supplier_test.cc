// Delegations from both sides, targets signed elsewhere, and sign-json with verify-json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/garage_sign.h"
#include "sim/crash_files.h"
#include "sim/owner_archive.h"

namespace rota::compat {
namespace {

using sim::Repository;
using testing::HasSubstr;

const Time kNow = parse_rfc3339("2027-01-01T00:00:00Z").value();
const std::string kRepo = "/r/tufrepo";

struct Ending {
  int code;
  std::string out, err;
};

// A supplier with a key 'supplier' in /s/user-keys, and the owner of the repository that delegates to it.
class Supplier : public testing::Test {
 protected:
  void SetUp() override {
    server_.require_bearer("b");
    server_.serve_file("targets.json", sim::signed_root(targets_body(), "t"));
    const auto archive = sim::layout_a();
    for (const auto& [name, bytes] : archive.members()) put("/r/" + name, Bytes(bytes.reveal()));
    for (const char seed : {'s', 'x'}) {
      const std::string path = std::string("/s/user-keys/") + (seed == 's' ? "supplier" : "stranger");
      put(path + ".pub", keys::public_key_file(sim::key_of(seed).public_key(), keys::KeyFileForm::tufrepo));
      put(path + ".sec", Bytes(keys::private_key_file(sim::key_of(seed), keys::KeyFileForm::tufrepo).reveal()));
    }
  }
  static Json targets_body() {
    return Json::Object{{"_type", "Targets"},
                        {"expires", "2030-01-01T00:00:00Z"},
                        {"targets", Json::Object{}},
                        {"version", std::int64_t{1}}};
  }
  void put(const std::string& path, const Bytes& bytes) {
    make_folders(files_, folder_of(path), 0700).value();
    replace_file(files_, path, bytes, 0600).value();
  }
  Bytes file(const std::string& path) { return files_.read(path, 1u << 20).value(); }
  Ending want(int code, const std::vector<std::string>& words) {
    std::ostringstream out, err;
    const int ended = garage_sign(words, cli::Talk(out, err), {files_, clock_, server_, strict_});
    EXPECT_EQ(ended, code) << testing::PrintToString(words) << "\n" << err.str();
    return {ended, out.str(), err.str()};
  }
  Ending owner(int code, std::vector<std::string> words) {
    words.insert(words.end(), {"--repo", kRepo});
    return want(code, words);
  }
  void delegate() {
    owner(0, {"root", "pull"});
    owner(0, {"targets", "pull"});
    owner(0, {"targets", "delegations", "add", "-n", "sup", "-p", "sup/*", "-k", "/s/user-keys/supplier.pub"});
  }
  std::vector<std::string> target_named(const std::string& name) {
    return {"--name", name, "--version", "1", "--length", "3", "--sha256", std::string(64, 'a'), "--hardwareids", "pi"};
  }
  // A delegated role in /s/role.json with that target, signed.
  void sign_role(const std::string& target, const std::string& key = "supplier") {
    put("/s/role.json", want(0, {"delegations", "init"}).out);
    std::vector<std::string> add = {"delegations", "add-target", "--input", "/s/role.json", "--inplace"};
    for (const auto& word : target_named(target)) add.push_back(word);
    want(0, add);
    want(0, {"delegations", "sign", "-k", key, "-p", "/s/user-keys", "--input", "/s/role.json", "-e"});
  }

  sim::CrashFiles files_;
  FixedClock clock_{kNow};
  Repository server_{sim::new_factory_roots(), kNow};
  bool strict_ = false;
};

TEST_F(Supplier, IsDelegatedToByName) {
  delegate();
  const Json body = parse_json(file(kRepo + "/roles/unsigned/targets.json")).value();
  const auto delegations = tuf::read_delegations(*body.find("delegations"), tuf::Dialect::uptane).value();
  ASSERT_EQ(delegations.roles.size(), 1u);
  EXPECT_EQ(delegations.roles[0].name, "sup");
  EXPECT_EQ(delegations.roles[0].paths, std::vector<std::string>{"sup/*"});
  EXPECT_EQ(delegations.roles[0].keys.threshold, 1);
  EXPECT_TRUE(delegations.roles[0].terminating);
  EXPECT_EQ(delegations.keys.begin()->second, sim::key_of('s').public_key());
}

TEST_F(Supplier, IsReplacedUnderTheSameName) {
  delegate();
  owner(0, {"targets", "delegations", "add", "-n", "sup", "-p", "a/*", "-p", "b/*", "-k", "/s/user-keys/stranger.pub"});
  const Json body = parse_json(file(kRepo + "/roles/unsigned/targets.json")).value();
  const auto delegations = tuf::read_delegations(*body.find("delegations"), tuf::Dialect::uptane).value();
  ASSERT_EQ(delegations.roles.size(), 1u);
  EXPECT_EQ(delegations.keys.size(), 1u) << "a key that no role names is gone";
  EXPECT_EQ(delegations.keys.begin()->second, sim::key_of('x').public_key());
}

TEST_F(Supplier, PublishesWhatItMay) {
  delegate();
  sign_role("sup/app");
  owner(0, {"delegations", "push", "--name", "sup", "--input", "/s/role.json"});
  EXPECT_EQ(server_.served_files().at("delegations/sup.json"), file("/s/role.json"));
  EXPECT_EQ(owner(0, {"delegations", "pull", "-n", "sup"}).out, file("/s/role.json") + "\n");
  owner(0, {"delegations", "pull", "-n", "sup", "-o", "/s/pulled.json"});
  EXPECT_EQ(file("/s/pulled.json"), file("/s/role.json"));
}

TEST_F(Supplier, PublishesNothingElse) {
  delegate();
  sign_role("sup/app");
  EXPECT_THAT(owner(3, {"delegations", "push", "-n", "nobody", "-i", "/s/role.json"}).err, HasSubstr("nobody"));
  owner(255, {"delegations", "push", "-n", "../sup", "-i", "/s/role.json"});
  owner(255, {"delegations", "push", "-n", "targets", "-i", "/s/role.json"});
  sign_role("other/app");
  EXPECT_THAT(owner(3, {"delegations", "push", "-n", "sup", "-i", "/s/role.json"}).err, HasSubstr("outside the paths"));
  sign_role("sup/app", "stranger");
  EXPECT_THAT(owner(3, {"delegations", "push", "-n", "sup", "-i", "/s/role.json"}).err, HasSubstr("0 of 1"));
  EXPECT_FALSE(server_.served_files().contains("delegations/sup.json"));
}

TEST_F(Supplier, IsNotBelievedWhenTheServerShowsAnotherRole) {
  delegate();
  sign_role("sup/app", "stranger");
  server_.serve_file("delegations/sup.json", file("/s/role.json"));
  const auto refused = owner(3, {"delegations", "pull", "-n", "sup", "-o", "/s/pulled.json"});
  EXPECT_EQ(refused.out, "");
  EXPECT_FALSE(files_.facts("/s/pulled.json")->exists());
}

TEST_F(Supplier, SignsOnce) {
  sign_role("sup/app");
  EXPECT_THAT(want(3, {"delegations", "sign", "-k", "supplier", "-p", "/s/user-keys", "-i", "/s/role.json"}).err,
              HasSubstr("signed already"));
}

TEST_F(Supplier, HasNoPlaceInADirector) {
  auto config = parse_json(file(kRepo + "/config.json")).value();
  config["repoServerType"] = "Director";
  put(kRepo + "/config.json", to_pretty_json(config));
  put("/s/role.json", "{}");
  owner(3, {"delegations", "push", "-n", "sup", "-i", "/s/role.json"});
  owner(3, {"delegations", "pull", "-n", "sup"});
}

TEST_F(Supplier, WarnsWhenTargetsWereNeverPulled) {
  sign_role("sup/app");
  EXPECT_THAT(owner(0, {"delegations", "push", "-n", "sup", "-i", "/s/role.json"}).err, HasSubstr("never pulled"));
}

using Targets = Supplier;

TEST_F(Targets, TakeSignaturesMadeElsewhere) {
  owner(0, {"root", "pull"});
  owner(0, {"targets", "pull"});
  owner(0, {"targets", "increment-version"});
  const std::string unsigned_bytes = owner(0, {"targets", "get-unsigned"}).out;
  const std::string signature = base64(sim::key_of('o').sign(unsigned_bytes).value());
  owner(0, {"targets", "sign", "--signatures", "offline-targets=" + signature});
  const auto envelope = tuf::parse_envelope(file(kRepo + "/roles/targets.json"), tuf::kMaxTargets).value();
  EXPECT_EQ(envelope.body.find("version")->if_int() ? *envelope.body.find("version")->if_int() : 0, 2);
  ASSERT_EQ(envelope.signatures.size(), 1u);
  owner(0, {"targets", "push"});
  owner(3, {"targets", "sign", "--signatures", "offline-targets=" + base64(Bytes(64, 'x'))});
  owner(255, {"targets", "sign", "--signatures", "offline-targets=" + signature, "--version", "9"});
  owner(255, {"targets", "sign"});
}

TEST_F(Targets, AreAddedFromAFileThatWasUploaded) {
  owner(0, {"root", "pull"});
  owner(0, {"targets", "pull"});
  put("/s/image.bin", "abc");
  owner(0, {"targets", "add-uploaded", "-i", "/s/image.bin", "--name", "image", "--version", "7", "--hardwareids", "pi"});
  const Json body = parse_json(file(kRepo + "/roles/unsigned/targets.json")).value();
  const Json* target = body.find("targets")->find("image-7");
  ASSERT_NE(target, nullptr);
  EXPECT_EQ(target->find("length")->if_int() ? *target->find("length")->if_int() : 0, 3);
  EXPECT_EQ(target->find("hashes")->text_or("sha256", ""),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(*target->find("custom")->find("cliUploaded")->if_bool());
  owner(3, {"targets", "add-uploaded", "-i", "/s/none", "--name", "image", "--version", "8", "--hardwareids", "pi"});
}

using AnyJson = Supplier;

TEST_F(AnyJson, IsSignedAndVerifiedByKeyFiles) {
  put("/s/any.json", R"({"b": 2, "a": "x"})");
  const std::vector<std::string> pair = {"--priv-key", "/s/user-keys/supplier.sec", "--pub-key", "/s/user-keys/supplier.pub"};
  auto sign = std::vector<std::string>{"sign-json", "--input", "/s/any.json"};
  sign.insert(sign.end(), pair.begin(), pair.end());
  const auto made = want(0, sign);
  EXPECT_THAT(made.out, HasSubstr(R"("signed":{"a":"x","b":2})"));
  put("/s/signed.json", made.out);
  want(0, {"verify-json", "--pub-key", "/s/user-keys/supplier.pub", "--input", "/s/signed.json"});
  const std::vector<std::string> other = {"verify-json", "-p", "/s/user-keys/stranger.pub", "-i", "/s/signed.json"};
  want(3, other);
  strict_ = true;
  EXPECT_THAT(want(0, other).out, HasSubstr("no signature"));
  strict_ = false;
  want(3, {"sign-json", "-k", "/s/user-keys/supplier.sec", "-p", "/s/user-keys/stranger.pub", "-i", "/s/any.json"});
}

}  // namespace
}  // namespace rota::compat
