// CI from outside: real git and real HTTP against a real listener (ci.md 8).
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/child.h"
#include "crypto/hash.h"
#include "server/build_queue.h"
#include "server/installation_for_test.h"
#include "server/pki.h"

namespace rota::server {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kJob = R"(
triggers:
- name: main
  type: push
  refs: [refs/heads/main]
  params: {OTA_LITE_TAG: main}
  secrets: [key]
  runs: [{name: build, script: build, publish: {machine: foo, tree: tree}}]
scripts: {build: ./build.sh}
)";

class CiApiTest : public test::Installed {
 protected:
  void SetUp() override {
    Installed::SetUp();
    auto started = Service::start(app(), {.api_groups = {add_source_routes, add_build_routes, add_hub_routes}});
    ASSERT_TRUE(started.ok()) << started.error().what;
    service_ = std::move(started).value();
    std::ofstream(folder_ + "/ca.pem") << app().pki.server_ca_pem();
    pusher_ = token_with({"source:read-update"});
    auto made = call("POST", "/v1/factories/acme/sources", pusher_,
                     R"({"name":"foo-os","project":"foo","first-build":763})");
    ASSERT_EQ(made.status, 201) << made.body;
    git({"init", "--quiet", "--initial-branch=main", work()});
  }

  std::string work() const { return folder_ + "/work"; }
  std::string url(const std::string& name = "foo-os") const {
    return installation_->app().settings.api_url + "/source/acme/" + name + ".git";
  }

  FetchReply exchange(FetchRequest request) {
    request.url = app().settings.api_url + request.url;
    request.max_body = 16u << 20;
    auto reply = client_of(nullptr)->fetch(request);
    EXPECT_TRUE(reply.ok()) << request.url << ": " << (reply.ok() ? "" : reply.error().what);
    return reply.ok() ? *reply : FetchReply{};
  }
  FetchReply call(const std::string& method, const std::string& path, const std::string& token, const std::string& body = "") {
    return exchange({.method = method, .url = path, .headers = {{"Authorization", "Bearer " + token}}, .body = body});
  }
  FetchReply with_key(const std::string& method, const std::string& path, const std::string& key, const std::string& body = "",
                      Headers more = {}) {
    more.emplace_back("Authorization", "Token " + key);
    return exchange({.method = method, .url = path, .headers = more, .body = body});
  }

  // Git as a developer runs it, the token in a file of mode 0600.
  Result<std::string> try_git(std::vector<std::string> arguments, const std::string& token = "") {
    auto config = folder_ + "/gitconfig";
    std::ofstream(config, std::ios::trunc) << "[user]\nname=a\nemail=a@b\n[http]\nsslCAInfo=" << folder_ << "/ca.pem\n"
                                           << (token.empty() ? "" : "extraHeader=\"Authorization: Basic " + base64("x:" + token) + "\"\n");
    Command command;
    command.argv = {"git"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"GIT_CONFIG_GLOBAL", config}, {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_TERMINAL_PROMPT", "0"}, {"HOME", folder_}};
    return output_of(command);
  }
  std::string git(std::vector<std::string> arguments, const std::string& token = "") {
    auto out = try_git(std::move(arguments), token);
    EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().what);
    return out.ok() ? std::string(trim(*out)) : "";
  }
  std::string commit(const std::string& job, const std::string& content = "x") {
    if (!job.empty()) std::ofstream(work() + "/ci.yml") << job;
    std::ofstream(work() + "/build.sh") << content;
    git({"-C", work(), "add", "-A"});
    git({"-C", work(), "commit", "--quiet", "-m", "c"});
    return git({"-C", work(), "rev-parse", "HEAD"});
  }
  Result<std::string> push(const std::string& refspec = "HEAD:refs/heads/main") {
    return try_git({"-C", work(), "push", url(), refspec}, pusher_);
  }
  Json builds() {
    auto reply = call("GET", "/projects/acme/foo/builds/", token_with({"ci:read"}));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return *parse_json(reply.body)->find("data")->find("builds");
  }
  Build build(std::int64_t number) { return Builds(app().db, clock_).build({"acme", "foo", number}).value(); }

  std::string enrolled(const std::string& name = "w") {
    auto reply = exchange({.method = "POST", .url = "/workers/" + name + "/",
                           .body = R"({"enlistment-token":")" + token_with({"ci:read-update"}) + R"(","concurrency":4})"});
    EXPECT_EQ(reply.status, 201) << reply.body;
    return parse_json(reply.body)->text("api_key").value();
  }
  // A pushed build, leased.
  Json leased() {
    commit(kJob);
    EXPECT_TRUE(push().ok());
    call("PUT", "/projects/acme/foo/secrets/key", token_with({"ci:read-update"}), R"({"value":"hush"})");
    auto reply = with_key("GET", "/workers/w/next?wait=1", enrolled());
    EXPECT_EQ(reply.status, 200) << reply.body;
    return parse_json(reply.body).value();
  }

  std::string pusher_;
};

const std::string kRun = "/projects/acme/foo/builds/763/runs/build/";

TEST_F(CiApiTest, G1APushQueuesABuildOfItsCommit) {
  auto sha = commit(kJob);
  auto pushed = push();
  ASSERT_TRUE(pushed.ok()) << pushed.error().what;
  auto queued = build(763);
  EXPECT_EQ(queued.state, BuildState::queued);
  EXPECT_EQ(queued.change.sha, sha);
  EXPECT_EQ(queued.change.ref, "refs/heads/main");
  auto next = commit("", "y");
  ASSERT_TRUE(push().ok());
  EXPECT_EQ(build(764).change.sha, next);
  EXPECT_EQ(build(764).change.old_sha, sha);
  ASSERT_TRUE(push().ok());  // nothing new
  EXPECT_EQ(builds().if_array()->size(), 2u);
}

TEST_F(CiApiTest, G1ABranchWithoutATriggerStartsNothing) {
  commit(kJob);
  ASSERT_TRUE(push("HEAD:refs/heads/other").ok());
  EXPECT_THAT(*builds().if_array(), IsEmpty());
  ASSERT_TRUE(push("HEAD:refs/heads/main").ok());
  EXPECT_EQ(builds().if_array()->size(), 1u);
}

TEST_F(CiApiTest, G1ACommitWithoutAJobFileStartsNothing) {
  commit("");
  ASSERT_TRUE(push().ok());
  EXPECT_THAT(*builds().if_array(), IsEmpty());
}

TEST_F(CiApiTest, G1ABrokenJobFileMakesAFailedBuildWithTheMessage) {
  commit("triggers:\n- {name: main, colour: red}\n");
  ASSERT_TRUE(push().ok());
  EXPECT_EQ(build(763).state, BuildState::failed);
  EXPECT_THAT(build(763).message, HasSubstr("ci.yml: line 2: trigger: unknown key 'colour'"));
  auto shown = call("GET", "/projects/acme/foo/builds/763/", token_with({"ci:read"}));
  EXPECT_THAT(shown.body, HasSubstr("unknown key 'colour'"));
}

TEST_F(CiApiTest, G1AJobFileThatIsALinkIsNoJobFile) {
  commit("");
  fs::create_symlink("/etc/passwd", work() + "/ci.yml");
  git({"-C", work(), "add", "-A"});
  git({"-C", work(), "commit", "--quiet", "-m", "link"});
  ASSERT_TRUE(push().ok());
  EXPECT_THAT(*builds().if_array(), IsEmpty());
}

TEST_F(CiApiTest, G1RefusesAPushWithReadOnly) {
  commit(kJob);
  auto reader = token_with({"source:read"});
  auto refused = try_git({"-C", work(), "push", url(), "HEAD:refs/heads/main"}, reader);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().what, HasSubstr("403"));
  auto direct = call("POST", "/source/acme/foo-os.git/git-receive-pack", reader, "0000");
  EXPECT_EQ(direct.status, 403);
  ASSERT_TRUE(push().ok());
  EXPECT_TRUE(try_git({"clone", "--quiet", url(), folder_ + "/clone"}, reader).ok());
}

TEST_F(CiApiTest, RefusesGitOfStrangers) {
  EXPECT_EQ(call("GET", "/source/acme/foo-os.git/info/refs?service=git-upload-pack", token_with({"source:read"}, "umbrella")).status, 403);
  auto nobody = exchange({.url = "/source/acme/foo-os.git/info/refs?service=git-upload-pack"});
  EXPECT_EQ(nobody.status, 401);
  EXPECT_THAT(header(nobody.headers, "WWW-Authenticate"), HasSubstr("Basic"));
  for (const char* path : {"/source/acme/none.git/info/refs?service=git-upload-pack", "/source/acme/foo-os/info/refs?service=git-upload-pack",
                           "/source/acme/foo-os.git/HEAD", "/source/acme/foo-os.git/objects/info/packs", "/source/acme/%2e%2e/info/refs"})
    EXPECT_EQ(call("GET", path, pusher_).status, 404) << path;
  EXPECT_EQ(call("GET", "/source/acme/foo-os.git/info/refs", pusher_).status, 403);  // the dumb protocol
}

TEST_F(CiApiTest, RefusesBadSources) {
  auto create = [&](const std::string& body) { return call("POST", "/v1/factories/acme/sources", pusher_, body).status; };
  EXPECT_EQ(create(R"({"name":"../x"})"), 400);
  EXPECT_EQ(create(R"({"name":"x.git"})"), 400);
  EXPECT_EQ(create(R"({"name":"x","project":"a/b"})"), 400);
  EXPECT_EQ(create(R"({"name":"x","first-build":0})"), 400);
  EXPECT_EQ(create(R"({"name":"x","colour":1})"), 400);
  EXPECT_EQ(create(R"({"name":"foo-os"})"), 409);
  EXPECT_EQ(call("POST", "/v1/factories/acme/sources", token_with({"source:read"}), R"({"name":"x"})").status, 403);
}

TEST_F(CiApiTest, APushCutBeforeItsBuildIsNoticedAtTheNextStart) {
  auto sha = commit(kJob);
  git({"-C", work(), "push", folder_ + "/data/git/acme/foo-os.git", "HEAD:refs/heads/main"});  // as if the process had ended there
  EXPECT_THAT(*builds().if_array(), IsEmpty());
  http::Router router;
  add_source_routes(router, app());
  EXPECT_EQ(build(763).change.sha, sha);
  http::Router again;
  add_source_routes(again, app());
  EXPECT_EQ(builds().if_array()->size(), 1u);
}

TEST_F(CiApiTest, G4PostMakesABuildAndRefusesUnknownTriggers) {
  auto updater = token_with({"ci:read-update"});
  const std::string path = "/projects/acme/foo/builds/";
  EXPECT_EQ(call("POST", path, updater, R"({"trigger-name":"main"})").status, 400);  // nothing to build yet
  commit(kJob);
  ASSERT_TRUE(push().ok());
  auto made = call("POST", path, updater, R"({"trigger-name":"main","reason":"again","params":{"A":"b"}})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(parse_json(made.body)->find("data")->integer("build_id").value(), 764);
  EXPECT_EQ(call("POST", path, updater, R"({"trigger-name":"none"})").status, 400);
  EXPECT_EQ(call("POST", path, token_with({"ci:read"}), R"({"trigger-name":"main"})").status, 403);
  EXPECT_EQ(call("GET", path, token_with({"source:read"})).status, 403);
}

TEST_F(CiApiTest, AWorkerIsToldWhatItNeeds) {
  auto run = leased();
  EXPECT_EQ(run.text("run").value(), "acme/foo/763/build");
  EXPECT_EQ(run.text("script").value(), "./build.sh");
  EXPECT_EQ(run.find("env")->text("H_BUILD").value(), "763");
  EXPECT_EQ(run.find("env")->text("H_PROJECT").value(), "acme/foo");
  EXPECT_EQ(run.find("env")->text("OTA_LITE_TAG").value(), "main");
  EXPECT_EQ(*run.find("publish"), (Json::Object{{"machine", "foo"}, {"tree", "tree"}}));
  EXPECT_EQ(*run.find("secrets"), Json(Json::Object{}));  // the run declares none
  EXPECT_EQ(with_key("GET", "/workers/w/next", "wrong").status, 401);
  EXPECT_EQ(with_key("GET", "/workers/w/next", enrolled()).status, 204);
}

TEST_F(CiApiTest, ARunFetchesItsSourceWithItsKeyAndNothingMore) {
  auto run = leased();
  auto key = run.text("run-key").value();
  auto config = folder_ + "/key";
  std::ofstream(config) << "[http]\nsslCAInfo=" << folder_ << "/ca.pem\nextraHeader=\"Authorization: Token " << key << "\"\n";
  Command clone;
  clone.argv = {"git", "clone", "--quiet", url(), folder_ + "/fetched"};
  clone.environment = {{"GIT_CONFIG_GLOBAL", config}, {"GIT_TERMINAL_PROMPT", "0"}};
  auto cloned = output_of(clone);
  EXPECT_TRUE(cloned.ok()) << cloned.error().what;
  EXPECT_EQ(with_key("GET", "/source/acme/foo-os.git/info/refs?service=git-receive-pack", key).status, 401);
  EXPECT_EQ(with_key("GET", "/projects/acme/foo/builds/", key).status, 401);
}

TEST_F(CiApiTest, G5ALogIsAppendedByOffset) {
  auto key = leased().text("run-key").value();
  auto append = [&](const std::string& offset, const std::string& text) {
    return with_key("PATCH", kRun + "log", key, text, {{"X-OFFSET", offset}, {"X-SHA256", crypto::sha256_hex(text)}});
  };
  EXPECT_EQ(append("0", "one\n").body, R"({"size":4})");
  EXPECT_EQ(append("0", "one\n").body, R"({"size":4})");
  auto gap = append("9", "x");
  EXPECT_EQ(gap.status, 409);
  EXPECT_EQ(gap.body, R"({"size":4})");
  EXPECT_EQ(append("4", "two\n").body, R"({"size":8})");
  EXPECT_EQ(with_key("PATCH", kRun + "log", key, "x", {{"X-OFFSET", "8"}, {"X-SHA256", "00"}}).status, 400);
  EXPECT_EQ(with_key("PATCH", kRun + "log", "wrong", "x", {{"X-OFFSET", "8"}}).status, 401);
  auto log = call("GET", kRun + "console.log", token_with({"ci:read"}));
  EXPECT_EQ(log.body, "one\ntwo\n");
  EXPECT_EQ(header(log.headers, "X-RUN-STATUS"), "RUNNING");
  EXPECT_EQ(with_key("PATCH", kRun, key, R"({"status":"FAILED","message":"m"})").status, 200);
  EXPECT_EQ(with_key("PATCH", kRun, key, R"({"status":"FAILED","message":"m"})").status, 200);
  EXPECT_EQ(with_key("PATCH", kRun, key, R"({"status":"PASSED"})").status, 409);
  EXPECT_EQ(append("8", "late").status, 409);
}

TEST_F(CiApiTest, TheOlderFormAppendsAndReports) {
  auto key = leased().text("run-key").value();
  EXPECT_EQ(with_key("POST", kRun, key, "one\n").status, 200);
  EXPECT_EQ(call("POST", "/projects/acme/foo/builds/763/cancel", token_with({"ci:read-update"})).status, 202);
  auto told = with_key("POST", kRun, key, "two\n");
  EXPECT_FALSE(header(told.headers, "X-JOBSERV-CANCEL").empty());
  EXPECT_EQ(with_key("POST", kRun, key, "", {{"X-RUN-STATUS", "QUEUED"}}).status, 400);
  EXPECT_EQ(with_key("POST", kRun, key, "three\n", {{"X-RUN-STATUS", "FAILED"}}).status, 200);
  EXPECT_EQ(with_key("POST", kRun, key, "four\n").status, 409);
  EXPECT_EQ(call("GET", kRun + "console.log", token_with({"ci:read"})).body, "one\ntwo\nthree\n");
}

TEST_F(CiApiTest, ManyWhoWaitKeepNobodyElseFromTheService) {
  auto key = enrolled();
  std::vector<std::thread> waiting;
  for (int i = 0; i < 12; ++i) waiting.emplace_back([&] { EXPECT_EQ(with_key("GET", "/workers/w/next?wait=30", key).status, 204); });
  auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(call("GET", "/projects/acme/foo/builds/", token_with({"ci:read"})).status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(2500));
  for (auto& each : waiting) each.join();
}

TEST_F(CiApiTest, ARunKeyIsGoodForItsOwnRunOnly) {
  auto key = leased().text("run-key").value();
  commit("", "z");
  ASSERT_TRUE(push().ok());
  const std::string other = "/projects/acme/foo/builds/764/";
  EXPECT_EQ(with_key("PATCH", other + "runs/build/log", key, "x", {{"X-OFFSET", "0"}}).status, 401);
  EXPECT_EQ(with_key("PATCH", other + "runs/build/", key, R"({"status":"PASSED"})").status, 401);
  EXPECT_EQ(with_key("POST", other + "runs/build/create_signed", key, R"(["a"])").status, 401);
  EXPECT_EQ(with_key("POST", other + "targets", key, R"({"targets":{}})").status, 403);
  EXPECT_EQ(with_key("POST", "/projects/acme/foo/builds/999/targets", key, R"({"targets":{}})").status, 404);
  EXPECT_EQ(with_key("POST", other + "targets", "wrong", R"({"targets":{}})").status, 401);
}

TEST_F(CiApiTest, G8ASignedAddressIsGoodForOneThingUntilItExpires) {
  auto key = leased().text("run-key").value();
  auto made = with_key("POST", kRun + "create_signed", key, R"(["out/a.txt","b"])");
  ASSERT_EQ(made.status, 200) << made.body;
  auto signed_for = [&](const char* name) {
    auto full = parse_json(made.body)->find("urls")->text(name).value();
    return full.substr(app().settings.api_url.size());
  };
  auto put = [&](const std::string& path) { return exchange({.method = "PUT", .url = path, .body = "hello"}).status; };
  auto good = signed_for("out/a.txt");
  EXPECT_EQ(put(good), 200);
  EXPECT_EQ(call("GET", kRun + "out/a.txt", token_with({"ci:read"})).body, "hello");
  auto query = good.substr(good.find('?'));
  EXPECT_EQ(put("/artifacts/acme/foo/763/build/b" + query), 403);
  EXPECT_EQ(put("/artifacts/acme/foo/764/build/out/a.txt" + query), 403);
  EXPECT_EQ(put(good + "0"), 403);
  EXPECT_EQ(exchange({.url = good}).status, 405);
  EXPECT_EQ(with_key("POST", kRun + "create_signed", key, R"(["../x"])").status, 400);
  EXPECT_EQ(put("/artifacts/acme/foo/763/build/../b" + query), 404);
  clock_.pass(std::chrono::minutes(15));
  EXPECT_EQ(put(good), 403);
  EXPECT_EQ(call("GET", kRun + "none", token_with({"ci:read"})).status, 404);
}

TEST_F(CiApiTest, G7CancelIsToldToTheWorker) {
  leased();
  auto updater = token_with({"ci:read-update"});
  EXPECT_EQ(call("POST", "/projects/acme/foo/builds/763/cancel", updater).status, 202);
  auto beat = with_key("POST", "/workers/w/", enrolled(), R"({"active-runs":["acme/foo/763/build"]})");
  EXPECT_EQ(beat.body, R"({"cancel":["acme/foo/763/build"]})");
  clock_.pass(kLease);
  auto shown = call("GET", "/projects/acme/foo/builds/763/", token_with({"ci:read"}));
  EXPECT_THAT(shown.body, HasSubstr(R"("status":"FAILED")"));
  EXPECT_EQ(call("POST", "/projects/acme/foo/builds/763/cancel", updater).status, 409);
}

TEST_F(CiApiTest, ASecretIsSealedAndReachesOnlyRunsThatDeclareIt) {
  std::string job = kJob;
  job.replace(job.find("script: build,"), 14, "script: build, secrets: [key],");
  commit(job);
  ASSERT_TRUE(push().ok());
  auto updater = token_with({"ci:read-update"});
  auto worker = enrolled();
  EXPECT_EQ(with_key("GET", "/workers/w/next", worker).status, 204);  // no value yet: that run fails
  EXPECT_EQ(build(763).state, BuildState::failed);
  EXPECT_EQ(call("PUT", "/projects/acme/foo/secrets/key", updater, R"({"value":"hush-hush"})").status, 200);
  EXPECT_EQ(call("PUT", "/projects/acme/none/secrets/key", updater, R"({"value":"x"})").status, 404);
  commit("", "again");
  ASSERT_TRUE(push().ok());
  auto told = with_key("GET", "/workers/w/next", worker);
  EXPECT_THAT(told.body, HasSubstr(R"("secrets":{"key":"hush-hush"})"));
  EXPECT_THAT(call("GET", "/projects/acme/foo/secrets", updater).body, Not(HasSubstr("hush")));
  auto stored = app().db.query("SELECT sealed FROM ci_secrets").value().at(0).text(0);
  EXPECT_THAT(stored, Not(HasSubstr("hush")));
}

// The publishing half, with a real commit.
class PublishTest : public CiApiTest {
 protected:
  void SetUp() override {
    CiApiTest::SetUp();
    key_ = leased().text("run-key").value();
    fs::create_directories(folder_ + "/tree/usr/lib");
    std::ofstream(folder_ + "/tree/usr/lib/os-release") << "ID=foo\n";
    Command make;
    make.argv = {"ostree", "commit", "--repo=" + ostree(), "--tree=dir=" + folder_ + "/tree", "-b", "foo", "-s", "s"};
    commit_ = std::string(trim(output_of(make).value()));
  }
  std::string ostree() { return app().factories.ostree_folder("acme"); }
  FetchReply publish(const std::string& name, Json custom, const std::string& hash) {
    Json target;
    target["hashes"]["sha256"] = hash;
    target["length"] = 0;
    target["custom"] = std::move(custom);
    Json body;
    body["targets"][name] = target;
    return with_key("POST", "/projects/acme/foo/builds/763/targets", key_, to_json(body));
  }
  static Json custom() {
    return Json::Object{{"name", "foo-lmp"}, {"version", "763"}, {"targetFormat", "OSTREE"},
                        {"hardwareIds", Json::Array{"foo"}}, {"tags", Json::Array{"main"}}};
  }
  std::string key_, commit_;
};

TEST_F(PublishTest, G9PublishesOnceAndAnswersTheSameAgain) {
  auto first = publish("foo-lmp-763", custom(), commit_);
  ASSERT_EQ(first.status, 201) << first.body;
  auto published = app().repos.published("acme").value();
  ASSERT_EQ(published->target_list.size(), 1u);
  const auto& target = published->target_list[0];
  EXPECT_EQ(target.name, "foo-lmp-763");
  EXPECT_EQ(target.sha256(), commit_);
  EXPECT_EQ(target.custom_json().text("uri").value(), app().settings.api_url + "/projects/acme/foo/builds/763");
  EXPECT_EQ(target.custom_json().text("createdAt").value(), rfc3339(clock_.now()));
  clock_.pass(Seconds(100));
  auto again = publish("foo-lmp-763", custom(), commit_);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(again.body, first.body);
  auto other = custom();
  other["tags"] = Json::Array{"devel"};
  EXPECT_EQ(publish("foo-lmp-763", other, commit_).status, 409);
}

TEST_F(PublishTest, G9RefusesWhatIsNotWhole) {
  EXPECT_EQ(publish("foo-lmp-763", custom(), std::string(64, 'a')).status, 422);
  for (const auto& file : fs::recursive_directory_iterator(ostree() + "/objects"))
    if (file.path().extension() == ".filez") fs::remove(file.path());
  auto refused = publish("foo-lmp-763", custom(), commit_);
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.body, HasSubstr(".filez: is missing"));
  EXPECT_THAT(app().repos.published("acme").value()->target_list, IsEmpty());
}

TEST_F(PublishTest, RefusesTargetsThatAreNotOfThisBuild) {
  auto with = [](const char* member, Json value) {
    auto out = custom();
    out[member] = std::move(value);
    return out;
  };
  EXPECT_EQ(publish("foo-lmp-764", custom(), commit_).status, 422);
  EXPECT_EQ(publish("bar-lmp-763", custom(), commit_).status, 422);
  EXPECT_EQ(publish("foo-lmp-763", with("version", "764"), commit_).status, 422);
  EXPECT_EQ(publish("foo-lmp-763", with("hardwareIds", Json::Array{}), commit_).status, 422);
  EXPECT_EQ(publish("foo-lmp-763", with("tags", Json::Array{"a/b"}), commit_).status, 422);
  EXPECT_EQ(publish("foo-lmp-763", with("targetFormat", "BINARY"), commit_).status, 422);
  EXPECT_EQ(publish("foo-lmp-763", custom(), "short").status, 422);
  EXPECT_THAT(app().repos.published("acme").value()->target_list, IsEmpty());
}

TEST_F(PublishTest, G9RefusesARunThatFailed) {
  ASSERT_EQ(with_key("PATCH", kRun, key_, R"({"status":"FAILED"})").status, 200);
  EXPECT_EQ(publish("foo-lmp-763", custom(), commit_).status, 409);
}

TEST_F(PublishTest, AcceptsARunThatPassed) {
  ASSERT_EQ(with_key("PATCH", kRun, key_, R"({"status":"PASSED"})").status, 200);
  EXPECT_EQ(publish("foo-lmp-763", custom(), commit_).status, 201);
}

TEST_F(CiApiTest, TheHubTellsWhatIsMissingAndRefusesStrangers) {
  const std::string hub = "/ota/ostreehub/acme/v2/repos/lmp";
  auto pusher = token_with({"targets:read-update"});
  auto name = "./objects/ab/" + std::string(62, 'c') + ".filez";
  auto asked = R"({")" + name + R"(":4294967295,"./config":1})";
  auto answer = call("POST", hub + "/check", pusher, asked);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({")" + name + R"(":4294967295})");
  EXPECT_EQ(call("POST", hub + "/check", pusher, R"({"./objects/../x":1})").status, 400);
  EXPECT_EQ(call("POST", hub + "/check", pusher, R"({")" + name + R"(":4294967296})").status, 400);
  EXPECT_EQ(call("PUT", hub, pusher, "not a tar").status, 400);
  EXPECT_EQ(call("PUT", hub, token_with({"targets:read"}), "x").status, 403);
  EXPECT_EQ(call("POST", hub + "/check", token_with({"targets:read"}, "umbrella"), "{}").status, 403);
  auto urls = call("POST", hub + "/download-urls", pusher);
  ASSERT_EQ(urls.status, 200);
  EXPECT_FALSE(parse_json(urls.body)->if_array()->at(0).text("access_token")->empty());
}

TEST_F(PublishTest, TheObjectApiTakesAndGivesObjects) {
  const std::string base = "/ota/treehub/acme/api/v3/";
  auto pusher = token_with({"targets:read-update"});
  auto path = "objects/" + commit_.substr(0, 2) + "/" + commit_.substr(2) + ".commit";
  auto bytes = call("GET", base + path, pusher).body;
  EXPECT_EQ(crypto::sha256_hex(bytes), commit_);
  EXPECT_EQ(call("HEAD", base + path, pusher).status, 200);
  EXPECT_EQ(call("POST", base + path, pusher, bytes).status, 409);
  fs::remove(ostree() + "/" + path);
  EXPECT_EQ(call("HEAD", base + path, pusher).status, 404);
  EXPECT_EQ(call("POST", base + "refs/heads/new", pusher, commit_).status, 412);
  EXPECT_EQ(call("POST", base + path, pusher, bytes + "x").status, 400);
  EXPECT_EQ(call("POST", base + path, pusher, bytes).status, 204);
  EXPECT_EQ(call("POST", base + "refs/heads/new", pusher, commit_).status, 200);
  EXPECT_EQ(call("GET", base + "refs/heads/new", pusher).body, commit_);
  EXPECT_EQ(call("GET", base + "config", pusher).status, 200);
  EXPECT_EQ(call("GET", base + "tmp/x", pusher).status, 404);
}

}  // namespace
}  // namespace rota::server
