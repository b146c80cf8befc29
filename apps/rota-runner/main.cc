// rota-runner: does the work that a factory service has queued. Flags and signals; everything else is in runner/.
#include <csignal>
#include <ctime>
#include <thread>

#include <CLI/CLI.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/talk.h"
#include "crypto/secret.h"
#include "http/client.h"
#include "http/url.h"
#include "runner/worker.h"

namespace {

using namespace rota;

constexpr std::uint64_t kMaxCa = 1u << 20;
constexpr auto kBetweenAttempts = std::chrono::seconds(1);

struct Flags {
  runner::WorkerOptions worker;
  int heartbeat = 20;
  bool once = false;
};

void declare(CLI::App& program, Flags& flags) {
  program.add_option("--server", flags.worker.server, "address of the service")->required();
  program.add_option("--token-file", flags.worker.token_file, "file with an API token of scope ci:read-update, to enrol with")->required();
  program.add_option("--ca", flags.worker.ca_file, "file of the CA that the service's certificate is from");
  program.add_option("--work", flags.worker.work_folder, "folder of its own, for runs, volumes and its key")->required();
  program.add_option("--name", flags.worker.name, "how the service calls it (default: the host's name)");
  program.add_option("--host-tag", flags.worker.host_tags, "a tag that runs may ask for; may be repeated");
  program.add_option("--heartbeat", flags.heartbeat, "seconds between two signs of life (default: 20)")->check(CLI::Range(1, 50));
  program.add_flag("--once", flags.once, "end after one run");
}

std::string host_name() {
  char name[65] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] ? name : "runner";
}

Result<runner::Worker::Connect> connection(Files& files, const Flags& flags) {
  if (TRY_IN("--server", http::parse_url(flags.worker.server)).scheme != "https")  // a token goes nowhere without TLS
    return bad_input("--server: want https://, got '" + flags.worker.server + "'");
  crypto::TlsClientOptions tls;
  if (!flags.worker.ca_file.empty()) tls.ca_pem = TRY_IN("--ca", files.read(flags.worker.ca_file, kMaxCa));
  const auto context = TRY(crypto::TlsContext::client(tls));
  return runner::Worker::Connect([context] {
    http::ClientOptions options;
    options.tls = context;
    return std::make_unique<http::Client>(std::move(options));
  });
}

Status work(runner::Worker& worker, bool once, const cli::Talk& talk) {
  TRY(worker.start());
  talk.say("ready for work");
  while (!worker.is_leaving()) {
    const auto asked = std::chrono::steady_clock::now();
    const auto did = worker.turn();
    if (!did.ok() && did.error().fault != Fault::unavailable) return did.error();
    if (did.ok() && *did == runner::Worker::Did::a_run && once) return {};
    // An answer of "nothing" that took no time comes from a server with many waiting: let it be for a moment.
    const bool idle = !did.ok() || *did == runner::Worker::Did::nothing;
    if (idle && std::chrono::steady_clock::now() - asked < kBetweenAttempts) std::this_thread::sleep_for(kBetweenAttempts);
  }
  return {};
}

sigset_t signals_of_the_end() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// Takes the signals, which are blocked in every thread.
void leave_on_signal(const std::stop_token& over, runner::Worker& worker) {
  const sigset_t signals = signals_of_the_end();
  const timespec look = {0, 200'000'000};
  while (!over.stop_requested())
    if (sigtimedwait(&signals, nullptr, &look) > 0) worker.leave();
}

Status serve(Flags& flags, const cli::Talk& talk) {
  PosixFiles files;
  if (flags.worker.name.empty()) flags.worker.name = host_name();
  flags.worker.heartbeat_every = Seconds(flags.heartbeat);
  while (flags.worker.server.ends_with("/")) flags.worker.server.pop_back();
  runner::Worker worker(files, flags.worker, TRY(connection(files, flags)));
  worker.say = [&talk](const std::string& line) { talk.say(line); };
  const std::jthread signals([&worker](const std::stop_token& over) { leave_on_signal(over, worker); });
  return work(worker, flags.once, talk);
}

}  // namespace

int main(int argc, char** argv) {
  rota::crypto::keep_memory_private();
  const auto talk = cli::Talk::standard();
  CLI::App program("Does the builds of a factory, each in a sandbox.", "rota-runner");
  program.set_version_flag("--version", ROTA_VERSION);
  Flags flags;
  declare(program, flags);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);
    talk.error(bad_input(error.what(), "see rota-runner --help"));
    return 2;
  }
  ::umask(0022);  // what a job makes is for everybody; what is ours is made with a mode of its own
  const sigset_t signals = signals_of_the_end();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const auto served = serve(flags, talk);
  if (served.ok()) return 0;
  talk.error(served.error());
  if (served.error().fault == Fault::denied && served.error().hint.empty())
    talk.hint("are --token-file and --ca those of this service?");
  return cli::exit_code(served.error().fault);
}
