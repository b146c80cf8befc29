#include "compat/fioctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "sim/rotation_scene.h"

namespace rota::compat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using Mood = sim::Repository::Mood;

const std::string kToken = "sim-token";

struct Outcome {
  int code = -1;
  std::string out, err;
};

struct Bench : sim::RotationScene {
  std::map<std::string, std::string> env = {{"HOME", "/home/owner"}};
  std::function<bool(std::string_view)> ask = {};

  explicit Bench(const keys::Archive& archive = sim::layout_a()) : RotationScene(archive) {
    server.require_bearer(kToken);
  }

  Outcome run(const std::vector<std::string>& args) {
    std::ostringstream out, err;
    const auto look = [this](const std::string& name) -> std::optional<std::string> {
      const auto at = env.find(name);
      return at == env.end() ? std::nullopt : std::optional(at->second);
    };
    const int code = fioctl(args, cli::Talk(out, err), {files, clock, server, look, ask});
    return {code, out.str(), err.str()};
  }
  Outcome rotate(std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"keys", "rotate", path};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }
  std::vector<std::string> archive_files() {
    std::vector<std::string> found;
    for (const auto& name : names())
      if (name.starts_with("a.tgz")) found.push_back(name);
    return found;
  }
  void put(const std::string& name, BytesView bytes) { replace_file(files, name, bytes, 0600).value(); }
};

std::string id(char seed) { return tuf::key_id(sim::key_of(seed).public_key()).hex; }

TEST(Fioctl, HelpAndVersionGoToStdout) {
  Bench bench;
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{}, {"--help"}, {"help"}, {"keys", "rotate", "-h"}}) {
    const auto done = bench.run(args);
    EXPECT_EQ(done.code, 0);
    EXPECT_THAT(done.out, HasSubstr("keys rotate"));
    EXPECT_THAT(done.err, IsEmpty());
  }
  EXPECT_THAT(bench.run({"version"}).out, StartsWith("fioctl version "));
}

TEST(FioctlRoots, AreShownAsServedAndForTheEye) {
  Bench bench;
  const std::vector<std::string> login = {"--token", "x", "--factory", "acme"};
  const auto with = [&](std::vector<std::string> args) {
    args.insert(args.end(), login.begin(), login.end());
    return bench.run(args);
  };
  bench.server.require_bearer("");
  bench.env["HOME"] = "/home/owner";
  bench.put("/home-config.yaml", "server:\n  url: https://api.sim\n");
  bench.env["FIOCTL_CONFIG"] = "/home-config.yaml";
  EXPECT_EQ(with({"keys", "tuf", "show-root", "--raw"}).out, bench.server.roots().back());
  const auto shown = with({"keys", "show-root"});
  EXPECT_EQ(parse_json(shown.out).value(), parse_json(bench.server.roots().back()).value());
  EXPECT_THAT(shown.out, HasSubstr("\n  \"signed\""));
  EXPECT_EQ(bench.run({"keys", "tuf", "show-root"}).code, 1) << "nobody is signed in";
}

TEST(FioctlRoots, AreDownloadedVerbatimOnceTheChainVerifies) {
  Bench bench;
  bench.server.require_bearer("");
  bench.put("/home-config.yaml", "factory: acme\ntoken: x\nserver:\n  url: https://api.sim\n");
  bench.env["FIOCTL_CONFIG"] = "/home-config.yaml";
  const std::vector<std::string> download = {"keys", "tuf", "download-roots", "/roots.tgz"};
  for (int again = 0; again < 2; ++again) {
    const auto done = bench.run(download);
    ASSERT_EQ(done.code, 0) << done.err;
    const auto archive = keys::Archive::read(bench.files.read("/roots.tgz", 1u << 20).value()).value();
    ASSERT_EQ(archive.members().size(), bench.server.roots().size());
    EXPECT_EQ(archive.find("2.root.json")->reveal(), bench.server.roots()[1]);
  }
  const Bytes before = bench.files.read("/roots.tgz", 1u << 20).value();
  bench.server.serve_instead(2, sim::signed_root(sim::root_body({.version = 2, .root_keys = "x"}), "x"));
  EXPECT_EQ(bench.run(download).code, 2);
  EXPECT_EQ(bench.files.read("/roots.tgz", 1u << 20).value(), before);
}

TEST(FioctlRoots, LeaveNoFileWhenTheDownloadBreaksOff) {
  const std::vector<std::string> download = {"keys", "tuf", "download-roots", "/home/owner/roots.tgz", "-f", "acme", "-t", "x"};
  for (const bool of_power : {false, true}) {
    for (std::size_t cut = 0;; ++cut) {
      SCOPED_TRACE(cut);
      Bench bench;
      bench.server.require_bearer("");
      bench.put("/home/owner/c.yaml", "server:\n  url: https://api.sim\n");
      bench.env["FIOCTL_CONFIG"] = "/home/owner/c.yaml";
      std::size_t seen = 0;
      if (of_power) bench.files.cut_after(static_cast<int>(cut));
      else bench.server.on_request([&](const FetchRequest&) -> Status {
        return seen++ < cut ? Status() : unavailable("connection reset");
      });
      const auto code = bench.run(download).code;
      if (of_power) bench.files.restart();
      const bool there = bench.files.facts("/home/owner/roots.tgz")->exists();
      if (there) {
        EXPECT_EQ(keys::Archive::read(bench.bytes("/home/owner/roots.tgz"))->members().size(), 2u);
      }
      EXPECT_TRUE(there || code != 0);
      EXPECT_TRUE(code == 0 || of_power || !there) << "a part of it";
      EXPECT_TRUE(code == 0 || of_power || code == 6) << code;
      if (code != 0) continue;
      EXPECT_GT(cut, 2u);
      break;
    }
  }
}

TEST(FioctlRoots, NeverReplaceAKeyArchive) {
  Bench bench;
  bench.put("/home-config.yaml", "factory: acme\ntoken: x\nserver:\n  url: https://api.sim\n");
  bench.env["FIOCTL_CONFIG"] = "/home-config.yaml";
  const Bytes before = bench.files.read(bench.path, 1u << 20).value();
  EXPECT_EQ(bench.run({"keys", "tuf", "download-roots", bench.path}).code, 4);
  EXPECT_EQ(bench.files.read(bench.path, 1u << 20).value(), before);
}

TEST(Fioctl, RefusesABadCommandLineWithExit1) {
  const std::vector<std::string> rows[] = {
      {"frobnicate"},
      {"keys", "rotate"},
      {"keys", "rotate", "a", "b"},
      {"keys", "rotate", "  "},
      {"keys", "rotate", "a", "--frobnicate"},
      {"keys", "rotate", "a", "-y"},
      {"keys", "rotate", "a", "-y", "DSA"},
      {"keys", "rotate", "a", "--expires", "2031-01-01T00:00:00Z", "--expire-after", "1Y"},
      {"keys", "rotate", "a", "--expire-after", "P1Y"},
      {"keys", "rotate", "a", "--json=yes"},
  };
  for (const auto& args : rows) {
    Bench bench;
    const auto done = bench.run(args);
    EXPECT_EQ(done.code, 1) << testing::PrintToString(args);
    EXPECT_THAT(done.out, IsEmpty());
    EXPECT_THAT(done.err, StartsWith("ERROR: "));
    EXPECT_THAT(bench.server.requests(), IsEmpty());
  }
}

TEST(Fioctl, SaysOfKnownWordsThatTheyAreNotAvailableYet) {
  Bench bench;
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"keys", "ca", "show"},
        {"devices", "list"},
        {"waves", "init", "w", "3", "main", "-k", "a"}}) {
    const auto done = bench.run(args);
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.err, HasSubstr("not available yet"));
  }
}

TEST(Fioctl, StrictModePrintsFailuresOnStdoutAndExits1) {
  Bench bench;
  bench.server.set_mood(Mood::refuse);
  const auto done = bench.rotate({"--strict-compat"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out, StartsWith("ERROR: "));
}

TEST(KeysRotate, RotatesWithTheCredentialsOfALayoutAArchive) {
  Bench bench;
  const auto done = bench.rotate();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz", "a.tgz.bak"));
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  const std::string new_id = bench.newest()->role(tuf::Role::root).key_ids.at(0).hex;
  EXPECT_THAT(done.out, HasSubstr("Original credentials --> \"/home/owner/a.tgz.bak\"\n"
                                  "= Signing new TUF root\n= Uploading new TUF root\n"
                                  "= Old root keyid: " + id('2') + "\n= New root keyid: " + new_id +
                                  "\n= Version: 3\n= Expires: 2036-01-01T00:00:00Z\n"
                                  "Updated credentials --> \"/home/owner/a.tgz\"\n"));
  EXPECT_THAT(done.err, HasSubstr("deprecated"));
  EXPECT_NE(bench.archive_now().find("tufrepo/keys/fioctl-root-" + new_id + ".sec"), nullptr);
}

TEST(KeysRotate, TwiceFromTheSameFile) {
  Bench bench;
  ASSERT_EQ(bench.rotate().code, 0);
  ASSERT_EQ(bench.run({"keys", "rotate-root", bench.path}).code, 0);
  EXPECT_EQ(bench.newest()->version, 4);
  EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz", "a.tgz.bak", "a.tgz.bak.1"));
}

TEST(KeysRotate, TakesTypeMessageAndExpiry) {
  Bench bench;
  ASSERT_EQ(bench.rotate({"-y", "rsa", "-m", "after the audit", "--expire-after", "2Y"}).code, 0);
  const auto root = bench.newest();
  EXPECT_EQ(rfc3339(root->expires), "2032-01-01T00:00:00Z");
  EXPECT_EQ(root->body.find("x-changelog")->text_or("message", ""), "after the audit");
  EXPECT_EQ(root->body.find("x-changelog")->text_or("polis-id", ""), "owner@acme");
  EXPECT_EQ(root->keys.at(root->role(tuf::Role::root).key_ids.at(0)).bits(), 4096);
}

TEST(KeysRotate, DryRunShowsThePlanAndChangesNothing) {
  Bench bench;
  const auto names = bench.names();
  const auto done = bench.rotate({"--dryrun"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("root: - " + id('2') + " ED25519"));
  EXPECT_EQ(bench.names(), names);
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  for (const auto& request : bench.server.requests())
    EXPECT_TRUE(request.starts_with("GET ") || request.ends_with("/token")) << request;
  EXPECT_EQ(bench.server.roots().size(), 2u);
}

TEST(KeysRotate, SpeaksJson) {
  Bench bench;
  const auto plan = parse_json(bench.rotate({"--json", "--dry-run"}).out);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->find("root_diff")->find("ci")->find("roles")->find("root")->find("removed")->if_array()->size(), 1u);
  const auto done = parse_json(bench.rotate({"--json"}).out);
  ASSERT_TRUE(done.ok());
  EXPECT_EQ(done->text_or("old-keyid", ""), id('2'));
  EXPECT_EQ(done->integer_or("version", 0), 3);
}

TEST(KeysRotate, AsksAtATerminalAndTakesNoForAnAnswer) {
  Bench bench;
  std::string asked;
  bench.ask = [&](std::string_view question) {
    asked = question;
    return false;
  };
  const auto done = bench.rotate();
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(asked, HasSubstr("'acme'"));
  EXPECT_EQ(bench.server.posts(), 0);
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  EXPECT_EQ(bench.rotate({"--yes"}).code, 0);
}

// Layout C has no pin of the server's first root; the key in it is the owner's own, and signed root 2.
TEST(KeysRotate, NeedsAnAnchorForAnArchiveOfKeysOnly) {
  Bench bench(sim::layout_c());
  bench.put("/home/owner/fioctl.yaml", "factory: acme\ntoken: api-token\nserver:\n  url: https://api.sim/\n");
  bench.server.require_bearer("");
  bench.env["FIOCTL_CONFIG"] = "/home/owner/fioctl.yaml";
  const auto done = bench.rotate();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
}

TEST(KeysRotate, RefusesToBelieveAServerWithoutAnAnchor) {
  keys::Archive archive;
  sim::put_pair(archive, "tufrepo/keys/first-root", '2');
  Bench bench(archive);
  bench.server.require_bearer("");
  const std::vector<std::string> login = {"-f", "acme", "-t", "api-token", "-c", "/home/owner/c.yaml"};
  bench.put("/home/owner/c.yaml", "server: {url: 'https://api.sim'}\n");
  const auto refused = bench.rotate(login);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--trusted-root"));
  EXPECT_EQ(bench.server.posts(), 0);
  bench.put("/home/owner/root.json", bench.server.roots().front());
  auto with_root = login;
  with_root.insert(with_root.end(), {"--trusted-root", "/home/owner/root.json"});
  EXPECT_EQ(bench.rotate(with_root).code, 0);
}

TEST(KeysRotate, RemembersWhatItBelieved) {
  keys::Archive archive;
  sim::put_pair(archive, "tufrepo/keys/first-root", '2');
  Bench bench(archive);
  bench.server.require_bearer("");
  bench.put("/home/owner/c.yaml", "server: {url: 'https://api.sim'}\nfactory: acme\ntoken: api-token\n");
  const auto first = bench.rotate({"-c", "/home/owner/c.yaml", "--trust-on-first-use"});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("believed for the first time"));
  bool remembered = false;
  for (const auto& name : bench.files.list("/home/owner/.config/rota/trust").value())
    remembered |= name.ends_with("acme.ci.root.json");
  EXPECT_TRUE(remembered);
}

TEST(KeysRotate, RefusesALyingServerAndShowsTheDifference) {
  const Bytes lies[] = {
      sim::signed_root(sim::root_body({.version = 3, .root_keys = "2z", .targets_keys = "to"}), "z"),
      sim::signed_root(sim::root_body({.version = 3, .root_keys = "z", .targets_keys = "to"}), "z"),
      sim::envelope_without_signatures(sim::root_body({.version = 3, .root_keys = "2z", .targets_keys = "to"}))};
  for (const auto& lie : lies) {
    Bench bench;
    bench.server.serve_instead(3, lie);
    const auto done = bench.rotate();
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_THAT(done.err, HasSubstr("root: + " + id('z') + " ED25519"));
    EXPECT_EQ(bench.server.posts(), 0);
    EXPECT_EQ(bench.bytes(bench.path), bench.before);
    EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz"));
  }
}

TEST(KeysRotate, RefusesALoweredThresholdAndShowsIt) {
  Bench bench;
  bench.server.publish(sim::signed_root(
      sim::root_body({.version = 3, .root_keys = "23", .targets_keys = "to", .root_threshold = 2}), "23"));
  bench.server.serve_instead(
      4, sim::signed_root(sim::root_body({.version = 4, .root_keys = "23", .targets_keys = "to"}), "2"));
  const auto done = bench.rotate();
  EXPECT_EQ(done.code, 2) << done.err;
  EXPECT_THAT(done.err, HasSubstr("root: threshold 2"));
  EXPECT_EQ(bench.server.posts(), 0);
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
  EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz"));
}

TEST(KeysRotate, RotatesARootThatHasExpiredWithAWarning) {
  Bench bench;
  bench.clock.set(parse_rfc3339("2037-01-01T00:00:00Z").value());
  const auto done = bench.rotate();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("expired"));
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  EXPECT_EQ(rfc3339(bench.newest()->expires), "2038-01-01T00:00:00Z");
}

// A root whose key stands under an id of another time, not the hash of its canonical form.
Bytes root_with_another_id(const std::string& another) {
  Json body = sim::root_body({.root_keys = "2"});
  Json keys = *body.find("keys");
  keys[another] = *keys.find(id('2'));
  keys.if_object()->erase(id('2'));
  body["keys"] = keys;
  body["roles"]["root"]["keyids"] = Json(Json::Array{Json(another)});
  const tuf::KeySigner signer(sim::key_of('2'));
  return tuf::sign_envelope(body, {&signer}, {{tuf::KeyId{another}, signer.public_key()}}).value();
}

TEST(KeysRotate, RotatesAKeyUnderAnIdOfAnotherTimeToOneOfOurs) {
  Bench bench(sim::layout_c());
  const std::string another(64, 'e');
  bench.server = sim::Repository({root_with_another_id(another)}, bench.now);
  bench.put("/home/owner/c.yaml", "factory: acme\ntoken: api-token\nserver:\n  url: https://api.sim\n");
  bench.env["FIOCTL_CONFIG"] = "/home/owner/c.yaml";
  const auto done = bench.rotate();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("= Old root keyid: " + another));
  const auto root = bench.newest();
  EXPECT_EQ(root->version, 2);
  const auto fresh = root->role(tuf::Role::root).key_ids.at(0);
  EXPECT_EQ(fresh, tuf::key_id(root->keys.at(fresh)));
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
}

struct LocalCase {
  const char* name;
  std::function<void(Bench&)> break_it;
  int code;
  const char* says;
};

TEST(KeysRotate, StopsBeforeAnythingIsSent) {
  const LocalCase rows[] = {
      {"disk full", [](Bench& b) { b.files.set_full(true); }, 3, "no room"},
      {"read-only folder", [](Bench& b) { b.files.set_mode("/home/owner", 0500).value(); }, 3, "read-only"},
      {"read-only archive", [](Bench& b) { b.files.set_mode(b.path, 0400).value(); }, 3, "read-only"},
      {"no archive", [](Bench& b) { b.files.remove(b.path).value(); }, 3, "no such file"},
      {"not gzip", [](Bench& b) { b.put(b.path, "hello"); }, 3, "not a gzip file"},
      {"truncated", [](Bench& b) { b.put(b.path, b.before.substr(0, b.before.size() / 2)); }, 3, "cut short"},
      {"leftover", [](Bench& b) { b.put(b.path + ".tmp", "x"); }, 4, "--resume"},
      {"journal", [](Bench& b) { b.put(b.path + ".journal", "{}"); }, 4, "--abandon"},
      {"leftover, to look at", [](Bench& b) { b.put(b.path + ".tmp", "x"); }, 4, "keys archive show"},
      {"journal, to look at", [](Bench& b) { b.put(b.path + ".journal", "{}"); }, 4, "keys archive show"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Bench bench;
    row.break_it(bench);
    const auto done = bench.rotate();
    EXPECT_EQ(done.code, row.code);
    EXPECT_THAT(done.err, HasSubstr(row.says));
    EXPECT_THAT(bench.server.requests(), IsEmpty());
  }
}

TEST(KeysRotate, SaysWhenItIsNotAuthorisedAndPrintsNoSecret) {
  Bench at_sign_in;
  at_sign_in.server.set_mood(Mood::refuse);
  Bench at_the_repository;
  at_the_repository.put("/home/owner/c.yaml", "server: {url: 'https://api.sim'}\nfactory: acme\ntoken: sesame\n");
  at_the_repository.env["FIOCTL_CONFIG"] = "/home/owner/c.yaml";
  for (Bench* bench : {&at_sign_in, &at_the_repository}) {
    const auto done = bench->rotate();
    EXPECT_EQ(done.code, 5) << done.err;
    EXPECT_THAT(done.out + done.err, Not(HasSubstr("sesame")));
    EXPECT_THAT(bench->archive_files(), ElementsAre("a.tgz"));
  }
}

// Stands between the owner and the service, answers by itself, and says again what it was told.
struct Proxy final : Fetcher {
  int status = 0;
  Result<FetchReply> fetch(const FetchRequest& request) override {
    Bytes body = "<html>";
    for (const auto& [name, value] : request.headers) body += name + ": " + value + "\n";
    return FetchReply{status, {}, body};
  }
};

TEST(KeysRotate, StopsAtAProxyAndPrintsNoTokenThatItSaysAgain) {
  for (const auto& [status, code] : {std::pair{401, 5}, {403, 5}, {407, 6}, {502, 6}}) {
    SCOPED_TRACE(status);
    Bench bench;
    Proxy proxy;
    proxy.status = status;
    bench.put("/home/owner/c.yaml", "server: {url: 'https://api.sim'}\nfactory: acme\ntoken: sesame\n");
    const auto names = bench.names();
    std::ostringstream out, err;
    const FioctlWorld world{bench.files, bench.clock, proxy, [](const std::string& name) -> std::optional<std::string> {
                              return name == "HOME" ? std::optional<std::string>("/home/owner") : std::nullopt;
                            }};
    EXPECT_EQ(fioctl({"keys", "rotate", bench.path, "-c", "/home/owner/c.yaml"}, cli::Talk(out, err), world), code) << err.str();
    EXPECT_THAT(out.str() + err.str(), Not(HasSubstr("sesame")));
    EXPECT_EQ(bench.bytes(bench.path), bench.before);
    EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz"));
  }
}

TEST(KeysRotate, SaysThatTheOutcomeIsUnknownAndResumes) {
  Bench bench;
  bench.server.set_mood(Mood::error_before_commit);
  const auto cut = bench.rotate();
  EXPECT_EQ(cut.code, 6);
  EXPECT_THAT(cut.err, HasSubstr("--resume"));
  bench.server.set_mood(Mood::honest);
  EXPECT_EQ(bench.rotate().code, 4);
  const auto done = bench.rotate({"--resume"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("= Old root keyid: " + id('2')));
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
  EXPECT_THAT(bench.rotate({"--resume"}).out, HasSubstr("as they were"));
}

TEST(KeysRotate, FinishesWhenThePushTimesOutAfterTheServerCommitted) {
  Bench bench;
  bench.server.set_mood(Mood::cut_after_commit);
  EXPECT_EQ(bench.rotate().code, 0);
  EXPECT_TRUE(bench.opens_newest(bench.archive_now()));
}

TEST(KeysRotate, AbandonsAndKeepsTheKey) {
  Bench bench;
  bench.server.set_mood(Mood::error_before_commit);
  ASSERT_EQ(bench.rotate().code, 6);
  bench.server.set_mood(Mood::honest);
  const auto done = bench.rotate({"--abandon"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(bench.archive_files(), ElementsAre("a.tgz", "a.tgz.unused-20300101T000000Z"));
  EXPECT_EQ(bench.bytes(bench.path), bench.before);
}

TEST(KeysRotate, RefusesToSettleAJournalOfAnotherServer) {
  Bench bench;
  bench.server.set_mood(Mood::error_before_commit);
  ASSERT_EQ(bench.rotate().code, 6);
  bench.put("/home/owner/c.yaml", "server: {url: 'https://other.sim'}\nfactory: acme\ntoken: t\n");
  const auto done = bench.rotate({"--resume", "-c", "/home/owner/c.yaml"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("is of the server"));
}

struct ConfigCase {
  const char* yaml;
  const char* says;
};

TEST(FioctlConfig, RefusesAFileItDoesNotUnderstand) {
  const ConfigCase rows[] = {{"factory: [", "c.yaml"}, {"- a\n- b\n", "names and values"},
                             {"server: {insecure_skip_verify: true}", "CACERT"}, {"{}", "not signed in"}};
  for (const auto& row : rows) {
    Bench bench(sim::layout_c());
    bench.put("/home/owner/c.yaml", row.yaml);
    bench.env["FIOCTL_CONFIG"] = "/home/owner/c.yaml";
    const auto done = bench.rotate();
    EXPECT_EQ(done.code, 1) << row.yaml;
    EXPECT_THAT(done.err, HasSubstr(row.says));
  }
}

}  // namespace
}  // namespace rota::compat
