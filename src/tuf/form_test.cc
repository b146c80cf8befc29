// The form of metadata in the tuf dialect: each line of what must be refused, signed as it should be, with its exact
// fault.
#include <gtest/gtest.h>

#include <functional>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

// The text of a body with one piece of it replaced, signed by the role's key over what it says.
Bytes signed_text(std::string body, std::string_view from, std::string_view to, int seed) {
  const std::size_t at = body.find(from);
  if (at == std::string::npos) abort_with("the sample does not hold " + std::string(from));
  body.replace(at, from.size(), to);
  const auto json = parse_json(body, {.numbers = JsonRules::Numbers::any});
  const Bytes covered = json.ok() ? canonical(*json, CanonicalForm::olpc) : body;
  return R"({"signatures":[{"keyid":")" + id(seed, Dialect::tuf).hex + R"(","sig":")" +
         hex(signer(seed).sign(covered).value()) + R"("}],"signed":)" + body + "}";
}

struct Row {
  std::string from, to;
  std::string why;  // empty: accepted
};

Status root_with(const Row& row) {
  const std::string body = to_json(root_body({.dialect = Dialect::tuf}));
  const auto root = anchor_root(signed_text(body, row.from, row.to, 1));
  return root.ok() ? Status() : Status(root.error());
}

Status targets_with(const Row& row) {
  const std::string body = to_json(targets_body({.dialect = Dialect::tuf}));
  const auto targets = targets_under(*trusted_root({.dialect = Dialect::tuf}), signed_text(body, row.from, row.to, 2));
  return targets.ok() ? Status() : Status(targets.error());
}

void expect_row(const Row& row, const Status& status) {
  EXPECT_EQ(status.ok() ? "" : status.error().what, row.why) << row.from << " -> " << row.to;
  if (!status.ok()) {
    EXPECT_EQ(status.error().fault, Fault::rejected);
  }
}

TEST(TufForm, OfAHeadIsExact) {
  const std::string version = "targets: version: want 1..9007199254740991, got ",
                    date =
                        "targets: expires: want a date "
                        "YYYY-MM-DDTHH:MM:SSZ, got ",
                    number = "targets: json: '", spec = "targets: spec_version: want 1.x, got ";
  const Row rows[] = {
      {"\"version\":1", "\"version\":9007199254740991", ""},
      {"\"version\":1", "\"version\":9007199254740992", version + "9007199254740992"},
      {"\"version\":1", "\"version\":0", version + "0"},
      {"\"version\":1", "\"version\":-1", version + "-1"},
      {"\"version\":1", "\"version\":\"1\"", version + "'1'"},
      {"\"version\":1", "\"version\":true", version + "a boolean"},
      {"\"version\":1", "\"version\":null", version + "null"},
      {"\"version\":1", "\"version\":[1]", version + "an array"},
      {"\"version\":1", "\"version\":1.0", number + "1.0' is not a plain integer"},
      {"\"version\":1", "\"version\":1e0", number + "1e0' is not a plain integer"},
      {"\"version\":1", "\"version\":-0", number + "-0' is not a plain integer"},
      {",\"version\":1", "", version + "nothing"},
      {"2027-06-01T00:00:00Z", "9999-12-31T23:59:59Z", ""},
      {"2027-06-01T00:00:00Z", "10000-01-01T00:00:00Z", date + "'10000-01-01T00:00:00Z'"},
      {"2027-06-01T00:00:00Z", "2027-02-29T00:00:00Z", date + "'2027-02-29T00:00:00Z'"},
      {"2027-06-01T00:00:00Z", "2016-12-31T23:59:60Z", date + "'2016-12-31T23:59:60Z'"},
      {"2027-06-01T00:00:00Z", "2027-06-01T24:00:00Z", date + "'2027-06-01T24:00:00Z'"},
      {"2027-06-01T00:00:00Z", "2027-06-01T00:00:00+00:00", date + "'2027-06-01T00:00:00+00:00'"},
      {"2027-06-01T00:00:00Z", "2027-06-01T00:00:00.5Z", date + "'2027-06-01T00:00:00.5Z'"},
      {"2027-06-01T00:00:00Z", "2027-06-01t00:00:00z", date + "'2027-06-01t00:00:00z'"},
      {"\"2027-06-01T00:00:00Z\"", "1811808000", date + "1811808000"},
      {"1.0.31", "1.99.0", ""},
      {"1.0.31", "2.0.0", spec + "'2.0.0'"},
      {"1.0.31", "10.0.0", spec + "'10.0.0'"},
      {"1.0.31", "1", spec + "'1'"},
      {"1.0.31", "1.0-rc", spec + "'1.0-rc'"},
      {"\"1.0.31\"", "1", spec + "1"},
      {"\"_type\":\"targets\"", "\"_type\":\"snapshot\"", "targets: _type: want targets, got 'snapshot'"},
      {"\"_type\":\"targets\"", "\"_type\":1", "targets: _type: want targets, got 1"},
      {"\"_type\":\"targets\",", "", "targets: _type: want targets, got nothing"},
  };
  for (const Row& row : rows) expect_row(row, targets_with(row));
}

TEST(TufForm, OfTheTextIsStrictJson) {
  const std::string deep(62, '['), end(62, ']');
  const Row rows[] = {
      {"\"version\":1", ("\"version\":1,\"x\":" + deep + end), ""},
      {"\"version\":1", ("\"version\":1,\"x\":[" + deep + end + "]"), "targets: json: nested too deep"},
      {"\"version\":1", "\"version\":1,\"version\":1", "targets: json: member 'version' twice in one object"},
      {"\"name\":", "\"n\\u0061me\":1,\"name\":", "targets: json: member 'name' twice in one object"},
      {"\"version\":1", "\"version\":1 ", ""},
      {"\"version\":1", "\"version\":1,\"x\":123456789012345678901234567890", ""},
  };
  for (const Row& row : rows) expect_row(row, targets_with(row));
  for (const char* broken :
       {"\"version\":1 // one", "\"version\":1,", "\"version\":1,\"x\":\"\xff\"", "\"version\":1,\"x\":\"\\ud800\"",
        "\"version\":1,'x':1", "\"version\":01", "\"version\":+1"}) {
    const Status refused = targets_with({"\"version\":1", broken, ""});
    ASSERT_FALSE(refused.ok()) << broken;
    EXPECT_EQ(refused.error().fault, Fault::rejected);
    EXPECT_TRUE(refused.error().what.starts_with("targets: json: ")) << refused.error().what;
  }
}

TEST(TufForm, IsOneValueWithoutAByteOrderMark) {
  const Root root = *trusted_root({.dialect = Dialect::tuf});
  const Bytes good = signed_file(targets_body({.dialect = Dialect::tuf}), {2}, Dialect::tuf);
  const auto refusal = [&](const Bytes& file) { return targets_under(root, file).error().what; };
  EXPECT_TRUE(targets_under(root, good + "\n").ok());
  EXPECT_EQ(refusal("\xEF\xBB\xBF" + good), "targets: json: starts with a byte order mark");
  EXPECT_EQ(refusal(good + "{}"), "targets: json: text after the value");
  EXPECT_EQ(refusal("null"), "targets: json: want an object or an array at the top");
}

TEST(TufForm, OfARootIsExact) {
  const std::string consistent = "root: consistent_snapshot: want true or false, got ",
                    threshold = "root: roles: root: threshold: want 1..2147483647, got ";
  const std::string mine = "\"root\":{\"keyids\":[\"" + id(1, Dialect::tuf).hex + "\"],\"threshold\":1";
  const auto with_threshold = [&](const std::string& value) { return mine.substr(0, mine.size() - 1) + value; };
  const std::string rows[][2] = {{"0", threshold + "0"},
                                 {"-1", threshold + "-1"},
                                 {"\"1\"", threshold + "'1'"},
                                 {"true", threshold + "a boolean"},
                                 {"2147483648", threshold + "2147483648"}};
  for (const auto& [value, why] : rows) {
    const Row row{mine, with_threshold(value), why};
    expect_row(row, root_with(row));
  }
  const Row others[] = {
      {"\"consistent_snapshot\":true", "\"consistent_snapshot\":false", ""},
      {"\"consistent_snapshot\":true,", "", consistent + "nothing"},
      {"\"consistent_snapshot\":true", "\"consistent_snapshot\":1", consistent + "1"},
      {"\"consistent_snapshot\":true", "\"consistent_snapshot\":null", consistent + "null"},
      {"\"keys\":{", "\"keys\":[],\"x\":{", "root: keys: want an object, got an array"},
      {"\"timestamp\":{\"keyids\"", "\"other\":{\"keyids\"", "root: roles: timestamp is missing"},
  };
  for (const Row& row : others) expect_row(row, root_with(row));
}

TEST(TufForm, LetsARoleListFewerKeysThanItsThreshold) {
  Json body = root_body({.dialect = Dialect::tuf});
  body["roles"]["targets"]["threshold"] = 100000;
  const auto root = anchor_root(signed_file(body, {1}, Dialect::tuf));
  ASSERT_TRUE(root.ok()) << root.error().what;
  const auto refused = targets_under(**root, signed_file(targets_body({.dialect = Dialect::tuf}), {2}, Dialect::tuf));
  EXPECT_EQ(refused.error().what, "targets by the keys of root 1: 1 of 100000 signatures");
}

TEST(TufForm, ReadsHowFilesAreNamed) {
  Json body = root_body({.dialect = Dialect::tuf});
  EXPECT_TRUE(read_root_body(body)->consistent_snapshot);
  body["consistent_snapshot"] = false;
  EXPECT_FALSE(read_root_body(body)->consistent_snapshot);
  Json uptane = root_body({});
  uptane["consistent_snapshot"] = true;
  EXPECT_FALSE(read_root_body(uptane)->consistent_snapshot);
}

// Members nobody knows count in what is signed, whatever they hold.
TEST(TufForm, KeepsUnknownMembersInWhatIsSigned) {
  const char* odd[] = {"\"\xf0\x9f\x98\x80\":1,\"\xef\xbf\xbf\":2", "\"b\":{\"a\\\"\\\\\":[true,null]}",
                       "\"n\":98765432109876543210", "\"t\":\"line\\nend\\u0001\""};
  for (const char* members : odd) {
    const Row row{"\"name\":\"foo-lmp\"", members, ""};
    expect_row(row, targets_with(row));
    const std::string body = to_json(targets_body({.dialect = Dialect::tuf}));
    Bytes file = signed_text(body, row.from, row.to, 2);
    file.replace(file.find(members) + 1, 1, "x");
    EXPECT_FALSE(targets_under(*trusted_root({.dialect = Dialect::tuf}), file).ok()) << members;
  }
}

}  // namespace
}  // namespace rota::tuf
