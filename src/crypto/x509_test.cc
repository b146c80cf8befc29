#include "crypto/x509.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "crypto/pem.h"

namespace rota::crypto {
namespace {

const Time kNow = SystemClock().now();
const Subject kDevice{"2c5e8f0a-6d1b-4d1f-8f5e-b0a4f5b6b2f3", "acme", "production"};

// OpenSSL's own command as the second opinion on what we issue.
class OpensslVerify : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/rota-x509-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    for (const auto& name : files_.list(folder_).value()) ASSERT_TRUE(files_.remove(folder_ + "/" + name).ok());
    ASSERT_EQ(rmdir(folder_.c_str()), 0);
  }
  std::string file(const std::string& name, BytesView bytes) {
    const std::string path = folder_ + "/" + name;
    if (!files_.create(path, bytes, 0600).ok()) abort_with("cannot write " + path);
    return path;
  }
  int exit_code_of(std::vector<std::string> command) {
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    if (error != 0 || waitpid(child, &status, 0) != child) abort_with("cannot run openssl");
    return WEXITSTATUS(status);
  }

  PosixFiles files_;
  std::string folder_;
};

CertificateAuthority new_ca() {
  return CertificateAuthority::make("Devices of acme", "acme", kNow, days(3650)).value();
}

CertificateRequest request_of(const Subject& subject) {
  const PrivateKey key = PrivateKey::generate_p256().value();
  return CertificateRequest::from_pem(CertificateRequest::make_pem(key, subject).value()).value();
}

TEST_F(OpensslVerify, AcceptsAClientCertificate) {
  const auto ca = new_ca();
  const auto certificate = ca.issue_client(request_of(kDevice), kNow, days(730));
  ASSERT_TRUE(certificate.ok()) << certificate.error().what;
  const std::string root = file("ca.pem", ca.certificate().pem()), leaf = file("client.pem", certificate->pem());
  EXPECT_EQ(exit_code_of({"openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", root, leaf}), 0);
  EXPECT_NE(exit_code_of({"openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, leaf}), 0);
}

TEST_F(OpensslVerify, AcceptsAServerCertificateForItsNamesOnly) {
  const auto ca = new_ca();
  const PrivateKey key = PrivateKey::generate_rsa(2048).value();
  const auto certificate = ca.issue_server(key.public_key(), {"gw.example", "127.0.0.1", "::1"}, kNow, days(90));
  ASSERT_TRUE(certificate.ok()) << certificate.error().what;
  EXPECT_EQ(certificate->dns_names(), std::vector<std::string>{"gw.example"});
  const std::string root = file("ca.pem", ca.certificate().pem()), leaf = file("server.pem", certificate->pem());
  const auto code_for = [&](const char* option, const char* name) {
    return exit_code_of(
        {"openssl", "verify", "-x509_strict", "-purpose", "sslserver", option, name, "-CAfile", root, leaf});
  };
  EXPECT_EQ(code_for("-verify_hostname", "gw.example"), 0);
  EXPECT_EQ(code_for("-verify_ip", "127.0.0.1"), 0);
  EXPECT_EQ(code_for("-verify_ip", "::1"), 0);
  EXPECT_NE(code_for("-verify_hostname", "other.example"), 0);
  EXPECT_NE(code_for("-verify_ip", "127.0.0.2"), 0);
}

TEST_F(OpensslVerify, ReadsTheRequestWeMake) {
  const PrivateKey key = PrivateKey::generate_p256().value();
  const std::string request = file("device.csr", CertificateRequest::make_pem(key, kDevice).value());
  EXPECT_EQ(exit_code_of({"openssl", "req", "-in", request, "-noout", "-verify"}), 0);
}

TEST(Certificate, CarriesSubjectKeyAndDates) {
  const auto ca = new_ca();
  const auto request = request_of(kDevice);
  const auto certificate = ca.issue_client(request, kNow, days(730)).value();
  EXPECT_EQ(certificate.subject(), kDevice);
  EXPECT_TRUE(certificate.public_key() == request.public_key());
  EXPECT_EQ(certificate.not_after(), kNow + days(730));
  EXPECT_LT(certificate.not_before(), kNow);
  EXPECT_TRUE(Certificate::from_pem(certificate.pem())->der() == certificate.der());
}

TEST(Certificate, NamesItsUsesAsClientsExpectThem) {
  const auto certificate = new_ca().issue_client(request_of(kDevice), kNow, days(1)).value();
  const std::string der = hex(certificate.der());
  EXPECT_NE(der.find("0603551d0f0101ff040403020780"), std::string::npos) << "critical KeyUsage, 03 02 07 80";
  EXPECT_NE(der.find("0603551d25040c300a06082b06010505070302"), std::string::npos) << "EKU clientAuth";
  EXPECT_NE(der.find("060355040f"), std::string::npos) << "businessCategory is 2.5.4.15";
}

TEST(Certificate, HasASerialOfItsOwn) {
  const auto ca = new_ca();
  const auto request = request_of(kDevice);
  const auto first = ca.issue_client(request, kNow, days(1)).value(),
             second = ca.issue_client(request, kNow, days(1)).value();
  EXPECT_NE(first.serial_hex(), second.serial_hex());
  EXPECT_GE(first.serial_hex().size(), 24u);
}

TEST(Certificate, NeverOutlivesItsCa) {
  const auto ca = CertificateAuthority::make("short", "", kNow, days(10)).value();
  EXPECT_EQ(ca.issue_client(request_of(kDevice), kNow, days(730))->not_after(), kNow + days(10));
}

TEST(Certificate, RefusesWhatIsNone) {
  const auto ca = new_ca();
  EXPECT_FALSE(Certificate::from_pem("").ok());
  EXPECT_FALSE(Certificate::from_pem(ca.key().public_key().pem()).ok());
  EXPECT_FALSE(Certificate::from_der(ca.certificate().der() + '\0').ok());
  EXPECT_FALSE(Certificate::from_der(BytesView(ca.certificate().der()).substr(1)).ok());
}

TEST(IssuedBy, AcceptsTheSignerOnlyAndNotItsNamesake) {
  const auto ca = new_ca(), namesake = new_ca();
  const auto other = CertificateAuthority::make("other", "acme", kNow, days(1)).value();
  const auto certificate = ca.issue_client(request_of(kDevice), kNow, days(1)).value();
  EXPECT_TRUE(certificate.issued_by(ca.certificate()));
  EXPECT_TRUE(ca.certificate().issued_by(ca.certificate()));
  EXPECT_FALSE(certificate.issued_by(namesake.certificate()));
  EXPECT_FALSE(certificate.issued_by(other.certificate()));
}

TEST(CertificateAuthority, OpensWithItsOwnKeyOnly) {
  const auto ca = new_ca();
  const auto opened = CertificateAuthority::open(ca.certificate().pem(), ca.key().pkcs8_pem());
  ASSERT_TRUE(opened.ok()) << opened.error().what;
  EXPECT_TRUE(opened->issue_client(request_of(kDevice), kNow, days(1))->issued_by(ca.certificate()));
  EXPECT_FALSE(CertificateAuthority::open(ca.certificate().pem(), new_ca().key().pkcs8_pem()).ok());
}

TEST(CertificateAuthority, RefusesALeafCertificate) {
  const PrivateKey key = PrivateKey::generate_p256().value();
  const auto leaf = new_ca().issue_server(key.public_key(), {"gw.example"}, kNow, days(1)).value();
  EXPECT_FALSE(CertificateAuthority::open(leaf.pem(), key.pkcs8_pem()).ok());
}

TEST(CertificateAuthority, RefusesNamesThatAreNone) {
  const auto ca = new_ca();
  const PublicKey key = PrivateKey::generate_p256()->public_key();
  EXPECT_FALSE(ca.issue_server(key, {}, kNow, days(1)).ok());
  for (const std::string name : {"", "a b", "a,DNS:b", "a/b", "*", "*.", "a.*.b"})
    EXPECT_FALSE(ca.issue_server(key, {"gw.example", name}, kNow, days(1)).ok()) << name;
  EXPECT_FALSE(CertificateAuthority::make(std::string(65, 'x'), "", kNow, days(1)).ok());
}

TEST(CertificateRequest, CarriesSubjectAndKey) {
  const PrivateKey key = PrivateKey::generate_p256().value();
  for (const Subject& subject : {kDevice, Subject{"gw-7", "acme", ""}, Subject{"gw-7", "", ""}}) {
    const auto request = CertificateRequest::from_pem(CertificateRequest::make_pem(key, subject).value());
    ASSERT_TRUE(request.ok()) << request.error().what;
    EXPECT_EQ(request->subject(), subject);
    EXPECT_TRUE(request->public_key() == key.public_key());
  }
}

// Made by `openssl req`: C=DE, CN=2c5e8f0a-…, OU=acme, businessCategory=production, O=x.
constexpr std::string_view kOddSubject =
    "-----BEGIN CERTIFICATE REQUEST-----\nMIIBKDCBzgIBADBsMQswCQYDVQQGEwJERTEtMCsGA1UEAwwkMmM1ZThmMGEtNmQx\n"
    "Yi00ZDFmLThmNWUtYjBhNGY1YjZiMmYzMQ0wCwYDVQQLDARhY21lMRMwEQYDVQQP\n"
    "DApwcm9kdWN0aW9uMQowCAYDVQQKDAF4MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"
    "QgAEvEh93aS4ChS4IPIITAIGV+FfmS3TFO0AZcTJQkrKeXxSzD0EQHWVrVBlwABl\n"
    "yQBozKipQSCWyB1xwCSVaxPb+aAAMAoGCCqGSM49BAMCA0kAMEYCIQCUIyCO1CIX\n"
    "NXUdjAvZLpDzrVg+kxKyEsd3jJAYYn6ZGwIhANJl5Q1v7CUvumlvzWmpvxzMh0wO\n"
    "+8Nd9HKbaI1KSeB0\n-----END CERTIFICATE REQUEST-----\n";

TEST(CertificateRequest, RefusesAP384Key) {
  const auto request = CertificateRequest::from_pem(
      "-----BEGIN CERTIFICATE REQUEST-----\n"
      "MIIBCTCBkAIBADARMQ8wDQYDVQQDDAZkZXZpY2UwdjAQBgcqhkjOPQIBBgUrgQQA\n"
      "IgNiAASxN+ro9QXrORS4B41dDjqMl4FzZub7BBjO7c9PHlDoNquvUqlrHYRhX/XD\n"
      "pD2SpAeFI2zt3AQDQDw+pDHfWY7w+W9I9uSU2cS8GpZgM37/YvzmHilDr7ypV9IY\n"
      "UsRR+f2gADAKBggqhkjOPQQDAgNoADBlAjBGCP5w5V5qd3Suh23zGuz5TuWHEtcM\n"
      "YnOD5Jd0P8uc3VuiQb/ObksU2nNLKOIqMSwCMQDUO8TQW7z8Bh63zrc2K4qToNKd\n"
      "7t/ayojQKupeiVjBl/vApNFApRBxbTV136SvBqo=\n"
      "-----END CERTIFICATE REQUEST-----\n");
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().what, "certificate request: public key: want RSA, P-256 or Ed25519, got P-384");
}

TEST(CertificateRequest, KeepsItsSubjectByteForByte) {
  const auto request = CertificateRequest::from_pem(kOddSubject);
  ASSERT_TRUE(request.ok()) << request.error().what;
  EXPECT_EQ(request->subject(), kDevice);
  const auto certificate = new_ca().issue_client(*request, kNow, days(1)).value();
  const auto asked = only_pem_block(kOddSubject, "CERTIFICATE REQUEST").value();
  const BytesView subject = asked.reveal().substr(10, 0x6e);  // after the lengths and the version
  ASSERT_TRUE(subject.starts_with("\x30\x6c"));
  EXPECT_NE(certificate.der().find(subject), std::string::npos);
}

TEST(CertificateRequest, RefusesABrokenSignature) {
  const auto asked = only_pem_block(kOddSubject, "CERTIFICATE REQUEST").value();
  for (const std::size_t at : {asked.size() - 1, std::size_t{40}}) {  // in the signature, in the subject
    Bytes der(asked.reveal());
    der[at] = static_cast<char>(der[at] ^ 1);
    const auto request = CertificateRequest::from_der(der);
    ASSERT_FALSE(request.ok());
    EXPECT_EQ(request.error().fault, Fault::bad_input);
    EXPECT_NE(request.error().what.find("signature"), std::string::npos) << request.error().what;
  }
}

struct RefusedRequest {
  const char* why;
  const char* base64;
};
const RefusedRequest kRefused[] = {
    {"RSA of 1024 bit",
     "MIIBVzCBwQIBADAYMQowCAYDVQQDDAFkMQowCAYDVQQLDAFmMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDj2+qeVSim6+JsBh+MmweeUJsh"
     "6eULRHtHtLftHJPZ47TbOVS1ELCSFwIk/Ur1ADnXNDEW+lk0wQWRC85ATY7rBbU+R087muNqZUQS/kAlm4wHAlw9LsghM6Ig38lMlHYQ7LG/poLJ"
     "3S+CObXb+hr/m1tDr2gfMOad8HpzqXBl8wIDAQABoAAwDQYJKoZIhvcNAQELBQADgYEAFsSvsntxtQJL9bfD9MQPBZ1IRES+W433eRlqSUZ5xDjh"
     "Pd3b+nn7NqIwmn6eaUkmszJ7lsP33uS5F5quWRP/MA/yczzm9i91n+whjB6uNELA/cXTqkwX8dIkFA7v1dky0Doormkwx3kPK4NJ/aIPz6PQHERP"
     "a06otg8v5xKpR7M="},
    {"curve P-384",
     "MIIBEDCBlwIBADAYMQowCAYDVQQDDAFkMQowCAYDVQQLDAFmMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEYHJOLrDGocWYGLb6b3p6wQ7WDYL+wBcn"
     "GjfsTovagvgfzHVY5FC1xbpmX0GM4zEXEAPyQOB06UuVdpta5eZCEJcBe0cw32IdC4Qc3uX5Q4uknKoiv3QyXz3zMsyxmy4voAAwCgYIKoZIzj0E"
     "AwIDaAAwZQIwHH72/1kTb7ZVJBjskmxR8vcQyVzVWKqKf//YhzoZtgK2gIAzcuyo1CxoIhYybXY8AjEA+LiAEx5AY58/eot/OMzy+K18b2C3fV/1"
     "wqvq9SZc92c6ZooIXtNXg/HBbwSeIgpE"},
    {"two common names",
     "MIHfMIGGAgEAMCQxCjAIBgNVBAMMAWQxCjAIBgNVBAMMAWUxCjAIBgNVBAsMAWYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATpvR0r82rFwbvY"
     "Z6CmA1g5gemPoYA5YmNnTZrTL+F6u8UlDHQSGrOXgsBLW2Lccw6FYbcgkWwISo4sMhyuJZudoAAwCgYIKoZIzj0EAwIDSAAwRQIgCBxpl2f6bL6E"
     "P4+unz76fF9pv+jFD+TOGxsXywTcC48CIQDyHXF5rC1e+Sg7HLolhPpvDjq/8uQgbOmdj2REu6oIAg=="},
};

TEST(CertificateRequest, RefusesWeakKeysAndAmbiguousSubjects) {
  for (const auto& [why, text] : kRefused) {
    const auto request = CertificateRequest::from_der(unbase64(text).value());
    ASSERT_FALSE(request.ok()) << why;
    EXPECT_EQ(request.error().fault, Fault::bad_input) << why;
    EXPECT_EQ(request.error().what.find("signature"), std::string::npos) << "refused for another reason";
  }
}

TEST(CertificateRequest, RefusesWhatIsNone) {
  EXPECT_FALSE(CertificateRequest::from_pem("").ok());
  EXPECT_FALSE(CertificateRequest::from_pem(new_ca().certificate().pem()).ok());
  EXPECT_FALSE(CertificateRequest::from_pem(std::string(kOddSubject) + std::string(kOddSubject)).ok());
  EXPECT_FALSE(CertificateRequest::from_der(Bytes(65 * 1024, '\x30')).ok());
}

}  // namespace
}  // namespace rota::crypto
