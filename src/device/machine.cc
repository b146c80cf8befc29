#include "device/machine.h"

#include "http/client.h"

namespace rota::device {
namespace {

// A fetcher that could not be made: its error is the answer to every request.
class NoConnection final : public Fetcher {
 public:
  explicit NoConnection(Error why) : why_(std::move(why)) {}
  Result<FetchReply> fetch(const FetchRequest&) override { return why_; }

 private:
  Error why_;
};

std::unique_ptr<Fetcher> anonymous_client() {
  auto tls = crypto::TlsContext::client({});
  if (!tls.ok()) return std::make_unique<NoConnection>(tls.error());
  http::ClientOptions options;
  options.tls = std::move(tls).value();
  return std::make_unique<http::Client>(std::move(options));
}

}  // namespace

Machine::Machine(const Settings& settings, Pause pause, StopAsked stop, Notice notice)
    : settings_(settings),
      wire_(files_, settings.tls),
      sysroot_(settings.package, std::move(stop)),
      pause_(std::move(pause)),
      notice_(std::move(notice)) {}

World Machine::world() {
  const ContentDoors doors{[this] { return std::make_unique<GatewayWire>(files_, settings_.tls); }, anonymous_client};
  return {files_, clock_, wire_, sysroot_, doors, pause_, notice_};
}

}  // namespace rota::device
