#include "nouns.h"

namespace rota::app {
namespace {

std::string sources_path(const Invocation& call) {
  return "/v1/factories/" + percent_encoded(call.given.text("factory")) + "/sources";
}

Status create_source(const Invocation& call) {
  Json order;
  order["name"] = call.given.text("name");
  order["project"] = call.given.text_or("project", "lmp");
  if (call.given.has("first-build"))
    order["first-build"] = TRY_IN("--first-build", decimal(call.given.text("first-build")));
  const Json made = TRY(call.service.post(sources_path(call), order));
  call.talk.out() << (call.json() ? to_json(made) : TRY(made.text("url"))) << "\n";
  if (!call.json()) call.talk.hint("git push to it with your API token as the password");
  return {};
}

Status list_sources(const Invocation& call) {
  const Json answer = TRY(call.service.get(sources_path(call)));
  if (call.json()) {
    call.talk.out() << to_json(answer) << "\n";
    return {};
  }
  std::vector<std::vector<std::string>> rows;
  if (const auto* sources = answer.if_array())
    for (const auto& source : *sources)
      rows.push_back({source.text_or("name", ""), source.text_or("project", ""), source.text_or("url", "")});
  call.talk.out() << cli::table({"NAME", "PROJECT", "URL"}, rows);
  return {};
}

}  // namespace

Noun source_noun() {
  const Option factory = {Option::Kind::argument, "factory", "its factory"};
  return {"source",
          "git repositories whose pushes start builds",
          {{"create",
            "a new repository; prints its URL",
            {factory,
             {Option::Kind::argument, "name", "its name"},
             {Option::Kind::value, "--project", "what its builds are counted in (default: lmp)"},
             {Option::Kind::value, "--first-build", "the number of the project's next build"}},
            create_source},
           {"list", "the repositories of a factory", {factory}, list_sources}},
          {"rota source create acme foo-os --project foo --first-build 763"}};
}

}  // namespace rota::app
