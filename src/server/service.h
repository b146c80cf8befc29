// The running server: two listeners over one App, and the work that time asks for.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/server.h"
#include "server/app.h"

namespace rota::server {

using RouteGroup = void (*)(http::Router& router, App& app);

struct ServiceOptions {
  std::string address = "127.0.0.1";
  std::uint16_t gateway_port = 0, api_port = 0;  // 0: any free one
  std::vector<RouteGroup> api_groups;            // of the API's listener
  Seconds look_every = Seconds(60);              // at what is due: roles to re-sign, events to forget
};

class Service {
 public:
  // Both listeners are open and `app.settings` has their addresses when this returns. io: a port is taken.
  static Result<std::unique_ptr<Service>> start(App& app, const ServiceOptions& options);
  ~Service();  // finishes running requests

 private:
  Service(App& app, Seconds look_every);
  Status listen(const ServiceOptions& options);
  void trust_new_authority(std::uint16_t gateway_port, std::uint16_t api_port);
  void look_after_time(Seconds every);
  void do_what_is_due();

  App& app_;
  http::Router gateway_, api_;
  http::Server server_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread timekeeper_;
};

}  // namespace rota::server
