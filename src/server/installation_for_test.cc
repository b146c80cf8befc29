#include "server/installation_for_test.h"

#include <stdlib.h>

#include <filesystem>

#include "server/pki.h"

namespace rota::server::test {

void Installed::SetUp() {
  clock_.set(SystemClock().now());
  ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  open();
  admin_token_ = std::string(trim(files_.read(folder_ + "/data/admin-token", 1000).value()));
  owner_token_ = app().factories.create({.name = "acme", .ordered_by = "admin"}, "https://localhost:1").value();
}

void Installed::TearDown() {
  service_.reset();
  installation_.reset();
  std::filesystem::remove_all(folder_);
}

void Installed::open() {
  service_.reset();
  installation_.reset();
  auto opened = Installation::open(
      {.data_folder = folder_ + "/data", .seal_key_file = {}, .admin_token_file = {}, .names = {}}, clock_, files_);
  ASSERT_TRUE(opened.ok()) << opened.error().what;
  installation_ = std::move(opened).value();
  add_operator_routes(api_.emplace(), app());
}

void Installed::serve() {
  auto started = Service::start(app(), {.api_groups = {add_operator_routes}});
  ASSERT_TRUE(started.ok()) << started.error().what;
  service_ = std::move(started).value();
}

http::Response Installed::ask(const http::Router& router, http::Request request) {
  if (!request.peer)
    request.peer = std::make_shared<http::Peer>(http::Peer{.address = "127.0.0.1", .tls = true, .certificate = {}});
  request.id = "r-1";
  auto match = router.match(request.method, request.path);
  if (match.route == nullptr) return http::text_response(match.status, "");
  request.params = std::move(match.params);
  return match.route->handler(request);
}

http::Response Installed::operate(const std::string& method, const std::string& target, const std::string& token,
                                  const Json& body) {
  http::Request request;
  request.method = method;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  if (!token.empty()) request.headers = {{"Authorization", "Bearer " + token}};
  if (!body.is_null()) request.body = to_json(body);
  return ask(*api_, std::move(request));
}

std::string Installed::token_with(std::set<std::string> scopes, const std::string& factory) {
  return app().auth.make_token({"somebody", "test", factory, std::move(scopes)}).value();
}

Machine Installed::machine(const std::string& uuid, const crypto::Subject& subject) {
  auto key = crypto::PrivateKey::generate_p256().value();
  const auto csr =
      crypto::CertificateRequest::from_pem(crypto::CertificateRequest::make_pem(key, subject).value()).value();
  const auto certificate = app().pki.issue_device("acme", csr).value();
  return {uuid, std::move(key), certificate.pem()};
}

Machine Installed::registered(const std::string& uuid, const std::string& name) {
  auto made = machine(uuid, {.common_name = uuid, .organizational_unit = "acme", .business_category = ""});
  const auto certificate = crypto::Certificate::from_pem(made.certificate_pem).value();
  const Device device{.uuid = uuid,
                      .factory = "acme",
                      .name = name,
                      .owner = "owner@acme",
                      .hardware_id = "foo",
                      .spki = made.key.public_key().spki_der(),
                      .created_at = clock_.now()};
  const auto added = app().devices.add(device, {certificate.serial_hex(), certificate.not_after()});
  EXPECT_TRUE(added.ok()) << added.error().what;
  return made;
}

std::unique_ptr<http::Client> Installed::client_of(const Machine* machine) const {
  crypto::TlsClientOptions tls;
  tls.ca_pem = installation_->app().pki.server_ca_pem();
  if (machine != nullptr) {
    tls.certificate_pem = machine->certificate_pem;
    tls.key_pem = machine->key.pkcs8_pem();
  }
  http::ClientOptions options;
  options.tls = crypto::TlsContext::client(tls).value();
  return std::make_unique<http::Client>(std::move(options));
}

Result<FetchReply> Installed::fetch(const Machine* machine, FetchRequest request) const {
  request.url = installation_->app().settings.gateway_url + request.url;
  request.max_body = 1u << 20;
  return client_of(machine)->fetch(request);
}

FetchReply Installed::get(const Machine& machine, const std::string& path, const Headers& headers) const {
  auto reply = fetch(&machine, {.url = path, .headers = headers});
  EXPECT_TRUE(reply.ok()) << path << ": " << reply.error().what;
  return reply ? std::move(reply).value() : FetchReply{};
}

FetchReply Installed::send(const Machine& machine, const std::string& method, const std::string& path,
                           const std::string& body) const {
  auto reply = fetch(&machine, {.method = method, .url = path, .body = body});
  EXPECT_TRUE(reply.ok()) << path << ": " << reply.error().what;
  return reply ? std::move(reply).value() : FetchReply{};
}

}  // namespace rota::server::test
