// Certificates: the device CA, the server's certificate, certificate requests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "crypto/key.h"

namespace rota::crypto {

// The subject attributes Rota uses (gateway.md 1).
struct Subject {
  std::string common_name;        // device UUID
  std::string organizational_unit;  // factory
  std::string business_category;  // "production" or empty
  bool operator==(const Subject&) const = default;
};

class Certificate {
 public:
  static Result<Certificate> from_pem(std::string_view pem);
  static Result<Certificate> from_der(BytesView der);
  std::string pem() const;
  const Bytes& der() const { return der_; }
  const Subject& subject() const { return subject_; }
  const PublicKey& public_key() const { return *public_key_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }
  std::string serial_hex() const { return serial_hex_; }
  // True when `issuer`'s key signed this certificate and the names match. Says nothing of dates.
  bool issued_by(const Certificate& issuer) const;
  const std::vector<std::string>& dns_names() const { return dns_names_; }

 private:
  Certificate() = default;
  Bytes der_;
  Subject subject_;
  std::optional<PublicKey> public_key_;
  Time not_before_, not_after_;
  std::string serial_hex_;
  std::vector<std::string> dns_names_;
};

// A PKCS#10 request whose self-signature verified.
class CertificateRequest {
 public:
  // bad_input: not PEM, bad self-signature, RSA below 2048 or a curve other than P-256.
  static Result<CertificateRequest> from_pem(std::string_view pem);
  // A device's request: critical KeyUsage digitalSignature, critical EKU clientAuth.
  static Result<std::string> make_pem(const PrivateKey& key, const Subject& subject);
  const Subject& subject() const { return subject_; }
  const PublicKey& public_key() const { return *public_key_; }

 private:
  CertificateRequest() = default;
  Subject subject_;
  std::optional<PublicKey> public_key_;
  Bytes subject_der_;
  friend class CertificateAuthority;
};

class CertificateAuthority {
 public:
  static Result<CertificateAuthority> make(std::string_view common_name, std::string_view organizational_unit, Time now,
                                           Seconds life);
  static Result<CertificateAuthority> open(std::string_view certificate_pem, const SecretBytes& key_pem);
  const Certificate& certificate() const { return certificate_; }
  const PrivateKey& key() const { return key_; }
  // A client certificate with the request's subject, byte for byte, EKU clientAuth, random 128-bit serial.
  Result<Certificate> issue_client(const CertificateRequest& request, Time now, Seconds life) const;
  // A server certificate for these names (DNS, or IP addresses in text), EKU serverAuth.
  Result<Certificate> issue_server(const PublicKey& key, const std::vector<std::string>& names, Time now, Seconds life) const;

 private:
  CertificateAuthority(Certificate certificate, PrivateKey key) : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Certificate certificate_;
  PrivateKey key_;
};

}  // namespace rota::crypto
