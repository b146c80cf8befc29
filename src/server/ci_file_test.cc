#include "server/ci_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rota::server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The example of ci.md 3.
constexpr const char* kExample = R"(timeout: 60
params: { MACHINE_LIST: gateway-x86 }
triggers:
  - name: platform-main
    type: push
    refs: [refs/heads/main, "refs/tags/v*"]
    params: { OTA_LITE_TAG: "main" }
    secrets: [registry-token]
    runs:
      - name: "build-{loop}"
        container: hub.acme-ota.example/lmp-sdk@sha256:0c436f942f94caf20dcb0524ab48dddcf7824d18d75d465bcfcedf39834089c1
        host-tag: amd64
        loop-on: [{ param: MACHINE, values: [gateway-x86, gateway-arm64] }]
        script: build
        secrets: [registry-token]
        persistent-volumes: { sstate: /var/cache/sstate }
        test-grepping: { result-pattern: '^TEST (?P<name>\S+) (?P<result>PASS|FAIL)$' }
        triggers: [{ name: publish, run-names: "publish-{name}" }]
  - name: publish
    type: simple
    runs: [{ name: publish, host-tag: publish, script: publish }]
scripts: { build: "./build.sh", publish: "rota-runner publish /archive" }
script-repos: { ci-scripts: { clone-url: "https://api.example/source/acme/ci-scripts.git", git-ref: "0f6a3f2f" } }
email: { users: "ota@acme.example", only_failures: true }
)";

std::string fault_of(const std::string& yaml) {
  auto file = parse_job_file(yaml);
  if (file.ok()) return "accepted";
  EXPECT_EQ(file.error().fault, Fault::bad_input);
  return file.error().what;
}

TEST(JobFile, AcceptsTheExampleOfTheSpecification) {
  auto parsed = parse_job_file(kExample);
  ASSERT_TRUE(parsed.ok()) << parsed.error().what;
  EXPECT_EQ(parsed->timeout, Seconds(3600));
  ASSERT_EQ(parsed->triggers.size(), 2u);
  const auto& run = parsed->triggers[0].runs.at(0);
  EXPECT_EQ(run.volumes.at("sstate"), "/var/cache/sstate");
  EXPECT_EQ(run.follow_ups.at(0).run_names, "publish-{name}");
  EXPECT_EQ(parsed->script_repos.at("ci-scripts").git_ref, "0f6a3f2f");
  EXPECT_TRUE(parsed->email_only_failures);
}

TEST(PlannedRuns, UnrollsLoopsAndLaysParametersOver) {
  auto file = parse_job_file(kExample).value();
  auto runs = planned_runs(file, file.triggers[0]);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "build-gateway-x86");
  EXPECT_EQ(runs[1].name, "build-gateway-arm64");
  EXPECT_EQ(runs[1].params, (Params{{"MACHINE", "gateway-arm64"}, {"MACHINE_LIST", "gateway-x86"}, {"OTA_LITE_TAG", "main"}}));
  auto next = planned_runs(file, *file.trigger("publish"), "publish-build-gateway-x86");
  EXPECT_EQ(next.at(0).name, "publish-build-gateway-x86");
}

TEST(TriggeredByPush, AcceptsOnlyRefsThatMatch) {
  auto file = parse_job_file(kExample).value();
  EXPECT_EQ(triggered_by_push(file, "refs/heads/main").size(), 1u);
  EXPECT_EQ(triggered_by_push(file, "refs/tags/v1.2").size(), 1u);
  EXPECT_EQ(triggered_by_push(file, "refs/heads/other").size(), 0u);
}

TEST(JobFile, AcceptsAPublishedTree) {
  auto file = parse_job_file(
      "triggers:\n- {name: t, type: push, refs: [refs/heads/main], runs: [{name: r, script: s, publish: {machine: foo, tree: tree}}]}\n"
      "scripts: {s: x}\n");
  ASSERT_TRUE(file.ok()) << file.error().what;
  EXPECT_EQ(file->triggers[0].runs[0].publish->machine, "foo");
}

std::string one_run(const std::string& run) {
  return "triggers:\n- name: t\n  type: push\n  refs: [refs/heads/main]\n  secrets: [a]\n  runs:\n  - " + run + "\nscripts: {s: x}\n";
}

TEST(JobFile, RefusesWhatIsWrongAndSaysWhere) {
  struct Case {
    std::string yaml, message;
  };
  const Case cases[] = {
      {"", "ci.yml: line 1: the file: want a map"},
      {"triggers: [", "ci.yml: line 1: "},
      {"a: b: c\n", "ci.yml: line 1: "},
      {"scripts: {s: x}\n", "'triggers' is missing"},
      {"triggerz: []\n", "ci.yml: line 1: the file: unknown key 'triggerz'"},
      {"timeout: 60\ntimeout: 61\n", "ci.yml: line 2: the file: key 'timeout' is there twice"},
      {"timeout: 721\n", "timeout: want 1 to 720 minutes"},
      {"timeout: 0\n", "timeout: want 1 to 720 minutes"},
      {"params: {H_BUILD: 1}\n", "'H_BUILD' cannot be the name of a parameter"},
      {"params: {LD_PRELOAD: x}\n", "'LD_PRELOAD' cannot be the name of a parameter"},
      {one_run("{name: r, script: s, colour: red}"), "ci.yml: line 7: run: unknown key 'colour'"},
      {one_run("{name: r, script: nope}"), "script 'nope' is not in 'scripts'"},
      {one_run("{name: r}"), "want either 'script' or 'script-repo'"},
      {one_run("{name: r, script: s, script-repo: {name: q, path: p}}"), "want either 'script' or 'script-repo'"},
      {one_run("{name: r, script-repo: {name: q, path: p}}"), "'q' is not in 'script-repos'"},
      {one_run("{name: r, script-repo: {name: q, path: ../p}}"), "want a path inside the repository"},
      {one_run("{name: r, script: s, secrets: [b]}"), "line 2: run 'r': secret 'b' is not declared by trigger 't'"},
      {one_run("{name: r, script: s, triggers: [{name: nope}]}"), "trigger 'nope' does not exist"},
      {one_run("{name: r, script: s, triggers: [{name: t}]}"), "trigger 't' starts itself again"},
      {one_run("{name: a/b, script: s}"), "run 'a/b': want a name"},
      {one_run("{name: r, script: s}\n  - {name: r, script: s}"), "run 'r' is there twice"},
      {one_run("{name: r, script: s, loop-on: [{param: A, values: [x]}]}"), "'loop-on' needs {loop} in the name"},
      {one_run("{name: 'r{loop}', script: s, loop-on: [{param: A, values: []}]}"), "want 1 to 64 values"},
      {one_run("{name: r, script: s, publish: {machine: 'a/b', tree: t}}"), "'machine': want a hardware id"},
      {one_run("{name: r, script: s, publish: {machine: a, tree: /t}}"), "'tree': want a folder below /archive"},
      {one_run("{name: r, script: s, publish: {machine: a, tree: ../t}}"), "'tree': want a folder below /archive"},
      {one_run("{name: r, script: s, privileged: maybe}"), "want true or false"},
      {one_run("{name: r, script: s, persistent-volumes: {v: relative}}"), "want a name and an absolute path"},
      {"triggers:\n- {name: t, type: push, runs: [{name: r, script: s}]}\nscripts: {s: x}\n", "'refs' is missing"},
      {"triggers:\n- {name: t, type: cron}\n", "type: want push"},
      {"triggers:\n- {name: t, runs: [{name: r, script: s}]}\n- {name: t, runs: [{name: r, script: s}]}\nscripts: {s: x}\n",
       "ci.yml: line 3: trigger 't' is there twice"},
      {std::string(kMaxJobFile + 1, ' '), "want at most"},
  };
  for (const auto& c : cases) EXPECT_THAT(fault_of(c.yaml), HasSubstr(c.message)) << c.yaml.substr(0, 200);
}

TEST(JobFile, RefusesACircleThroughOtherTriggers) {
  EXPECT_THAT(fault_of("scripts: {s: x}\ntriggers:\n"
                       "- {name: a, runs: [{name: r, script: s, triggers: [{name: b}]}]}\n"
                       "- {name: b, runs: [{name: r, script: s, triggers: [{name: a}]}]}\n"),
              HasSubstr("ci.yml: line 3: trigger 'a' starts itself again"));
}

TEST(JobFile, RefusesMoreRunsThanATriggerMayPlan) {
  std::string values = "0";
  for (int i = 1; i < 64; ++i) values += "," + std::to_string(i);
  auto loop = "{param: A, values: [" + values + "]}";
  EXPECT_THAT(fault_of(one_run("{name: 'r{loop}', script: s, loop-on: [" + loop + "," + loop + "," + loop + "]}")),
              HasSubstr("want at most 256 runs"));
}

TEST(IsRelativePath, AcceptsOnlyCleanPaths) {
  for (const char* good : {"a", "a/b.c", "tree", "a b"}) EXPECT_TRUE(is_relative_path(good)) << good;
  for (const char* bad : {"", "/a", "a/", "a//b", ".", "a/../b", "a\\b", "a\nb"}) EXPECT_FALSE(is_relative_path(bad)) << bad;
}

}  // namespace
}  // namespace rota::server
