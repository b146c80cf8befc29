// rota-server: a factory service in one process. Flags, signals and logs; everything else is in server/.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <filesystem>
#include <iostream>

#include "cli/talk.h"
#include "crypto/secret.h"
#include "server/installation.h"
#include "server/pki.h"
#include "server/service.h"

namespace {

using namespace rota;

struct Flags {
  server::InstallationOptions installation;
  server::ServiceOptions service;
  std::string ready_file;
};

void declare(CLI::App& program, Flags& flags) {
  program.add_option("--data", flags.installation.data_folder, "folder of the database, blobs and repositories")
      ->required();
  program.add_option("--seal-key", flags.installation.seal_key_file,
                     "32 bytes that seal every private key (default: <data>.seal.key)");
  program.add_option("--admin-token", flags.installation.admin_token_file,
                     "where the first API token is written (default: <data>/admin-token)");
  program.add_option("--name", flags.installation.names,
                     "DNS name of this service, the first is the public one (default: localhost)");
  program.add_option("--address", flags.service.address, "address to listen on (default: 127.0.0.1)");
  program.add_option("--gateway-port", flags.service.gateway_port,
                     "mutual TLS, for devices (default: 8443, 0: any free one)");
  program.add_option("--api-port", flags.service.api_port,
                     "TLS, for people and tools (default: 8080, 0: any free one)");
  program.add_option("--ready-file", flags.ready_file, "written once both listeners serve");
}

Status announce(const server::App& app, Files& files, const std::string& ready_file) {
  std::cout << "gateway " << app.settings.gateway_url << "\napi " << app.settings.api_url << std::endl;
  if (ready_file.empty()) return {};
  const Json ready = Json::Object{{"gateway", app.settings.gateway_url},
                                  {"api", app.settings.api_url},
                                  {"ca", app.pki.server_ca_path()},
                                  {"pid", std::int64_t{::getpid()}}};
  return replace_file(files, ready_file, to_json(ready) + "\n", 0644);
}

// SIGINT and SIGTERM are blocked in every thread and taken here.
sigset_t signals_of_the_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

Status serve(Flags& flags, const sigset_t& signals) {
  const SystemClock clock;
  PosixFiles files;
  flags.installation.data_folder = std::filesystem::absolute(flags.installation.data_folder).lexically_normal();
  flags.service.api_groups = {server::add_operator_routes, server::add_repo_routes, server::add_source_routes,
                              server::add_build_routes, server::add_hub_routes};
  const auto installation = TRY(server::Installation::open(flags.installation, clock, files));
  const auto service = TRY(server::Service::start(installation->app(), flags.service));
  TRY(announce(installation->app(), files, flags.ready_file));
  int taken = 0;
  sigwait(&signals, &taken);
  spdlog::info("stopping on {}", taken == SIGINT ? "SIGINT" : "SIGTERM");
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  rota::crypto::keep_memory_private();
  const auto talk = cli::Talk::standard();
  CLI::App program("Serves factories: the device gateway and the operator's API.", "rota-server");
  program.set_version_flag("--version", "rota-server " ROTA_VERSION);
  Flags flags;
  flags.service.gateway_port = 8443;
  flags.service.api_port = 8080;
  declare(program, flags);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    talk.error(bad_input(error.what(), "see rota-server --help"));
    return 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("rota-server"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  const sigset_t signals = signals_of_the_end();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::umask(0077);
  if (const auto served = serve(flags, signals); !served) {
    talk.error(served.error());
    return cli::exit_code(served.error().fault);
  }
  return 0;
}
