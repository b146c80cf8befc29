#include "tuf/metadata.h"

#include <gtest/gtest.h>

#include <functional>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

Envelope unsigned_envelope(Json body) {
  return parse_envelope(envelope_bytes(body, Json(Json::Array{})), kMaxTargets).value();
}

struct BadFile {
  const char *file, *why;
};

class ParseEnvelope : public testing::TestWithParam<BadFile> {};

TEST_P(ParseEnvelope, Refuses) {
  const auto envelope = parse_envelope(GetParam().file, kMaxRoot);
  ASSERT_FALSE(envelope.ok());
  EXPECT_EQ(envelope.error().fault, Fault::rejected);
  EXPECT_NE(envelope.error().what.find(GetParam().why), std::string::npos) << envelope.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ParseEnvelope,
    testing::Values(
        BadFile{"", "json"}, BadFile{"<html></html>", "json"}, BadFile{R"({"signed":{},"signatures":[]}x)", "json"},
        BadFile{R"({"signed":{},"signed":{},"signatures":[]})", "twice"}, BadFile{R"([])", "signed"},
        BadFile{R"({"signatures":[]})", "signed: want an object, got nothing"},
        BadFile{R"({"signed":[],"signatures":[]})", "signed: want an object, got an array"},
        BadFile{R"({"signed":{}})", "signatures: want an array, got nothing"},
        BadFile{R"({"signed":{},"signatures":{}})", "signatures: want an array, got an object"},
        BadFile{R"({"signed":{"n":1.0},"signatures":[]})", "'1.0' is not a plain integer"},
        BadFile{R"({"signed":{"n":[1e3]},"signatures":[]})", "'1e3' is not a plain integer"},
        BadFile{R"({"signed":{"n":-0},"signatures":[]})", "'-0' is not a plain integer"},
        BadFile{R"({"signed":{},"signatures":[1]})", "keyid: want text"},
        BadFile{R"({"signed":{},"signatures":[{"keyid":7,"method":"ed25519","sig":"eA=="}]})",
                "keyid: want text, got 7"},
        BadFile{R"({"signed":{},"signatures":[{"keyid":"a","method":"ed25519"}]})", "sig: want text, got nothing"},
        BadFile{R"({"signed":{},"signatures":[{"keyid":"a","method":"ed25519","sig":7}]})", "sig: want text, got 7"},
        BadFile{R"({"signed":{},"signatures":[{"keyid":"a","method":[],"sig":""}]})",
                "method: want text, got an array"},
        BadFile{R"({"signed":{},"signatures":[{"keyid":"a","sig":"eA=="}]})", "method: want text, got nothing"},
        BadFile{
            R"({"signed":{},"signatures":[{"keyid":"a","method":"x","sig":""},{"keyid":"a","method":"y","sig":""}]})",
            "key id a occurs twice"},
        BadFile{R"({"signed":{"spec_version":"1.0"},"signatures":[{"keyid":"a","sig":""},{"keyid":"a","sig":"00"}]})",
                "key id a occurs twice"}));

TEST(ParseEnvelope, RefusesOneByteTooMany) {
  Bytes file = R"({"signed":{},"signatures":[]})";
  EXPECT_TRUE(parse_envelope(file, file.size()).ok());
  const auto refused = parse_envelope(file + " ", file.size());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().what, "size: want at most 29 bytes, got 30");
}

TEST(ParseEnvelope, RefusesNestingBeyondTheLimitInBoundedTime) {
  const auto deep = [](int n) {
    return R"({"signed":{"x":)" + std::string(n, '[') + std::string(n, ']') + R"(},"signatures":[]})";
  };
  EXPECT_TRUE(parse_envelope(deep(62), kMaxRoot).ok());
  EXPECT_FALSE(parse_envelope(deep(63), kMaxRoot).ok());
  EXPECT_FALSE(parse_envelope(R"({"signed":)" + std::string(30000, '['), kMaxRoot).ok());
}

TEST(ParseEnvelope, KeepsIntegersOfAnyLengthForTheSignedBytes) {
  const auto envelope = parse_envelope(R"({"signed":{"n":184467440737095516160},"signatures":[]})", kMaxRoot);
  ASSERT_TRUE(envelope.ok());
  EXPECT_EQ(canonical(envelope->body), R"({"n":184467440737095516160})");
}

TEST(ParseEnvelope, ReadsTheDialectFromWhatIsSigned) {
  EXPECT_EQ(parse_envelope(R"({"signed":{},"signatures":[]})", 99)->dialect, Dialect::uptane);
  EXPECT_EQ(parse_envelope(R"({"signed":{"spec_version":"1.0.31"},"signatures":[]})", 99)->dialect, Dialect::tuf);
}

TEST(ParseEnvelope, KeepsASignatureThatDoesNotDecodeWithoutBytes) {
  const auto envelope =
      parse_envelope(R"({"signed":{},"signatures":[{"keyid":"a","method":"ed25519","sig":"%"}]})", 99);
  ASSERT_TRUE(envelope.ok());
  EXPECT_TRUE(envelope->signatures.at(0).bytes.empty());
}

// A change to a good body, and what the refusal must say.
struct BadBody {
  const char* name;
  std::function<void(Json&)> change;
  const char* why;
};

void set(Json& body, const char* name, Json value) {
  body[name] = std::move(value);
}

std::vector<BadBody> bad_heads() {
  const auto with = [](const char* name, Json value) { return [=](Json& body) { set(body, name, value); }; };
  return {
      {"other type", with("_type", "Nothing"), "_type: want"},
      {"type not text", with("_type", 1), "_type: want"},
      {"version 0", with("version", 0), "version: want 1..2147483647, got 0"},
      {"version -1", with("version", -1), "version: want 1..2147483647, got -1"},
      {"version text", with("version", "1"), "version: want 1..2147483647, got '1'"},
      {"version true", with("version", true), "version: want"},
      {"version 2^31", with("version", std::int64_t{1} << 31), "version: want 1..2147483647, got 2147483648"},
      {"version null", with("version", nullptr), "got null"},
      {"expires with fraction", with("expires", "2030-01-01T00:00:00.000Z"), "expires: want"},
      {"expires with offset", with("expires", "2030-01-01T00:00:00+00:00"), "expires: want"},
      {"expires no date", with("expires", "2030-02-30T00:00:00Z"), "expires: want"},
      {"expires leap second", with("expires", "2030-06-30T23:59:60Z"), "expires: want"},
      {"expires number", with("expires", 1893456000), "expires: want"},
      {"spec 2", with("spec_version", "2.0.0"), "spec_version: want 1.x, got '2.0.0'"},
      {"spec 1", with("spec_version", "1"), "spec_version: want 1.x"},
      {"spec 1x", with("spec_version", "1.x"), "spec_version: want 1.x"},
      {"spec number", with("spec_version", 1), "spec_version: want 1.x"},
  };
}

TEST(ReadRoles, RefuseAHeadWithoutForm) {
  const Generation set = generation();
  for (const BadBody& row : bad_heads()) {
    SCOPED_TRACE(row.name);
    const auto refused = [&](auto read, Json body) {
      row.change(body);
      const auto role = read(unsigned_envelope(body));
      ASSERT_FALSE(role.ok());
      EXPECT_EQ(role.error().fault, Fault::rejected);
      EXPECT_NE(role.error().what.find(row.why), std::string::npos) << role.error().what;
    };
    refused(read_root, root_body({}));
    refused(read_timestamp, timestamp_body({}, set.snapshot));
    refused(read_snapshot, snapshot_body({}, set.targets));
    refused([](const Envelope& e) { return read_targets(e); }, targets_body({}));
  }
}

TEST(ReadRoles, AcceptTheTypeInAnyCaseAndOtherVersionsOfTheSpecification) {
  for (const char* type : {"root", "Root", "ROOT"}) {
    Json body = root_body({});
    body["_type"] = type;
    EXPECT_TRUE(read_root_body(body).ok()) << type;
  }
  Json body = root_body({.dialect = Dialect::tuf});
  body["spec_version"] = "1.99.3";
  body["version"] = (std::int64_t{1} << 53) - 1;
  EXPECT_TRUE(read_root_body(body).ok());
}

TEST(ReadRoles, RefuseTheFileOfAnotherRole) {
  const auto targets = unsigned_envelope(targets_body({}));
  EXPECT_EQ(read_snapshot(targets).error().what, "snapshot: _type: want Snapshot, got 'Targets'");
  EXPECT_FALSE(read_root(targets).ok());
  EXPECT_FALSE(read_timestamp(targets).ok());
}

std::vector<BadBody> bad_roots() {
  return {
      {"no keys", [](Json& b) { b["keys"] = nullptr; }, "keys: want an object, got null"},
      {"no roles", [](Json& b) { b["roles"] = Json(Json::Array{}); }, "roles: want an object"},
      {"role missing", [](Json& b) { b["roles"].if_object()->erase("timestamp"); }, "roles: timestamp is missing"},
      {"threshold 0", [](Json& b) { b["roles"]["snapshot"]["threshold"] = 0; },
       "snapshot: threshold: want 1..1000, got 0"},
      {"threshold 1001", [](Json& b) { b["roles"]["snapshot"]["threshold"] = 1001; }, "got 1001"},
      {"threshold text", [](Json& b) { b["roles"]["root"]["threshold"] = "1"; }, "root: threshold"},
      {"keyids no array", [](Json& b) { b["roles"]["root"]["keyids"] = "x"; }, "keyids: want an array"},
      {"keyids of numbers", [](Json& b) { b["roles"]["root"]["keyids"].push_back(1); }, "keyids: want texts, got 1"},
      {"key no object", [](Json& b) { b["keys"][id(1).hex] = "x"; }, "keys: keytype: want text"},
      {"keytype a number", [](Json& b) { b["keys"][id(1).hex]["keytype"] = 1; }, "keys: keytype: want text, got 1"},
      {"short id", [](Json& b) { b["keys"]["abcd"] = b["keys"][id(1).hex]; },
       "keys: want ids of 64 hex digits, got abcd"},
  };
}

TEST(ReadRoot, RefusesWhatIsUsedAndHasNoForm) {
  for (const BadBody& row : bad_roots()) {
    SCOPED_TRACE(row.name);
    Json body = root_body({});
    row.change(body);
    const auto root = read_root_body(body);
    ASSERT_FALSE(root.ok());
    EXPECT_EQ(root.error().fault, Fault::rejected);
    EXPECT_NE(root.error().what.find(row.why), std::string::npos) << root.error().what;
  }
}

TEST(ReadRoot, AcceptsKeysItCannotUseAndSaysWhy) {
  Json body = root_body({});
  body["keys"][std::string(64, 'a')] =
      Json(Json::Object{{"keytype", "SPHINCS"}, {"keyval", Json(Json::Object{{"x", 1}})}});
  body["keys"][std::string(64, 'b')] =
      Json(Json::Object{{"keytype", "ED25519"}, {"keyval", Json(Json::Object{{"public", "00"}})}});
  const auto root = read_root_body(body);
  ASSERT_TRUE(root.ok()) << root.error().what;
  EXPECT_EQ(root->keys.size(), 4u);
  EXPECT_EQ(root->unusable.size(), 2u);
}

TEST(ReadRoot, KeepsTheOrderOfKeyIdsAndCountsMaterialOnce) {
  Json body = root_body({.root = {{5, 1, 3}, 2}});
  body["keys"][std::string(64, 'c')] = public_key_json(public_key(5));
  body["roles"]["root"]["keyids"].push_back(std::string(64, 'c'));
  const auto root = read_root_body(body).value();
  EXPECT_EQ(root.role(Role::root).key_ids, (std::vector<KeyId>{id(5), id(1), id(3), {std::string(64, 'c')}}));
  EXPECT_EQ(root.material(Role::root).size(), 3u);
}

TEST(ReadRoot, TakesKeyIdsOfTheTufDialectAsOpaque) {
  Json body = root_body({.dialect = Dialect::tuf});
  body["keys"]["my key"] = public_key_json(public_key(1), Dialect::tuf);
  EXPECT_EQ(read_root_body(body)->keys.count({"my key"}), 1u);
}

TEST(ReadRoot, ShowsNothingOfAStrangerThatATerminalWouldObey) {
  Json body = root_body({});
  body["_type"] = "\x1b[2J";
  EXPECT_EQ(read_root_body(body).error().what, "root: _type: want Root, got '?[2J'");
}

TEST(RoleNamed, KnowsTheFourAndNoOther) {
  for (const Role role : {Role::root, Role::targets, Role::snapshot, Role::timestamp})
    EXPECT_EQ(role_named(name_of(role)), role);
  EXPECT_EQ(role_named("offline-updates"), std::nullopt);
  EXPECT_EQ(role_named("Root"), std::nullopt);
}

TEST(ReadTimestamp, AcceptsMissingLengthAndHashes) {
  Json body = head(Role::timestamp, 1, "2030-01-01T00:00:00Z");
  body["meta"]["snapshot.json"]["version"] = 7;
  const auto timestamp = read_timestamp(unsigned_envelope(body));
  ASSERT_TRUE(timestamp.ok()) << timestamp.error().what;
  EXPECT_EQ(timestamp->snapshot.version, 7);
  EXPECT_FALSE(timestamp->snapshot.length.has_value());
}

std::vector<BadBody> bad_timestamps() {
  const auto snapshot = [](const char* name, Json value) {
    return [=](Json& b) { b["meta"]["snapshot.json"][name] = value; };
  };
  return {
      {"no meta", [](Json& b) { b["meta"] = nullptr; }, "meta: want an object"},
      {"no snapshot", [](Json& b) { b["meta"].if_object()->clear(); }, "snapshot.json is missing"},
      {"length text", snapshot("length", "5"), "length: want bytes, got '5'"},
      {"length negative", snapshot("length", -1), "length: want bytes, got -1"},
      {"length null", snapshot("length", nullptr), "length: want bytes, got null"},
      {"version text", snapshot("version", "5"), "snapshot.json: version"},
      {"hashes array", snapshot("hashes", Json(Json::Array{})), "hashes: want an object"},
      {"hash number", snapshot("hashes", Json(Json::Object{{"sha256", 1}})), "hashes: sha256: want hex"},
      {"hash short", snapshot("hashes", Json(Json::Object{{"sha256", "00"}})), "hashes: sha256: want hex"},
      {"hash a path", snapshot("hashes", Json(Json::Object{{"sha256", "../../etc/passwd"}})),
       "hashes: sha256: want hex"},
  };
}

TEST(ReadTimestamp, RefusesAMetaWithoutForm) {
  for (const BadBody& row : bad_timestamps()) {
    SCOPED_TRACE(row.name);
    Json body = timestamp_body({}, "x");
    row.change(body);
    const auto timestamp = read_timestamp(unsigned_envelope(body));
    ASSERT_FALSE(timestamp.ok());
    EXPECT_NE(timestamp.error().what.find(row.why), std::string::npos) << timestamp.error().what;
  }
}

TEST(ReadSnapshot, RefusesOneWithoutTargets) {
  Json body = snapshot_body({}, "x");
  body["meta"].if_object()->erase("targets.json");
  EXPECT_EQ(read_snapshot(unsigned_envelope(body)).error().what, "snapshot: meta: targets.json is missing");
}

TEST(ReadTargets, GivesTargetsByNameWithTheirCustom) {
  Json body = targets_body({});
  body["targets"]["b"] =
      Json(Json::Object{{"hashes", Json(Json::Object{{"sha256", std::string(64, 'B')}})}, {"length", 3}});
  const auto targets = read_targets(unsigned_envelope(body));
  ASSERT_TRUE(targets.ok()) << targets.error().what;
  ASSERT_EQ(targets->targets.size(), 2u);
  EXPECT_EQ(targets->targets[0].name, "b");
  EXPECT_EQ(targets->targets[0].sha256(), std::string(64, 'b'));
  EXPECT_TRUE(targets->targets[0].custom_json().is_null());
  EXPECT_EQ(targets->targets[1].custom_json().text_or("name", ""), "foo-lmp");
}

TEST(ReadTargets, RefusesATargetWithoutForm) {
  const auto target = [](const char* name, Json value) {
    return [=](Json& b) { b["targets"]["foo-lmp-1"][name] = value; };
  };
  const std::vector<BadBody> rows = {
      {"no targets", [](Json& b) { b["targets"] = nullptr; }, "targets: want an object"},
      {"no object", [](Json& b) { b["targets"]["x"] = 1; }, "target 'x': length"},
      {"hash a path", target("hashes", Json(Json::Object{{"sha256", "../x"}})), "want hex"},
      {"hashes null", target("hashes", nullptr), "hashes: want an object"},
      {"no hashes", [](Json& b) { b["targets"]["foo-lmp-1"].if_object()->erase("hashes"); }, "hashes: want an object"},
      {"length text", target("length", "0"), "length: want bytes"},
  };
  for (const BadBody& row : rows) {
    SCOPED_TRACE(row.name);
    Json body = targets_body({});
    row.change(body);
    const auto targets = read_targets(unsigned_envelope(body));
    ASSERT_FALSE(targets.ok());
    EXPECT_NE(targets.error().what.find(row.why), std::string::npos) << targets.error().what;
  }
}

TEST(Target, IsNoneWithACustomThatIsNoJson) {
  const Target target{.name = "foo", .hashes = {}, .length = 0, .custom = "{"};
  EXPECT_DEATH(target.custom_json(), "json");
}

TEST(MaxSize, IsTheDialects) {
  EXPECT_EQ(max_size(Role::root, Dialect::uptane), 64u * 1024);
  EXPECT_EQ(max_size(Role::targets, Dialect::uptane), 8u << 20);
  EXPECT_EQ(max_size(Role::root, Dialect::tuf), 512u * 1024);
  EXPECT_EQ(max_size(Role::timestamp, Dialect::tuf), 16u * 1024);
}

}  // namespace
}  // namespace rota::tuf
