#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compat/fioctl.h"
#include "compat/fioctl_courier.h"
#include "sim/crash_files.h"

namespace rota::compat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

const std::string kConfig = "/home/owner/.config/fioctl.yaml";

// A server that gives tokens, and roots to nobody.
struct Bench : Fetcher {
  sim::CrashFiles files;
  FixedClock clock{parse_rfc3339("2030-01-01T00:00:00Z").value()};
  std::vector<FetchRequest> requests;
  std::vector<std::string> typed;  // answers of the person, last first
  std::vector<std::string> prompts;
  int status = 200;
  std::string answer = R"({"token_type":"Bearer","access_token":"acc-1","refresh_token":"ref-1","expires_in":3600,)"
                       R"("scope":"x","orgs":[{"name":"acme"}]})";

  Result<FetchReply> fetch(const FetchRequest& request) override {
    requests.push_back(request);
    if (request.url.ends_with("/token/")) return FetchReply{status, {}, answer};
    return FetchReply{404, {}, ""};
  }
  struct Outcome {
    int code;
    std::string out, err;
  };
  Outcome run(const std::vector<std::string>& args) {
    std::ostringstream out, err;
    FioctlWorld world{files, clock, *this, [](const std::string& name) -> std::optional<std::string> {
                        return name == "HOME" ? std::optional<std::string>("/home/owner") : std::nullopt;
                      }};
    world.line = [this](std::string_view prompt, FioctlWorld::Echo) -> Result<crypto::SecretBytes> {
      prompts.emplace_back(prompt);
      if (typed.empty()) return bad_input("end of input");
      std::string line = typed.back();
      typed.pop_back();
      return crypto::SecretBytes(std::move(line));
    };
    const int code = fioctl(args, cli::Talk(out, err), world);
    return {code, out.str(), err.str()};
  }
  std::string config() { return files.read(kConfig, 1u << 20).value(); }
  void put(const std::string& text, unsigned mode = 0600) {
    make_folders(files, "/home/owner/.config", 0700).value();
    replace_file(files, kConfig, text, mode).value();
  }
  Outcome log_in(std::vector<std::string> more = {}) {
    typed = {"sesame", "me@acme"};
    std::vector<std::string> args = {"login"};
    args.insert(args.end(), more.begin(), more.end());
    return run(args);
  }
};

TEST(FioctlLogin, AsksForIdAndSecretAndKeepsTheTokens) {
  Bench bench;
  bench.put("# mine\nother: {deep: [1, 2]}\n");
  const auto done = bench.log_in();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(bench.prompts, ElementsAre("Client ID", "Client secret"));
  ASSERT_EQ(bench.requests.size(), 1u);
  EXPECT_EQ(bench.requests[0].method, "POST");
  EXPECT_EQ(bench.requests[0].url, "https://app.foundries.io/oauth/token/");
  EXPECT_EQ(bench.requests[0].body, "grant_type=client_credentials&client_id=me%40acme&client_secret=sesame");
  EXPECT_EQ(header(bench.requests[0].headers, "Authorization"), "");
  for (const char* part : {"access_token: acc-1", "refresh_token: ref-1", "expires_in: 3600", "factory: acme", "deep: [1, 2]",
                           "created: 2030-01-01T00:00:00Z"})
    EXPECT_THAT(bench.config(), HasSubstr(part));
  EXPECT_EQ(bench.files.facts(kConfig)->mode, 0600u);
  EXPECT_THAT(done.out + done.err, Not(testing::AnyOf(HasSubstr("sesame"), HasSubstr("acc-1"))));
}

TEST(FioctlLogin, TakesTheServerFromTheHostThatGivesTokens) {
  Bench bench;
  ASSERT_EQ(bench.log_in({"--oauth-url", "https://app.acme.example:8443/oauth/"}).code, 0);
  EXPECT_EQ(bench.requests[0].url, "https://app.acme.example:8443/oauth/token/");
  EXPECT_THAT(bench.config(), HasSubstr("https://api.acme.example:8443"));
  Bench plain;
  EXPECT_EQ(plain.log_in({"--oauth-url", "http://app.acme.example/oauth"}).code, 1);
  EXPECT_THAT(plain.requests, IsEmpty());
}

TEST(FioctlLogin, ChoosesNoFactoryAmongSeveral) {
  Bench bench;
  bench.answer = R"({"access_token":"a","orgs":[{"name":"acme"},{"name":"beta"}]})";
  ASSERT_EQ(bench.log_in().code, 0);
  EXPECT_THAT(bench.config(), Not(HasSubstr("factory")));
}

TEST(FioctlLogin, SaysThatSomebodyIsLoggedInAlready) {
  Bench bench;
  ASSERT_EQ(bench.log_in().code, 0);
  const auto again = bench.run({"login"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.out, HasSubstr("already logged in"));
  EXPECT_EQ(bench.requests.size(), 1u);
}

TEST(FioctlLogin, ChangesNothingWhenTheServerRefuses) {
  for (const auto& [status, code] : {std::pair{401, 5}, std::pair{400, 5}, std::pair{500, 6}, std::pair{201, 6}}) {
    Bench bench;
    bench.put("factory: acme\n");
    bench.status = status;
    const auto done = bench.log_in();
    EXPECT_EQ(done.code, code) << status;
    EXPECT_EQ(bench.config(), "factory: acme\n");
    EXPECT_THAT(done.err, Not(HasSubstr("sesame")));
  }
}

TEST(FioctlLogin, IsRenewedSilentlyBeforeACommand) {
  Bench bench;
  ASSERT_EQ(bench.log_in().code, 0);
  bench.clock.pass(Seconds(3599));
  (void)bench.run({"keys", "tuf", "show-root"});
  EXPECT_THAT(bench.requests.back().url, HasSubstr("root.json"));
  EXPECT_EQ(header(bench.requests.back().headers, "Authorization"), "Bearer " + base64("acc-1"));
  EXPECT_EQ(bench.requests.size(), 2u) << "not expired yet";
  bench.clock.pass(Seconds(1));
  bench.answer = R"({"access_token":"acc-2","expires_in":60})";
  (void)bench.run({"keys", "tuf", "show-root"});
  ASSERT_EQ(bench.requests.size(), 4u);
  EXPECT_EQ(bench.requests[2].body,
            "grant_type=refresh_token&refresh_token=ref-1&client_id=me%40acme&client_secret=sesame");
  EXPECT_EQ(header(bench.requests[3].headers, "Authorization"), "Bearer " + base64("acc-2"));
  EXPECT_THAT(bench.config(), HasSubstr("access_token: acc-2"));
  EXPECT_THAT(bench.config(), HasSubstr("refresh_token: ref-1"));
}

TEST(FioctlLogin, RefusesWhenItCannotBeRenewed) {
  Bench bench;
  ASSERT_EQ(bench.log_in().code, 0);
  bench.clock.pass(Seconds(3600));
  bench.status = 401;
  EXPECT_EQ(bench.run({"keys", "tuf", "show-root"}).code, 5);
  EXPECT_THAT(bench.requests.back().url, HasSubstr("/token/"));
}

TEST(FioctlLogin, CanBeToldToRenewAtTheNextCommand) {
  Bench bench;
  EXPECT_EQ(bench.run({"login", "--refresh-access-token"}).code, 1) << "nobody is logged in";
  ASSERT_EQ(bench.log_in().code, 0);
  ASSERT_EQ(bench.run({"login", "--refresh-access-token"}).code, 0);
  EXPECT_THAT(bench.config(), HasSubstr("expires_in: 1\n"));
  bench.clock.pass(Seconds(1));
  ASSERT_EQ(bench.run({"login"}).code, 0);
  EXPECT_THAT(bench.requests.back().body, HasSubstr("refresh_token=ref-1"));
}

TEST(FioctlLogin, IsForgottenByLogout) {
  Bench bench;
  ASSERT_EQ(bench.log_in().code, 0);
  ASSERT_EQ(bench.run({"logout"}).code, 0);
  EXPECT_THAT(bench.config(), Not(testing::AnyOf(HasSubstr("acc-1"), HasSubstr("ref-1"), HasSubstr("sesame"),
                                                 HasSubstr("me@acme"))));
  EXPECT_THAT(bench.config(), HasSubstr("factory: acme"));
  EXPECT_EQ(bench.run({"keys", "tuf", "show-root"}).code, 1);
}

TEST(FioctlLogin, WarnsOfAFileThatOthersCanRead) {
  Bench bench;
  bench.put("factory: acme\ntoken: t\n", 0644);
  EXPECT_THAT(bench.run({"keys", "tuf", "show-root"}).err, HasSubstr("make it 0600"));
}

TEST(FioctlLogin, LeavesTheOldFileOrTheNewOneWhereverThePowerGoes) {
  int steps = 0;
  for (int cut = 0;; ++cut) {
    Bench bench;
    bench.put("factory: old\n");
    bench.files.cut_after(cut);
    const bool done = bench.log_in().code == 0;
    bench.files.restart();
    const auto text = bench.config();
    EXPECT_TRUE(text == "factory: old\n" || text.find("acc-1") != std::string::npos) << "cut after step " << cut;
    steps = cut;
    if (done) break;
  }
  EXPECT_GT(steps, 2);
}

TEST(FioctlLogin, WithAnApiTokenSendsNothingElse) {
  Bench bench;
  ASSERT_EQ(bench.log_in().code, 0);
  (void)bench.run({"keys", "tuf", "show-root", "-t", "api-token"});
  EXPECT_EQ(header(bench.requests.back().headers, "OSF-TOKEN"), "api-token");
  EXPECT_EQ(header(bench.requests.back().headers, "Authorization"), "");
}

TEST(FioctlVersion, SaysHowToUpdate) {
  Bench bench;
  const auto done = bench.run({"version", "--update-to", "9.9"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("9.9"));
}

// Answers what it was told to, in order.
struct Script : Fetcher {
  std::vector<FetchReply> replies;  // the next one last
  std::vector<FetchRequest> requests = {};
  explicit Script(std::vector<FetchReply> all) : replies(all.rbegin(), all.rend()) {}
  Result<FetchReply> fetch(const FetchRequest& request) override {
    requests.push_back(request);
    auto reply = replies.back();
    if (replies.size() > 1) replies.pop_back();
    return reply;
  }
};

FetchReply sent_to(const std::string& where) { return {302, {{"Location", where}}, ""}; }

TEST(Courier, TriesAgainWhatMayBeAskedAgain) {
  struct Case {
    std::string method;
    int status;
    std::vector<std::int64_t> pauses;
  };
  for (const auto& row : {Case{"GET", 503, {1, 2, 4}}, Case{"GET", 429, {1, 2, 4}}, Case{"POST", 503, {}}, Case{"GET", 500, {}}}) {
    Script server({FetchReply{row.status, {}, ""}});
    std::vector<std::int64_t> pauses;
    fio::Courier courier(server, [&](Seconds pause) { pauses.push_back(pause.count()); });
    EXPECT_EQ(courier.fetch({.method = row.method, .url = "https://a.sim/x"})->status, row.status);
    EXPECT_EQ(pauses, row.pauses) << row.method << " " << row.status;
    EXPECT_EQ(server.requests.size(), 1 + row.pauses.size());
  }
}

TEST(Courier, FollowsWithoutCredentialsToAnotherOrigin) {
  Script server({sent_to("/y"), sent_to("https://b.sim/z"), FetchReply{200, {}, "here"}});
  fio::Courier courier(server, {});
  EXPECT_EQ(courier.fetch({.url = "https://a.sim/x", .headers = {{"OSF-TOKEN", "t"}}})->body, "here");
  EXPECT_EQ(server.requests[1].url, "https://a.sim/y");
  EXPECT_EQ(header(server.requests[1].headers, "OSF-TOKEN"), "t");
  EXPECT_EQ(server.requests[2].url, "https://b.sim/z");
  EXPECT_EQ(header(server.requests[2].headers, "OSF-TOKEN"), "");
}

TEST(Courier, RefusesToLeaveHttpsAndToGoRoundInCircles) {
  for (const char* where : {"http://a.sim/y", "https://a.sim/x", "ftp://a.sim/"}) {
    Script server({sent_to(where)});
    fio::Courier courier(server, {});
    EXPECT_FALSE(courier.fetch({.url = "https://a.sim/x"}).ok()) << where;
  }
  Script server({sent_to("/y")});
  fio::Courier courier(server, {});
  EXPECT_EQ(courier.fetch({.method = "POST", .url = "https://a.sim/x"})->status, 302);
}

}  // namespace
}  // namespace rota::compat
