#include "server/pki.h"

#include <mutex>

#include "crypto/hash.h"

namespace rota::server {
namespace {

constexpr Seconds kAuthorityLife = days(3650), kServerLife = days(730), kDeviceLife = days(730),
                  kOperatorLife = days(365), kRenewBefore = days(30);
constexpr std::size_t kVerdicts = 200'000;
constexpr std::string_view kServer = "server", kServerTls = "server-tls", kDevice = "device:", kOperator = "operator:";

std::string sealed_for(const std::string& name) {
  return "pki/" + name;
}

}  // namespace

Result<std::unique_ptr<Pki>> Pki::open(const PkiDoors& doors, const std::string& folder) {
  std::unique_ptr<Pki> pki(new Pki(doors, folder));
  TRY(
      doors.db.migrate({"CREATE TABLE authorities (name TEXT PRIMARY KEY, certificate TEXT NOT NULL,"
                        " sealed_key BLOB NOT NULL, names TEXT NOT NULL, created_at INTEGER NOT NULL)"}));
  TRY(make_folders(doors.files, folder, 0700));
  TRY(pki->load());
  return pki;
}

Status Pki::load() {
  for (const auto& row : TRY(doors_.db.query("SELECT name, certificate, sealed_key, names FROM authorities"))) {
    auto certificate = TRY_IN("pki: " + row.text(0), crypto::Certificate::from_pem(row.text(1)));
    const auto checked = crypto::unseal(doors_.seal_key, sealed_for(row.text(0)), row.text(2));
    if (!checked)
      return rejected("seal key: does not open '" + row.text(0) + "' of this data folder",
                      "give the --seal-key it was made with");
    authorities_.insert_or_assign(row.text(0), Authority{std::move(certificate), row.text(2), row.text(3)});
  }
  return {};
}

Result<crypto::CertificateAuthority> Pki::opened(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  const auto found = authorities_.find(name);
  if (found == authorities_.end()) return not_found("certificate authority '" + name + "': does not exist");
  const auto key = TRY(crypto::unseal(doors_.seal_key, sealed_for(name), found->second.sealed_key));
  return crypto::CertificateAuthority::open(found->second.certificate.pem(), key);
}

Status Pki::store(const std::string& name, Authority authority, const crypto::PrivateKey& key) {
  const auto pem = key.pkcs8_pem();
  authority.sealed_key = crypto::seal(doors_.seal_key, sealed_for(name), pem.reveal());
  TRY(doors_.db.execute(
      "INSERT OR REPLACE INTO authorities (name, certificate, sealed_key, names, created_at) VALUES (?,?,?,?,?)",
      {name, authority.certificate.pem(), store::Blob{authority.sealed_key}, authority.names,
       doors_.clock.now().time_since_epoch().count()}));
  const std::unique_lock lock(mutex_);
  authorities_.insert_or_assign(name, std::move(authority));
  return {};
}

Status Pki::prepare_server(const std::vector<std::string>& names) {
  const Time now = doors_.clock.now();
  if (!authorities_.contains(kServer)) {
    const auto made = TRY(crypto::CertificateAuthority::make("Rota server CA", "", now, kAuthorityLife));
    TRY(store(std::string(kServer), {made.certificate(), {}, {}}, made.key()));
  }
  server_ca_pem_ = authorities_.find(kServer)->second.certificate.pem();
  std::string joined;
  for (const auto& name : names) joined += (joined.empty() ? "" : ",") + name;
  const auto present = authorities_.find(kServerTls);
  const bool good = present != authorities_.end() && present->second.names == joined &&
                    present->second.certificate.not_after() > now + kRenewBefore;
  if (!good) TRY(issue_server_certificate(names, joined));
  return replace_file(doors_.files, server_ca_path(), server_ca_pem_, 0644);
}

Status Pki::issue_server_certificate(const std::vector<std::string>& names, const std::string& joined) {
  const auto authority = TRY(opened(std::string(kServer)));
  const auto key = TRY(crypto::PrivateKey::generate_p256());
  auto certificate = TRY(authority.issue_server(key.public_key(), names, doors_.clock.now(), kServerLife));
  return store(std::string(kServerTls), {std::move(certificate), {}, joined}, key);
}

// `client_authorities`: what the names of those begin with whose client certificates are asked for.
Result<crypto::TlsContext> Pki::tls(std::string_view client_authorities) const {
  const std::shared_lock lock(mutex_);
  const auto& identity = authorities_.find(kServerTls)->second;
  crypto::TlsServerOptions options;
  options.certificate_chain_pem = identity.certificate.pem() + server_ca_pem_;
  options.key_pem = TRY(crypto::unseal(doors_.seal_key, sealed_for(std::string(kServerTls)), identity.sealed_key));
  for (const auto& [name, authority] : authorities_)
    if (name.starts_with(client_authorities)) options.client_ca_pem += authority.certificate.pem();
  return crypto::TlsContext::server(options);
}

Result<crypto::TlsContext> Pki::api_tls() const { return tls(kOperator); }
Result<crypto::TlsContext> Pki::gateway_tls() const { return tls(kDevice); }

Status Pki::make_authority(const std::string& name, std::string_view common_name, const std::string& factory) {
  const std::lock_guard making(making_);
  {
    const std::shared_lock lock(mutex_);
    if (authorities_.contains(name)) return {};
  }
  const auto made = TRY(crypto::CertificateAuthority::make(common_name, factory, doors_.clock.now(), kAuthorityLife));
  TRY(store(name, {made.certificate(), {}, {}}, made.key()));
  if (changed_) changed_();
  return {};
}

Status Pki::make_device_ca(const std::string& factory) {
  return make_authority(std::string(kDevice) + factory, "Rota device CA", factory);
}

Result<Pki::Identity> Pki::issue_operator(const std::string& factory, const std::string& user) {
  const std::string name = std::string(kOperator) + factory;
  TRY(make_authority(name, "Rota operator CA", factory));
  const auto authority = TRY(opened(name));
  auto key = TRY(crypto::PrivateKey::generate_p256());
  const auto pem = TRY(crypto::CertificateRequest::make_pem(key, crypto::Subject{user, factory, ""}));
  const auto request = TRY(crypto::CertificateRequest::from_pem(pem));
  auto certificate = TRY(authority.issue_client(request, doors_.clock.now(), kOperatorLife));
  return Identity{std::move(key), std::move(certificate), authority.certificate().pem()};
}

Result<crypto::Certificate> Pki::device_ca(const std::string& factory) const {
  const std::shared_lock lock(mutex_);
  const auto found = authorities_.find(std::string(kDevice) + factory);
  if (found == authorities_.end()) return not_found("device CA of '" + factory + "': does not exist");
  return found->second.certificate;
}

Result<crypto::Certificate> Pki::issue_device(const std::string& factory,
                                              const crypto::CertificateRequest& request) const {
  const auto authority = TRY(opened(std::string(kDevice) + factory));
  return authority.issue_client(request, doors_.clock.now(), kDeviceLife);
}

bool Pki::issued(const crypto::Certificate& certificate, const std::string& factory) const {
  const std::string verdict = crypto::sha256(certificate.der()) + factory;
  {
    const std::shared_lock lock(mutex_);
    if (issued_.contains(verdict)) return true;
    const auto authority = authorities_.find(std::string(kDevice) + factory);
    if (authority == authorities_.end() || !certificate.issued_by(authority->second.certificate)) return false;
  }
  const std::unique_lock lock(mutex_);
  if (issued_.size() >= kVerdicts) issued_.clear();
  issued_.insert(verdict);
  return true;
}

Status Pki::accepts(const crypto::Certificate& certificate, const std::string& factory, Issuer issuer) const {
  const Time now = doors_.clock.now();
  if (now > certificate.not_after() || now < certificate.not_before())
    return denied("device certificate: out of its dates");
  if (issued(certificate, factory)) return {};
  if (issuer == Issuer::of_installation) {
    std::vector<std::string> factories;
    {
      const std::shared_lock lock(mutex_);
      for (const auto& [name, authority] : authorities_)
        if (name.starts_with(kDevice)) factories.push_back(name.substr(kDevice.size()));
    }
    for (const auto& other : factories)
      if (issued(certificate, other)) return {};
  }
  return denied("device certificate: not issued by a CA of factory '" + factory + "'");
}

}  // namespace rota::server
