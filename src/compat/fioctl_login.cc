// login, logout, and the silent renewal of a login (fioctl.md 2).
#include "ceremony/trust.h"
#include "compat/fioctl_config.h"

namespace rota::compat::fio {
namespace {

constexpr std::string_view kDefaultOauth = "https://app.foundries.io/oauth";
constexpr unsigned kOthers = 0077;

using Form = std::vector<std::pair<std::string, std::string>>;

std::string encoded(const Form& form) {
  std::string body;
  for (const auto& [name, value] : form)
    body.append(body.empty() ? "" : "&").append(name + "=" + percent_encoded(value));
  return body;
}

std::string without_final_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// Who gives tokens at app.X, serves at api.X.
std::string server_beside(const std::string& oauth_url) {
  const auto host = oauth_url.find("://") + 3, end = oauth_url.find('/', host);
  std::string server = oauth_url.substr(0, end);
  const auto app = server.find("app", host);
  if (app == std::string::npos) return "";
  return server.replace(app, 3, "api");
}

struct TokenAnswer {
  Login login;
  std::string only_factory = {};  // when there is exactly one
};

Result<TokenAnswer> answer_of(const Json& json, Login login, Time now) {
  login.access_token = TRY(json.text("access_token"));
  login.refresh_token = json.text_or("refresh_token", login.refresh_token);
  login.token_type = json.text_or("token_type", "Bearer");
  login.expires_in = json.integer_or("expires_in", 0);
  login.created = rfc3339(now);
  TokenAnswer answer{.login = std::move(login)};
  const Json* orgs = json.find("orgs");
  if (orgs != nullptr && orgs->if_array() != nullptr && orgs->if_array()->size() == 1)
    answer.only_factory = orgs->if_array()->front().text_or("name", "");
  return answer;
}

// Id and secret travel in the body, so an error never quotes it.
Result<TokenAnswer> fetched_token(const FioctlWorld& world, const Login& login, const Form& form) {
  FetchRequest request{.method = "POST", .url = login.url + "/token/", .body = encoded(form)};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto reply = TRY_IN("login", world.fetcher.fetch(request));
  if (reply.status != 200) {
    const Error error = ceremony::http_error(request, reply);
    return Error{error.fault == Fault::rejected ? Fault::denied : error.fault, error.what, {}};
  }
  const Json json = TRY_IN("login: the server's answer", parse_json(reply.body, {.numbers = JsonRules::Numbers::any}));
  return TRY_IN("login: the server's answer", answer_of(json, login, world.clock.now()));
}

Result<TokenAnswer> token_by_credentials(const FioctlWorld& world, const Login& login) {
  return fetched_token(world, login,
                       {{"grant_type", "client_credentials"},
                        {"client_id", login.client_id},
                        {"client_secret", login.client_secret}});
}

Result<TokenAnswer> token_by_refresh(const FioctlWorld& world, const Login& login) {
  return fetched_token(world, login,
                       {{"grant_type", "refresh_token"},
                        {"refresh_token", login.refresh_token},
                        {"client_id", login.client_id},
                        {"client_secret", login.client_secret}});
}

ConfigChanges changes_for(const Login& login) {
  return {{"clientcredentials.client_id", login.client_id},
          {"clientcredentials.client_secret", login.client_secret},
          {"clientcredentials.access_token", login.access_token},
          {"clientcredentials.refresh_token", login.refresh_token},
          {"clientcredentials.token_type", login.token_type},
          {"clientcredentials.expires_in", std::to_string(login.expires_in)},
          {"clientcredentials.created", login.created},
          {"clientcredentials.url", login.url}};
}

Result<std::string> asked_for(const FioctlWorld& world, std::string_view prompt, FioctlWorld::Echo echo) {
  if (!world.line) return bad_input("login: nobody is there to ask for the client id and secret");
  const std::string text(TRY(world.line(prompt, echo)).reveal());
  if (trim(text).empty()) return bad_input("login: " + std::string(prompt) + ": is empty");
  return std::string(trim(text));
}

void warn_about_mode(const Run& run, const Config& config) {
  if ((config.mode & kOthers) != 0)
    run.talk.warn("'" + config.path + "' can be read or changed by others; make it 0600");
}

Result<Login> renewed(const FioctlWorld& world, const Config& config) {
  const bool with_refresh = !config.login.refresh_token.empty();
  auto answer = TRY(with_refresh ? token_by_refresh(world, config.login) : token_by_credentials(world, config.login));
  TRY(save_config(world.files, config.path, changes_for(answer.login)));
  return std::move(answer.login);
}

Status refresh_at_next_command(const Run& run, const Config& config) {
  if (config.login.access_token.empty()) return bad_input("login: nobody is logged in", "fioctl login");
  TRY(save_config(run.world.files, config.path, {{"clientcredentials.expires_in", "1"}}));
  run.talk.out() << "The next command renews the access token\n";
  return {};
}

Status log_in(const Run& run, const Config& config) {
  Login login = config.login;
  const auto asked_url = run.asked.value("--oauth-url");
  if (asked_url) login.url = *asked_url;
  if (login.url.empty()) login.url = kDefaultOauth;
  login.url = without_final_slash(login.url);
  if (!login.url.starts_with("https://")) return bad_input("login: --oauth-url: want https://…, got '" + login.url + "'");
  if (login.client_id.empty()) login.client_id = TRY(asked_for(run.world, "Client ID", FioctlWorld::Echo::on));
  if (login.client_secret.empty())
    login.client_secret = TRY(asked_for(run.world, "Client secret", FioctlWorld::Echo::off));
  const auto answer = TRY(token_by_credentials(run.world, login));
  auto changes = changes_for(answer.login);
  if (!answer.only_factory.empty()) changes["factory"] = answer.only_factory;
  if (const auto server = server_beside(login.url); asked_url && !server.empty()) changes["server.url"] = server;
  TRY(save_config(run.world.files, config.path, changes));
  run.talk.out() << "You are now logged in\n";
  return {};
}

}  // namespace

Result<Config> config_for(const Run& run) {
  auto config = TRY(load_config(run.asked, run.world));
  warn_about_mode(run, config);
  const bool by_login = config.token.empty() && !config.login.access_token.empty();
  if (by_login && config.login.expired(run.world.clock.now())) config.login = TRY(renewed(run.world, config));
  return config;
}

Status login(const Run& run) {
  if (run.asked.has("--insecure-ssl"))
    return bad_input("login: --insecure-ssl: the server is always verified",
                     "set CACERT to a PEM file with the server's certificate authority");
  auto config = TRY(load_config(run.asked, run.world));
  warn_about_mode(run, config);
  if (run.asked.has("--refresh-access-token")) return refresh_at_next_command(run, config);
  const bool known = !config.login.access_token.empty();
  if (known && !config.login.expired(run.world.clock.now())) {
    run.talk.out() << "You are already logged in; to log in as somebody else: fioctl logout\n";
    return {};
  }
  if (!known || config.login.refresh_token.empty()) return log_in(run, config);
  TRY(renewed(run.world, config));
  run.talk.out() << "The login was renewed\n";
  return {};
}

Status logout(const Run& run) {
  const auto config = TRY(load_config(run.asked, run.world));
  warn_about_mode(run, config);
  TRY(save_config(run.world.files, config.path,
                  {{"clientcredentials.client_id", ""},
                   {"clientcredentials.client_secret", ""},
                   {"clientcredentials.access_token", ""},
                   {"clientcredentials.refresh_token", ""}}));
  run.talk.out() << "You are now logged out\n";
  return {};
}

}  // namespace rota::compat::fio
