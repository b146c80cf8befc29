// rota-device: the device agent. Its verbs are in device/commands.h; here is how they are called and what is printed.
#include <unistd.h>

#include <map>
#include <ostream>

#include "arguments.h"
#include "cli/talk.h"
#include "crypto/secret.h"
#include "device/commands.h"
#include "device/daemon.h"
#include "device/machine.h"
#include "device/stop_signal.h"
#include "enrolment.h"

namespace rota::device_app {
namespace {

using device::Exit;
using device::Report;
using device::Session;

using Verb = Result<Report> (*)(Session&, std::string_view wanted);
const std::map<std::string, Verb, std::less<>> kVerbs = {
    {"check", device::check},
    {"list", device::list},
    {"pull", device::pull},
    {"install", device::install},
    {"update", device::update},
    {"run", [](Session& session, std::string_view) { return device::complete(session); }},
    {"finalize", [](Session& session, std::string_view) { return device::complete(session); }},
    {"rollback", [](Session& session, std::string_view) { return device::roll_back(session); }},
};

constexpr int kOnlyErrors = 4;  // from this --loglevel on

class Program {
 public:
  Program(const Arguments& arguments, const cli::Talk& talk) : arguments_(arguments), talk_(talk) {}

  Result<Report> run() {
    const auto config = TRY(read_config());
    const auto settings = TRY(device::settings_of(config));
    for (const auto& key : config.unknown_keys()) notice("configuration: unknown key " + key);
    if (::geteuid() != 0) notice("not running as root");
    device::Machine machine(
        settings, [this](std::chrono::milliseconds time) { return stop_.wait(time); }, [this] { return stop_.asked(); },
        [this](std::string_view text) { notice(text); });
    if (arguments_.command == "status") return status(config, settings, machine);
    return with_session(config, settings, machine);
  }

 private:
  Result<device::Config> read_config() {
    PosixFiles files;
    return arguments_.config_paths.empty() ? device::Config::load_standard(files)
                                           : device::Config::load(files, arguments_.config_paths);
  }

  Result<Report> with_session(const device::Config& config, const device::Settings& settings, device::Machine& machine) {
    const bool reads = arguments_.command == "list";
    auto opened = Session::open(config, settings, machine.world(), reads ? Session::Access::read : Session::Access::write);
    if (!opened.ok() && opened.error().fault == Fault::not_found && reads)
      return Report{{Exit::metadata_not_fetched, opened.error()}, "", Json::Array{}};
    auto session = TRY(std::move(opened));
    if (arguments_.is_on("report-hw-info")) session->telemetry().report_hardware();
    if (arguments_.command == "daemon") return daemon(*session, settings);
    return kVerbs.at(arguments_.command)(*session, arguments_.wanted);
  }

  Result<Report> status(const device::Config& config, const device::Settings& settings, device::Machine& machine) {
    const auto identity = TRY(device::read_identity(machine.files(), settings.tls));
    auto session = Session::open(config, settings, machine.world(), Session::Access::read);
    if (!session.ok() && session.error().fault != Fault::not_found) return session.error();
    return device::status({settings, identity, machine.wire()}, session.ok() ? session->get() : nullptr);
  }

  Result<Report> daemon(Session& session, const device::Settings& settings) {
    const std::string interval = arguments_.text("interval");
    const Seconds polling = interval.empty() ? settings.polling : Seconds(TRY(decimal(interval)));
    const device::DaemonOptions options{polling, [this] { return stop_.asked(); },
                                        [this](std::chrono::milliseconds time) { return stop_.wait(time); }};
    const auto outcome = TRY(device::run_daemon(session, options));
    return Report{outcome};
  }

  void notice(std::string_view text) const {
    const auto level = decimal(arguments_.text("loglevel"));
    if (!level.ok() || *level < kOnlyErrors) talk_.warn(text);
  }

  const Arguments& arguments_;
  const cli::Talk& talk_;
  device::StopSignal stop_;
};

void print(const Arguments& arguments, const cli::Talk& talk, const Report& report) {
  if (report.outcome.why && is_success(report.outcome.exit)) talk.warn(report.outcome.why->what);
  if (report.outcome.why && !is_success(report.outcome.exit)) talk.error(*report.outcome.why);
  if (arguments.is_on("json")) {
    talk.out() << to_json(report.json) << '\n';
  } else {
    talk.out() << report.text;
  }
  talk.out().flush();
}

int run(const Arguments& arguments, const cli::Talk& talk) {
  if (arguments.command == "register") return run_register(arguments, talk);
  const auto report = Program(arguments, talk).run();
  const bool lists = arguments.command == "check" || arguments.command == "list";
  if (report.ok()) {
    print(arguments, talk, *report);
    return static_cast<int>(report->outcome.exit);
  }
  print(arguments, talk, Report{{Exit::failed, report.error()}, "", lists ? Json(Json::Array{}) : Json(Json::Object{})});
  return static_cast<int>(Exit::failed);
}

}  // namespace
}  // namespace rota::device_app

int main(int argc, char** argv) {
  rota::crypto::keep_memory_private();
  using rota::device_app::Arguments;
  const auto talk = rota::cli::Talk::standard();
  const auto arguments = rota::device_app::read_arguments({argv + 1, argv + argc});
  if (!arguments.ok()) {
    talk.error(arguments.error());
    return 1;
  }
  switch (arguments->ask) {
    case Arguments::Ask::help: talk.out() << rota::device_app::usage(); return 0;
    case Arguments::Ask::version: talk.out() << "rota-device " ROTA_VERSION "\n"; return 0;
    case Arguments::Ask::command: break;
  }
  if (arguments->command.empty()) {
    talk.out() << rota::device_app::usage();
    return 0;
  }
  return rota::device_app::run(*arguments, talk);
}
