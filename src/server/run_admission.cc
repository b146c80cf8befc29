#include "server/run_admission.h"

#include "server/build_queue.h"

namespace rota::server {

std::string_view offered_key(const http::Request& request) {
  auto header = request.header("Authorization");
  constexpr std::string_view scheme = "Token ";
  if (header.size() <= scheme.size() || !equals_ignoring_case(header.substr(0, scheme.size()), scheme)) return {};
  return trim(header.substr(scheme.size()));
}

Result<RunKey> run_at_the_door(App& app, const http::Request& request) {
  auto key = offered_key(request);
  if (key.empty()) return denied("run key: none given", "send 'Authorization: Token <run key>'");
  return BuildQueue(app.db, app.clock).run_of_key(key);
}

bool is_run_of_factory(App& app, const http::Request& request, const std::string& factory) {
  auto key = run_at_the_door(app, request);
  if (!key.ok() || key->build.factory != factory) return false;
  auto run = Builds(app.db, app.clock).run(*key);
  return run.ok() && !is_terminal(run->state);
}

}  // namespace rota::server
