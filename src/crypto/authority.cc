#include <openssl/asn1.h>

#include "crypto/hash.h"
#include "crypto/openssl.h"
#include "crypto/x509.h"
#include "crypto/x509_name.h"

namespace rota::crypto {
namespace {

constexpr Seconds kClocksBehind = std::chrono::hours(1);
constexpr std::size_t kMaxCommonName = 64;  // X.520 ub-common-name

using GeneralNames = std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>>;
using GeneralName = std::unique_ptr<GENERAL_NAME, FreedBy<GENERAL_NAME_free>>;
using OctetString = std::unique_ptr<ASN1_OCTET_STRING, FreedBy<ASN1_OCTET_STRING_free>>;

struct Extension {
  int nid;
  const char* value;
};

struct Validity {
  Time from, until;
};

Error failed() {
  return io_error("new certificate: " + openssl_reason());
}

Status set_serial(X509* certificate) {
  const Bytes raw = random_bytes(16);
  const BignumHandle number(BN_bin2bn(bytes_of(BytesView(raw)), 16, nullptr));
  if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate))) return failed();
  return {};
}

// Everything but the subject's own: version 3, serial, dates and key.
Result<CertificateHandle> blank(const PublicKey& key, Validity validity) {
  CertificateHandle certificate(X509_new());
  X509* const x509 = certificate.get();
  if (X509_set_version(x509, X509_VERSION_3) != 1 || X509_set_pubkey(x509, key.native().get()) != 1) return failed();
  TRY(set_serial(x509));
  if (!ASN1_TIME_set(X509_getm_notBefore(x509), validity.from.time_since_epoch().count()) ||
      !ASN1_TIME_set(X509_getm_notAfter(x509), validity.until.time_since_epoch().count()))
    return bad_input("new certificate: a date outside the calendar of X.509");
  return certificate;
}

Status extend(X509* certificate, X509* issuer, std::initializer_list<Extension> extensions) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    const ExtensionHandle extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
    if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1) return failed();
  }
  return {};
}

Result<Certificate> sealed_by(const PrivateKey& key, CertificateHandle certificate) {
  const EVP_MD* digest = key.public_key().type() == KeyType::ed25519 ? nullptr : sha256_algorithm();
  if (X509_sign(certificate.get(), key.native().get(), digest) <= 0) return failed();
  return Certificate::from_der(der_of(certificate.get(), i2d_X509));
}

Validity validity_under(const Certificate& ca, Time now, Seconds life) {
  return {now - kClocksBehind, std::min(now + life, ca.not_after())};
}

bool is_dns_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
  if (name.starts_with("*.")) name.remove_prefix(2);
  return !name.empty() && name.size() <= 253 && name.find_first_not_of(allowed) == std::string_view::npos;
}

Result<GeneralName> general_name(const std::string& name) {
  GeneralName general(GENERAL_NAME_new());
  if (OctetString address(a2i_IPADDRESS(name.c_str())); address) {
    GENERAL_NAME_set0_value(general.get(), GEN_IPADD, address.release());
    return general;
  }
  ERR_clear_error();
  if (!is_dns_name(name))
    return bad_input("server certificate: '" + name + "' is neither a DNS name nor an IP address");
  ASN1_IA5STRING* text = ASN1_IA5STRING_new();
  GENERAL_NAME_set0_value(general.get(), GEN_DNS, text);
  if (ASN1_STRING_set(text, name.data(), static_cast<int>(name.size())) != 1) return failed();
  return general;
}

Status add_names(X509* certificate, const std::vector<std::string>& names) {
  const GeneralNames all(sk_GENERAL_NAME_new_null());
  for (const std::string& name : names) {
    GeneralName general = TRY(general_name(name));
    if (sk_GENERAL_NAME_push(all.get(), general.get()) == 0) return failed();
    general.release();  // the stack's now
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, all.get(), 0, X509V3_ADD_DEFAULT) != 1) return failed();
  return {};
}

Result<NameHandle> name_from_der(const Bytes& der) {
  const unsigned char* at = bytes_of(BytesView(der));
  NameHandle name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));  // keeps the bytes it was read from
  if (!name) return failed();
  return name;
}

}  // namespace

Result<CertificateAuthority> CertificateAuthority::make(std::string_view common_name,
                                                        std::string_view organizational_unit, Time now, Seconds life) {
  PrivateKey key = TRY(PrivateKey::generate_p256());
  const NameHandle name = TRY(name_of(Subject{std::string(common_name), std::string(organizational_unit), {}}));
  CertificateHandle certificate = TRY(blank(key.public_key(), {now - kClocksBehind, now + life}));
  X509* const x509 = certificate.get();
  if (X509_set_subject_name(x509, name.get()) != 1 || X509_set_issuer_name(x509, name.get()) != 1) return failed();
  TRY(extend(x509, x509,
             {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
              {NID_key_usage, "critical,keyCertSign,cRLSign"},
              {NID_subject_key_identifier, "hash"},
              {NID_authority_key_identifier, "keyid:always"}}));
  auto made = TRY(sealed_by(key, std::move(certificate)));
  return CertificateAuthority(std::move(made), std::move(key));
}

Result<CertificateAuthority> CertificateAuthority::open(std::string_view certificate_pem, const SecretBytes& key_pem) {
  auto certificate = TRY(Certificate::from_pem(certificate_pem));
  auto key = TRY(PrivateKey::from_pem(key_pem));
  if (!(key.public_key() == certificate.public_key())) return bad_input("CA: the key is not the certificate's");
  if (X509_check_ca(certificate.native().get()) != 1) return bad_input("CA: the certificate is not a CA's");
  return CertificateAuthority(std::move(certificate), std::move(key));
}

Result<Certificate> CertificateAuthority::issue_client(const CertificateRequest& request, Time now,
                                                       Seconds life) const {
  const NameHandle subject = TRY(name_from_der(request.subject_der_));
  CertificateHandle certificate = TRY(blank(request.public_key(), validity_under(certificate_, now, life)));
  X509* const x509 = certificate.get();
  X509* const issuer = certificate_.native().get();
  if (X509_set_subject_name(x509, subject.get()) != 1 || X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1)
    return failed();
  TRY(extend(x509, issuer,
             {{NID_basic_constraints, "critical,CA:FALSE"},
              {NID_key_usage, "critical,digitalSignature"},
              {NID_ext_key_usage, "clientAuth"},
              {NID_subject_key_identifier, "hash"},
              {NID_authority_key_identifier, "keyid"}}));
  return sealed_by(key_, std::move(certificate));
}

Result<Certificate> CertificateAuthority::issue_server(const PublicKey& key, const std::vector<std::string>& names,
                                                       Time now, Seconds life) const {
  if (names.empty()) return bad_input("server certificate: no name");
  const std::string& first = names.front();
  const NameHandle subject = TRY(name_of(Subject{first.size() <= kMaxCommonName ? first : std::string(), {}, {}}));
  CertificateHandle certificate = TRY(blank(key, validity_under(certificate_, now, life)));
  X509* const x509 = certificate.get();
  X509* const issuer = certificate_.native().get();
  if (X509_set_subject_name(x509, subject.get()) != 1 || X509_set_issuer_name(x509, X509_get_subject_name(issuer)) != 1)
    return failed();
  TRY(add_names(x509, names));
  TRY(extend(x509, issuer,
             {{NID_basic_constraints, "critical,CA:FALSE"},
              {NID_key_usage, "critical,digitalSignature"},
              {NID_ext_key_usage, "serverAuth"},
              {NID_subject_key_identifier, "hash"},
              {NID_authority_key_identifier, "keyid"}}));
  return sealed_by(key_, std::move(certificate));
}

}  // namespace rota::crypto
