#include <chrono>
#include <thread>

#include "nouns.h"

namespace rota::app {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(500);
constexpr std::uint64_t kMaxLog = 64u << 20;

std::string builds_path(const Invocation& call) {
  return "/projects/" + percent_encoded(call.given.text("factory")) + "/" +
         percent_encoded(call.given.text_or("project", "lmp")) + "/builds/";
}

std::string build_path(const Invocation& call) { return builds_path(call) + percent_encoded(call.given.text("number")) + "/"; }

Result<Json> data_of(const Invocation& call, const std::string& path) {
  Json answer = TRY(call.service.get(path));
  Json* data = answer.find("data");
  if (data == nullptr) return rejected("service: want a member 'data'");
  return std::move(*data);
}

std::string number_of(const Json& build) { return std::to_string(build.integer_or("build_id", 0)); }

std::string text_in(const Json& object, std::string_view member, std::string_view inner) {
  const Json* found = object.find(member);
  return found == nullptr ? "" : found->text_or(inner, "");
}

Status list_builds(const Invocation& call) {
  const Json data = TRY(data_of(call, builds_path(call)));
  if (call.json()) {
    call.talk.out() << to_json(data) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& build : *TRY(data.array("builds")))
    rows.push_back({number_of(build), build.text_or("status", ""), build.text_or("trigger_name", ""),
                    text_in(build, "git", "sha").substr(0, 12), build.text_or("created", "")});
  call.talk.out() << cli::table({"BUILD", "STATUS", "TRIGGER", "COMMIT", "CREATED"}, rows);
  return {};
}

Result<Json> fetched_build(const Invocation& call) {
  Json data = TRY(data_of(call, build_path(call)));
  Json* build = data.find("build");
  if (build == nullptr) return rejected("service: want a member 'build'");
  return std::move(*build);
}

Status show_build(const Invocation& call) {
  const Json build = TRY(fetched_build(call));
  if (call.json()) {
    call.talk.out() << to_json(build) << "\n";
    return {};
  }
  auto& out = call.talk.out();
  out << "build    " << number_of(build) << " of " << build.text_or("project", "") << "\n";
  out << "status   " << build.text_or("status", "") << "\n";
  if (const auto message = build.text_or("message", ""); !message.empty()) out << "message  " << message << "\n";
  out << "commit   " << text_in(build, "git", "sha") << " of " << text_in(build, "git", "source") << ", "
      << text_in(build, "git", "ref") << "\n";
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : *TRY(build.array("runs")))
    rows.push_back({run.text_or("name", ""), run.text_or("status", ""), run.text_or("worker", ""), run.text_or("message", "")});
  out << cli::table({"RUN", "STATUS", "WORKER", "MESSAGE"}, rows);
  return {};
}

// The run that was asked for, or the build's first.
Result<std::string> run_name(const Invocation& call) {
  if (call.given.has("run")) return call.given.text("run");
  const Json build = TRY(fetched_build(call));
  const auto& runs = *TRY(build.array("runs"));
  if (runs.empty()) return not_found("build " + number_of(build) + ": has no run: " + build.text_or("message", "none was planned"));
  return runs.front().text("name");
}

bool is_over(std::string_view status) { return status == "PASSED" || status == "FAILED" || status == "SKIPPED"; }

Status end_log(const Invocation& call, const Json::Object& facts) {
  if (call.json()) call.talk.out() << to_json(facts) << "\n";
  return {};
}

Status show_log(const Invocation& call) {
  const std::string run = TRY(run_name(call));
  const std::string path = build_path(call) + "runs/" + percent_encoded(run) + "/console.log";
  Bytes whole;  // in JSON the log is one text
  for (std::uint64_t offset = 0;;) {
    FetchRequest request{.url = path, .headers = {{"X-OFFSET", std::to_string(offset)}}, .max_body = kMaxLog};
    const FetchReply reply = TRY(call.service.exchange(std::move(request)));
    if (call.json())
      whole += reply.body;
    else
      call.talk.out() << reply.body << std::flush;
    offset += reply.body.size();
    if (!reply.body.empty()) continue;
    const std::string status(header(reply.headers, "X-RUN-STATUS"));
    if (!call.given.has("follow") || is_over(status)) return end_log(call, {{"run", run}, {"status", status}, {"log", whole}});
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace

Noun build_noun() {
  const Option factory = {Option::Kind::argument, "factory", "its factory"};
  const Option number = {Option::Kind::argument, "number", "of the build"};
  const Option project = {Option::Kind::value, "--project", "whose builds (default: lmp)"};
  return {"build",
          "what was built, and how it went",
          {{"list", "the newest builds of a project", {factory, project}, list_builds},
           {"show", "one build and its runs", {factory, number, project}, show_build},
           {"log",
            "what a run said",
            {factory, number, project, {Option::Kind::value, "--run", "which run (default: the first)"},
             {Option::Kind::flag, "-f,--follow", "until the run ends"}},
            show_log}},
          {"rota build list acme", "rota build log acme 763 --project foo --follow"}};
}

}  // namespace rota::app
