// rota-device-ostree VERB --name value…: one JSON value on stdout, 0; or {"error","fault","hint"} and 1.
// With --parent PID it ends when that process does.
#include <glib.h>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "sysroot.h"

namespace {

using rota::Json;
using rota::Result;
using rota::device_ostree::Options;

Result<Options> options_of(int argc, char** argv) {
  Options options;
  for (int i = 2; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (!name.starts_with("--") || i + 1 == argc)
      return rota::bad_input("want --name value, got '" + std::string(name) + "'");
    options.emplace(name.substr(2), argv[i + 1]);
  }
  return options;
}

// An agent that was killed must find at its next start what is there, not what an orphan is still doing.
rota::Status die_with(const Options& options) {
  const auto parent = options.find("parent");
  if (parent == options.end()) return {};
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (std::to_string(::getppid()) != parent->second) return rota::unavailable("the agent is gone");
  return {};
}

Result<Json> run(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  const Options options = TRY(options_of(argc, argv));
  TRY(die_with(options));
  if (verb == "status") return rota::device_ostree::status(options);
  if (verb == "has") return rota::device_ostree::has(options);
  if (verb == "pull") return rota::device_ostree::pull(options);
  if (verb == "deploy") return rota::device_ostree::deploy(options);
  return rota::bad_input("want status, has, pull or deploy, got '" + std::string(verb) + "'");
}

}  // namespace

int main(int argc, char** argv) {
  g_set_print_handler([](const char* talk) { std::fputs(talk, stderr); });  // stdout carries the answer and nothing else
  const Result<Json> result = run(argc, argv);
  const Json answer = result.ok() ? *result
                                  : Json(Json::Object{{"error", result.error().what},
                                                      {"fault", rota::name_of(result.error().fault)},
                                                      {"hint", result.error().hint}});
  std::printf("%s\n", rota::to_json(answer).c_str());
  return result.ok() ? 0 : 1;
}
