#include "service.h"

#include <cstdlib>
#include <filesystem>

namespace rota::app {
namespace {

constexpr std::uint64_t kSmallFile = 64 * 1024, kMaxCa = 1u << 20, kMaxJson = 32u << 20;

// The service's own words, else the status.
std::string message_of(const FetchReply& reply) {
  if (const auto body = parse_json(reply.body, {.numbers = JsonRules::Numbers::any})) {
    for (const char* name : {"message", "description", "msg"})
      if (const std::string text = body->text_or(name, ""); !text.empty()) return text;
  }
  const auto text = trim(reply.body);
  return text.empty() || text.size() > 200 ? "the service answered " + std::to_string(reply.status) : std::string(text);
}

Error error_of(const FetchReply& reply) {
  const std::string text = message_of(reply);
  switch (reply.status) {
    case 401:
      return denied(text, "is the token file the right one? it holds the token and nothing else");
    case 403:
      return denied(text);
    case 404:
    case 410:
      return not_found(text);
    case 409:
      return conflict(text);
    case 429:
      return unavailable(text, "wait " + std::string(header(reply.headers, "Retry-After")) + " s");
    default:
      return reply.status >= 500 ? unavailable(text) : bad_input(text);
  }
}

constexpr auto kGiveOrLogIn =
    "give --server URL --token-file FILE --ca FILE, or once: rota login with the same three";

// What a person can do about a service that cannot be spoken to.
Error with_advice(Error error) {
  if (!error.hint.empty()) return error;
  if (error.fault == Fault::denied)
    error.hint = "which CA is the service's certificate from? --ca FILE, on the server <data>/pki/server-ca.pem";
  if (error.what.find("Connection refused") != std::string::npos) error.hint = "does rota-server run, and on that port?";
  return error;
}

// A token goes nowhere without TLS.
Result<http::Url> parse_service_url(const std::string& text) {
  auto url = TRY_IN("server", http::parse_url(text));
  if (url.scheme != "https") return bad_input("server: want https://, got '" + text + "'");
  return url;
}

// Takes over what `flags` leaves open.
void fill(std::string& flag, const Json& profile, std::string_view name) {
  if (flag.empty()) flag = profile.text_or(name, "");
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto whole = std::filesystem::absolute(path, failed);
  return path.empty() || failed ? path : whole.lexically_normal().string();
}

}  // namespace

std::string profile_path() {
  if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr && *folder == '/')
    return std::string(folder) + "/rota/profile.json";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "." : home) + "/.config/rota/profile.json";
}

Result<Profile> profile_with(Files& files, const Profile& flags) {
  Profile profile = flags;
  if (TRY(files.facts(profile_path())).exists()) {
    const Json stored = TRY_IN("profile", parse_json(TRY(files.read(profile_path(), kSmallFile))));
    // A CA belongs to its server: one flag for the server leaves the profile's CA out.
    if (profile.server.empty()) fill(profile.ca, stored, "ca");
    fill(profile.server, stored, "server");
    fill(profile.token_file, stored, "token_file");
  }
  if (profile.server.empty()) return bad_input("server: not known", kGiveOrLogIn);
  if (profile.token_file.empty()) return bad_input("token file: not known", kGiveOrLogIn);
  while (profile.server.ends_with('/')) profile.server.pop_back();
  return profile;
}

Status save_profile(Files& files, const Profile& profile) {
  TRY(make_folders(files, folder_of(profile_path()), 0700));
  const Json json = Json::Object{{"server", profile.server}, {"token_file", absolute(profile.token_file)}, {"ca", absolute(profile.ca)}};
  return replace_file(files, profile_path(), to_pretty_json(json), 0600);
}

Status Service::connect() {
  if (client_) return {};
  const auto profile = TRY(profile_with(files_, flags_));
  const Bytes token = TRY_IN("token", files_.read(profile.token_file, kSmallFile));
  const Bytes ca = profile.ca.empty() ? Bytes() : TRY_IN("ca", files_.read(profile.ca, kMaxCa));
  const auto url = TRY(parse_service_url(profile.server));
  http::ClientOptions options;
  options.tls = TRY_IN("ca '" + profile.ca + "'", crypto::TlsContext::client({.ca_pem = ca, .certificate_pem = {}, .key_pem = {}}));
  options.always = {{"Authorization", "Bearer " + std::string(trim(token))}};
  options.only_origin = url.origin();
  server_ = profile.server;
  client_ = std::make_unique<http::Client>(std::move(options));
  return {};
}

Result<FetchReply> Service::exchange(FetchRequest request) {
  TRY(connect());
  request.url = server_ + request.url;
  auto reply = client_->fetch(request);
  if (!reply) return with_advice(reply.error());
  if (reply->status >= 400) return error_of(*reply);
  return reply;
}

Result<ceremony::RootSource> Service::root_source(const std::string& factory) {
  TRY(connect());
  return ceremony::RootSource{client_.get(), server_ + "/ota/repo/" + percent_encoded(factory) + "/api/v1/user_repo"};
}

Result<Json> Service::send(const std::string& method, const std::string& path, const Json& body) {
  FetchRequest request{.method = method, .url = path, .max_body = kMaxJson};
  if (!body.is_null()) {
    request.body = to_json(body);
    request.headers = {{"Content-Type", "application/json"}};
  }
  const auto reply = TRY(exchange(std::move(request)));
  if (reply.body.empty()) return Json();
  return TRY_IN("answer", parse_json(reply.body, {.numbers = JsonRules::Numbers::any, .max_bytes = kMaxJson}));
}

Result<Json> Service::get(const std::string& path) {
  return send("GET", path, {});
}
Result<Json> Service::post(const std::string& path, const Json& body) {
  return send("POST", path, body);
}

Status Service::remove(const std::string& path) {
  TRY(send("DELETE", path, {}));
  return {};
}

Result<Bytes> Service::download(const std::string& path, std::uint64_t max) {
  return TRY(exchange({.url = path, .max_body = max})).body;
}

}  // namespace rota::app
