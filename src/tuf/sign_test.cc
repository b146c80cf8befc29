#include "tuf/sign.h"

#include <gtest/gtest.h>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

// The golden set of the formats: root 01, targets 02, snapshot 03, timestamp 04.
constexpr std::string_view kRoot =
    R"({"signatures":[{"keyid":"fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2","method":"ed25519","sig":"1Cw4YtsfLJ5lNsN0Uuqc1MKtJrFcc0WFQN/MKfBKXHx8ih0h+j/0lOAdJyDjM5A/+ASUdeD1dS1V9bH0yX5nDA=="}],"signed":{"_type":"Root","consistent_snapshot":false,"expires":"2027-10-01T00:00:00Z","keys":{"47dea58ea00fae9417ee19d76755bfef690899021132effb04fe1f9e4f0c8059":{"keytype":"ED25519","keyval":{"public":"8139770ea87d175f56a35466c34c7ecccb8d8a91b4ee37a25df60f5b8fc9b394"}},"8cef065b7af83669150b7d32704d3d3e75c3e9aee0d4f6740544c68e81b377aa":{"keytype":"ED25519","keyval":{"public":"ed4928c628d1c2c6eae90338905995612959273a5c63f93636c14614ac8737d1"}},"d016df3d83373617c06b5e1d6359caa06eeba8b3af2c7077234f109f2194516c":{"keytype":"ED25519","keyval":{"public":"ca93ac1705187071d67b83c7ff0efe8108e8ec4530575d7726879333dbdabe7c"}},"fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2":{"keytype":"ED25519","keyval":{"public":"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"}}},"roles":{"root":{"keyids":["fd110d301d2f077de1414b8f99f441b1403fab207b2052fbd2c065e4ee8e7dc2"],"threshold":1},"snapshot":{"keyids":["8cef065b7af83669150b7d32704d3d3e75c3e9aee0d4f6740544c68e81b377aa"],"threshold":1},"targets":{"keyids":["47dea58ea00fae9417ee19d76755bfef690899021132effb04fe1f9e4f0c8059"],"threshold":1},"timestamp":{"keyids":["d016df3d83373617c06b5e1d6359caa06eeba8b3af2c7077234f109f2194516c"],"threshold":1}},"version":1}})";
constexpr std::string_view kTargets =
    R"({"signatures":[{"keyid":"47dea58ea00fae9417ee19d76755bfef690899021132effb04fe1f9e4f0c8059","method":"ed25519","sig":"eERiFQ22VVf6Bc+VOYwDtfrCOUNRL1OdlQ3j4qL2rxws00WpkT6D8UmMyt3JX7lMaaZyxh5WVciUUznC0OorDQ=="}],"signed":{"_type":"Targets","expires":"2027-03-30T00:00:00Z","targets":{"gateway-x86-lmp-1":{"custom":{"hardwareIds":["gateway-x86"],"name":"gateway-x86-lmp","tags":["main"],"targetFormat":"OSTREE","version":"1"},"hashes":{"sha256":"0c436f942f94caf20dcb0524ab48dddcf7824d18d75d465bcfcedf39834089c1"},"length":0}},"version":1}})";
constexpr std::string_view kSnapshot =
    R"({"signatures":[{"keyid":"8cef065b7af83669150b7d32704d3d3e75c3e9aee0d4f6740544c68e81b377aa","method":"ed25519","sig":"kVhxsT33rie70zyCOTQWfAYv0VuL9K6g1iq0Du5kp5MkaDQ+zXcR6rPT1epXwA0Kw5Hsh6L93S54PM7m3m1iDA=="}],"signed":{"_type":"Snapshot","expires":"2027-03-30T00:00:00Z","meta":{"root.json":{"hashes":{"sha256":"67035c02422aae27c564b03d93939db015aaee1f6c9d6435412f9e96dd11acf0"},"length":1447,"version":1},"targets.json":{"hashes":{"sha256":"dcdb1980a89a98da9c76cae3aedd6774e904767f38a25f687069a85fb60fa932"},"length":535,"version":1}},"version":1}})";
constexpr std::string_view kTimestamp =
    R"({"signatures":[{"keyid":"d016df3d83373617c06b5e1d6359caa06eeba8b3af2c7077234f109f2194516c","method":"ed25519","sig":"rt2sNRzKCqrGBN7SBS48LUETvPUvhP5ULJnD2z3lODa3Gn+Duuul30H4/Zw6WtgrxRdoSAmUT1eQF6gzNtfxDg=="}],"signed":{"_type":"Timestamp","expires":"2026-10-08T00:00:00Z","meta":{"snapshot.json":{"hashes":{"sha256":"0c44630b31a9215f21f3b29ded931358c4f2c4895ac4d687cdcd94da4611e637"},"length":549,"version":1}},"version":1}})";

Json golden_targets() {
  Json body = head(Role::targets, 1, "2027-03-30T00:00:00Z");
  Json& target = body["targets"]["gateway-x86-lmp-1"];
  target["hashes"]["sha256"] = "0c436f942f94caf20dcb0524ab48dddcf7824d18d75d465bcfcedf39834089c1";
  target["length"] = 0;
  Json& custom = target["custom"];
  custom["name"] = "gateway-x86-lmp";
  custom["version"] = "1";
  custom["hardwareIds"].push_back("gateway-x86");
  custom["targetFormat"] = "OSTREE";
  custom["tags"].push_back("main");
  return body;
}

TEST(SignEnvelope, MakesTheGoldenSetByteForByte) {
  const Bytes root = root_file({.expires = "2027-10-01T00:00:00Z"});
  const Bytes targets = signed_file(golden_targets(), {2});
  Json snapshot_body = head(Role::snapshot, 1, "2027-03-30T00:00:00Z");
  snapshot_body["meta"]["root.json"] = listed(1, root);
  snapshot_body["meta"]["targets.json"] = listed(1, targets);
  const Bytes snapshot = signed_file(snapshot_body, {3});
  Json timestamp_body = head(Role::timestamp, 1, "2026-10-08T00:00:00Z");
  timestamp_body["meta"]["snapshot.json"] = listed(1, snapshot);
  EXPECT_EQ(root, kRoot);
  EXPECT_EQ(targets, kTargets);
  EXPECT_EQ(snapshot, kSnapshot);
  EXPECT_EQ(signed_file(timestamp_body, {4}), kTimestamp);
}

TEST(SignEnvelope, GoldenSetHasItsSizesAndDigestsAndVerifies) {
  EXPECT_EQ(kRoot.size(), 1447u);
  EXPECT_EQ(crypto::sha256_hex(kRoot), "67035c02422aae27c564b03d93939db015aaee1f6c9d6435412f9e96dd11acf0");
  EXPECT_EQ(kTargets.size(), 535u);
  EXPECT_EQ(crypto::sha256_hex(kTargets), "dcdb1980a89a98da9c76cae3aedd6774e904767f38a25f687069a85fb60fa932");
  EXPECT_EQ(kSnapshot.size(), 549u);
  EXPECT_EQ(crypto::sha256_hex(kSnapshot), "0c44630b31a9215f21f3b29ded931358c4f2c4895ac4d687cdcd94da4611e637");
  EXPECT_EQ(kTimestamp.size(), 424u);
  EXPECT_EQ(crypto::sha256_hex(kTimestamp), "0595e2ef249abf6cb3b696bf31aa505e3ecffbb5c139dd357b738d231bfc5a8c");
  const Generation set{Bytes(kTimestamp), Bytes(kSnapshot), Bytes(kTargets)};
  const auto verified = verify_set(anchor_root(kRoot).value(), {}, set, at("2026-10-07T23:59:59Z"));
  EXPECT_TRUE(verified.ok()) << verified.error().what;
}

TEST(SignEnvelope, SignsUnderTheIdThatTheRootLists) {
  const KeyId old{std::string(64, '8')};
  const KeySigner key = signer(1);
  const auto file = sign_envelope(root_body({}), {&key}, {{old, key.public_key()}}).value();
  EXPECT_EQ(parse_envelope(file, kMaxRoot)->signatures.at(0).key_id, old);
}

TEST(SignEnvelope, TakesTheIdOfItsOwnKeyAmongSeveral) {
  const KeySigner key = signer(5);
  std::map<KeyId, crypto::PublicKey> known;
  for (int seed = 1; seed <= 9; ++seed) known.emplace(KeyId{"key " + std::to_string(seed)}, public_key(seed));
  const auto file = sign_envelope(root_body({}), {&key}, known).value();
  EXPECT_EQ(parse_envelope(file, kMaxRoot)->signatures.at(0).key_id.hex, "key 5");
}

// An EC key outside the program.
class Token final : public Signer {
 public:
  const crypto::PublicKey& public_key() const override { return key_; }
  Result<Bytes> sign(BytesView) const override { return Bytes("signature"); }

 private:
  crypto::PublicKey key_ = crypto::PrivateKey::generate_p256().value().public_key();
};

TEST(SignEnvelope, TakesAnEcKeyInTheTufDialect) {
  const Json signature = signature_json(Token(), {"id"}, root_body({.dialect = Dialect::tuf}), Dialect::tuf).value();
  EXPECT_EQ(signature.text_or("sig", ""), hex("signature"));
}

TEST(SignEnvelope, RefusesOneKeyTwice) {
  const KeySigner key = signer(1), again = signer(1);
  const auto file = sign_envelope(root_body({}), {&key, &again});
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().fault, Fault::bad_input);
}

TEST(SignEnvelope, SpellsSignaturesAsTheDialectDoes) {
  const KeySigner rsa(crypto::PrivateKey::generate_rsa(2048).value());
  const Json uptane = signature_json(rsa, {"id"}, root_body({})).value();
  EXPECT_EQ(uptane.text_or("method", ""), "rsassa-pss-sha256");
  const Bytes message = bytes_to_sign(root_body({})).value();
  EXPECT_EQ(rsa.public_key().pss_salt_length(message, unbase64(uptane.text_or("sig", "")).value()), 32);
  const Json tuf = signature_json(rsa, {"id"}, root_body({.dialect = Dialect::tuf}), Dialect::tuf).value();
  EXPECT_EQ(tuf.find("method"), nullptr);
  EXPECT_EQ(tuf.text_or("sig", "").size(), 512u);
}

TEST(SignEnvelope, RefusesAnEcKeyInTheUptaneDialect) {
  const KeySigner ec(crypto::PrivateKey::generate_p256().value());
  const auto file = sign_envelope(root_body({}), {&ec});
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().what.find("want an Ed25519 or RSA key"), std::string::npos) << file.error().what;
}

TEST(BytesToSign, RefusesContentThatClientsSpellDifferently) {
  Json body = root_body({});
  body["x-note"] = "é";
  ASSERT_FALSE(bytes_to_sign(body).ok());
  EXPECT_EQ(bytes_to_sign(body).error().what, "x-note: want printable ASCII, line ends and tabs only");
  EXPECT_TRUE(bytes_to_sign(body, Dialect::tuf).ok());
  body["x-note"] = std::int64_t{1} << 53;
  EXPECT_FALSE(bytes_to_sign(body, Dialect::tuf).ok());
  EXPECT_FALSE(bytes_to_sign(Json(Json::Array{})).ok());
}

}  // namespace
}  // namespace rota::tuf
