// Metadata of the field that a device must take or leave: keys, thresholds, methods, spellings (device.md 14).
#include <gmock/gmock.h>

#include "device/device_for_test.h"

namespace rota::device {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using tuf::KeySigner;
using tuf::Role;

Json array_of(const std::vector<Json>& items) { return Json(Json::Array(items.begin(), items.end())); }

Json signature_by(const KeySigner& signer, const std::string& id, std::string_view method, BytesView message) {
  Json json;
  json["keyid"] = id;
  json["method"] = method;
  json["sig"] = base64(signer.sign(message).value());
  return json;
}

// A device that starts from a root made for it, and a server whose sets are made around one targets file.
class Scene {
 public:
  explicit Scene(const Json& root) {
    const Bytes file = tuf::test::signed_file(root, {1});
    device.provision("1.root.json", file);
    device.server.files["/repo/1.root.json"] = file;
  }

  // The body of the next targets.
  Json targets_body() const {
    return *parse_json(generation({.targets = version_ + 1}).targets)->find("signed");
  }
  enum class Facts { given, left_out };
  void serve(const Bytes& targets, Facts facts = Facts::given) {
    ++version_;
    const Bytes snapshot = listing(Role::snapshot, "targets.json", targets, facts, 3);
    device.server.files["/repo/targets.json"] = targets;
    device.server.files["/repo/snapshot.json"] = snapshot;
    device.server.files["/repo/timestamp.json"] = listing(Role::timestamp, "snapshot.json", snapshot, facts, 4);
  }

  Device device;

 private:
  Bytes listing(Role role, const char* name, const Bytes& file, Facts facts, int key) const {
    Json body = tuf::test::head(role, version_, kFresh);
    body["meta"][name] = facts == Facts::given ? tuf::test::listed(version_, file) : Json(Json::Object{{"version", version_}});
    return tuf::test::signed_file(body, {key});
  }
  tuf::Version version_ = 0;
};

// DEV-16: a threshold counts keys: not signatures, not ids.
TEST(MetadataCase, AThresholdOfTwoWantsTwoKeys) {
  const std::string first = tuf::test::id(2).hex, second = tuf::test::id(8).hex, alias(64, 'a');
  auto plan = root_plan();
  plan.targets = {{2, 8}, 2};
  Json root = tuf::test::root_body(plan);
  root["keys"][alias] = root["keys"][first];
  root["roles"]["targets"]["keyids"].push_back(alias);
  struct Row {
    const char* name;
    std::vector<std::pair<int, std::string>> signers;  // key, and the id it signs under
    const char* reason;
  };
  const Row rows[] = {
      {"one key", {{2, first}}, "1 of 2 signatures"},
      {"one key twice", {{2, first}, {2, first}}, "occurs twice"},
      {"one key under two ids", {{2, first}, {2, alias}}, "the same key under another id"},
  };
  const Row both{"two keys", {{2, first}, {8, second}}, ""};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    Scene scene(root);
    const auto serve = [&](const Row& signed_by) {
      const Json body = scene.targets_body();
      std::vector<Json> signatures;
      for (const auto& [seed, id] : signed_by.signers)
        signatures.push_back(signature_by(tuf::test::signer(seed), id, "ed25519", tuf::canonical(body)));
      scene.serve(tuf::envelope_bytes(body, array_of(signatures)));
    };
    serve(row);
    const auto report = scene.device.check();
    EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected);
    EXPECT_THAT(why(report), HasSubstr(row.reason));
    EXPECT_THAT(scene.device.held().files, ElementsAre(Key("root 1")));
    serve(both);
    ASSERT_EQ(scene.device.check().outcome.exit, Exit::new_version);
    const auto before = scene.device.held();
    serve(row);
    EXPECT_EQ(scene.device.check().outcome.exit, Exit::metadata_rejected_store_kept);
    EXPECT_THAT(names_in(scene.device.list()), ElementsAre("foo-lmp-1", "foo-lmp-2"));
    EXPECT_EQ(scene.device.held().files, before.files);
  }
}

// DEV-17: what nobody here knows is ignored, and never counts.
TEST(MetadataCase, AnUnknownKeyTypeOrMethodSpoilsNothingAndSignsNothing) {
  const std::string own = tuf::test::id(2).hex, unknown(64, 'd');
  Json root = tuf::test::root_body(root_plan());
  root["keys"][unknown] = Json(Json::Object{{"keytype", "SPHINCS"}, {"keyval", Json(Json::Object{{"public", "00"}})}});
  root["roles"]["targets"]["keyids"].push_back(unknown);
  struct Row {
    const char* name;
    std::int64_t threshold;
    const char* method;  // of the second signature
    std::string id;      // of its key
    Exit exit;
    const char* reason;
  };
  const Row rows[] = {
      {"an unknown key beside enough", 1, "ed25519", unknown, Exit::new_version, ""},
      {"an unknown method beside enough", 1, "sphincs+", unknown, Exit::new_version, ""},
      {"an unknown key that is needed", 2, "ed25519", unknown, Exit::metadata_rejected, "not usable: keytype"},
      {"an unknown method that is needed", 1, "sphincs+", own, Exit::metadata_rejected, "method 'sphincs+' is unknown"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    root["roles"]["targets"]["threshold"] = row.threshold;
    Scene scene(root);
    const Json body = scene.targets_body();
    const auto signer = tuf::test::signer(2);
    std::vector<Json> signatures = {signature_by(signer, row.id, row.method, tuf::canonical(body))};
    if (row.id != own) signatures.push_back(signature_by(signer, own, "ed25519", tuf::canonical(body)));
    scene.serve(tuf::envelope_bytes(body, array_of(signatures)));
    const auto report = scene.device.check();
    EXPECT_EQ(report.outcome.exit, row.exit);
    EXPECT_THAT(why(report), HasSubstr(row.reason));
    EXPECT_EQ(scene.device.held().files.contains("targets"), row.exit == Exit::new_version);
  }
}

// A check whose targets are signed by that key alone. `sign` makes the signature over their canonical form.
Report checked_with(const Json& public_key, std::string_view method, const Json& body,
                    const std::function<Bytes(BytesView)>& sign) {
  const std::string id(64, 'e');
  Json root = tuf::test::root_body(root_plan());
  root["keys"][id] = public_key;
  root["roles"]["targets"]["keyids"] = array_of({Json(id)});
  Scene scene(root);
  Json signature;
  signature["keyid"] = id;
  signature["method"] = method;
  signature["sig"] = base64(sign(tuf::canonical(body)));
  scene.serve(tuf::envelope_bytes(body, array_of({signature})));
  return scene.device.check();
}
Json targets_body() { return *parse_json(generation({}).targets)->find("signed"); }

// DEV-18.
TEST(MetadataCase, KeysOfTheFieldSign) {
  struct Row {
    const char* method;
    crypto::PrivateKey key;
  };
  const Row rows[] = {{"rsassa-pss-sha256", crypto::PrivateKey::generate_rsa(2048).value()},
                      {"RSASSA-PSS-SHA256", crypto::PrivateKey::generate_rsa(4096).value()},
                      {"ed25519", crypto::PrivateKey::generate_ed25519().value()}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.method);
    const auto sign = [&](BytesView message) { return row.key.sign(message).value(); };
    const auto report = checked_with(tuf::public_key_json(row.key.public_key()), row.method, targets_body(), sign);
    EXPECT_EQ(report.outcome.exit, Exit::new_version) << why(report);
  }
}

// DEV-18. We verify such keys and never sign with them, so `openssl dgst -sha256 -sign` signed this, with a key of its own.
TEST(MetadataCase, AP256KeyOfTheFieldSigns) {
  const char* const text =
      R"({"_type":"Targets","expires":"2100-06-01T00:00:00Z","targets":{"foo-lmp-1":{"custom":{"hardwareIds":["foo"],)"
      R"("name":"foo-lmp","tags":["main"],"targetFormat":"OSTREE","version":"1"},"hashes":{"sha256":)"
      R"("e600c0cb4a6ef7d2b2a43e69159ced5b64118839cfbd542f55b81d5199628533"},"length":0}},"version":1})";
  const Bytes signature = unbase64("MEUCIQCLnk0KxE9UBrOWPlzfK2QT6tUMruwXjk2kn3DT3xl4jQIgZW/NTrYl2KcBgJxFWqgz0bY3Qf9YiAYI8TbW"
                                   "zN5AVGA=").value();
  Json key;
  key["keytype"] = "ECPRIME256V1";
  key["keyval"]["public"] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEty6kr5dRQguD/LFOi7nDOCmnAGqr\n"
      "96E1QIVihOkfUserlm0AVcWSAHNv5+zLj0mZkOvu2U6F5TxijXzAz3jXSw==\n"
      "-----END PUBLIC KEY-----\n";
  Json body = parse_json(text).value();
  const auto good = checked_with(key, "ecdsa-sha2-nistp256", body, [&](BytesView) { return signature; });
  EXPECT_EQ(good.outcome.exit, Exit::new_version) << why(good);
  body["expires"] = "2100-06-02T00:00:00Z";
  const auto bad = checked_with(key, "ecdsa-sha2-nistp256", body, [&](BytesView) { return signature; });
  EXPECT_EQ(bad.outcome.exit, Exit::metadata_rejected);
  EXPECT_THAT(why(bad), HasSubstr("signature does not verify"));
}

TEST(MetadataCase, AnRsaKeyOf1024BitSignsNothing) {  // DEV-18
  Json key;
  key["keytype"] = "RSA";
  key["keyval"]["public"] =
      "-----BEGIN PUBLIC KEY-----\n"
      "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDfkaH8Z8oXEoiHYCfJE30hnyz0\n"
      "0XyBesJh7YRCZfJsFbAG6r7nEZ9y5gsdbmg52MmuLebfiHVy/EXELuVZe1Z1w00c\n"
      "t5f0wPEkGsTN7HnwOf3/d2Gvj+PHgOgmhfbOLb5U8odzb765wDbAEWnISFrgHnG+\n"
      "604nqUwepn2iWUmvLQIDAQAB\n"
      "-----END PUBLIC KEY-----\n";
  const auto report = checked_with(key, "rsassa-pss-sha256", targets_body(), [](BytesView) { return Bytes(128, 's'); });
  EXPECT_EQ(report.outcome.exit, Exit::metadata_rejected);
  EXPECT_THAT(why(report), HasSubstr("not usable: RSA"));
}

// DEV-19: what servers of the field send.
TEST(MetadataCase, OtherSpellingsAreTaken) {
  Scene scene(tuf::test::root_body(root_plan()));
  Json body = scene.targets_body();
  body["_type"] = "targets";
  const Bytes file = tuf::test::signed_file(body, {2});
  const std::string compact(file);
  std::string pretty;
  for (const char c : compact) pretty += c == ',' || c == '{' ? std::string(1, c) + "\n  " : std::string(1, c);
  struct Row {
    const char* name;
    Bytes targets;
    Scene::Facts facts;
  };
  for (const Row& row : {Row{"a type in lower case", file, Scene::Facts::given},
                         Row{"no lengths and hashes", file, Scene::Facts::left_out},
                         Row{"pretty-printed, hash of its bytes", pretty, Scene::Facts::given}}) {
    SCOPED_TRACE(row.name);
    Scene fresh(tuf::test::root_body(root_plan()));
    fresh.serve(row.targets, row.facts);
    const auto report = fresh.device.check();
    EXPECT_EQ(report.outcome.exit, Exit::new_version) << why(report);
  }
}

// DEV-20: text beyond ASCII, signed raw and escaped.
TEST(MetadataCase, TextBeyondAsciiIsTakenAsItIsSigned) {
  using tuf::CanonicalForm;
  for (const auto form : {CanonicalForm::uptane, CanonicalForm::olpc, CanonicalForm::device}) {
    Scene scene(tuf::test::root_body(root_plan()));
    Json body = scene.targets_body();
    body["targets"]["foo-lmp-1"]["custom"]["message"] = "rotación 日本 😀";
    const Json signature = signature_by(tuf::test::signer(2), tuf::test::id(2).hex, "ed25519", tuf::canonical(body, form));
    scene.serve(tuf::envelope_bytes(body, array_of({signature})));
    EXPECT_EQ(scene.device.check().outcome.exit, Exit::new_version);
  }
}

// DEV-23: for hundreds of devices and years of builds; what it costs is measured in bench/.
TEST(MetadataCase, EightThousandTargetsAreListedByTag) {
  Scene scene(tuf::test::root_body(root_plan()));
  SetPlan plan{.targets = 1, .offers = {}};
  for (int number = 1; number <= 8000; ++number) plan.offers.push_back(target(number, number % 100 == 0 ? "foo" : "bar"));
  scene.serve(generation(plan).targets.bytes());
  const auto report = scene.device.check();
  EXPECT_EQ(report.outcome.exit, Exit::new_version) << why(report);
  EXPECT_EQ(names_in(report).size(), 80u);
}

}  // namespace
}  // namespace rota::device
