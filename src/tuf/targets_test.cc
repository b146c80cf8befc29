// Targets files as a client meets them: large ones, a few entries of many, delegated ones.
#include <gtest/gtest.h>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

constexpr std::size_t kPlenty = 64u << 20;

// A targets file of about `bytes`, each entry of four values.
Json many_targets(Dialect dialect, std::size_t bytes, std::string_view custom = {}) {
  Json body = head(Role::targets, 1, "2027-06-01T00:00:00Z", dialect);
  Json::Object targets;
  for (std::size_t i = 0; i * 115 < bytes; ++i) {
    Json entry(Json::Object{{"hashes", Json::Object{{"sha256", std::string(64, 'a')}}}, {"length", std::int64_t(i)}});
    if (!custom.empty()) entry["custom"] = custom;
    targets.emplace("t" + std::to_string(1000000 + i), std::move(entry));
  }
  body["targets"] = Json(std::move(targets));
  return body;
}

Authority by_targets_of(const Trusted<Root>& root) {
  return authority(*root, Role::targets);
}

Result<Trusted<Targets>> read(const Trusted<Root>& root, const Bytes& file, Wanted wanted = Wanted::named("t1000007")) {
  return next_delegated(by_targets_of(root), {.version = 1}, file, {std::move(wanted), kPlenty});
}

TEST(LargeTargets, AreFoundInWithoutLimitOnTheirNumber) {
  const auto root = trusted_root({.dialect = Dialect::tuf});
  const Bytes file = signed_file(many_targets(Dialect::tuf, 15u << 20), {2}, Dialect::tuf);
  const auto targets = read(root, file);
  ASSERT_TRUE(targets.ok()) << targets.error().what;
  EXPECT_GT((*targets)->count * 4, 500'000u);
  ASSERT_EQ((*targets)->targets.size(), 1u);
  EXPECT_EQ((*targets)->targets[0].length, 7);
  EXPECT_EQ(read(root, file, Wanted::none()).value()->targets.size(), 0u);
}

TEST(LargeTargets, AreRefusedBeyondTheLimitThatWasGiven) {
  const auto root = trusted_root({.dialect = Dialect::tuf});
  const Bytes file = signed_file(many_targets(Dialect::tuf, 2u << 20), {2}, Dialect::tuf);
  const auto refused = next_delegated(by_targets_of(root), {.version = 1}, file, {Wanted::none(), file.size() - 1});
  EXPECT_EQ(refused.error().what, "targets: size: want at most " + std::to_string(file.size() - 1) + " bytes, got " +
                                      std::to_string(file.size()));
  EXPECT_TRUE(next_delegated(by_targets_of(root), {.version = 1}, file, {Wanted::none(), file.size()}).ok());
}

// The signatures of a large file are counted while it is read; what comes out is what a small file's would be.
TEST(LargeTargets, AreJudgedLikeSmallOnes) {
  const auto root = trusted_root({.targets = {{2, 5, 6}, 2}, .dialect = Dialect::tuf});
  for (const std::size_t size : {std::size_t{1000}, std::size_t{2} << 20}) {
    const Json body = many_targets(Dialect::tuf, size);
    const Bytes good = signed_file(body, {2, 6}, Dialect::tuf);
    EXPECT_TRUE(read(root, good).ok());
    EXPECT_TRUE(read(root, good + "\n").ok());
    EXPECT_TRUE(read(root, to_pretty_json(parse_json(good).value())).ok());
    const auto refusal = [&](const Bytes& file) { return read(root, file).error().what; };
    const std::string too_few = "targets: 1 of 2 signatures; missing: ";
    EXPECT_TRUE(refusal(signed_file(body, {2}, Dialect::tuf)).starts_with(too_few));
    EXPECT_TRUE(refusal(signed_file(body, {2, 3}, Dialect::tuf)).starts_with(too_few));
    Bytes bent = good;
    bent[bent.rfind("aaaa\"")] = 'b';
    EXPECT_TRUE(refusal(bent).starts_with("targets: 0 of 2 signatures"));
    Bytes longer = good;
    longer.insert(longer.size() - 1, ",\"x\":1");
    EXPECT_TRUE(read(root, longer).ok()) << "a member beside those that are signed";
    EXPECT_EQ(refusal(good + "}"), "targets: json: text after the value");
    EXPECT_EQ(refusal(good.substr(0, good.size() - 1)).substr(0, 14), "targets: json:");
    const Root uptane = *trusted_root({.targets = {{2, 5, 6}, 2}});
    const auto other =
        next_delegated(authority(uptane, Role::targets), {.version = 1}, good, {Wanted::none(), kPlenty});
    EXPECT_NE(other.error().what.find("dialect: want uptane, got tuf"), std::string::npos) << other.error().what;
  }
}

// In this dialect LF is signed as it is: the bytes of the file, where it is escaped, are not those that count.
TEST(LargeTargets, AreNotBelievedOverTheOtherDialectsForm) {
  const auto root = trusted_root({.dialect = Dialect::tuf});
  for (const std::size_t size : {std::size_t{1000}, std::size_t{2} << 20}) {
    const Json body = many_targets(Dialect::tuf, size, "two\nlines");
    EXPECT_TRUE(read(root, signed_file(body, {2}, Dialect::tuf)).ok());
    const Json signature(Json::Object{{"keyid", id(2, Dialect::tuf).hex},
                                      {"sig", hex(signer(2).sign(canonical(body, CanonicalForm::uptane)).value())}});
    const auto refused = read(root, envelope_bytes(body, Json(Json::Array{signature})));
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().what.find("signature does not verify"), std::string::npos) << refused.error().what;
  }
}

TEST(LargeTargets, OfTheFieldMayBeSignedInAnyOfItsForms) {
  const auto root = trusted_root();
  const Json body = many_targets(Dialect::uptane, 2u << 20, "caf\xc3\xa9\n");
  for (const auto form : {CanonicalForm::uptane, CanonicalForm::device, CanonicalForm::olpc}) {
    const Json signature(Json::Object{
        {"keyid", id(2).hex}, {"method", "ed25519"}, {"sig", base64(signer(2).sign(canonical(body, form)).value())}});
    const auto targets = read(root, envelope_bytes(body, Json(Json::Array{signature})));
    EXPECT_TRUE(targets.ok()) << targets.error().what;
  }
}

// A delegator that lets key 7 speak as "team".
struct Delegating {
  Delegations delegations;
  Speaker team{"team", {{id(7, Dialect::tuf)}, 1}};
  Delegating() { delegations.keys.emplace(id(7, Dialect::tuf), public_key(7)); }
  Result<Trusted<Targets>> read(const Bytes& file, const FileMeta& listed = {.version = 1}) const {
    return next_delegated(authority(delegations, team, Dialect::tuf), listed, file);
  }
};

TEST(NextDelegated, AcceptsWhatTheDelegatorsKeySigned) {
  const auto targets = Delegating().read(signed_file(targets_body({.dialect = Dialect::tuf}), {7}, Dialect::tuf));
  ASSERT_TRUE(targets.ok()) << targets.error().what;
  EXPECT_EQ((*targets)->targets.at(0).name, "foo-lmp-1");
  EXPECT_EQ((*targets)->dialect, Dialect::tuf);
}

TEST(NextDelegated, RefusesWhatAnybodyElseSigned) {
  const Bytes file = signed_file(targets_body({.dialect = Dialect::tuf}), {2}, Dialect::tuf);
  EXPECT_EQ(Delegating().read(file).error().what, "team: 0 of 1 signatures; missing: " + id(7, Dialect::tuf).brief() +
                                                      "; key " + id(2, Dialect::tuf).brief() +
                                                      ": unknown to its delegator");
}

TEST(NextDelegated, RefusesAnotherVersionLengthOrHashThanTheSnapshotLists) {
  const Bytes file = signed_file(targets_body({.dialect = Dialect::tuf}), {7}, Dialect::tuf);
  const Delegating delegator;
  const auto size = static_cast<std::int64_t>(file.size());
  EXPECT_EQ(delegator.read(file, {.version = 2}).error().what, "team: version: want 2, got 1");
  EXPECT_EQ(delegator.read(file, {.version = 1, .length = size + 1}).error().what,
            "team: length: want " + std::to_string(size + 1) + ", got " + std::to_string(size));
  const std::string other(64, '0'), own = crypto::sha256_hex(file);
  EXPECT_EQ(delegator.read(file, {.version = 1, .length = size, .hashes = {{"sha256", other}}}).error().what,
            "team: hash: want sha256 " + other + ", got " + own);
  EXPECT_TRUE(delegator.read(file, {.version = 1, .length = size, .hashes = {{"sha256", own}}}).ok());
}

TEST(NextDelegated, RefusesTheFileOfAnotherRole) {
  const Bytes snapshot = signed_file(snapshot_body({.dialect = Dialect::tuf}, "x"), {7}, Dialect::tuf);
  EXPECT_EQ(Delegating().read(snapshot).error().what, "targets: _type: want targets, got 'snapshot'");
}

TEST(NextRoot, SharesAKeyThatStandsInBothRoots) {
  for (const Dialect dialect : {Dialect::uptane, Dialect::tuf}) {
    const auto one = trusted_root({.dialect = dialect});
    const auto two = next_root(one, root_file({.version = 2, .dialect = dialect})).value();
    for (const auto& [id, key] : one->keys) EXPECT_EQ(&two->keys.at(id).native(), &key.native()) << id.hex;
  }
}

TEST(NextRoot, DecodesAKeyAnewWhenItsObjectChanged) {
  Json first = root_body({.dialect = Dialect::tuf});
  first["keys"]["shared id"] = public_key_json(public_key(8), Dialect::tuf);
  const auto one = anchor_root(signed_file(first, {1}, Dialect::tuf)).value();
  Json second = first;
  second["version"] = 2;
  EXPECT_EQ(next_root(one, signed_file(second, {1}, Dialect::tuf)).value()->keys.at({"shared id"}), public_key(8));
  second["keys"]["shared id"] = public_key_json(public_key(9), Dialect::tuf);
  EXPECT_EQ(next_root(one, signed_file(second, {1}, Dialect::tuf)).value()->keys.at({"shared id"}), public_key(9));
  second["keys"]["shared id"]["keyval"]["public"] = "00";
  const auto two = next_root(one, signed_file(second, {1}, Dialect::tuf)).value();
  EXPECT_EQ(two->unusable.count({"shared id"}), 1u);
  Json third = second;
  third["version"] = 3;
  EXPECT_EQ(next_root(two, signed_file(third, {1}, Dialect::tuf)).value()->unusable, two->unusable) << "the same once more";
}

}  // namespace
}  // namespace rota::tuf
