#include "crypto/x509.h"

#include <ctime>

#include "crypto/openssl.h"
#include "crypto/pem.h"
#include "crypto/x509_name.h"

namespace rota::crypto {
namespace {

constexpr std::size_t kMaxDer = 64 * 1024;

struct Attribute {
  int nid;
  std::string Subject::*member;
};
constexpr Attribute kAttributes[] = {{NID_commonName, &Subject::common_name},
                                     {NID_organizationalUnitName, &Subject::organizational_unit},
                                     {NID_businessCategory, &Subject::business_category}};

Result<std::string> attribute_of(const X509_NAME* name, int nid) {
  const int at = X509_NAME_get_index_by_NID(name, nid, -1);
  if (at < 0) return std::string();
  if (X509_NAME_get_index_by_NID(name, nid, at) >= 0)
    return bad_input("subject: '" + std::string(OBJ_nid2sn(nid)) + "' is there twice");
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return bad_input("subject: '" + std::string(OBJ_nid2sn(nid)) + "' is no text");
  std::string value(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return value;
}

Result<Time> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return bad_input("certificate: broken date");
  return Time(Seconds(timegm(&parts)));
}

std::string hex_of(const ASN1_INTEGER* number) {
  const BignumHandle value(ASN1_INTEGER_to_BN(number, nullptr));
  if (!value) abort_with("serial: " + openssl_reason());
  Bytes raw(static_cast<std::size_t>(BN_num_bytes(value.get())), '\0');
  BN_bn2bin(value.get(), bytes_of(raw));
  return hex(raw);
}

std::vector<std::string> dns_names_of(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    found.emplace_back(text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return found;
}

Result<PublicKey> shared_key_of(EVP_PKEY* key) {
  if (!key) return bad_input("public key: " + openssl_reason());
  EVP_PKEY_up_ref(key);
  auto read = TRY(PublicKey::from_native(std::make_shared<NativeKey>(KeyHandle(key))));
  if (read.type() == KeyType::ecdsa_p384) return bad_input("public key: want RSA, P-256 or Ed25519, got P-384");
  return read;
}

Status add_extension(STACK_OF(X509_EXTENSION) * to, int nid, const char* value) {
  ExtensionHandle extension(X509V3_EXT_nconf_nid(nullptr, nullptr, nid, value));
  if (!extension || sk_X509_EXTENSION_push(to, extension.get()) == 0)
    return io_error("certificate request: " + openssl_reason());
  extension.release();  // the stack's now
  return {};
}

void free_extensions(STACK_OF(X509_EXTENSION) * all) {
  sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
}

Status add_device_extensions(X509_REQ* request) {
  const std::unique_ptr<STACK_OF(X509_EXTENSION), FreedBy<free_extensions>> all(sk_X509_EXTENSION_new_null());
  TRY(add_extension(all.get(), NID_key_usage, "critical,digitalSignature"));
  TRY(add_extension(all.get(), NID_ext_key_usage, "critical,clientAuth"));
  if (X509_REQ_add_extensions(request, all.get()) != 1) return io_error("certificate request: " + openssl_reason());
  return {};
}

}  // namespace

Result<Subject> subject_of(const X509_NAME* name) {
  Subject subject;
  for (const auto& [nid, member] : kAttributes) subject.*member = TRY(attribute_of(name, nid));
  return subject;
}

Result<NameHandle> name_of(const Subject& subject) {
  NameHandle name(X509_NAME_new());
  for (const auto& [nid, member] : kAttributes) {
    const std::string& value = subject.*member;
    if (value.empty()) continue;
    if (X509_NAME_add_entry_by_NID(name.get(), nid, MBSTRING_UTF8, bytes_of(BytesView(value)),
                                   static_cast<int>(value.size()), -1, 0) != 1)
      return bad_input("subject: '" + std::string(OBJ_nid2sn(nid)) + "': " + openssl_reason());
  }
  return name;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  for (const PemBlock& block : TRY_IN("certificate", pem_blocks(pem)))
    if (block.label == "CERTIFICATE") return from_der(block.der.reveal());
  return bad_input("certificate: no CERTIFICATE block");
}

Result<Certificate> Certificate::from_der(BytesView der) {
  if (der.size() > kMaxDer) return bad_input("certificate: longer than 64 KiB");
  const unsigned char* at = bytes_of(der);
  CertificateHandle handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!handle) return bad_input("certificate: " + openssl_reason());
  if (at != bytes_of(der) + der.size()) return bad_input("certificate: bytes after its end");
  return from_native(std::make_shared<NativeCertificate>(std::move(handle)));
}

Result<Certificate> Certificate::from_native(std::shared_ptr<const NativeCertificate> native) {
  const X509* const x509 = native->get();
  Certificate certificate;
  certificate.subject_ = TRY_IN("certificate", subject_of(X509_get_subject_name(x509)));
  certificate.public_key_ = TRY_IN("certificate", shared_key_of(X509_get0_pubkey(x509)));
  certificate.not_before_ = TRY(time_of(X509_get0_notBefore(x509)));
  certificate.not_after_ = TRY(time_of(X509_get0_notAfter(x509)));
  certificate.serial_hex_ = hex_of(X509_get0_serialNumber(x509));
  certificate.dns_names_ = dns_names_of(x509);
  certificate.der_ = der_of(x509, i2d_X509);
  certificate.native_ = std::move(native);
  return certificate;
}

std::string Certificate::pem() const {
  return pem_text("CERTIFICATE", der_);
}

bool Certificate::issued_by(const Certificate& issuer) const {
  X509* const issued = native_->get();
  X509* const by = issuer.native_->get();
  const bool names_match = X509_NAME_cmp(X509_get_issuer_name(issued), X509_get_subject_name(by)) == 0;
  const bool signed_by = names_match && X509_verify(issued, X509_get0_pubkey(by)) == 1;
  ERR_clear_error();
  return signed_by;
}

Result<CertificateRequest> CertificateRequest::from_pem(std::string_view pem) {
  const auto blocks = TRY_IN("certificate request", pem_blocks(pem));
  if (blocks.size() != 1 || (blocks[0].label != "CERTIFICATE REQUEST" && blocks[0].label != "NEW CERTIFICATE REQUEST"))
    return bad_input("certificate request: want one CERTIFICATE REQUEST block, got '" + blocks[0].label + "'");
  return from_der(blocks[0].der.reveal());
}

Result<CertificateRequest> CertificateRequest::from_der(BytesView der) {
  if (der.size() > kMaxDer) return bad_input("certificate request: longer than 64 KiB");
  const unsigned char* at = bytes_of(der);
  const RequestHandle handle(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!handle) return bad_input("certificate request: " + openssl_reason());
  if (at != bytes_of(der) + der.size()) return bad_input("certificate request: bytes after its end");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(handle.get());
  CertificateRequest request;
  request.public_key_ = TRY_IN("certificate request", shared_key_of(key));
  if (X509_REQ_verify(handle.get(), key) != 1)
    return bad_input("certificate request: its own signature does not verify: " + openssl_reason());
  const X509_NAME* name = X509_REQ_get_subject_name(handle.get());
  request.subject_ = TRY_IN("certificate request", subject_of(name));
  request.subject_der_ = der_of(name, i2d_X509_NAME);
  return request;
}

Result<std::string> CertificateRequest::make_pem(const PrivateKey& key, const Subject& subject) {
  const NameHandle name = TRY_IN("certificate request", name_of(subject));
  const RequestHandle request(X509_REQ_new());
  EVP_PKEY* const native = key.native().get();
  if (X509_REQ_set_subject_name(request.get(), name.get()) != 1 || X509_REQ_set_pubkey(request.get(), native) != 1)
    return io_error("certificate request: " + openssl_reason());
  TRY(add_device_extensions(request.get()));
  const EVP_MD* digest = key.public_key().type() == KeyType::ed25519 ? nullptr : sha256_algorithm();
  if (X509_REQ_sign(request.get(), native, digest) <= 0) return io_error("certificate request: " + openssl_reason());
  return pem_text("CERTIFICATE REQUEST", der_of(request.get(), i2d_X509_REQ));
}

}  // namespace rota::crypto
