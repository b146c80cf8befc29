#include "server/service.h"

#include <spdlog/spdlog.h>

#include "repo/repositories.h"
#include "server/events.h"
#include "server/gateway.h"
#include "server/pki.h"
#include "server/repo_api.h"
#include "server/target_uploads.h"

namespace rota::server {
namespace {

constexpr Seconds kKeepEvents = days(90);

http::ServerOptions server_options(const App& app) {
  http::ServerOptions options;
  options.spool_folder = app.settings.data_folder + "/spool";
  options.on_exception = [](const std::string& id, std::string_view what) {
    spdlog::error("request {}: {}", id, what);
  };
  return options;
}

std::string url(const Settings& settings, std::uint16_t port) {
  return "https://" + settings.names.front() + ":" + std::to_string(port);
}

}  // namespace

Service::Service(App& app, Seconds look_every) : app_(app), server_(server_options(app)) {
  timekeeper_ = std::thread([this, look_every] { look_after_time(look_every); });
}

Service::~Service() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  timekeeper_.join();
  app_.pki.when_changed({});
  server_.stop();
}

Result<std::unique_ptr<Service>> Service::start(App& app, const ServiceOptions& options) {
  std::unique_ptr<Service> service(new Service(app, options.look_every));
  add_gateway_routes(service->gateway_, app);
  for (const auto group : options.api_groups) group(service->api_, app);
  TRY(service->listen(options));
  service->server_.start();
  return service;
}

Status Service::listen(const ServiceOptions& options) {
  const Headers always = {{"x-version", ROTA_VERSION}};
  http::ListenOptions gateway{
      .address = options.address, .port = options.gateway_port, .router = &gateway_, .always = always};
  gateway.tls = TRY(app_.pki.gateway_tls());
  gateway.gate = gateway_gate(app_);
  const auto gateway_port = TRY_IN("gateway", server_.listen(std::move(gateway)));
  http::ListenOptions api{.address = options.address, .port = options.api_port, .router = &api_, .always = always};
  api.tls = TRY(app_.pki.api_tls());
  api.gate = upload_gate(app_);
  app_.settings.gateway_url = url(app_.settings, gateway_port);
  const auto api_port = TRY_IN("api", server_.listen(std::move(api)));
  app_.settings.api_url = url(app_.settings, api_port);
  app_.pki.when_changed([this, gateway_port, api_port] { trust_new_authority(gateway_port, api_port); });
  return {};
}

void Service::trust_new_authority(std::uint16_t gateway_port, std::uint16_t api_port) {
  const auto replace = [this](std::uint16_t port, std::string_view door, Result<crypto::TlsContext> tls) {
    if (tls.ok())
      server_.replace_tls(port, std::move(tls).value());
    else
      spdlog::error("{}: the new CA of clients is not in use: {}", door, tls.error().what);
  };
  replace(gateway_port, "gateway", app_.pki.gateway_tls());
  replace(api_port, "api", app_.pki.api_tls());
}

void Service::look_after_time(Seconds every) {
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    do_what_is_due();
    lock.lock();
  } while (!wake_.wait_for(lock, every, [this] { return stopping_; }));
}

void Service::do_what_is_due() {
  const auto factories = app_.repos.factories();
  if (!factories) return spdlog::error("refresh: {}", factories.error().what);
  for (const auto& factory : *factories)
    if (const auto refreshed = app_.repos.refresh(factory); !refreshed)
      spdlog::error("refresh of '{}': {}", factory, refreshed.error().what);
  const Time oldest = app_.clock.now() - kKeepEvents;
  if (const auto forgotten = forget_uploads(app_); !forgotten) spdlog::error("uploads: {}", forgotten.error().what);
  app_.writes.later([oldest](store::Database& db) { return forget_events(db, oldest); });
}

}  // namespace rota::server
