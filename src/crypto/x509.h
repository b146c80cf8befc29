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
  std::string common_name;          // device UUID
  std::string organizational_unit;  // factory
  std::string business_category;    // "production" or empty
  bool operator==(const Subject&) const = default;
};

struct NativeCertificate;  // the library's certificate; its insides are known to this folder only

// Read, not trusted: who issued it and when it ends is the caller's question. Copies share one immutable certificate.
class Certificate {
 public:
  // The first CERTIFICATE block. bad_input: not PEM or DER, a key PublicKey refuses (RSA below 2048, another curve), or
  // a subject that names one attribute twice.
  static Result<Certificate> from_pem(std::string_view pem);
  static Result<Certificate> from_der(BytesView der);
  std::string pem() const;
  const Bytes& der() const { return der_; }
  const Subject& subject() const { return subject_; }
  const PublicKey& public_key() const { return *public_key_; }
  Time not_before() const { return not_before_; }
  Time not_after() const { return not_after_; }
  std::string serial_hex() const { return serial_hex_; }  // lower case, without leading zeros
  // True when `issuer`'s key signed this certificate and the names match. Says nothing of dates.
  bool issued_by(const Certificate& issuer) const;
  const std::vector<std::string>& dns_names() const { return dns_names_; }

  // For this folder.
  static Result<Certificate> from_native(std::shared_ptr<const NativeCertificate> native);
  const NativeCertificate& native() const { return *native_; }

 private:
  Certificate() = default;
  std::shared_ptr<const NativeCertificate> native_;
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
  // bad_input: not PEM, bad self-signature, RSA below 2048 or a curve other than P-256, an attribute of the subject
  // twice.
  static Result<CertificateRequest> from_pem(std::string_view pem);
  static Result<CertificateRequest> from_der(BytesView der);
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

// Issues certificates that begin an hour before `now`, for clocks that are behind, and never outlive the CA's own.
class CertificateAuthority {
 public:
  // A self-signed CA over a new P-256 key; it may issue no further CA. bad_input for a name longer than 64 characters.
  static Result<CertificateAuthority> make(std::string_view common_name, std::string_view organizational_unit, Time now,
                                           Seconds life);
  // bad_input when the key is not the certificate's, or the certificate is not a CA's.
  static Result<CertificateAuthority> open(std::string_view certificate_pem, const SecretBytes& key_pem);
  const Certificate& certificate() const { return certificate_; }
  const PrivateKey& key() const { return key_; }
  // A client certificate with the request's subject, byte for byte, critical KeyUsage digitalSignature, EKU clientAuth
  // and a random 128-bit serial. What else the request asks for is ignored.
  Result<Certificate> issue_client(const CertificateRequest& request, Time now, Seconds life) const;
  // A server certificate for these names (DNS, or IP addresses in text), EKU serverAuth. bad_input for no or a broken
  // name.
  Result<Certificate> issue_server(const PublicKey& key, const std::vector<std::string>& names, Time now,
                                   Seconds life) const;

 private:
  CertificateAuthority(Certificate certificate, PrivateKey key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Certificate certificate_;
  PrivateKey key_;
};

}  // namespace rota::crypto
