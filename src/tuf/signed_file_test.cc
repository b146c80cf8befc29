#include "tuf/signed_file.h"

#include <gtest/gtest.h>

#include "tuf/repository_for_test.h"

namespace rota::tuf {
namespace {

using namespace test;

constexpr std::size_t kPlenty = 100u << 20;

std::string described(const Result<Targets>& targets) {
  if (!targets.ok()) return targets.error().what;
  std::string text = std::to_string(targets->version) + " " + rfc3339(targets->expires) + " of " +
                     std::to_string(targets->count) + (targets->delegations ? " delegating" : "");
  for (const Target& target : targets->targets) {
    text += "\n" + target.name + " " + std::to_string(target.length) + " " + target.custom;
    for (const auto& [algorithm, digest] : target.hashes) text += " " + algorithm + ":" + digest;
  }
  return text;
}

Bytes covered(SignedFile& file) {
  SignedBytes bytes =
      file.covered ? SignedBytes(*file.covered, file.dialect) : SignedBytes(file.body, std::nullopt, file.dialect);
  return Bytes(bytes.text());
}

// Both ways of reading come to the same end.
void expect_the_same(const Bytes& bytes, SignedFile streamed) {
  auto whole = read_whole(bytes, kPlenty);
  ASSERT_TRUE(whole.ok()) << whole.error().what << "\n" << bytes;
  EXPECT_EQ(streamed.dialect, whole->dialect);
  EXPECT_EQ(streamed.signatures, whole->signatures);
  EXPECT_EQ(covered(streamed), covered(*whole));
  EXPECT_EQ(described(read_targets(std::move(streamed))), described(read_targets(*std::move(whole)))) << bytes;
}

// Targets with all that is odd and allowed.
Json rich_targets(Dialect dialect) {
  Json body = targets_body({.dialect = dialect});
  body["targets"]["a \"quoted\" \\ name"] = body["targets"]["foo-lmp-1"];
  Json& other = body["targets"][dialect == Dialect::tuf ? "caf\xc3\xa9/b" : "cafe/b"];
  other["hashes"]["sha256"] = std::string(64, 'C');
  other["hashes"]["sha512"] = std::string(128, 'd');
  other["length"] = std::int64_t{1} << 52;
  other["x-unknown"] = Json(Json::Array{Json(1), Json(Json::Object{{"deep", nullptr}})});
  body["x-unknown"]["z"] = Json(Json::Array{});
  return body;
}

TEST(ReadStreamed, GivesWhatReadingTheWholeGives) {
  for (const Dialect dialect : {Dialect::uptane, Dialect::tuf}) {
    const Bytes file = signed_file(rich_targets(dialect), {2, 5}, dialect);
    auto streamed = read_streamed(file, Wanted::all());
    ASSERT_TRUE(streamed.has_value());
    ASSERT_TRUE(streamed->entries.has_value());
    EXPECT_EQ(streamed->covered->text.data(), streamed->bytes.bytes().data() + file.find("\"signed\":") + 9);
    expect_the_same(file, *std::move(streamed));
  }
}

TEST(ReadStreamed, KeepsOfTheBodyWhatIsRead) {
  const Bytes file = signed_file(rich_targets(Dialect::tuf), {2}, Dialect::tuf);
  const auto streamed = read_streamed(file, Wanted::all());
  ASSERT_TRUE(streamed.has_value());
  for (const char* name : {"targets", "x-unknown"}) EXPECT_EQ(streamed->body.find(name), nullptr) << name;
  for (const char* name : {"_type", "expires", "spec_version", "version"}) EXPECT_NE(streamed->body.find(name), nullptr) << name;
}

TEST(ReadStreamed, LeavesWhatIsNoObjectToTheOtherWay) {
  for (const char* file : {"{\"signatures\":[],\"signed\":[]}", "{\"signatures\":[],\"signed\":1}", "{\"signatures\":{},\"signed\":{}}"}) {
    EXPECT_FALSE(read_streamed(file)) << file;
    EXPECT_FALSE(read_streamed(file, Wanted::all())) << file;
  }
}

TEST(ReadWhole, KeepsTheBytes) {
  const FileBytes file = generation().targets;
  EXPECT_EQ(read_whole(file, kPlenty)->bytes, file);
}

// A canonical text stands for each of its forms.
TEST(SignedBytes, AreVerifiedInEachFormOfTheirDialect) {
  Json body;
  body["name"] = "caf\xc3\xa9\n\\";
  const Bytes text = canonical(body, CanonicalForm::uptane);
  for (const auto form : {CanonicalForm::uptane, CanonicalForm::device, CanonicalForm::olpc}) {
    const auto signature = signer(1).sign(canonical(body, form)).value();
    const auto verifies = [&](Dialect dialect) {
      return SignedBytes({.text = text}, dialect).verified_by(public_key(1), crypto::Scheme::ed25519, signature);
    };
    EXPECT_TRUE(verifies(Dialect::uptane));
    EXPECT_EQ(verifies(Dialect::tuf), form == CanonicalForm::olpc);
  }
}

// Each byte replaced by some others: what is streamed is what the whole says.
TEST(ReadStreamed, AcceptsNothingThatReadingTheWholeWouldNot) {
  Json body = rich_targets(Dialect::tuf);
  body["delegations"] = Json(Json::Object{{"keys", Json(Json::Object{})}, {"roles", Json(Json::Array{})}});
  const Bytes good = signed_file(body, {2}, Dialect::tuf);
  int accepted = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte :
         {'"', '\\', '0', 'a', '}', ']', ',', ' ', '-', 'e', '\n', '\x80', static_cast<char>(good[at] + 1)}) {
      Bytes bent = good;
      bent[at] = byte;
      auto streamed = read_streamed(bent, Wanted::all());
      if (!streamed) continue;
      ++accepted;
      expect_the_same(bent, *std::move(streamed));
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(ReadStreamed, TakesTheEnvelopeInEitherOrderAndALineEndAfterIt) {
  const Bytes file = signed_file(targets_body({}), {2});
  const std::size_t signed_at = file.find(",\"signed\":");
  const Bytes signatures = file.substr(1, signed_at - 1);
  const Bytes turned = "{" + file.substr(signed_at + 1, file.size() - signed_at - 2) + "," + signatures + "}";
  for (const Bytes& text : {file, turned, file + "\n", file + " \r\n\t"}) {
    auto streamed = read_streamed(text, Wanted::all());
    ASSERT_TRUE(streamed.has_value()) << text;
    expect_the_same(text, *std::move(streamed));
  }
}

TEST(ReadStreamed, LeavesWhatIsNotCanonicalToTheWhole) {
  const Bytes file = signed_file(targets_body({}), {2});
  const std::size_t signed_at = file.find(",\"signed\":");
  Bytes spaced = file, extra = file, twice = file;
  spaced.insert(signed_at + 1, " ");
  extra.insert(file.size() - 1, ",\"x\":1");
  twice.insert(file.size() - 1, ",\"signed\":{}");
  for (const Bytes& text :
       {spaced, extra, twice, file + "x", file + file, to_pretty_json(parse_json(file).value()), Bytes()})
    EXPECT_FALSE(read_streamed(text, Wanted::all())) << text;
  EXPECT_TRUE(targets_under(*trusted_root(), extra).ok());
  EXPECT_TRUE(targets_under(*trusted_root(), spaced).ok());
  EXPECT_FALSE(targets_under(*trusted_root(), twice).ok());
}

TEST(ReadSigned, RefusesOneByteTooMany) {
  const Bytes file = signed_file(targets_body({}), {2});
  EXPECT_TRUE(read_signed(file, file.size()).ok());
  EXPECT_TRUE(read_signed_targets(file, file.size(), Wanted::all()).ok());
  const std::string why =
      "size: want at most " + std::to_string(file.size() - 1) + " bytes, got " + std::to_string(file.size());
  EXPECT_EQ(read_signed(file, file.size() - 1).error().what, why);
  EXPECT_EQ(read_signed_targets(file, file.size() - 1, Wanted::all()).error().what, why);
}

TEST(ReadSignedTargets, KeepsOnlyTheEntriesThatAreWanted) {
  Json body = rich_targets(Dialect::uptane);
  const auto kept = [&](const Bytes& file, const Wanted& wanted) {
    const auto targets = read_targets(read_signed_targets(file, kPlenty, wanted).value(), wanted).value();
    EXPECT_EQ(targets.count, 3u);
    std::string names;
    for (const Target& target : targets.targets) names += target.name + ";";
    return names;
  };
  const Bytes streamed = signed_file(body, {2}), whole = to_pretty_json(parse_json(streamed).value());
  for (const Bytes& file : {streamed, whole}) {
    EXPECT_EQ(kept(file, Wanted::all()), "a \"quoted\" \\ name;cafe/b;foo-lmp-1;");
    EXPECT_EQ(kept(file, Wanted::none()), "");
    EXPECT_EQ(kept(file, Wanted::named("a \"quoted\" \\ name")), "a \"quoted\" \\ name;");
    EXPECT_EQ(kept(file, Wanted::named("a \\\"quoted\\\" \\\\ name")), "");
    EXPECT_EQ(kept(file, Wanted::where([](const Target& t) { return t.sha256().starts_with('c'); })), "cafe/b;");
  }
}

TEST(ReadSignedTargets, ChecksTheEntriesThatNobodyWants) {
  struct Row {
    const char *member, *json, *why;
  };
  const Row rows[] = {{"length", "-1", "length: want bytes, got -1"},
                      {"length", "\"1\"", "length: want bytes, got '1'"},
                      {"length", "true", "length: want bytes, got a boolean"},
                      {"hashes", "[]", "hashes: want an object, got an array"},
                      {"hashes", "{\"sha256\":\"00\"}", "hashes: sha256: want hex, got '00'"},
                      {"hashes", "{\"sha256\":7}", "hashes: sha256: want hex, got 7"},
                      {"hashes", "{\"md5\":null}", "hashes: md5: want hex, got null"}};
  for (const Row& row : rows) {
    Json body = targets_body({});
    body["targets"]["zzz"] = body["targets"]["foo-lmp-1"];
    body["targets"]["zzz"][row.member] = *parse_json("[" + std::string(row.json) + "]")->if_array()->begin();
    const auto file = read_signed_targets(signed_file(body, {2}), kPlenty, Wanted::named("foo-lmp-1"));
    const auto targets = read_targets(file.value(), Wanted::named("foo-lmp-1"));
    ASSERT_FALSE(targets.ok()) << row.json;
    EXPECT_EQ(targets.error().what, "targets: target 'zzz': " + std::string(row.why));
  }
}

TEST(SignedBytes, RemembersAVerdictForOneKeyOnly) {
  const Json body = targets_body({});
  const Bytes signature = signer(2).sign(canonical(body)).value();
  SignedBytes bytes(body, std::nullopt, Dialect::uptane);
  EXPECT_TRUE(bytes.verified_by(public_key(2), crypto::Scheme::ed25519, signature));
  EXPECT_FALSE(bytes.verified_by(public_key(3), crypto::Scheme::ed25519, signature));
  EXPECT_FALSE(bytes.verified_by(public_key(2), crypto::Scheme::rsassa_pss_sha256, signature));
  EXPECT_FALSE(bytes.verified_by(public_key(2), crypto::Scheme::ed25519, Bytes(64, 'x')));
  EXPECT_TRUE(bytes.verified_by(public_key(2), crypto::Scheme::ed25519, signature));
}

}  // namespace
}  // namespace rota::tuf
