// The certificate authorities of an installation: one for its own TLS, one per factory for its devices, one per factory for the
// people and tools that call the API with a certificate (gateway.md 1, operator-api.md 11, repo-api.md 1).
// In:    names of the server; certificate requests of devices.
// Out:   TLS contexts for the two listeners; device certificates.
// Never: a CA key outside the database, or there in clear.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/files.h"
#include "crypto/secret.h"
#include "crypto/tls.h"
#include "store/sqlite.h"

namespace rota::server {

struct PkiDoors {
  store::Database& db;
  Files& files;
  const Clock& clock;
  const crypto::SecretBytes& seal_key;
};

// Threads may share it after prepare_server.
class Pki {
 public:
  // Reads what is there; the keys are unsealed at use. rejected: the seal key does not fit this database.
  static Result<std::unique_ptr<Pki>> open(const PkiDoors& doors, const std::string& folder);

  // The server CA (made once) and a certificate for `names` (renewed when the names differ or less than 30 days are
  // left); writes <folder>/server-ca.pem, what clients trust.
  Status prepare_server(const std::vector<std::string>& names);
  const std::string& server_ca_pem() const { return server_ca_pem_; }
  std::string server_ca_path() const { return folder_ + "/server-ca.pem"; }
  // Asks for a client certificate of any factory's operator CA, once there is one.
  Result<crypto::TlsContext> api_tls() const;
  // Asks for a client certificate of any factory's device CA.
  Result<crypto::TlsContext> gateway_tls() const;

  // Ok when it is there already. The listener learns of it before this returns (see when_changed).
  Status make_device_ca(const std::string& factory);
  Result<crypto::Certificate> device_ca(const std::string& factory) const;  // not_found
  // A client certificate, two years. not_found: no such factory.
  Result<crypto::Certificate> issue_device(const std::string& factory, const crypto::CertificateRequest& request) const;

  struct Identity {
    crypto::PrivateKey key;
    crypto::Certificate certificate;  // a year
    std::string issuer_pem;
  };
  // A client certificate for `user`, by the factory's operator CA, which is made when it is first needed.
  Result<Identity> issue_operator(const std::string& factory, const std::string& user);

  enum class Issuer { of_factory, of_installation };
  // Ok when `certificate` was issued by that factory's device CA (or, of_installation, by any factory's) and is within
  // its dates now. denied otherwise. Verdicts on signatures are remembered.
  Status accepts(const crypto::Certificate& certificate, const std::string& factory, Issuer issuer) const;

  // Called with every new CA of clients, on the thread that made it.
  void when_changed(std::function<void()> callback) { changed_ = std::move(callback); }

 private:
  struct Authority {
    crypto::Certificate certificate;
    Bytes sealed_key;
    std::string names;  // what a server certificate was made for, joined with ','
  };
  Pki(const PkiDoors& doors, std::string folder) : doors_(doors), folder_(std::move(folder)) {}
  Status load();
  Result<crypto::CertificateAuthority> opened(const std::string& name) const;
  Status store(const std::string& name, Authority authority, const crypto::PrivateKey& key);
  Status issue_server_certificate(const std::vector<std::string>& names, const std::string& joined);
  Result<crypto::TlsContext> tls(std::string_view client_authorities) const;
  Status make_authority(const std::string& name, std::string_view common_name, const std::string& factory);
  bool issued(const crypto::Certificate& certificate, const std::string& factory) const;

  PkiDoors doors_;
  std::string folder_;
  std::string server_ca_pem_;
  mutable std::shared_mutex mutex_;
  std::mutex making_;
  // "server", "server-tls", "device:<factory>", "operator:<factory>"
  std::map<std::string, Authority, std::less<>> authorities_;
  mutable std::unordered_set<std::string> issued_;             // sha256 of certificate and factory: signature verified
  std::function<void()> changed_;
};

}  // namespace rota::server
