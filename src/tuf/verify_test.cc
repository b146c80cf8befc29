#include "tuf/verify.h"

#include <gtest/gtest.h>

#include <cctype>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += part + "\n";
  return text;
}

// The rejection a call must end in, with its text.
#define EXPECT_REJECTED(result, text)                                                        \
  do {                                                                                       \
    const auto& refused_ = (result);                                                         \
    ASSERT_FALSE(refused_.ok());                                                             \
    EXPECT_EQ(refused_.error().fault, Fault::rejected);                                      \
    EXPECT_NE(refused_.error().what.find(text), std::string::npos) << refused_.error().what; \
  } while (false)

Envelope opened(BytesView file) {
  return parse_envelope(file, kMaxTargets).value();
}

// The file with its first signature changed by hand.
template <typename Change>
Bytes with_signature(BytesView file, Change change) {
  Json json = parse_json(file).value();
  change((*json.find("signatures")->if_array())[0]);
  return to_json(json);
}

Bytes with_signature_copied_under(BytesView file, const std::string& id) {
  Json json = parse_json(file).value();
  Json copy = (*json.find("signatures")->if_array())[0];
  copy["keyid"] = id;
  json["signatures"].push_back(copy);
  return to_json(json);
}

TEST(Tally, CountsOneVoteAKeyAndNamesWhoIsMissing) {
  const Root root = *trusted_root({.root = {{1, 5, 6}, 2}});
  const auto result = tally(root, Role::root, opened(root_file({.root = {{1, 5, 6}, 2}}, {6, 1})));
  EXPECT_TRUE(result.met());
  EXPECT_EQ(result.signed_by, (std::vector<KeyId>{id(6), id(1)}));
  EXPECT_EQ(result.missing, (std::vector<KeyId>{id(5)}));
  EXPECT_TRUE(result.faults.empty()) << joined(result.faults);
}

TEST(Tally, TellsAWrongSignatureAnUnknownKeyAndAnotherRolesKeyApart) {
  const RootPlan plan{.root = {{1, 5}, 2}};
  const Root root = *trusted_root(plan);
  const Bytes file = with_signature(root_file(plan, {1, 4, 9}), [](Json& s) { s["sig"] = base64(Bytes(64, 'x')); });
  const auto result = tally(root, Role::root, opened(file));
  EXPECT_FALSE(result.met());
  EXPECT_EQ(result.faults, (std::vector<std::string>{"key " + id(1).brief() + ": signature does not verify",
                                                     "key " + id(4).brief() + ": not a key of root",
                                                     "key " + id(9).brief() + ": unknown to root 1"}));
}

TEST(SignedBy, SaysHowManyAreMissingAndWho) {
  const RootPlan plan{.root = {{1, 5}, 2}};
  const auto status = signed_by(*trusted_root(plan), Role::root, opened(root_file(plan, {1})), "root");
  EXPECT_REJECTED(status, "root: 1 of 2 signatures; missing: " + id(5).brief());
}

TEST(SignedBy, ShowsAFewOfManyFaults) {
  Json signatures;
  for (int i = 0; i < 500; ++i) {
    Json one;
    one["keyid"] = "stranger " + std::to_string(i);
    one["method"] = "ed25519";
    one["sig"] = "";
    signatures.push_back(one);
  }
  const auto status = signed_by(*trusted_root(), Role::root, opened(envelope_bytes(root_body({}), signatures)), "root");
  EXPECT_REJECTED(status, "and 492 more");
  EXPECT_LT(status.error().what.size(), 1000u);
}

TEST(SignedBy, CountsOneKeyUnderTwoIdsOnce) {
  Json body = root_body({.root = {{1}, 2}});
  const std::string second(64, 'e');
  body["keys"][second] = public_key_json(public_key(1));
  body["roles"]["root"]["keyids"].push_back(second);
  const Bytes file = with_signature_copied_under(signed_file(body, {1}), second);
  EXPECT_REJECTED(anchor_root(file),
                  "1 of 2 signatures; key " + second.substr(0, 12) + ": the same key under another id");
}

TEST(SignedBy, CountsAKeyIdListedTwiceOnce) {
  Json body = root_body({.root = {{1}, 2}});
  body["roles"]["root"]["keyids"].push_back(id(1).hex);
  EXPECT_REJECTED(anchor_root(signed_file(body, {1})), "1 of 2 signatures");
}

TEST(SignedBy, TreatsIdsThatDifferInCaseAsOthersAndStillCountsTheKeyOnce) {
  Json body = root_body({.root = {{1}, 2}});
  std::string upper = id(1).hex;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  body["keys"][upper] = public_key_json(public_key(1));
  body["roles"]["root"]["keyids"].push_back(upper);
  EXPECT_REJECTED(anchor_root(with_signature_copied_under(signed_file(body, {1}), upper)), "1 of 2 signatures");
}

TEST(SignedBy, IgnoresAnUnknownMethodUnlessItIsNeeded) {
  const RootPlan plan{.root = {{1, 5}, 1}};
  const auto stranger = [](Json& s) { s["method"] = "sphincs+"; };
  EXPECT_TRUE(anchor_root(with_signature(root_file(plan, {1, 5}), stranger)).ok());
  EXPECT_REJECTED(anchor_root(with_signature(root_file(plan, {1}), stranger)),
                  "signature method 'sphincs+' is unknown");
}

TEST(SignedBy, RefusesAMethodThatDoesNotFitTheKey) {
  EXPECT_REJECTED(anchor_root(with_signature(root_file({}), [](Json& s) { s["method"] = "rsassa-pss-sha256"; })),
                  "signature does not verify");
}

TEST(SignedBy, IgnoresAMalformedSignatureBesideEnoughGoodOnes) {
  const auto broken = [](Json& s) { s["sig"] = "not base64!"; };
  EXPECT_TRUE(anchor_root(with_signature(root_file({.root = {{1, 5}, 1}}), broken)).ok());
  EXPECT_REJECTED(anchor_root(with_signature(root_file({}), broken)), "signature does not verify");
}

TEST(SignedBy, IgnoresAnUnknownKeyTypeUnlessItIsNeeded) {
  Json body = root_body({});
  const std::string stranger(64, 'd');
  body["keys"][stranger] = Json(Json::Object{{"keytype", "SPHINCS"}, {"keyval", Json(Json::Object{{"public", "00"}})}});
  body["roles"]["root"]["keyids"].push_back(stranger);
  EXPECT_TRUE(anchor_root(signed_file(body, {1})).ok());
  body["roles"]["root"]["threshold"] = 2;
  EXPECT_REJECTED(anchor_root(with_signature_copied_under(signed_file(body, {1}), stranger)), "not usable: keytype");
}

TEST(SignedBy, CountsNoVoteOfAListedIdWithoutAKey) {
  Json body = root_body({.root = {{1}, 2}});
  const std::string ghost(64, 'd');
  body["roles"]["root"]["keyids"].push_back(ghost);
  const Bytes file = with_signature_copied_under(signed_file(body, {1}), ghost);
  EXPECT_REJECTED(anchor_root(file),
                  "1 of 2 signatures; missing: dddddddddddd; key dddddddddddd: not among the keys of root 1");
}

TEST(SignedBy, AcceptsRsaAndEcKeysAndRefusesSizesDevicesNeverVerify) {
  for (const int bits : {2048, 3072}) {
    const KeySigner rsa(crypto::PrivateKey::generate_rsa(bits).value());
    const KeyId own = key_id(rsa.public_key());
    Json body = root_body({});
    body["keys"][own.hex] = public_key_json(rsa.public_key());
    body["roles"]["root"]["keyids"] = Json(Json::Array{Json(own.hex)});
    EXPECT_TRUE(anchor_root(sign_envelope(body, {&rsa}).value()).ok()) << bits;
  }
  const KeySigner odd(crypto::PrivateKey::generate_rsa(2560).value());
  Json body = root_body({});
  body["keys"][key_id(odd.public_key()).hex] = public_key_json(odd.public_key());
  body["roles"]["root"]["keyids"] = Json(Json::Array{Json(key_id(odd.public_key()).hex)});
  EXPECT_REJECTED(anchor_root(sign_envelope(body, {&odd}).value()), "RSA size: want 2048, 3072 or 4096 bit, got 2560");
}

// Made with `openssl dgst -sha256 -sign` by a key that was thrown away.
constexpr const char* kEcPublic =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200045cd74eedb6622ebe69fd2450042c57f9c5c47"
    "b99e58a48d258fa2e104596141300cdd0a6bbb1bc23606c4fe6cdc3b76f61f00b16fa34a9a4dfe52d96ee8a182e";
constexpr const char* kEcSignature =
    "MEYCIQDFYTVSNOgzrEuwRjp1/MvlSibpBjcGRrqFHcTtTdX68gIhAKMWLIPhsFX0KpubvgSCZTHOWhV/o17dmuqYYP6ayToP";

TEST(SignedBy, AcceptsAnEcSignatureThatNobodyHereMakes) {
  const auto key = crypto::PublicKey::from_spki_der(unhex(kEcPublic).value()).value();
  const std::string own = key_id(key).hex;
  Json body = root_body({});
  body["keys"][own] = public_key_json(key);
  body["roles"]["root"]["keyids"] = Json(Json::Array{Json(own)});
  Json signature;
  signature["keyid"] = own;
  signature["method"] = "ecdsa-sha2-nistp256";
  signature["sig"] = kEcSignature;
  EXPECT_TRUE(anchor_root(envelope_bytes(body, Json(Json::Array{signature}))).ok());
  signature["method"] = "ecPrime256v1";
  EXPECT_REJECTED(anchor_root(envelope_bytes(body, Json(Json::Array{signature}))), "method 'ecPrime256v1' is unknown");
}

// Non-ASCII text as the three encoders of the field sign it (DEV-20).
TEST(SignedBy, AcceptsTheCanonicalFormsOfEveryClient) {
  Json body = root_body({});
  body["x-changelog"]["message"] = "rotación 日本 😀\nline\x01";
  for (const auto form : {CanonicalForm::uptane, CanonicalForm::device, CanonicalForm::olpc}) {
    Json signature;
    signature["keyid"] = id(1).hex;
    signature["method"] = "ed25519";
    signature["sig"] = base64(signer(1).sign(canonical(body, form)).value());
    EXPECT_TRUE(anchor_root(envelope_bytes(body, Json(Json::Array{signature}))).ok());
  }
}

TEST(SignedBy, RefusesTheUptaneFormInTheTufDialect) {
  Json body = root_body({.dialect = Dialect::tuf});
  body["x-note"] = "two\nlines";
  EXPECT_TRUE(anchor_root(signed_file(body, {1}, Dialect::tuf)).ok());
  Json signature;
  signature["keyid"] = id(1, Dialect::tuf).hex;
  signature["sig"] = hex(signer(1).sign(canonical(body, CanonicalForm::uptane)).value());
  EXPECT_REJECTED(anchor_root(envelope_bytes(body, Json(Json::Array{signature}))), "signature does not verify");
}

TEST(AnchorRoot, AcceptsAnExpiredRootAndRefusesAnUnsignedOne) {
  EXPECT_TRUE(anchor_root(root_file({.expires = "2001-01-01T00:00:00Z"})).ok());
  EXPECT_REJECTED(anchor_root(root_file({}, {})), "0 of 1 signatures");
}

TEST(AnchorRoot, RefusesARootLongerThanItsDialectAllows) {
  Json body = root_body({});
  body["x-padding"] = std::string(kMaxRoot, 'x');
  EXPECT_REJECTED(anchor_root(signed_file(body, {1})), "root: size: want at most 65536 bytes");
  Json tuf = root_body({.dialect = Dialect::tuf});
  tuf["x-padding"] = std::string(kMaxRoot, 'x');
  EXPECT_TRUE(anchor_root(signed_file(tuf, {1}, Dialect::tuf)).ok());
}

TEST(AnchorRoot, KeepsTheBytesAsReceived) {
  const Bytes pretty = to_pretty_json(parse_json(root_file({})).value());
  EXPECT_EQ(anchor_root(pretty).value().raw(), pretty);
}

TEST(NextRoot, AcceptsOneSignedByOldAndNewKeys) {
  const auto next = next_root(trusted_root(), root_file({.version = 2, .root = {{5}}}, {1, 5}));
  ASSERT_TRUE(next.ok()) << next.error().what;
  EXPECT_EQ((*next)->version, 2);
}

TEST(NextRoot, AcceptsAnExpiredOne) {
  EXPECT_TRUE(next_root(trusted_root(), root_file({.version = 2, .expires = "2001-01-01T00:00:00Z"})).ok());
}

TEST(NextRoot, RefusesAVersionThatSkipsOne) {
  EXPECT_REJECTED(next_root(trusted_root(), root_file({.version = 3})), "root: version: want 2, got 3");
}

TEST(NextRoot, RefusesTheSameVersion) {
  EXPECT_REJECTED(next_root(trusted_root(), root_file({.version = 1})), "root: version: want 2, got 1");
}

TEST(NextRoot, RefusesOneWithoutTheOldKeys) {
  EXPECT_REJECTED(next_root(trusted_root(), root_file({.version = 2, .root = {{5}}}, {5})),
                  "root 2 by the keys of root 1: 0 of 1 signatures; missing: " + id(1).brief());
}

TEST(NextRoot, RefusesOneWithoutItsOwnKeys) {
  EXPECT_REJECTED(next_root(trusted_root(), root_file({.version = 2, .root = {{5}}}, {1})),
                  "root 2 by its own keys: 0 of 1 signatures; missing: " + id(5).brief());
}

TEST(NextRoot, AsksForBothThresholdsWhenOneIsRaisedOrLowered) {
  const auto two = trusted_root({.root = {{1, 5}, 2}});
  EXPECT_REJECTED(next_root(two, root_file({.version = 2, .root = {{1, 5}, 1}}, {1})), "by the keys of root 1: 1 of 2");
  EXPECT_TRUE(next_root(two, root_file({.version = 2, .root = {{1, 5}, 1}}, {1, 5})).ok());
  EXPECT_REJECTED(next_root(trusted_root(), root_file({.version = 2, .root = {{1, 5}, 2}}, {1})),
                  "by its own keys: 1 of 2");
}

TEST(NextRoot, RefusesAnotherDialect) {
  const RootPlan tuf{.version = 2, .dialect = Dialect::tuf};
  EXPECT_REJECTED(next_root(trusted_root(), root_file(tuf)), "dialect: want uptane, got tuf");
}

TEST(Fresh, EndsAtTheInstantOfExpiry) {
  const Time expiry = at("2028-01-01T00:00:00Z");
  EXPECT_TRUE(fresh(trusted_root(), expiry - Seconds(1)).ok());
  for (const Time now : {expiry, expiry + Seconds(1), at("9999-12-31T23:59:59Z")}) {
    const auto stale = fresh(trusted_root(), now);
    ASSERT_FALSE(stale.ok());
    EXPECT_EQ(stale.error().fault, Fault::expired);
  }
  EXPECT_EQ(fresh(trusted_root(), expiry).error().what,
            "root: expires: want after 2028-01-01T00:00:00Z, got 2028-01-01T00:00:00Z");
}

TEST(VerifySet, AcceptsAWholeGeneration) {
  const auto set = verify_set(trusted_root(), {}, generation(), kNow);
  ASSERT_TRUE(set.ok()) << set.error().what;
  EXPECT_EQ(set->targets->targets.at(0).name, "foo-lmp-1");
}

TEST(VerifySet, AcceptsTheTufDialect) {
  const auto set = verify_set(trusted_root({.dialect = Dialect::tuf}), {}, generation({.dialect = Dialect::tuf}), kNow);
  ASSERT_TRUE(set.ok()) << set.error().what;
  EXPECT_EQ(set->root->dialect, Dialect::tuf);
}

TEST(VerifySet, RefusesFilesOfTheOtherDialect) {
  EXPECT_REJECTED(verify_set(trusted_root(), {}, generation({.dialect = Dialect::tuf}), kNow),
                  "dialect: want uptane, got tuf");
}

// DEV-19: pretty-printed files, lower-case types, no lengths and hashes in the timestamp.
TEST(VerifySet, AcceptsPrettyFilesAndHashesOfTheCanonicalForm) {
  Generation set = generation();
  const FileBytes targets = set.targets;
  set.targets = to_pretty_json(parse_json(targets).value());
  Json snapshot = snapshot_body({}, targets);
  snapshot["_type"] = "snapshot";
  snapshot["meta"]["targets.json"].if_object()->erase("length");
  set.snapshot = signed_file(snapshot, {3});
  Json timestamp = timestamp_body({}, set.snapshot);
  timestamp["meta"]["snapshot.json"] = Json(Json::Object{{"version", 1}});
  set.timestamp = signed_file(timestamp, {4});
  const auto verified = verify_set(trusted_root(), {}, set, kNow);
  ASSERT_TRUE(verified.ok()) << verified.error().what;
  EXPECT_EQ(verified->targets.trusted().raw(), set.targets);
}

TEST(VerifySet, RefusesHashesOfTheCanonicalFormInTheTufDialect) {
  const SetPlan plan{.dialect = Dialect::tuf};
  Generation set = generation(plan);
  Json snapshot = snapshot_body(plan, set.targets);
  snapshot["meta"]["targets.json"].if_object()->erase("length");
  set.snapshot = signed_file(snapshot, {3}, Dialect::tuf);
  set.timestamp = signed_file(timestamp_body(plan, set.snapshot), {4}, Dialect::tuf);
  set.targets = to_pretty_json(parse_json(set.targets).value());
  EXPECT_REJECTED(verify_set(trusted_root({.dialect = Dialect::tuf}), {}, set, kNow), "targets: hash");
}

TEST(VerifySet, ChecksEveryKnownHashAndWantsOne) {
  const auto with_hashes = [](const Json& hashes) {
    Generation set = generation();
    Json snapshot = snapshot_body({}, set.targets);
    snapshot["meta"]["targets.json"]["hashes"] = hashes;
    set.snapshot = signed_file(snapshot, {3});
    set.timestamp = signed_file(timestamp_body({}, set.snapshot), {4});
    return verify_set(trusted_root(), {}, set, kNow);
  };
  const FileBytes targets = generation().targets;
  const std::string sha256 = crypto::sha256_hex(targets), sha512 = hex(crypto::sha512(targets));
  EXPECT_TRUE(with_hashes(Json(Json::Object{{"sha512", sha512}})).ok());
  EXPECT_TRUE(with_hashes(Json(Json::Object{{"sha256", sha256}, {"blake3", "00"}})).ok());
  EXPECT_REJECTED(with_hashes(Json(Json::Object{{"sha256", sha256}, {"sha512", "00"}})), "targets: hash");
  EXPECT_REJECTED(with_hashes(Json(Json::Object{{"blake3", "00"}})), "targets: hash");
}

TEST(VerifySet, RefusesEachFileOnceItExpired) {
  const Time late = at("2027-06-01T00:00:00Z");
  EXPECT_EQ(verify_set(trusted_root(), {}, generation(), late).error().fault, Fault::expired);
  EXPECT_EQ(verify_set(trusted_root(), {}, generation(), late).error().what.substr(0, 9), "timestamp");
  EXPECT_TRUE(verify_set(trusted_root(), {}, generation(), late - Seconds(1)).ok());
}

TEST(NextTimestamp, AnswersWithTheStoredOneForAnEqualVersion) {
  const auto root = fresh(trusted_root(), kNow).value();
  Floors floors{.timestamp = 5, .snapshot = 1};
  floors.stored_timestamp = generation({.versions = {5, 1, 1}}).timestamp;
  const FileBytes other = generation({.versions = {5, 2, 2}, .target_name = "evil-lmp-9"}).timestamp;
  const auto timestamp = next_timestamp(root, floors, other);
  ASSERT_TRUE(timestamp.ok()) << timestamp.error().what;
  EXPECT_EQ(timestamp->raw(), floors.stored_timestamp);
  EXPECT_EQ(next_timestamp(root, floors, generation({.versions = {6, 2, 2}}).timestamp).value()->snapshot.version, 2);
}

TEST(NextTimestamp, DoesNotBelieveAStoredOneThatSomebodyEdited) {
  const auto root = fresh(trusted_root(), kNow).value();
  Floors floors{.timestamp = 5};
  floors.stored_timestamp =
      with_signature(generation({.versions = {5, 9, 9}}).timestamp, [](Json& s) { s["sig"] = "eA=="; });
  const FileBytes real = generation({.versions = {5, 1, 1}}).timestamp;
  EXPECT_EQ(next_timestamp(root, floors, real).value().raw(), real);
}

// Floors rise file by file, also when a set is not completed: what the file above lists may be lower than what was
// seen.
TEST(NextSnapshot, RefusesAVersionBelowItsFloor) {
  const auto root = fresh(trusted_root(), kNow).value();
  const Generation set = generation();
  const auto timestamp = fresh(next_timestamp(root, {}, set.timestamp).value(), kNow).value();
  EXPECT_REJECTED(next_snapshot(root, timestamp, {.snapshot = 2}, set.snapshot),
                  "snapshot: version: want at least 2, got 1");
}

TEST(NextTargets, RefusesAVersionBelowItsFloor) {
  const auto root = fresh(trusted_root(), kNow).value();
  const Generation set = generation();
  const auto timestamp = fresh(next_timestamp(root, {}, set.timestamp).value(), kNow).value();
  const auto snapshot = fresh(next_snapshot(root, timestamp, {}, set.snapshot).value(), kNow).value();
  EXPECT_REJECTED(next_targets(root, snapshot, {.targets = 2}, set.targets),
                  "targets: version: want at least 2, got 1");
}

TEST(FloorsAfter, StayWhenTheKeysStay) {
  const Floors floors{7, 8, 9, {{"targets.json", 9}}, "bytes"};
  const auto kept = floors_after(*trusted_root(), *trusted_root({.version = 2, .timestamp = {{4, 5}}}), floors);
  EXPECT_EQ(kept.timestamp, 7);
  EXPECT_EQ(kept.snapshot, 8);
  EXPECT_EQ(kept.targets, 9);
  EXPECT_EQ(kept.listed, floors.listed);
  EXPECT_EQ(kept.stored_timestamp, "bytes");
}

TEST(FloorsAfter, GoWithAnyRemovedKeyOfTimestampOrSnapshot) {
  const Floors floors{7, 8, 9, {{"targets.json", 9}, {"root.json", 1}}, "bytes"};
  for (const RootPlan& plan : {RootPlan{.timestamp = {{5}}}, RootPlan{.snapshot = {{5}}}}) {
    const auto left = floors_after(*trusted_root(), *trusted_root(plan), floors);
    EXPECT_EQ(left.timestamp + left.snapshot, 0);
    EXPECT_EQ(left.targets, 9);
    EXPECT_TRUE(left.listed.empty());
    EXPECT_TRUE(left.stored_timestamp.empty());
  }
  const auto left = floors_after(*trusted_root(), *trusted_root({.targets = {{5}}}), floors);
  EXPECT_EQ(left.timestamp, 7);
  EXPECT_EQ(left.targets, 0);
  EXPECT_EQ(left.listed, (std::map<std::string, Version>{{"root.json", 1}}));
}

TEST(FloorsAfter, OfTargetsGoesWithTheSnapshotInTheTufDialect) {
  const auto before = trusted_root({.dialect = Dialect::tuf});
  const auto left = [&](RootPlan plan) {
    plan.dialect = Dialect::tuf;
    return floors_after(*before, *trusted_root(plan), {7, 8, 9, {{"targets.json", 9}}, "bytes"}).targets;
  };
  EXPECT_EQ(left({.snapshot = {{5}}}), 0);
  EXPECT_EQ(left({.timestamp = {{5}}}), 0);
  EXPECT_EQ(left({.root = {{5}}}), 9);
  const Generation stored = generation({.dialect = Dialect::tuf});
  const auto raised = trusted_root({.snapshot = {{3, 5}, 2}, .dialect = Dialect::tuf});
  EXPECT_EQ(floors_over(*before, stored, {.targets = 9}).targets, 9);
  EXPECT_EQ(floors_over(*raised, stored, {.targets = 9}).targets, 0);
}

TEST(FloorsAfter, StayWhenAKeyOnlyChangesItsId) {
  Json body = root_body({});
  body["keys"][std::string(64, 'b')] = public_key_json(public_key(4));
  body["roles"]["timestamp"]["keyids"] = Json(Json::Array{Json(std::string(64, 'b'))});
  const auto renamed = anchor_root(signed_file(body, {1})).value();
  EXPECT_EQ(floors_after(*trusted_root(), *renamed, {.timestamp = 7}).timestamp, 7);
}

TEST(FloorsOver, GoWhenTheStoredFileNoLongerMeetsItsThreshold) {
  const Generation stored = generation();
  const Floors floors{7, 8, 9, {{"targets.json", 9}}, stored.timestamp};
  EXPECT_EQ(floors_over(*trusted_root(), stored, floors).timestamp, 7);
  const auto raised = trusted_root({.snapshot = {{3, 5}, 2}});
  EXPECT_EQ(floors_over(*raised, stored, floors).timestamp, 0);
  EXPECT_EQ(floors_over(*raised, stored, floors).targets, 9);
  EXPECT_EQ(floors_over(*raised, {}, floors).timestamp, 7);
  EXPECT_EQ(floors_over(*trusted_root({.targets = {{2, 5}, 2}}), stored, floors).targets, 0);
}

TEST(TargetsUnder, RefusesTheOtherDialectEvenUnderTheRightKey) {
  const KeySigner key = signer(2);
  const Root tuf = *trusted_root({.dialect = Dialect::tuf});
  const Bytes file = sign_envelope(targets_body({}), {&key}, {{id(2, Dialect::tuf), key.public_key()}}).value();
  EXPECT_REJECTED(targets_under(tuf, file), "dialect: want tuf, got uptane");
}

TEST(TargetsUnder, AsksForTheTargetsKeys) {
  EXPECT_TRUE(targets_under(*trusted_root(), generation().targets).ok());
  EXPECT_REJECTED(targets_under(*trusted_root(), generation({.targets = {3}}).targets), "not a key of targets");
}

}  // namespace
}  // namespace rota::tuf
