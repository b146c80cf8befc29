// Files written by another tool (tests/vectors/pkcs12).
#include "crypto/pkcs12.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "crypto/key.h"
#include "crypto/x509.h"

namespace rota::crypto {
namespace {

Bytes file(const std::string& name) {
  PosixFiles files;
  return files.read(std::string(ROTA_SOURCE_DIR "/tests/vectors/pkcs12/") + name, 1u << 16).value();
}

TEST(Pkcs12, GivesAKeyWithItsCertificates) {
  for (const auto* name : {"client_auth.p12", "client_auth_rc2.p12"}) {
    SCOPED_TRACE(name);
    const auto read = read_pkcs12(file(name));
    ASSERT_TRUE(read.ok()) << read.error().what;
    const auto key = PrivateKey::from_pem(read->key_pem);
    ASSERT_TRUE(key.ok()) << key.error().what;
    EXPECT_EQ(key->public_key().type(), KeyType::ecdsa_p256);
    EXPECT_THAT(read->certificate_pem, testing::StartsWith("-----BEGIN CERTIFICATE-----"));
    EXPECT_EQ(read->trusted_pem, "");
  }
}

TEST(Pkcs12, GivesTheCertificatesOfATrustStore) {
  const auto read = read_pkcs12(file("server.p12"));
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(read->trusted_pem, file("ca.pem"));
  EXPECT_EQ(read->certificate_pem, "");
  EXPECT_TRUE(read->key_pem.reveal().empty());
}

TEST(Pkcs12, IsReadAsItWasWritten) {
  const Time now = parse_rfc3339("2027-01-01T00:00:00Z").value();
  const auto authority = CertificateAuthority::make("CA", "acme", now, days(10)).value();
  const auto key = PrivateKey::generate_p256().value();
  const auto request = CertificateRequest::from_pem(CertificateRequest::make_pem(key, Subject{"owner@acme", "acme", ""}).value()).value();
  const auto certificate = authority.issue_client(request, now, days(5)).value();
  const std::string issuer = authority.certificate().pem();
  const auto written = write_pkcs12(key, certificate, issuer);
  const auto read = read_pkcs12(written.reveal());
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_EQ(PrivateKey::from_pem(read->key_pem)->public_key(), key.public_key());
  EXPECT_EQ(read->certificate_pem, certificate.pem() + issuer);
  const auto trusted = read_pkcs12(write_trusted_pkcs12(issuer + certificate.pem()).value());
  ASSERT_TRUE(trusted.ok()) << trusted.error().what;
  EXPECT_EQ(trusted->trusted_pem, issuer + certificate.pem());
  EXPECT_EQ(write_trusted_pkcs12("no certificate").error().fault, Fault::bad_input);
}

TEST(Pkcs12, RefusesOthers) {
  const Bytes good = file("client_auth.p12");
  EXPECT_EQ(read_pkcs12(file("client_auth_password.p12")).error().fault, Fault::bad_input);
  EXPECT_EQ(read_pkcs12("").error().what, "want a PKCS#12 file");
  EXPECT_EQ(read_pkcs12(file("ca.pem")).error().what, "want a PKCS#12 file");
  for (std::size_t size = 0; size < good.size(); size += 37)
    EXPECT_FALSE(read_pkcs12(BytesView(good).substr(0, size)).ok()) << size;
  for (std::size_t i = 0; i < good.size(); i += 11) {
    Bytes turned = good;
    turned[i] = static_cast<char>(turned[i] ^ 0x40);
    const auto read = read_pkcs12(turned);  // its MAC covers all but the outermost structure
    if (!read.ok()) continue;
    EXPECT_EQ(read->certificate_pem, read_pkcs12(good)->certificate_pem) << i;
  }
}

}  // namespace
}  // namespace rota::crypto
