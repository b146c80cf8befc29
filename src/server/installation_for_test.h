// An installation in a folder of its own, with factory acme, and devices that make their own keys. For *_test.cc only.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>

#include "http/client.h"
#include "repo/repositories.h"
#include "server/audit.h"
#include "server/devices.h"
#include "server/factories.h"
#include "server/installation.h"
#include "server/service.h"

namespace rota::server::test {

// A device as far as its key and certificate go.
struct Machine {
  std::string uuid;
  crypto::PrivateKey key;
  std::string certificate_pem;
};

class Installed : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  void open();
  App& app() { return installation_->app(); }

  // Serves both listeners over TLS on free ports.
  void serve();
  // A request to the router alone, as from 127.0.0.1.
  http::Response ask(const http::Router& router, http::Request request);
  http::Response operate(const std::string& method, const std::string& target, const std::string& token,
                         const Json& body = {});
  static Json json_of(const http::Response& response) { return parse_json(response.body).value(); }

  std::string token_with(std::set<std::string> scopes, const std::string& factory = "acme");
  // A certificate of acme's CA; with `register_it` also in the registry under `name`.
  Machine machine(const std::string& uuid, const crypto::Subject& subject);
  Machine registered(const std::string& uuid, const std::string& name);
  // A client with that identity (none: without a certificate).
  std::unique_ptr<http::Client> client_of(const Machine* machine) const;
  Result<FetchReply> fetch(const Machine* machine, FetchRequest request) const;
  FetchReply get(const Machine& machine, const std::string& path, const Headers& headers = {}) const;
  FetchReply send(const Machine& machine, const std::string& method, const std::string& path,
                  const std::string& body) const;

  std::string folder_ = testing::TempDir() + "server-XXXXXX";
  FixedClock clock_{Time{}};
  PosixFiles files_;
  std::unique_ptr<Installation> installation_;
  std::unique_ptr<Service> service_;
  std::string admin_token_, owner_token_;
  std::optional<http::Router> api_;
};

}  // namespace rota::server::test
