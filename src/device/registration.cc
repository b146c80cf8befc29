#include "device/registration.h"

#include <algorithm>

#include "base/json.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "device/config.h"

namespace rota::device {
namespace {

constexpr std::uint64_t kMaxKey = 16 * 1024;

Result<crypto::PrivateKey> durable_key(Files& files, const std::string& path) {
  if (TRY(files.facts(path)).exists())
    return TRY_IN(path, crypto::PrivateKey::from_pem(crypto::SecretBytes(TRY(files.read(path, kMaxKey)))));
  auto key = TRY(crypto::PrivateKey::generate_p256());
  const crypto::SecretBytes pem = key.pkcs8_pem();
  TRY(create_durable(files, path, pem.reveal(), 0600));
  return key;
}

// A JSON text is a TOML basic string.
std::string toml_text(const std::string& value) {
  const std::string array = to_json(Json::Array{value});
  return array.substr(1, array.size() - 2);
}

Json request_body(const Registration& wish, const std::string& uuid, const std::string& csr) {
  Json::Object pacman = {{"type", "\"ostree\""}};
  if (!wish.tags.empty()) pacman.emplace("tags", toml_text(wish.tags));
  Json::Object body = {{"use-ostree-server", "true"},
                       {"sota-config-dir", wish.sota_folder},
                       {"hardware-id", wish.hardware_id},
                       {"name", wish.name},
                       {"uuid", uuid},
                       {"csr", csr},
                       {"overrides", Json::Object{{"pacman", std::move(pacman)}}}};
  if (!wish.group.empty()) body.emplace("group", wish.group);
  return body;
}

// What the server says, for people: "description", or every text member.
std::string explanation(const std::string& body) {
  const auto json = parse_json(body, {.numbers = JsonRules::Numbers::any});
  if (!json.ok() || json->if_object() == nullptr) return body.substr(0, 200);
  if (const std::string text = json->text_or("description", ""); !text.empty()) return text;
  std::string out;
  for (const auto& [name, value] : *json->if_object())
    if (const auto* text = value.if_text()) out += (out.empty() ? "" : "; ") + name + ": " + *text;
  return out;
}

Error refusal(const FetchReply& reply) {
  const std::string what = "register: the server answers " + std::to_string(reply.status) + ": " + explanation(reply.body);
  if (reply.status == 401 || reply.status == 403) return denied(what, "does the token have devices:create?");
  if (reply.status == 409) return conflict(what);
  if (reply.status >= 500) return unavailable(what);
  return bad_input(what);
}

Result<Json> ask_for_certificate(Fetcher& server, const Registration& wish, const Json& body) {
  FetchRequest request{.method = "POST", .url = wish.api + "/ota/devices/"};
  request.headers = {{"Content-Type", "application/json"}, {"OSF-TOKEN", std::string(wish.token.reveal())}};
  request.body = to_json(body);
  const auto reply = TRY(server.fetch(request));
  if (reply.status != 201) return refusal(reply);
  auto files = TRY_IN("register: answer", parse_json(reply.body));
  for (const char* name : {"root.crt", "client.pem", "sota.toml"}) TRY_IN("register: answer", files.text(name));
  return files;
}

// Paths on this device are the device's own business, whatever the server wrote.
Result<std::string> localised(const std::string& toml, const Registration& wish) {
  auto config = TRY(Config::parse(toml, "sota.toml"));
  const auto& folder = wish.sota_folder;
  config.set("storage", "path", folder);
  config.set("import", "base_path", folder + "/import");
  config.set("import", "tls_cacert_path", folder + "/root.crt");
  config.set("import", "tls_clientcert_path", folder + "/client.pem");
  config.set("import", "tls_pkey_path", folder + "/pkey.pem");
  if (!wish.sysroot.empty()) config.set("pacman", "sysroot", wish.sysroot);
  if (!wish.os.empty()) config.set("pacman", "os", wish.os);
  return config.to_toml();
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '-'; });
}

// The certificate last: it is what says that the registration is complete.
Status write_files(Files& files, const Registration& wish, const Json& answer) {
  for (const auto& [name, content] : *answer.if_object()) {
    if (!is_file_name(name) || name == "pkey.pem" || content.if_text() == nullptr)
      return rejected("register: answer: file '" + name.substr(0, 40) + "' is not one a device takes");
    if (name == "client.pem") continue;
    const std::string text = name == "sota.toml" ? TRY(localised(*content.if_text(), wish)) : *content.if_text();
    TRY(replace_file(files, wish.sota_folder + "/" + name, text, 0600));
  }
  return replace_file(files, wish.sota_folder + "/client.pem", TRY(answer.text("client.pem")), 0600);
}

}  // namespace

Result<std::string> register_device(Files& files, Fetcher& server, const Registration& wish) {
  if (TRY(files.facts(wish.sota_folder + "/client.pem")).exists())
    return conflict("'" + wish.sota_folder + "' holds a registered device", "remove it first to register anew");
  TRY(make_folders(files, wish.sota_folder, 0700));
  const auto key = TRY(durable_key(files, wish.sota_folder + "/pkey.pem"));
  const std::string uuid = crypto::random_uuid();
  const std::string csr = TRY(crypto::CertificateRequest::make_pem(
      key, {.common_name = uuid, .organizational_unit = wish.factory, .business_category = ""}));
  const Json answer = TRY(ask_for_certificate(server, wish, request_body(wish, uuid, csr)));
  const auto certificate = TRY_IN("register: client.pem", crypto::Certificate::from_pem(TRY(answer.text("client.pem"))));
  if (!(certificate.public_key() == key.public_key()))
    return rejected("register: client.pem: it is not for this device's key");
  TRY(write_files(files, wish, answer));
  return uuid;
}

}  // namespace rota::device
