// Each decision at its edge: the last that is taken and the first that is not, what is absent beside what is empty. The cases
// that no story tells, so that each condition is held by a test of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tuf/admit.h"
#include "tuf/form.h"
#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

template <typename T>
void expect_rejected(const Result<T>& result, const std::string& text) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().fault, Fault::rejected);
  EXPECT_THAT(result.error().what, HasSubstr(text));
}

Envelope opened(BytesView file) { return parse_envelope(file, kMaxTargets).value(); }

Bytes padded_to(std::size_t size, Bytes file) { return file.append(size - file.size(), ' '); }

// Quorums.

TEST(TallyBoundary, AMissingKeyIsNamedOnceHoweverOftenItIsListed) {
  Json body = root_body({.root = {{1, 5}, 2}});
  const std::string ghost(64, 'd');
  for (const auto& again : {id(5).hex, ghost, ghost}) body["roles"]["root"]["keyids"].push_back(again);
  const Envelope envelope = opened(signed_file(body, {1}));
  const auto result = tally(read_root(envelope).value(), Role::root, envelope);
  EXPECT_EQ(result.missing, (std::vector<KeyId>{id(5), {ghost}}));
}

TEST(TallyBoundary, AnAuthorityThatNamesNobodyCountsNothing) {
  const Envelope envelope = opened(root_file({}));
  const auto result = tally({.name = "nobody"}, envelope);
  EXPECT_THAT(result.signed_by, IsEmpty());
  EXPECT_EQ(result.faults.size(), 1u);
}

TEST(TallyBoundary, AnotherDialectLeavesEverybodyMissing) {
  const auto result =
      tally(*trusted_root({.dialect = Dialect::tuf}), Role::targets, opened(signed_file(targets_body({}), {2})));
  EXPECT_EQ(result.missing, (std::vector<KeyId>{id(2, Dialect::tuf)}));
  EXPECT_TRUE(result.signed_by.empty());
}

TEST(TallyBoundary, AnUnusableKeyOfAnotherRoleIsKnown) {
  Json body = root_body({});
  const std::string stranger(64, 'd');
  body["keys"][stranger] = Json(Json::Object{{"keytype", "SPHINCS"}, {"keyval", Json(Json::Object{{"public", "00"}})}});
  body["roles"]["targets"]["keyids"].push_back(stranger);
  Json file = parse_json(signed_file(body, {})).value();
  file["signatures"].push_back(Json(Json::Object{{"keyid", stranger}, {"method", "ed25519"}, {"sig", ""}}));
  expect_rejected(anchor_root(to_json(file)), "key dddddddddddd: not a key of root");
}

TEST(TallyBoundary, EightFaultsAreShownAndNoMoreCounted) {
  Json file = parse_json(signed_file(root_body({}), {})).value();
  const auto with_faults = [&](int count) {
    Json more = file;
    for (int i = 0; i < count; ++i)
      more["signatures"].push_back(
          Json(Json::Object{{"keyid", std::string(64, static_cast<char>('a' + i))}, {"method", "ed25519"}, {"sig", ""}}));
    return anchor_root(to_json(more)).error().what;
  };
  EXPECT_THAT(with_faults(8), Not(HasSubstr("more")));
  EXPECT_THAT(with_faults(9), HasSubstr(", and 1 more"));
}

TEST(MaterialBoundary, IsOfTheKeysThatAreThere) {
  Json body = root_body({});
  body["roles"]["targets"]["keyids"].push_back(std::string(64, 'd'));
  EXPECT_EQ(read_root(opened(signed_file(body, {1})))->material(Role::targets), (std::set{public_key(2)}));
}

TEST(RootBoundary, AKeyIsReadAnewInTheOtherDialect) {
  const auto before = trusted_root();
  Json body = root_body({.version = 2});
  EXPECT_EQ(read_root_body(body, *before)->keys, before->keys);
  body["spec_version"] = "1.0.31";
  const auto next = read_root_body(body, *before).value();
  EXPECT_THAT(next.keys, IsEmpty()) << "which have no scheme";
  EXPECT_EQ(next.unusable.size(), before->keys.size());
}

// Sizes.

TEST(SizeBoundary, ARootMayBeAsLongAsItsDialectAllows) {
  for (const auto dialect : {Dialect::uptane, Dialect::tuf}) {
    const std::size_t most = max_size(Role::root, dialect);
    EXPECT_TRUE(anchor_root(padded_to(most, root_file({.dialect = dialect}))).ok());
    expect_rejected(anchor_root(padded_to(most + 1, root_file({.dialect = dialect}))), "size: want at most");
  }
}

// What is listed.

Result<VerifiedSet> with_listing_of_targets(const SetPlan& plan, const Bytes& targets,
                                            const std::function<void(Json&)>& change) {
  Generation set;
  set.targets = targets;
  Json snapshot = snapshot_body(plan, targets);
  change(snapshot["meta"]["targets.json"]);
  set.snapshot = signed_file(snapshot, {3}, plan.dialect);
  set.timestamp = signed_file(timestamp_body(plan, set.snapshot), {4}, plan.dialect);
  return verify_set(trusted_root({.dialect = plan.dialect}), {}, set, kNow);
}

TEST(ListedBoundary, AnUnknownHashAfterAKnownOneTakesNothingAway) {
  const Bytes targets = generation().targets.bytes();
  const auto with_algorithms = [&](const char* other) {
    return with_listing_of_targets({}, targets, [&](Json& listed) { listed["hashes"][other] = "00"; });
  };
  EXPECT_TRUE(with_algorithms("blake3").ok()) << "before sha256";
  EXPECT_TRUE(with_algorithms("whirlpool").ok()) << "after it";
}

// The hash of the canonical form, as each of the servers of the field writes it.
TEST(ListedBoundary, EitherCanonicalFormMayBeHashedInTheUptaneDialect) {
  Json body = targets_body({});
  body["targets"]["foo-lmp-1"]["custom"]["message"] = "日本";
  const Json signature(Json::Object{{"keyid", id(2).hex},
                                    {"method", "ed25519"},
                                    {"sig", base64(signer(2).sign(canonical(body)).value())}});
  const Json file(Json::Object{{"signed", body}, {"signatures", Json(Json::Array{signature})}});
  const Bytes received = to_json(file) + "\n";
  for (const auto form : {CanonicalForm::uptane, CanonicalForm::device}) {
    const auto taken = with_listing_of_targets({}, received, [&](Json& listed) {
      listed.if_object()->erase("length");
      listed["hashes"]["sha256"] = crypto::sha256_hex(canonical(file, form));
    });
    EXPECT_TRUE(taken.ok()) << taken.error().what;
  }
}

TEST(ListedBoundary, LengthsAreOfZeroAndMore) {
  const Bytes targets = generation().targets.bytes();
  const auto with_length = [&](std::int64_t length) {
    return with_listing_of_targets({}, targets, [&](Json& listed) { listed["length"] = length; });
  };
  expect_rejected(with_length(-1), "length: want bytes, got -1");
  expect_rejected(with_length(0), "targets: length: want 0");
}

// What was stored.

TEST(StoredBoundary, ATimestampThatIsSignedButHasNoFormIsNoAnswer) {
  const auto root = fresh(trusted_root(), kNow).value();
  const FileBytes next = generation({.versions = {5, 1, 1}}).timestamp;
  Json body = timestamp_body({.versions = {5, 1, 1}}, "");
  body.if_object()->erase("expires");
  Floors floors{.timestamp = 5, .snapshot = 1, .stored_timestamp = signed_file(body, {4})};
  const auto taken = next_timestamp(root, floors, next);
  ASSERT_TRUE(taken.ok()) << taken.error().what;
  EXPECT_EQ(taken->raw(), next);
}

TEST(StoredBoundary, FloorsFallWithWhicheverFileNoLongerVerifies) {
  const Generation stored = generation();
  const Floors floors{7, 8, 9, {{"targets.json", 9}}, stored.timestamp};
  const Root root = *trusted_root();
  EXPECT_EQ(floors_over(*trusted_root({.timestamp = {{4, 5}, 2}}), stored, floors).snapshot, 0);
  EXPECT_EQ(floors_over(*trusted_root({.snapshot = {{3, 5}, 2}}), stored, floors).timestamp, 0);
  for (const char* nonsense : {"{}", "no json"}) {
    EXPECT_EQ(floors_over(root, {nonsense, stored.snapshot, stored.targets}, floors).timestamp, 0);
    EXPECT_EQ(floors_over(root, {stored.timestamp, nonsense, stored.targets}, floors).timestamp, 0);
    EXPECT_EQ(floors_over(root, {stored.timestamp, stored.snapshot, nonsense}, floors).targets, 0);
  }
}

// Form.

TEST(RootBoundary, ConsistentSnapshotsAreReadInTheTufDialectOnly) {
  const auto read = [](Dialect dialect, const std::function<void(Json&)>& change) {
    Json body = root_body({.dialect = dialect});
    change(body);
    return read_root_body(body);
  };
  EXPECT_TRUE(read(Dialect::tuf, [](Json& body) { body["consistent_snapshot"] = true; })->consistent_snapshot);
  EXPECT_FALSE(read(Dialect::tuf, [](Json& body) { body["consistent_snapshot"] = false; })->consistent_snapshot);
  expect_rejected(read(Dialect::tuf, [](Json& body) { body["consistent_snapshot"] = "true"; }), "consistent_snapshot");
  EXPECT_TRUE(read(Dialect::uptane, [](Json& body) { body["consistent_snapshot"] = "true"; }).ok());
}

TEST(RootBoundary, TheBodyIsKept) {
  const Json body = root_body({});
  EXPECT_EQ(to_json(read_root_body(body)->body), to_json(body));
}

TEST(RootBoundary, ThresholdsGoFromOneToAThousand) {
  const auto with = [](std::int64_t threshold) {
    Json body = root_body({});
    body["roles"]["targets"]["threshold"] = threshold;
    return read_root_body(body);
  };
  EXPECT_TRUE(with(1).ok());
  EXPECT_TRUE(with(1000).ok());
  expect_rejected(with(0), "threshold: want 1..1000, got 0");
  expect_rejected(with(1001), "threshold: want 1..1000, got 1001");
}

TEST(VersionBoundary, GoesFromOneToTheDialectsLast) {
  for (const auto dialect : {Dialect::uptane, Dialect::tuf}) {
    const Version last = form::last_version(dialect);
    const auto with = [&](std::int64_t version) { return form::version_of(Json(Json::Object{{"version", version}}), dialect); };
    EXPECT_EQ(with(1).value(), 1);
    EXPECT_EQ(with(last).value(), last);
    EXPECT_FALSE(with(0).ok());
    EXPECT_FALSE(with(last + 1).ok());
  }
}

TEST(SpecVersionBoundary, IsOneAndMore) {
  const auto is_taken = [](const char* version) {
    return form::is_spec_1(Json(Json::Object{{"spec_version", version}})).ok();
  };
  for (const char* version : {"1.0", "1.0.34", "1.9"}) EXPECT_TRUE(is_taken(version)) << version;
  for (const char* version : {"1.", "1", "2.0", "11.0", "1.0-beta", "", "1.x"}) EXPECT_FALSE(is_taken(version)) << version;
}

TEST(DescribedBoundary, ShowsTheFirstAndTheLastCharacterOfAsciiAndNothingElse) {
  const Json text(std::string(" ~\x7f\x1f"));
  EXPECT_EQ(form::described(&text), "' ~?" "?'");
  const Json holder = parse_json("[184467440737095516160]", {.numbers = JsonRules::Numbers::any}).value();
  const Json& long_number = holder.if_array()->front();
  EXPECT_EQ(form::described(&long_number), "a number out of range");
}

TEST(RoleBoundary, EveryRoleHasItsName) {
  for (const auto role : {Role::root, Role::targets, Role::snapshot, Role::timestamp})
    EXPECT_EQ(role_named(name_of(role)), role);
}

TEST(TargetsBoundary, WhatIsNotWantedIsCountedAndForgotten) {
  Json body = targets_body({});
  body["targets"]["other"] = body["targets"]["foo-lmp-1"];
  const Envelope envelope = opened(signed_file(body, {2}));
  const auto count = [&](const Wanted& wanted) {
    const auto targets = read_targets(envelope, wanted).value();
    return std::pair(targets.targets.size(), targets.count);
  };
  EXPECT_EQ(count(Wanted::all()), std::pair(std::size_t{2}, std::size_t{2}));
  EXPECT_EQ(count(Wanted::none()), std::pair(std::size_t{0}, std::size_t{2}));
  EXPECT_EQ(count(Wanted::named("other")), std::pair(std::size_t{1}, std::size_t{2}));
  EXPECT_EQ(count(Wanted::named("nobody")), std::pair(std::size_t{0}, std::size_t{2}));
  EXPECT_EQ(count(Wanted::where([](const Target& target) { return target.name == "other"; })),
            std::pair(std::size_t{1}, std::size_t{2}));
}

TEST(TargetsBoundary, HashesAndCustomAreThereOrNot) {
  Target target;
  EXPECT_EQ(target.sha256(), "");
  EXPECT_TRUE(target.custom_json().is_null());
  target.hashes["sha256"] = "00";
  target.custom = "{\"n\":1}";
  EXPECT_EQ(target.sha256(), "00");
  EXPECT_EQ(target.custom_json().integer("n").value(), 1);
}

// What may be published.

std::vector<std::string> names_of(const std::vector<Finding>& findings) {
  std::vector<std::string> names;
  for (const auto& finding : findings)
    if (finding.name != "single-root-key") names.push_back(finding.name);
  return names;
}
std::vector<Finding> admitted(const std::function<void(Json&)>& change, Time now = kNow) {
  Json body = root_body({.version = 2});
  change(body);
  return admit_root(trusted_root(), signed_file(body, {1}), now);
}

TEST(AdmitBoundary, AnExpiryCountsToTheSecond) {
  const auto at = [](Seconds left) {
    return names_of(admitted([&](Json& body) { body["expires"] = rfc3339(kNow + left); }));
  };
  EXPECT_THAT(at(Seconds(0)), testing::ElementsAre("expired"));
  EXPECT_THAT(at(days(30) - Seconds(1)), testing::ElementsAre("expiry"));
  EXPECT_THAT(at(days(30)), testing::ElementsAre("expiry-near"));
  EXPECT_THAT(at(days(90) - Seconds(1)), testing::ElementsAre("expiry-near"));
  EXPECT_THAT(at(days(90)), IsEmpty());
}

TEST(AdmitBoundary, ASizeCountsToTheByte) {
  const auto of = [](std::size_t size, Dialect dialect) {
    Json body = root_body({.version = 2, .dialect = dialect});
    body["x-padding"] = "";
    const std::size_t without = signed_file(body, {1}, dialect).size();
    body["x-padding"] = std::string(size - without, 'x');
    return names_of(admit_root(trusted_root({.dialect = dialect}), signed_file(body, {1}, dialect), kNow));
  };
  EXPECT_THAT(of(48 * 1024, Dialect::uptane), IsEmpty());
  EXPECT_THAT(of(48 * 1024 + 1, Dialect::uptane), testing::ElementsAre("size-near"));
  EXPECT_THAT(of(48 * 1024 + 1, Dialect::tuf), IsEmpty());
  EXPECT_THAT(of(64 * 1024, Dialect::uptane), testing::ElementsAre("size-near"));
  EXPECT_THAT(of(64 * 1024 + 1, Dialect::uptane), testing::ElementsAre("size"));
}

TEST(AdmitBoundary, AVersionIsManyFrom901InTheUptaneDialect) {
  const auto at = [](Version version, Dialect dialect) {
    return names_of(admit_root(trusted_root({.version = version - 1, .dialect = dialect}),
                               root_file({.version = version, .dialect = dialect}), kNow));
  };
  EXPECT_THAT(at(900, Dialect::uptane), IsEmpty());
  EXPECT_THAT(at(901, Dialect::uptane), testing::ElementsAre("version-near"));
  EXPECT_THAT(at(901, Dialect::tuf), IsEmpty());
}

TEST(AdmitBoundary, AMemberThatIsMissingIsOneFinding) {
  for (const char* member : {"roles", "keys"})
    EXPECT_THAT(names_of(admitted([&](Json& body) { body.if_object()->erase(member); })), Not(IsEmpty())) << member;
  EXPECT_THAT(names_of(admitted([](Json& body) { body.if_object()->erase("consistent_snapshot"); })),
              testing::ElementsAre("consistent-snapshot"));
  EXPECT_THAT(names_of(admitted([](Json& body) { body["consistent_snapshot"] = "false"; })),
              testing::ElementsAre("consistent-snapshot"));
}

TEST(AdmitBoundary, AKeyIsLookedAtWhateverItLacks) {
  const std::string own = id(2).hex;
  EXPECT_THAT(names_of(admitted([&](Json& body) { body["keys"][own].if_object()->erase("keyval"); })),
              testing::Contains("key-type"));
  EXPECT_THAT(names_of(admitted([&](Json& body) { body["keys"][own] = public_key_json(public_key(9)); })),
              testing::ElementsAre("key-id", "replace-role"))
      << "an id that the trusted root knows, for another key";
}

TEST(AdmitBoundary, ASignatureOfNobodyIsLookedAtInAFileWithoutForm) {
  Json body = root_body({.version = 2});
  body.if_object()->erase("roles");
  EXPECT_THAT(names_of(admit_root(trusted_root(), signed_file(body, {9}), kNow)), testing::Contains("quorum-old"));
}

TEST(AdmitBoundary, WhereNobodyWasNobodyIsReplaced) {
  const auto trusted = trusted_root({.targets = {{}, 1}});
  EXPECT_THAT(names_of(admit_root(trusted, root_file({.version = 2}), kNow)), IsEmpty());
}

// What a file of the repository may not hold.

// What a new root says, when it is signed.

// An RSA key of 3072 bit, and its PSS signature with 20 bytes of salt over the root below: made with openssl, which may
// choose the salt.
const char* const kRsa3072 =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBojANBgkqhkiG9w0BAQEFAAOCAY8AMIIBigKCAYEArRw9S/AMuvwudGMgCxeC\n"
    "+DFSNbu1aAzvuquFXBbjD7TACidWWwWCHs2Uzn2jHqG8xlJ9vEzSL5FfXa7Rv/Ov\n"
    "H8AkCUv6vfjf7jEbPVKdbaIjWUtUYqxHopNPJ6s9PhWP9dSf4g4CeHYJo+3uNQHz\n"
    "4gEITkHy9iZOfHwQkZLfEIBbYbEiSVYuoGh1JWDawj5bzbIroG0KeQWCryC/ncL5\n"
    "H3UsDHu8oG5HT4xxohkEIPqY9caX2iRYtHCGtWioDVXwGmJsCUD0xji2Qo8HkiO5\n"
    "KPY1bYip7MdYimp7Hh3MlVyzP5iFfYaGmL8l1gGRo4lqeHmkyg9WPmccqZy372qc\n"
    "PBKtHJtEBF7amM5Ortvaz4x27jfpbbHkxPkNAWQIeAcUvHuOdFxuFOx0QryycrPY\n"
    "PFvzJMwReiraLfiT3Q3xEdGnXciCxhZbMmfI7SYUpcPV4e67P3ohUiUA5/VpTL2w\n"
    "WZ1zbD3e8QOeVWmbZPbSQTY5lI3QCPoc62iI6ANZf/0RAgMBAAE=\n"
    "-----END PUBLIC KEY-----\n";
const char* const kSaltOf20 =
    "ON0YpoyPdkd1qtlbxvzQfV8/k01sXJmz4EWrbGH2i4Es0V3FkKwc8kxy/gvApldHiO51ggptGDPu1rGCnA30EvePv1/io5UedbcS"
    "m09YgbxG13rwK1VJw0i9CTa/0r3D2ytPp/jLHlOomBY9hrh3PuRAAjsTgS+KybBmxteu6NSkZVcYDC68Poa746Qo9420V4p2ZYzY"
    "ZrJuee/UPbyUYZTXP5PCrYbLzqeoQ1VuemvqPGav0cKx33yjZQ1vvs9v8//cydg4T5wenU7mpkkn2gFUAYUodGpcuornS4X8eMLT"
    "e3tE3DnUrBh1whFUx0mAOvKnacG2mVpvY66v+lwpz1SoY6N6vPW5tawR4CJSYKO5ha7OrpUCNMCY6Yn2tsbKtx98lC4CkEnBR1bA"
    "/QSrjN5VqrQVV4Kji4jSMKXvU/6NgJ32uVEL2MBeIh9TqcoiuMVW5EsILdNPNmT5XzaV2mngjQl4Q9OID1GjesMfpUhbE+XdoqeM"
    "MWz0O1PVBsuE";

Json root_with_rsa() {
  Json body = root_body({.version = 2});
  const auto key = crypto::PublicKey::from_pem(kRsa3072).value();
  body["keys"][key_id(key).hex] = public_key_json(key);
  body["roles"]["targets"]["keyids"].push_back(key_id(key).hex);
  return body;
}

std::vector<std::string> findings_of(const Json& body, const std::string& rsa_signature, Dialect dialect = Dialect::uptane) {
  Json file = parse_json(signed_file(body, {1}, dialect)).value();
  const std::string id = key_id(crypto::PublicKey::from_pem(kRsa3072).value()).hex;
  if (!rsa_signature.empty())
    file["signatures"].push_back(Json(Json::Object{{"keyid", id}, {"method", "rsassa-pss-sha256"}, {"sig", rsa_signature}}));
  std::vector<std::string> names;
  for (const auto& finding : admit_root(trusted_root({.dialect = dialect}), to_json(file), kNow)) names.push_back(finding.name);
  return names;
}

TEST(AdmitBoundary, ASignatureOfAKeyThatEntersHasItsSaltLookedAt) {
  EXPECT_THAT(findings_of(root_with_rsa(), kSaltOf20), testing::Contains("salt"));
}

TEST(AdmitBoundary, ASignatureThatDoesNotVerifyHasNoSalt) {
  EXPECT_EQ(findings_of(root_with_rsa(), base64(Bytes(384, 's'))), (std::vector<std::string>{"single-root-key"}));
}

TEST(AdmitBoundary, OnlyRsaOf2048BitIsWarnedOf) {
  EXPECT_EQ(findings_of(root_with_rsa(), ""), (std::vector<std::string>{"single-root-key"}));
}

TEST(AdmitBoundary, AP256KeyMayEnterARootOfTheTufDialect) {
  Json body = root_body({.version = 2, .dialect = Dialect::tuf});
  const auto key = crypto::PrivateKey::generate_p256().value().public_key();
  const std::string id = key_id(key, Dialect::tuf).hex;
  body["keys"][id] = public_key_json(key, Dialect::tuf);
  body["roles"]["targets"]["keyids"].push_back(id);
  EXPECT_EQ(findings_of(body, "", Dialect::tuf), (std::vector<std::string>{"single-root-key"}));
}

TEST(AdmitBoundary, AFaultIsNamedOnce) {
  Json body = root_body({.version = 2});
  body["expires"] = "soon";
  EXPECT_EQ(findings_of(body, ""), (std::vector<std::string>{"expires"}));
}

using Faults = std::vector<std::string>;
Faults faults_of_targets(const std::function<void(Json&)>& change, Dialect dialect = Dialect::uptane) {
  Json body = targets_body({.dialect = dialect});
  change(body);
  return form_faults(Role::targets, to_json(body), dialect);
}

TEST(FormFaultsBoundary, AMemberThatIsThereIsNotNull) {
  for (const char* name : {"custom", "delegations"}) {
    EXPECT_EQ(faults_of_targets([&](Json& body) { body[name] = nullptr; }),
              Faults{"targets: " + std::string(name) + ": want it absent rather than null"});
    EXPECT_THAT(faults_of_targets([&](Json& body) { body[name] = Json(Json::Object{}); }), IsEmpty());
  }
}

TEST(FormFaultsBoundary, TargetsThatAreNoObjectAreOneFault) {
  EXPECT_EQ(faults_of_targets([](Json& body) { body.if_object()->erase("targets"); }).size(), 1u);
  EXPECT_EQ(faults_of_targets([](Json& body) { body["targets"] = "none"; }).size(), 1u);
}

TEST(FormFaultsBoundary, CustomIsAskedOfTargetsInTheUptaneDialectOnly) {
  const auto without_custom = [](Json& body) { body["targets"]["foo-lmp-1"].if_object()->erase("custom"); };
  EXPECT_EQ(faults_of_targets(without_custom),
            Faults{"targets: target 'foo-lmp-1': custom: want an object, got nothing"});
  EXPECT_THAT(faults_of_targets(without_custom, Dialect::tuf), IsEmpty());
  Json root = root_body({});
  root["custom"] = nullptr;
  EXPECT_THAT(form_faults(Role::root, to_json(root)), IsEmpty()) << "no matter of a root's";
}

TEST(FormFaultsBoundary, EachDialectHasItsSpecVersion) {
  EXPECT_THAT(faults_of_targets([](Json&) {}, Dialect::tuf), IsEmpty());
  EXPECT_THAT(faults_of_targets([](Json& body) { body["spec_version"] = "2.0"; }, Dialect::tuf),
              testing::Contains("targets: spec_version: want 1.x, got '2.0'"));
  EXPECT_THAT(faults_of_targets([](Json& body) { body.if_object()->erase("spec_version"); }, Dialect::tuf),
              testing::Contains("targets: spec_version: want 1.x, got nothing"));
  EXPECT_THAT(faults_of_targets([](Json& body) { body["spec_version"] = "1.0"; }),
              testing::Contains("targets: spec_version: want none in the uptane dialect"));
}

TEST(FormFaultsBoundary, ASizeCountsToTheByte) {
  const auto of = [](std::size_t size) {
    Json body = root_body({});
    body["x-padding"] = "";
    const std::size_t without = to_json(body).size();
    body["x-padding"] = std::string(size - without, 'x');
    return form_faults(Role::root, to_json(body));
  };
  EXPECT_THAT(of(kMaxRoot), IsEmpty());
  EXPECT_EQ(of(kMaxRoot + 1), Faults{"root: size: want at most 65536 bytes, got 65537"});
}

TEST(FormFaultsBoundary, AnEcSignatureIsOfAnUnknownMethodInTheUptaneDialect) {
  Json file = parse_json(generation().targets).value();
  (*file["signatures"].if_array())[0]["method"] = "ecdsa-sha2-nistp256";
  EXPECT_EQ(form_faults(Role::targets, to_json(file)).size(), 1u);
}

TEST(FormFaultsBoundary, TheFileIsNamedOnce) {
  EXPECT_EQ(faults_of_targets([](Json& body) { body["targets"]["foo-lmp-1"]["length"] = -1; }),
            Faults{"targets: target 'foo-lmp-1': length: want bytes, got -1"});
}

// Characters at the edges of their encodings.

TEST(CanonicalBoundary, EachLengthOfUtf8HasItsFirstAndItsLast) {
  const auto device = [](const char* text) { return canonical(Json(std::string(text)), CanonicalForm::device); };
  EXPECT_EQ(device("\x1f \x7f"), "\"\\u001f \x7f\"");
  EXPECT_EQ(device("\xc2\x80\xdf\xbf"), "\"\\u0080\\u07ff\"");
  EXPECT_EQ(device("\xe0\xa0\x80\xef\xbf\xbf"), "\"\\u0800\\uffff\"");
  EXPECT_EQ(device("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), "\"\\ud800\\udc00\\udbff\\udfff\"");
}

TEST(KeyIdBoundary, ShowsTheFirstAndTheLastCharacterOfAscii) {
  EXPECT_EQ(KeyId{"!~ \x7f\x80"}.brief(), "!~" + std::string(3, '?'));
}

}  // namespace
}  // namespace rota::tuf
