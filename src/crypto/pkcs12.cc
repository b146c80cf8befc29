#include "crypto/pkcs12.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "crypto/openssl.h"
#include "crypto/pem.h"

namespace rota::crypto {
namespace {

using BioHandle = std::unique_ptr<BIO, FreedBy<BIO_free_all>>;
using FileHandle = std::unique_ptr<PKCS12, FreedBy<PKCS12_free>>;
using LibraryHandle = std::unique_ptr<OSSL_LIB_CTX, FreedBy<OSSL_LIB_CTX_free>>;
using ProviderHandle = std::unique_ptr<OSSL_PROVIDER, FreedBy<OSSL_PROVIDER_unload>>;

void free_certificates(STACK_OF(X509) * certificates) { sk_X509_pop_free(certificates, X509_free); }
using CertificatesHandle = std::unique_ptr<STACK_OF(X509), FreedBy<free_certificates>>;

// RC2 with 40 bits, which older tools write, is in the library's legacy provider. It is there for this file alone.
struct OldCiphers {
  LibraryHandle library{OSSL_LIB_CTX_new()};
  ProviderHandle usual{OSSL_PROVIDER_load(library.get(), "default")}, legacy{OSSL_PROVIDER_load(library.get(), "legacy")};
};

Result<FileHandle> file_of(BytesView bytes, const OldCiphers& ciphers) {
  PKCS12* file = PKCS12_init_ex(NID_pkcs7_data, ciphers.library.get(), nullptr);
  const unsigned char* at = bytes_of(bytes);
  if (d2i_PKCS12(&file, &at, static_cast<long>(bytes.size())) == nullptr) {
    ERR_clear_error();
    return bad_input("want a PKCS#12 file");
  }
  return FileHandle(file);
}

std::string text_in(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string pem_of(X509* certificate) {
  const BioHandle bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_in(bio.get());
}

SecretBytes pem_of(EVP_PKEY* key) {
  const BioHandle bio(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return SecretBytes(text_in(bio.get()));
}

Result<CertificatesHandle> certificates_in(const std::string& pem) {
  CertificatesHandle all(sk_X509_new_null());
  if (pem.empty()) return all;
  for (const auto& block : TRY(pem_blocks(pem))) {
    const unsigned char* at = bytes_of(block.der.reveal());
    X509* const one = d2i_X509(nullptr, &at, static_cast<long>(block.der.size()));
    if (one == nullptr || sk_X509_push(all.get(), one) == 0) return bad_input("certificate: " + openssl_reason());
  }
  return all;
}

// Encrypted under the empty password, which is no secret: other tools take nothing else.
Result<Bytes> file_with(EVP_PKEY* key, X509* certificate, const std::string& others_pem) {
  const auto others = TRY(certificates_in(others_pem));
  const FileHandle file(PKCS12_create("", nullptr, key, certificate, others.get(), 0, 0, 0, 0, 0));
  if (!file) return io_error("PKCS#12: " + openssl_reason());
  return der_of(file.get(), i2d_PKCS12);
}

}  // namespace

SecretBytes write_pkcs12(const PrivateKey& key, const Certificate& certificate, const std::string& issuers_pem) {
  auto bytes = file_with(key.native().get(), certificate.native().get(), issuers_pem);
  if (!bytes) abort_with(bytes.error().what);
  return SecretBytes(std::move(bytes).value());
}

Result<Bytes> write_trusted_pkcs12(const std::string& trusted_pem) { return file_with(nullptr, nullptr, trusted_pem); }

Result<Pkcs12> read_pkcs12(BytesView bytes) {
  const OldCiphers ciphers;
  const FileHandle file = TRY(file_of(bytes, ciphers));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (PKCS12_parse(file.get(), "", &key, &certificate, &others) != 1)
    return bad_input("PKCS#12: " + openssl_reason(), "only files without a password can be read");
  const KeyHandle owned_key(key);
  const CertificateHandle owned_certificate(certificate);
  const CertificatesHandle owned_others(others);
  Pkcs12 read;
  if (certificate != nullptr) read.certificate_pem = pem_of(certificate);
  std::string& rest = key == nullptr ? read.trusted_pem : read.certificate_pem;
  for (int i = 0; i < sk_X509_num(others); ++i) rest += pem_of(sk_X509_value(others, i));
  if (key != nullptr && certificate == nullptr) return bad_input("PKCS#12: a key without its certificate");
  if (key != nullptr) read.key_pem = pem_of(key);
  if (key == nullptr && read.trusted_pem.empty()) return bad_input("PKCS#12: neither a key nor a certificate is in it");
  return read;
}

}  // namespace rota::crypto
