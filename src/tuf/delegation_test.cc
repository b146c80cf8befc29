#include "tuf/delegation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/hash.h"
#include "tuf/metadata.h"

namespace rota::tuf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kKeys =
    R"({"k1":{"keytype":"ed25519","scheme":"ed25519","keyval":{
        "public":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}})";

Json parsed(const std::string& text) {
  return parse_json(text).value();
}

Json with_roles(const std::string& roles) {
  return parsed(R"({"keys":)" + std::string(kKeys) + R"(,"roles":[)" + roles + "]}");
}

Json with_succinct(const std::string& members) {
  return parsed(R"({"keys":)" + std::string(kKeys) + R"(,"succinct_roles":{)" + members + "}}");
}

// A role whose one member is replaced; '' leaves it out.
Json role(const std::string& name, const std::string& value) {
  Json json = parsed(R"({"name":"A","keyids":["k1"],"threshold":1,"terminating":false,"paths":["*"]})");
  if (value.empty())
    json.if_object()->erase(name);
  else
    json[name] = parsed("[" + value + "]").if_array()->front();
  return json;
}

std::string with(const std::string& name, const std::string& value) {
  return to_json(role(name, value));
}

std::string named(const std::string& name, const std::string& rules = R"("paths":["*"],"terminating":false)") {
  return R"({"name":")" + name + R"(","keyids":["k1"],"threshold":1,)" + rules + "}";
}

std::string refusal(const Json& json, Dialect dialect = Dialect::tuf) {
  const auto read = read_delegations(json, dialect);
  if (read.ok()) return "accepted";
  EXPECT_EQ(read.error().fault, Fault::rejected);
  return read.error().what;
}

std::vector<std::string> speakers(const Json& json, std::string_view path) {
  std::vector<std::string> names;
  for (const Speaker& speaker : speakers_for(read_delegations(json, Dialect::tuf).value(), path))
    names.push_back(speaker.role + (speaker.terminating ? "." : ""));
  return names;
}

TEST(ReadDelegations, KeepsWhatIsWritten) {
  const auto read = read_delegations(
      with_roles(
          named("A", R"("paths":["a/*","b"],"terminating":true,"x":1)") + "," +
          R"({"name":"B","keyids":["k2","k1"],"threshold":2,"terminating":false,"path_hash_prefixes":["0A","ff"]})"),
      Dialect::tuf);
  ASSERT_TRUE(read.ok()) << read.error().what;
  ASSERT_EQ(read->roles.size(), 2u);
  EXPECT_EQ(read->roles[0].name, "A");
  EXPECT_TRUE(read->roles[0].terminating);
  EXPECT_THAT(read->roles[0].paths, ElementsAre("a/*", "b"));
  EXPECT_EQ(read->roles[1].keys, (RoleKeys{{{"k2"}, {"k1"}}, 2}));
  EXPECT_FALSE(read->roles[1].terminating);
  EXPECT_THAT(read->roles[1].path_hash_prefixes, ElementsAre("0a", "ff"));
  EXPECT_EQ(read->keys.count({"k1"}), 1u);
  EXPECT_FALSE(read->succinct);
}

TEST(ReadDelegations, AcceptsNamesThatWouldBePathsElsewhere) {
  for (const std::string name : {"../x", "a/b", ".", "..", "/etc/passwd", "?", "#", "1.root", "Targets", "a\\u0000b"})
    EXPECT_TRUE(read_delegations(with_roles(named(name)), Dialect::tuf).ok()) << name;
  EXPECT_TRUE(read_delegations(with_roles(named(std::string(5000, 'n'))), Dialect::tuf).ok());
}

TEST(ReadDelegations, AcceptsNobody) {
  EXPECT_TRUE(read_delegations(parsed(R"({"keys":{},"roles":[]})"), Dialect::tuf).ok());
  EXPECT_TRUE(read_delegations(with_roles(with("paths", "[]")), Dialect::tuf).ok());
}

TEST(ReadDelegations, RefusesARoleWithoutForm) {
  struct Case {
    const char *member, *value, *why;
  };
  const Case cases[] = {
      {"name", "", "name: want text, got nothing"},
      {"name", "7", "name: want text, got 7"},
      {"name", R"("")", "name: is empty"},
      {"name", R"("root")", "name: 'root' is a top-level role"},
      {"name", R"("targets")", "name: 'targets' is a top-level role"},
      {"name", R"("snapshot")", "name: 'snapshot' is a top-level role"},
      {"name", R"("timestamp")", "name: 'timestamp' is a top-level role"},
      {"keyids", "", "keyids: want an array, got nothing"},
      {"keyids", "[1]", "keyids: want texts, got 1"},
      {"threshold", "", "threshold: want 1..2147483647, got nothing"},
      {"threshold", "0", "threshold: want 1..2147483647, got 0"},
      {"threshold", "-1", "threshold: want 1..2147483647, got -1"},
      {"threshold", "2147483648", "threshold: want 1..2147483647, got 2147483648"},
      {"threshold", "true", "threshold: want 1..2147483647, got a boolean"},
      {"terminating", "", "terminating: want true or false, got nothing"},
      {"terminating", "1", "terminating: want true or false, got 1"},
      {"terminating", "null", "terminating: want true or false, got null"},
      {"paths", "", "want one of paths and path_hash_prefixes, got neither"},
      {"paths", "null", "paths: want an array, got null"},
      {"paths", R"("*")", "paths: want an array, got '*'"},
      {"paths", R"(["*",1])", "paths: want texts, got 1"},
      {"path_hash_prefixes", "[]", "want one of paths and path_hash_prefixes, got both"},
      {"path_hash_prefixes", R"(["00"])", "want one of paths and path_hash_prefixes, got both"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(refusal(with_roles(with(c.member, c.value))), std::string("delegations: roles: 0: ") + c.why);
}

TEST(ReadDelegations, RefusesAPrefixThatIsNotOfASha256) {
  const auto refused = [](const std::string& prefixes) {
    return refusal(with_roles(named("A", R"("terminating":false,"path_hash_prefixes":)" + prefixes)));
  };
  const std::string where = "delegations: roles: 0: path_hash_prefixes: want ";
  EXPECT_EQ(refused(R"(["0","xyz"])"), where + "1 to 64 hex digits, got 'xyz'");
  EXPECT_EQ(refused(R"([""])"), where + "1 to 64 hex digits, got ''");
  EXPECT_EQ(refused("[\"" + std::string(65, '0') + "\"]"), where + "1 to 64 hex digits, got '000000000000'");
  EXPECT_EQ(refused("[\"" + std::string(64, '0') + "\"]"), "accepted");
  EXPECT_EQ(refused("[1]"), where + "texts, got 1");
  EXPECT_EQ(refused("\"00\""), where + "an array, got '00'");
  EXPECT_EQ(refused("[\"0\\u0000\"]"), where + "1 to 64 hex digits, got '0?'");
}

TEST(ReadDelegations, RefusesANameThatIsGivenTwice) {
  EXPECT_EQ(refusal(with_roles(named("A") + "," + named("B") + "," + named("A"))),
            "delegations: roles: 'A' is given twice");
  EXPECT_EQ(refusal(with_roles(named("A") + "," + named("a"))), "accepted");
}

TEST(ReadDelegations, NamesTheRoleThatIsRefused) {
  EXPECT_THAT(refusal(with_roles(named("A") + "," + with("threshold", "0"))), HasSubstr("roles: 1: threshold"));
}

TEST(ReadDelegations, RefusesBothOrNeitherOfRolesAndSuccinctRoles) {
  const std::string keys = R"({"keys":)" + std::string(kKeys);
  const std::string succinct = R"("succinct_roles":{"keyids":["k1"],"threshold":1,"bit_length":4,"name_prefix":"bin"})";
  EXPECT_EQ(refusal(parsed(keys + R"(,"roles":[],)" + succinct + "}")),
            "delegations: want one of roles and succinct_roles, got both");
  EXPECT_EQ(refusal(parsed(keys + "}")), "delegations: want one of roles and succinct_roles, got neither");
  EXPECT_EQ(refusal(parsed(keys + R"(,"roles":{}})")), "delegations: roles: want an array, got an object");
  EXPECT_EQ(refusal(parsed(keys + R"(,"roles":null})")), "delegations: roles: want an array, got null");
  EXPECT_EQ(refusal(parsed(keys + R"(,"succinct_roles":null})")),
            "delegations: succinct_roles: keyids: want an array, got nothing");
  EXPECT_EQ(refusal(parsed(keys + "," + succinct + "}")), "accepted");
}

TEST(ReadDelegations, RefusesSuccinctRolesWithoutForm) {
  const auto refused = [](const std::string& members) { return refusal(with_succinct(members)); };
  const std::string where = "delegations: succinct_roles: ", quorum = R"("keyids":["k1"],"threshold":1,)";
  const std::string named = R"(,"name_prefix":"b")";
  EXPECT_EQ(refused(quorum + R"("bit_length":0)" + named), where + "bit_length: want 1..32, got 0");
  EXPECT_EQ(refused(quorum + R"("bit_length":33)" + named), where + "bit_length: want 1..32, got 33");
  EXPECT_EQ(refused(quorum + R"("bit_length":-1)" + named), where + "bit_length: want 1..32, got -1");
  EXPECT_EQ(refused(quorum + R"("bit_length":4294967304)" + named), where + "bit_length: want 1..32, got 4294967304");
  EXPECT_EQ(refused(quorum + R"("bit_length":"8")" + named), where + "bit_length: want 1..32, got '8'");
  EXPECT_EQ(refused(quorum + R"("name_prefix":"b")"), where + "bit_length: want 1..32, got nothing");
  EXPECT_EQ(refused(quorum + R"("bit_length":8)"), where + "name_prefix: want text, got nothing");
  EXPECT_EQ(refused(quorum + R"("bit_length":8,"name_prefix":8)"), where + "name_prefix: want text, got 8");
  EXPECT_EQ(refused(R"("keyids":["k1"],"threshold":0,"bit_length":8)" + named),
            where + "threshold: want 1..2147483647, got 0");
  EXPECT_EQ(refused(quorum + R"("bit_length":1)" + named), "accepted");
  EXPECT_EQ(refused(quorum + R"("bit_length":32)" + named), "accepted");
}

TEST(ReadDelegations, KeepsAKeyThatNeverVerifiesApart) {
  const auto read = read_delegations(
      parsed(R"({"keys":{"k1":{"keytype":"sphincs+","scheme":"x","keyval":{"public":"y"}}},"roles":[]})"),
      Dialect::tuf);
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_TRUE(read->keys.empty());
  EXPECT_THAT(read->unusable.at({"k1"}), HasSubstr("sphincs+"));
}

TEST(ReadDelegations, RefusesKeysWithoutForm) {
  const auto refused = [](const std::string& keys, Dialect dialect) {
    return refusal(parsed(R"({"keys":)" + keys + R"(,"roles":[]})"), dialect);
  };
  EXPECT_EQ(refused("[]", Dialect::tuf), "delegations: keys: want an object, got an array");
  EXPECT_EQ(refusal(parsed(R"({"roles":[]})")), "delegations: keys: want an object, got nothing");
  EXPECT_EQ(refused(R"({"":{"keytype":"ed25519"}})", Dialect::tuf),
            "delegations: keys: want ids that are not empty, got nothing");
  EXPECT_EQ(refused(R"({"k":{"keytype":"ed25519"}})", Dialect::uptane),
            "delegations: keys: want ids of 64 hex digits, got k");
  EXPECT_EQ(refused(R"({"k":{"keytype":1}})", Dialect::tuf), "delegations: keys: keytype: want text, got 1");
  EXPECT_EQ(refused(R"({"k":1})", Dialect::tuf), "delegations: keys: keytype: want text, got nothing");
  EXPECT_EQ(refused(R"({")" + std::string(64, 'A') + R"(":{"keytype":"x"}})", Dialect::uptane), "accepted");
}

// The other dialect's are for the suppliers of a factory; no device goes by them.
TEST(ReadDelegations, IsDoneForTargetsOfTheTufDialect) {
  const auto targets = [](const std::string& spec_version, const std::string& delegations) {
    const std::string body = R"({"_type":"targets","version":1,"expires":"2028-01-01T00:00:00Z","targets":{})";
    const Bytes file =
        R"({"signatures":[],"signed":)" + body + spec_version + R"(,"delegations":)" + delegations + "}}";
    return read_targets(parse_envelope(file, file.size()).value());
  };
  const std::string tuf = R"(,"spec_version":"1.0.31")", none = R"({"keys":{},"roles":[]})";
  EXPECT_TRUE(targets(tuf, none)->delegations);
  EXPECT_EQ(targets(tuf, "{}").error().what, "targets: delegations: keys: want an object, got nothing");
  EXPECT_EQ(targets(tuf, "null").error().what, "targets: delegations: keys: want an object, got nothing");
  EXPECT_FALSE(targets("", none)->delegations);
  EXPECT_TRUE(targets("", "{}").ok());
}

TEST(SpeakersFor, AreThoseThatMatchInFileOrder) {
  const Json json = with_roles(named("A", R"("paths":["*.doc","*.md","foo-?.tgz"],"terminating":false)") + "," +
                               named("B", R"("paths":["releases/*/*"],"terminating":true)") + "," +
                               named("C", R"("paths":["*"],"terminating":false)") + "," +
                               named("D", R"("paths":[],"terminating":false)"));
  EXPECT_THAT(speakers(json, "README.md"), ElementsAre("A", "C"));
  EXPECT_THAT(speakers(json, "foo-1.tgz"), ElementsAre("A", "C"));
  EXPECT_THAT(speakers(json, "foo-alpha.tgz"), ElementsAre("C"));
  EXPECT_THAT(speakers(json, "releases/x/x_v1"), ElementsAre("B."));
  EXPECT_THAT(speakers(json, "releases/README.md"), IsEmpty());
}

TEST(SpeakersFor, HaveTheirOwnQuorum) {
  const Json json = with_roles(R"({"name":"A","keyids":["k9","k1"],"threshold":2,"terminating":false,"paths":["*"]})");
  const auto found = speakers_for(read_delegations(json, Dialect::tuf).value(), "x");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].keys, (RoleKeys{{{"k9"}, {"k1"}}, 2}));
}

TEST(SpeakersFor, GoByTheDigestOfTheWholePath) {
  const std::string path = "releases/x12.bin";
  const std::string digest = crypto::sha256_hex(path);
  ASSERT_EQ(digest.substr(0, 4), "0dfb");
  const auto prefixed = [&](const std::string& prefix) {
    return speakers(
        with_roles(named("A", R"("terminating":false,"path_hash_prefixes":["f","0dff",")" + prefix + "\"]")), path);
  };
  for (const std::size_t size : {1u, 2u, 3u, 4u, 63u, 64u})
    EXPECT_THAT(prefixed(digest.substr(0, size)), ElementsAre("A"));
  EXPECT_THAT(prefixed("0DFB"), ElementsAre("A"));
  EXPECT_THAT(prefixed("dfb"), IsEmpty()) << "not at the start";
  EXPECT_THAT(prefixed(digest.substr(0, 63) + (digest[63] == '0' ? "1" : "0")), IsEmpty());
}

// Leading bits of the digest, as wide as the last bin's number (TAP 15): "0dfb…" is 0000 1101 1111 1011 …
TEST(SpeakersFor, AreOneBinOfSuccinctRoles) {
  struct Case {
    int bits;
    const char* bin;
  };
  const Case cases[] = {{1, "b-0"},     {2, "b-0"},      {3, "b-0"},      {4, "b-0"},         {5, "b-01"},
                        {8, "b-0d"},    {9, "b-01b"},    {12, "b-0df"},   {13, "b-01bf"},     {14, "b-037e"},
                        {16, "b-0dfb"}, {17, "b-01bf6"}, {20, "b-0dfb6"}, {31, "b-06fdb529"}, {32, "b-0dfb6a52"}};
  for (const auto& [bits, bin] : cases) {
    const Json json =
        with_succinct(R"("keyids":["k1"],"threshold":1,"name_prefix":"b","bit_length":)" + std::to_string(bits));
    EXPECT_THAT(speakers(json, "releases/x12.bin"), ElementsAre(bin + std::string("."))) << bits;
  }
}

TEST(SpeakersFor, SuccinctRolesShareTheirQuorum) {
  const Json json = with_succinct(R"("keyids":["k1","k2"],"threshold":2,"name_prefix":"","bit_length":4)");
  const auto found = speakers_for(read_delegations(json, Dialect::tuf).value(), "releases/x12.bin");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].role, "-0");
  EXPECT_EQ(found[0].keys, (RoleKeys{{{"k1"}, {"k2"}}, 2}));
}

// As the reference implementation lists hashed bins: 16 384 roles of four prefixes each.
TEST(SpeakersFor, AreOneOf16384ListedBins) {
  std::string roles;
  for (int bin = 0; bin < 16384; ++bin) {
    std::string prefixes;
    for (int i = 0; i < 4; ++i) {
      const Bytes pair{static_cast<char>(bin >> 6), static_cast<char>((bin << 2 | i) & 0xff)};
      prefixes += (i == 0 ? "\"" : ",\"") + hex(pair) + "\"";
    }
    roles += (bin == 0 ? "" : ",") +
             named("bin-" + std::to_string(bin), R"("terminating":true,"path_hash_prefixes":[)" + prefixes + "]");
  }
  const Json json = with_roles(roles);
  EXPECT_THAT(speakers(json, "releases/x12.bin"), ElementsAre("bin-" + std::to_string(0x0dfb >> 2) + "."));
}

}  // namespace
}  // namespace rota::tuf
