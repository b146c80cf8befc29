#include "ceremony/sign.h"

#include <gtest/gtest.h>

#include "sim/roots.h"

namespace rota::ceremony {
namespace {

using sim::key_of;

struct Signers {
  explicit Signers(std::string_view seeds) {
    for (const char seed : seeds) keys.emplace_back(key_of(seed));
    for (const auto& key : keys) pointers.push_back(&key);
  }
  std::vector<tuf::KeySigner> keys;
  std::vector<const tuf::Signer*> pointers;
};

tuf::Trusted<tuf::Root> root_of(std::string_view keys, std::int64_t threshold = 1) {
  const auto body = sim::root_body({.root_keys = std::string(keys), .root_threshold = threshold});
  return tuf::anchor_root(sim::signed_root(body, keys)).value();
}

std::vector<std::string> ids_signing(BytesView envelope) {
  std::vector<std::string> ids;
  const auto parsed = tuf::parse_envelope(envelope, tuf::kMaxRoot).value();
  for (const auto& signature : parsed.signatures) ids.push_back(signature.key_id.hex);
  return ids;
}

std::string id(char seed) { return tuf::key_id(key_of(seed).public_key()).hex; }

TEST(SignRoot, SignsOncePerKeyInTheOrderGiven) {
  const auto trusted = root_of("1");
  const auto body = sim::root_body({.version = 2, .root_keys = "2"});
  const auto envelope = sign_root(body, Signers("1221").pointers, known_ids(*trusted, body)).value();
  EXPECT_EQ(ids_signing(envelope), (std::vector<std::string>{id('1'), id('2')}));
  EXPECT_TRUE(tuf::next_root(trusted, envelope).ok());
}

TEST(SignRoot, RefusesContentThatDevicesSpellDifferently) {
  Json body = sim::root_body({});
  body["x-changelog"] = Json("\xc3\xa9");
  EXPECT_FALSE(sign_root(body, Signers("1").pointers, {}).ok());
}

TEST(AppendSignatures, TwoCustodiansSignOneCandidate) {
  const auto trusted = root_of("12", 2);
  const auto body = sim::root_body({.version = 2, .root_keys = "12", .root_threshold = 2});
  const auto ids = known_ids(*trusted, body);
  const auto first = sign_root(body, Signers("1").pointers, ids).value();
  EXPECT_FALSE(tuf::next_root(trusted, first).ok());
  const auto both = append_signatures(first, Signers("2").pointers, ids).value();
  EXPECT_EQ(ids_signing(both), (std::vector<std::string>{id('1'), id('2')}));
  EXPECT_TRUE(tuf::next_root(trusted, both).ok());
  EXPECT_EQ(ids_signing(append_signatures(both, Signers("2").pointers, ids).value()), ids_signing(both));
}

TEST(AppendSignatures, DropsSignaturesThatDoNotVerifyOrAreOfStrangers) {
  const auto trusted = root_of("12", 2);
  const auto body = sim::root_body({.version = 2, .root_keys = "12", .root_threshold = 2});
  const auto ids = known_ids(*trusted, body);
  const auto stranger = sim::signed_root(body, "z");
  Json forged = parse_json(sim::signed_root(sim::root_body({.version = 9}), "1")).value();
  forged["signed"] = body;
  for (const Bytes& bad : {stranger, to_json(forged)})
    EXPECT_EQ(ids_signing(append_signatures(bad, Signers("2").pointers, ids).value()),
              std::vector<std::string>{id('2')});
}

TEST(AppendGiven, AcceptsAGoodSignatureAndRefusesABadOne) {
  const auto trusted = root_of("12", 2);
  const auto body = sim::root_body({.version = 2, .root_keys = "12", .root_threshold = 2});
  const auto ids = known_ids(*trusted, body);
  const auto first = sign_root(body, Signers("1").pointers, ids).value();
  const Bytes good = key_of('2').sign(tuf::bytes_to_sign(body).value()).value();
  const auto both = append_given(first, {{key_of('2').public_key(), good}}, ids);
  ASSERT_TRUE(both.ok());
  EXPECT_TRUE(tuf::next_root(trusted, *both).ok());
  const auto bad = append_given(first, {{key_of('2').public_key(), std::string(64, 'x')}}, ids);
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().fault, Fault::rejected);
}

TEST(DetachedSignature, IsTheOneTheEnvelopeWouldHold) {
  const auto body = sim::root_body({});
  const auto envelope = sim::signed_root(body, "1");
  const auto detached = detached_signature(envelope, tuf::KeySigner(key_of('1')), {}).value();
  EXPECT_EQ(detached, parse_json(envelope)->find("signatures")->if_array()->front());
}

}  // namespace
}  // namespace rota::ceremony
