#include "enrolment.h"

#include <filesystem>
#include <ostream>

#include "device/registration.h"
#include "http/client.h"
#include "http/url.h"

namespace rota::device_app {
namespace {

constexpr std::uint64_t kMaxFile = 64 * 1024, kMaxCa = 1u << 20;

// Paths that are written into the device's configuration must not depend on where this was typed.
std::string absolute(const std::string& path) {
  return path.empty() ? "" : std::filesystem::absolute(path).lexically_normal().string();
}

Result<crypto::SecretBytes> read_token(Files& files, const std::string& path) {
  crypto::SecretBytes content(TRY_IN("--token-file", files.read(path, kMaxFile)));
  return crypto::SecretBytes(Bytes(trim(content.reveal())));
}

Result<device::Registration> wish_of(const Arguments& arguments, Files& files) {
  device::Registration wish;
  wish.api = TRY(arguments.needed("api"));
  while (wish.api.ends_with('/')) wish.api.pop_back();
  if (TRY_IN("--api", http::parse_url(wish.api)).scheme != "https")
    return bad_input("--api: want https://, got '" + wish.api + "'");  // a token goes nowhere without TLS
  wish.factory = TRY(arguments.needed("factory"));
  wish.name = TRY(arguments.needed("name"));
  wish.hardware_id = TRY(arguments.needed("hardware-id"));
  wish.sota_folder = absolute(TRY(arguments.needed("sota-dir")));
  wish.sysroot = absolute(arguments.text("sysroot"));
  wish.group = arguments.text("group");
  wish.tags = arguments.text("tags");
  wish.os = arguments.text("os");
  wish.token = TRY(read_token(files, TRY(arguments.needed("token-file"))));
  return wish;
}

Result<std::string> enrol(const Arguments& arguments) {
  PosixFiles files;
  const auto wish = TRY(wish_of(arguments, files));
  crypto::TlsClientOptions tls;
  if (const std::string ca = arguments.text("ca"); !ca.empty()) tls.ca_pem = TRY_IN("--ca", files.read(ca, kMaxCa));
  http::ClientOptions options;
  options.tls = TRY(crypto::TlsContext::client(tls));
  http::Client client(std::move(options));
  auto uuid = device::register_device(files, client, wish);
  if (uuid || uuid.error().fault != Fault::denied || !uuid.error().hint.empty()) return uuid;
  return Error{Fault::denied, uuid.error().what, "are --token-file and --ca those of this service?"};
}

}  // namespace

int run_register(const Arguments& arguments, const cli::Talk& talk) {
  const auto uuid = enrol(arguments);
  if (!uuid.ok()) {
    talk.error(uuid.error());
    return 1;
  }
  talk.out() << *uuid << '\n';
  return 0;
}

}  // namespace rota::device_app
