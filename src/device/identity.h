// Who the device is: its certificate, read in place.
#pragma once

#include <memory>
#include <string>

#include "base/fetcher.h"
#include "base/files.h"
#include "crypto/tls.h"
#include "device/settings.h"

namespace rota::device {

struct Identity {
  std::string uuid, factory;
  std::string stream = "ci";  // "prod" when the certificate says so (gateway.md 1)
};

// An empty identity on the stream `ci` when there is no certificate yet; bad_input when it is damaged.
Result<Identity> read_identity(Files& files, const TlsFiles& tls);

// TLS with the device's certificate and the factory's CA. denied: a file is missing or is not what it should be.
Result<crypto::TlsContext> tls_of(Files& files, const TlsFiles& tls);

// A connection to the gateway that is made when it is first needed: commands that only read need no key.
// Changed files are noticed by what is in them, at the next request.
class GatewayWire final : public Fetcher {
 public:
  GatewayWire(Files& files, TlsFiles tls);
  ~GatewayWire() override;
  Result<FetchReply> fetch(const FetchRequest& request) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rota::device
