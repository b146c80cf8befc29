// --dry-run: what a command would write and send (garage-sign.md 10).
#include <sstream>

#include "ceremony/difference.h"
#include "compat/dry_run.h"
#include "compat/garage_sign_run.h"

namespace rota::compat::garage {
namespace {

Json unsigned_root(Files& files, const std::string& folder) {
  const auto root = TufRepo(files, folder).unsigned_role(tuf::Role::root);
  return root ? *root : Json(Json::Object{});
}

Json texts(const std::vector<std::string>& all) {
  Json json{Json::Array{}};
  for (const auto& text : all) json.push_back(text);
  return json;
}

void tell_plan(const Run& run, const Json& plan) {
  for (const Json& path : *plan.find("writes")->if_array()) run.talk.out() << "would write " << *path.if_text() << '\n';
  for (const Json& request : *plan.find("requests")->if_array()) run.talk.out() << "would send " << *request.if_text() << '\n';
  if (plan.find("writes")->if_array()->empty() && plan.find("requests")->if_array()->empty())
    run.talk.out() << "would change nothing\n";
}

}  // namespace

// The whole run over files and a service that only seem to change.
int dry_outcome(const Entry& entry, const Run& run) {
  DryFiles files(run.world.files);
  DryFetcher fetcher(run.world.fetcher);
  std::ostringstream data;  // what the command prints is not what was asked for
  std::vector<std::shared_ptr<Fetcher>> connected;
  std::optional<DryFetcher> certified;
  const Connect connect = [&](const crypto::TlsClientOptions& identity) -> Result<std::shared_ptr<Fetcher>> {
    connected.push_back(TRY(run.world.connect(identity)));
    certified.emplace(*connected.back());
    return std::shared_ptr<Fetcher>(&*certified, [](Fetcher*) {});
  };
  const cli::Talk talk(data, run.talk.err());
  const int code = outcome(entry, {run.asked, talk, {files, run.world.clock, fetcher, run.world.strict, connect, run.world.pin}, run.homes});
  if (code != kDone) return code;
  Json plan = Json::Object{{"command", run.asked.words},
                           {"writes", texts(files.writes())},
                           {"requests", texts(certified ? certified->requests() : fetcher.requests())}};
  const std::string folder = run.repo().folder();
  const auto difference = ceremony::difference(unsigned_root(run.world.files, folder), unsigned_root(files, folder));
  plan["root_diff"] = difference.empty() ? Json() : ceremony::to_json(difference);
  if (run.asked.has("--json")) {
    run.talk.out() << to_json(plan) << '\n';
    return kDone;
  }
  tell_plan(run, plan);
  for (const auto& line : ceremony::lines(difference)) run.talk.out() << line << '\n';
  return kDone;
}

}  // namespace rota::compat::garage
