#include "device/identity.h"

#include <optional>

#include "crypto/hash.h"
#include "http/client.h"

namespace rota::device {
namespace {

constexpr std::uint64_t kMaxPem = 64 * 1024;

struct PemFiles {
  Bytes ca, certificate;
  crypto::SecretBytes key;
  Bytes fingerprint;
};

Result<Bytes> read_pem(Files& files, const std::string& path) {
  auto bytes = files.read(path, kMaxPem);
  if (!bytes.ok()) return denied(bytes.error().what, "is this device registered?");
  return bytes;
}

Result<PemFiles> read_files(Files& files, const TlsFiles& tls) {
  PemFiles out;
  out.ca = TRY(read_pem(files, tls.ca));
  out.certificate = TRY(read_pem(files, tls.certificate));
  out.key = crypto::SecretBytes(TRY(read_pem(files, tls.key)));
  crypto::Sha256 sum;
  for (const BytesView part : {BytesView(out.ca), BytesView(out.certificate), out.key.reveal()}) sum.add(part);
  out.fingerprint = sum.finish();
  return out;
}

Result<crypto::TlsContext> context_of(PemFiles& pem, const TlsFiles& tls) {
  auto context = crypto::TlsContext::client(
      {.ca_pem = std::move(pem.ca), .certificate_pem = std::move(pem.certificate), .key_pem = std::move(pem.key)});
  if (!context.ok()) return denied("device identity (" + tls.certificate + ", " + tls.key + "): " + context.error().what);
  return context;
}

}  // namespace

Result<Identity> read_identity(Files& files, const TlsFiles& tls) {
  if (!TRY(files.facts(tls.certificate)).exists()) return Identity{};
  const auto certificate = TRY_IN(tls.certificate, crypto::Certificate::from_pem(TRY(files.read(tls.certificate, kMaxPem))));
  const auto& subject = certificate.subject();
  return Identity{subject.common_name, subject.organizational_unit,
                  subject.business_category == "production" ? "prod" : "ci"};
}

Result<crypto::TlsContext> tls_of(Files& files, const TlsFiles& tls) {
  auto pem = TRY(read_files(files, tls));
  return context_of(pem, tls);
}

struct GatewayWire::Impl {
  Files& files;
  TlsFiles tls;
  Bytes fingerprint;
  std::optional<http::Client> client;
};

GatewayWire::GatewayWire(Files& files, TlsFiles tls) : impl_(new Impl{files, std::move(tls), {}, std::nullopt}) {}
GatewayWire::~GatewayWire() = default;

Result<FetchReply> GatewayWire::fetch(const FetchRequest& request) {
  auto pem = TRY(read_files(impl_->files, impl_->tls));
  if (!impl_->client || pem.fingerprint != impl_->fingerprint) {
    impl_->fingerprint = pem.fingerprint;
    http::ClientOptions options;
    options.tls = TRY(context_of(pem, impl_->tls));
    options.always = {{"User-Agent", "rota-device/" ROTA_VERSION}};
    impl_->client.emplace(std::move(options));
  }
  return impl_->client->fetch(request);
}

}  // namespace rota::device
