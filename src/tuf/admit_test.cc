#include "tuf/admit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;
using Weight = Finding::Weight;

const RootPlan kTrusted{.root = {{1, 5}}};
const RootPlan kNext{.version = 2, .root = {{1, 5}}};

std::string listing(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += finding.name + ": " + finding.message + "\n";
  return text;
}

const Finding* named(const std::vector<Finding>& findings, std::string_view name) {
  const auto at = std::ranges::find(findings, name, &Finding::name);
  return at == findings.end() ? nullptr : &*at;
}

std::vector<Finding> admitted(const Json& body, const Seeds& seeds = {1}) {
  Json::Array signatures;
  for (const int seed : seeds) {
    Json one;
    one["keyid"] = id(seed).hex;
    one["method"] = "ed25519";
    one["sig"] = base64(signer(seed).sign(canonical(body)).value());
    signatures.push_back(one);
  }
  return admit_root(trusted_root(kTrusted), envelope_bytes(body, Json(signatures)), kNow);
}

TEST(AdmitRoot, AcceptsASoundSuccessorWithoutAWord) {
  EXPECT_EQ(listing(admitted(root_body(kNext))), "");
}

struct Row {
  const char* name;
  std::function<void(Json&)> change;
  Weight weight;
  const char* message;
};

Json& role_of(Json& body, const char* role) {
  return body["roles"][role];
}

void swap_key_id(Json& body, const std::string& from, const std::string& to) {
  const Json key = body["keys"][from];
  body["keys"].if_object()->erase(from);
  body["keys"][to] = key;
  for (auto& [name, role] : *body["roles"].if_object()) {
    for (Json& one : *role["keyids"].if_array()) {
      if (one == Json(from)) one = Json(to);
    }
  }
}

std::vector<Row> faulty_bodies() {
  const std::string other_id(64, 'c');
  return {
      {"version", [](Json& b) { b["version"] = 4; }, Weight::error, "root: version: want 2, got 4"},
      {"version", [](Json& b) { b["version"] = "2"; }, Weight::error, "root: version: want 2, got '2'"},
      {"type", [](Json& b) { b["_type"] = "root"; }, Weight::error, "root: _type: want 'Root', got 'root'"},
      {"expires", [](Json& b) { b["expires"] = "soon"; }, Weight::error, "root: expires: want a date"},
      {"unknown-member", [](Json& b) { b["comment"] = "x"; }, Weight::error, "member 'comment' is unknown"},
      {"consistent-snapshot", [](Json& b) { b["consistent_snapshot"] = true; }, Weight::error, "want false"},
      {"charset", [](Json& b) { b["x-note"] = "é"; }, Weight::error, "root: x-note: want printable ASCII"},
      {"role", [](Json& b) { b["roles"].if_object()->erase("snapshot"); }, Weight::error, "snapshot is missing"},
      {"role", [](Json& b) { role_of(b, "snapshot")["keyids"] = Json(Json::Array{}); }, Weight::error,
       "snapshot: has no keys"},
      {"role", [](Json& b) { role_of(b, "targets")["threshold"] = 0; }, Weight::error,
       "threshold: want 1..1000, got 0"},
      {"role", [](Json& b) { role_of(b, "targets")["keyids"].push_back(id(2).hex); }, Weight::error, "listed twice"},
      {"threshold", [](Json& b) { role_of(b, "targets")["threshold"] = 3; }, Weight::error,
       "threshold of targets: want 1..1, got 3"},
      {"key-missing", [=](Json& b) { role_of(b, "targets")["keyids"].push_back(other_id); }, Weight::error,
       "is not among the keys"},
      {"unused-key", [](Json& b) { b["keys"][id(9).hex] = public_key_json(public_key(9)); }, Weight::error,
       "no role uses it"},
      {"key-twice", [=](Json& b) { b["keys"][other_id] = public_key_json(public_key(2)); }, Weight::error,
       "the same key as"},
      {"key-type", [](Json& b) { b["keys"][id(2).hex]["keytype"] = "SPHINCS"; }, Weight::error,
       "keytype: want RSA or ED25519"},
      {"private-key", [](Json& b) { b["keys"][id(2).hex]["keyval"]["private"] = "00"; }, Weight::error,
       "holds its private half"},
      {"key-id", [=](Json& b) { swap_key_id(b, id(2).hex, other_id); }, Weight::error, "for a key that enters"},
      {"expired", [](Json& b) { b["expires"] = rfc3339(kNow); }, Weight::expiry, "has passed"},
      {"expiry", [](Json& b) { b["expires"] = rfc3339(kNow + days(30) - Seconds(1)); }, Weight::expiry, "got 29"},
      {"expiry-near", [](Json& b) { b["expires"] = rfc3339(kNow + days(89)); }, Weight::warning, "89 days away"},
      {"size-near", [](Json& b) { b["x-pad"] = std::string(50 * 1024, 'x'); }, Weight::warning, "of at most 65536"},
      {"size", [](Json& b) { b["x-pad"] = std::string(64 * 1024, 'x'); }, Weight::error, "want at most 65536"},
  };
}

TEST(AdmitRoot, FindsEachFault) {
  for (const Row& row : faulty_bodies()) {
    SCOPED_TRACE(row.name);
    Json body = root_body(kNext);
    row.change(body);
    const auto findings = admitted(body);
    const Finding* finding = named(findings, row.name);
    ASSERT_NE(finding, nullptr) << listing(findings);
    EXPECT_EQ(finding->weight, row.weight);
    EXPECT_NE(listing(findings).find(row.message), std::string::npos) << listing(findings);
  }
}

TEST(AdmitRoot, ListsEveryFaultNotTheFirst) {
  Json body = root_body(kNext);
  body["version"] = 9;
  body["comment"] = 1;
  body["expires"] = "2027-01-02T00:00:00Z";
  role_of(body, "timestamp")["threshold"] = 2;
  const auto findings = admitted(body, {});
  for (const char* name : {"version", "unknown-member", "expiry", "threshold", "quorum-old", "quorum-new"})
    EXPECT_NE(named(findings, name), nullptr) << name << "\n" << listing(findings);
}

TEST(AdmitRoot, NamesTheMissingSignersOfBothQuorums) {
  const auto trusted = trusted_root({});
  const auto findings = admit_root(trusted, root_file({.version = 2, .root = {{5}}}, {}), kNow);
  ASSERT_NE(named(findings, "quorum-old"), nullptr);
  EXPECT_EQ(named(findings, "quorum-old")->message,
            "root: by the keys of root 1: 0 of 1 signatures; missing: " + id(1).brief());
  EXPECT_EQ(named(findings, "quorum-new")->message,
            "root: by its own keys: 0 of 1 signatures; missing: " + id(5).brief());
}

TEST(AdmitRoot, LeavesTheQuorumsOutOfADraft) {
  const auto findings = admit_root(trusted_root({}), root_file({.version = 2, .root = {{5}}}, {}), kNow, Quorum::later);
  EXPECT_EQ(named(findings, "quorum-old"), nullptr);
  EXPECT_EQ(named(findings, "quorum-new"), nullptr);
  EXPECT_TRUE(stopping(findings, {}).empty()) << listing(findings);
}

TEST(AdmitRoot, RefusesBytesItCannotRead) {
  const auto findings = admit_root(trusted_root({}), "{", kNow);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].name, "form");
}

TEST(AdmitRoot, AcceptsTheOldIdOfACarriedKeyOnly) {
  const std::string old_id(64, '8');
  Json first = root_body({});
  swap_key_id(first, id(2).hex, old_id);
  const auto trusted = anchor_root(signed_file(first, {1})).value();
  Json carried = first;
  carried["version"] = 2;
  EXPECT_EQ(named(admit_root(trusted, signed_file(carried, {1}), kNow), "key-id"), nullptr);
  Json moved = carried;
  swap_key_id(moved, old_id, std::string(64, '9'));
  EXPECT_NE(named(admit_root(trusted, signed_file(moved, {1}), kNow), "key-id"), nullptr);
  Json renamed = carried;
  swap_key_id(renamed, old_id, id(2).hex);
  EXPECT_EQ(named(admit_root(trusted, signed_file(renamed, {1}), kNow), "key-id"), nullptr);
}

TEST(AdmitRoot, RefusesEcKeysAndOddRsaSizes) {
  const auto with_key = [](const crypto::PublicKey& key) {
    Json body = root_body(kNext);
    body["keys"][key_id(key).hex] = public_key_json(key);
    role_of(body, "targets")["keyids"].push_back(key_id(key).hex);
    return admitted(body);
  };
  EXPECT_NE(named(with_key(crypto::PrivateKey::generate_p256().value().public_key()), "key-type"), nullptr);
  EXPECT_NE(named(with_key(crypto::PrivateKey::generate_rsa(2560).value().public_key()), "key-type"), nullptr);
  const auto small = with_key(crypto::PrivateKey::generate_rsa(2048).value().public_key());
  EXPECT_EQ(named(small, "key-type"), nullptr);
  ASSERT_NE(named(small, "rsa-2048"), nullptr);
  EXPECT_EQ(named(small, "rsa-2048")->weight, Weight::warning);
}

struct SignatureRow {
  const char* name;
  std::function<void(Json&)> change;  // of the array of signatures
};

TEST(AdmitRoot, RefusesSignaturesThatSpoilTheFileOnDevices) {
  const std::vector<SignatureRow> rows = {
      {"signature-twice", [](Json& s) { s.push_back((*s.if_array())[0]); }},
      {"signature-method",
       [](Json& s) {
         s.push_back(Json(Json::Object{{"keyid", "x"}, {"method", "foo"}, {"sig", "eA=="}}));
       }},
      {"signature-method",
       [](Json& s) {
         s.push_back(Json(Json::Object{{"keyid", "x"}, {"method", "ecdsa-sha2-nistp256"}, {"sig", "eA=="}}));
       }},
  };
  for (const SignatureRow& row : rows) {
    Json file = parse_json(root_file(kNext)).value();
    row.change(file["signatures"]);
    const auto findings = admit_root(trusted_root(kTrusted), to_json(file), kNow);
    EXPECT_NE(named(findings, row.name), nullptr) << row.name << "\n" << listing(findings);
  }
}

TEST(AdmitRoot, AsksBeforeItGetsWeaker) {
  const RootPlan before{.root = {{1, 5}, 2}, .targets = {{2, 6}, 1}};
  const auto findings_of = [&](RootPlan plan) {
    plan.version = 2;
    return admit_root(trusted_root(before), root_file(plan, {1, 5}), kNow);
  };
  const auto lower = findings_of({.root = {{1, 5}, 1}, .targets = {{2, 6}, 1}});
  const auto fewer = findings_of({.root = {{1, 5}, 2}, .targets = {{2}, 1}});
  const auto replaced = findings_of({.root = {{1, 5}, 2}, .targets = {{7, 8}, 1}});
  ASSERT_NE(named(lower, "lower-threshold"), nullptr);
  EXPECT_EQ(named(lower, "lower-threshold")->message, "root: threshold of root: lowered from 2 to 1");
  ASSERT_NE(named(fewer, "fewer-keys"), nullptr);
  EXPECT_EQ(named(fewer, "replace-role"), nullptr);
  ASSERT_NE(named(replaced, "replace-role"), nullptr);
  EXPECT_EQ(named(replaced, "fewer-keys"), nullptr);
  for (const auto& findings : {lower, fewer, replaced})
    EXPECT_EQ(stopping(findings, {}).size(), 1u) << listing(findings);
  EXPECT_TRUE(stopping(replaced, {{"replace-role"}, false}).empty());
  EXPECT_FALSE(stopping(replaced, {{"fewer-keys"}, false}).empty());
}

TEST(AdmitRoot, LetsTheRootKeysBeReplacedAtOnce) {
  const auto findings = admit_root(trusted_root({}), root_file({.version = 2, .root = {{5}}}, {1, 5}), kNow);
  EXPECT_EQ(named(findings, "replace-role"), nullptr);
  ASSERT_NE(named(findings, "single-root-key"), nullptr);
}

TEST(AdmitRoot, WarnsOfARootKeyInAnOnlineRoleAndOfManyVersions) {
  RootPlan many = kTrusted;
  many.version = 900;
  RootPlan next = kNext;
  next.version = 901;
  next.targets = {{2, 1}};
  const auto findings = admit_root(trusted_root(many), root_file(next), kNow);
  EXPECT_TRUE(stopping(findings, {}).empty()) << listing(findings);
  ASSERT_NE(named(findings, "shared-key"), nullptr);
  ASSERT_NE(named(findings, "version-near"), nullptr);
}

TEST(AdmitRoot, AcceptsTheTufDialectByItsOwnRules) {
  RootPlan before = kTrusted, after = kNext;
  before.dialect = after.dialect = Dialect::tuf;
  const auto findings = admit_root(trusted_root(before), root_file(after), kNow);
  EXPECT_EQ(listing(findings), "");
  EXPECT_NE(named(admit_root(trusted_root(before), root_file(kNext), kNow), "dialect"), nullptr);
}

TEST(AdmitRoot, RefusesAnotherSpecificationInTheTufDialect) {
  const auto trusted = trusted_root({.dialect = Dialect::tuf});
  Json body = root_body({.version = 2, .dialect = Dialect::tuf});
  body["spec_version"] = "2.0.0";
  EXPECT_NE(named(admit_root(trusted, signed_file(body, {1}, Dialect::tuf), kNow), "spec-version"), nullptr);
}

TEST(AdmitRoot, RefusesRolesAndKeysWithoutForm) {
  Json body = root_body(kNext);
  body["roles"] = nullptr;
  body["keys"] = Json(Json::Array{});
  const auto findings = admitted(body);
  EXPECT_NE(named(findings, "role"), nullptr) << listing(findings);
  EXPECT_NE(named(findings, "keys"), nullptr) << listing(findings);
}

TEST(Stopping, CountsExpiryUnlessForced) {
  Json body = root_body(kNext);
  body["expires"] = "2027-01-05T00:00:00Z";
  const auto findings = admitted(body);
  EXPECT_EQ(stopping(findings, {}).size(), 1u);
  EXPECT_TRUE(stopping(findings, {{}, true}).empty());
}

TEST(FormFaults, AcceptsWhatTheRepositoryMakes) {
  const Generation set = generation();
  EXPECT_TRUE(form_faults(Role::targets, set.targets).empty());
  EXPECT_TRUE(form_faults(Role::snapshot, set.snapshot).empty());
  EXPECT_TRUE(form_faults(Role::timestamp, set.timestamp).empty());
  EXPECT_TRUE(form_faults(Role::root, root_file({})).empty());
  EXPECT_TRUE(form_faults(Role::targets, to_pretty_json(targets_body({}))).empty()) << "an unsigned body";
  const Generation tuf = generation({.dialect = Dialect::tuf});
  EXPECT_TRUE(form_faults(Role::targets, tuf.targets, Dialect::tuf).empty());
}

TEST(FormFaults, ListsEveryFault) {
  Json body = targets_body({});
  body["_type"] = "targets";
  body["version"] = 0;
  body["expires"] = "never";
  body["targets"]["foo-lmp-1"].if_object()->erase("custom");
  body["targets"]["bar"] = Json(Json::Object{{"custom", nullptr}});
  body["custom"] = nullptr;
  const auto faults = form_faults(Role::targets, to_json(body));
  const std::vector<std::string> wanted = {
      "targets: _type: want 'Targets', got 'targets'",
      "targets: version: want 1..2147483647, got 0",
      "targets: expires: want a date YYYY-MM-DDTHH:MM:SSZ, got 'never'",
      "targets: custom: want it absent rather than null",
      "targets: target 'bar': custom: want an object, got null",
      "targets: target 'foo-lmp-1': custom: want an object, got nothing",
  };
  EXPECT_EQ(faults, wanted);
}

TEST(FormFaults, RefusesWhatDevicesWouldNotTake) {
  const auto faults_of = [](const std::function<void(Json&)>& change) {
    Json body = targets_body({});
    change(body);
    return form_faults(Role::targets, to_json(body));
  };
  EXPECT_FALSE(faults_of([](Json& b) { b["custom"]["note"] = "é"; }).empty());
  EXPECT_FALSE(faults_of([](Json& b) { b["targets"]["foo-lmp-1"]["length"] = "0"; }).empty());
  EXPECT_FALSE(faults_of([](Json& b) { b["spec_version"] = "1.0.31"; }).empty());
  EXPECT_FALSE(faults_of([](Json& b) { b["x"] = std::string(kMaxTargets, 'x'); }).empty());
  EXPECT_FALSE(form_faults(Role::targets, "{}x").empty());
}

TEST(FormFaults, RefusesEachRoleWithoutItsOwnMembers) {
  const std::string expires = "2027-06-01T00:00:00Z";
  for (const Role role : {Role::root, Role::targets, Role::snapshot, Role::timestamp})
    EXPECT_EQ(form_faults(role, to_json(head(role, 1, expires))).size(), 1u) << name_of(role);
  Json body = head(Role::snapshot, 1, expires, Dialect::tuf);
  body["spec_version"] = "2.0.0";
  EXPECT_EQ(form_faults(Role::snapshot, to_json(body), Dialect::tuf).at(0),
            "snapshot: spec_version: want 1.x, got '2.0.0'");
}

TEST(FormFaults, NamesTheMissingSpecificationOnceInTheTufDialect) {
  Json body = head(Role::timestamp, 1, "2027-06-01T00:00:00Z", Dialect::tuf);
  body.if_object()->erase("spec_version");
  EXPECT_EQ(form_faults(Role::timestamp, to_json(body), Dialect::tuf),
            (std::vector<std::string>{"timestamp: spec_version: want 1.x, got nothing"}));
}

TEST(FormFaults, RefusesSignaturesWithoutForm) {
  const auto faults_of = [](const std::function<void(Json&)>& change) {
    Json file = parse_json(generation().targets).value();
    change(file["signatures"]);
    return form_faults(Role::targets, to_json(file));
  };
  const auto twice = faults_of([](Json& s) { s.push_back((*s.if_array())[0]); });
  EXPECT_EQ(twice, (std::vector<std::string>{"targets: signatures: key id " + id(2).brief() + " occurs twice"}));
  const auto without = faults_of([](Json& s) { (*s.if_array())[0] = Json(Json::Object{}); });
  EXPECT_EQ(without, (std::vector<std::string>{"targets: signatures: keyid: want text, got nothing"}));
}

TEST(FormFaults, RefusesSignaturesOfAnUnknownMethod) {
  Json file = parse_json(generation().targets).value();
  (*file["signatures"].if_array())[0]["method"] = "foo";
  const auto faults = form_faults(Role::targets, to_json(file));
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0], "targets: signature of key " + id(2).brief() + ": method 'foo' is unknown");
}

}  // namespace
}  // namespace rota::tuf
