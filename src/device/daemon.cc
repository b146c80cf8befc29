#include "device/daemon.h"

#include <unistd.h>

#include <algorithm>

#include "crypto/hash.h"
#include "device/event_courier.h"

namespace rota::device {
namespace {

constexpr Seconds kLongestWait{3600};

double throw_dice() {
  const Bytes bytes = crypto::random_bytes(2);
  const auto byte = [&](int i) { return static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]); };
  return (byte(0) * 256 + byte(1)) / 65535.0;
}

std::vector<std::string> reboot_argv(const Session& session) { return split(session.settings().boot.reboot_command, ' '); }

bool reboots_itself(const Session& session) { return session.settings().package.booted == BootedMode::booted; }

Status check_start(const Session& session) {
  if (session.settings().server.empty()) return bad_input("tls.server is not set");
  const auto argv = reboot_argv(session);
  if (reboots_itself(session) && ::access(argv[0].c_str(), X_OK) != 0)
    return bad_input("bootloader.reboot_command: '" + argv[0] + "' cannot be executed");
  return {};
}

void reboot(const Session& session) {
  if (!reboots_itself(session)) return;
  const auto ended = run({.argv = reboot_argv(session)});
  if (!ended.ok()) session.world().notice("reboot: " + ended.error().what);
}

// One turn of the loop: what it came to. Nothing that fails in it ends the daemon, but the store.
Result<Outcome> turn(Session& session) {
  const auto met = TRY(meet_server(session));
  if (!goes_on(met)) return met.outcome;
  return TRY(act_on(session, met, {"", Wish::WhenCurrent::leave})).outcome;
}

Result<bool> can_begin(Session& session) {
  const auto report = TRY(complete(session));
  if (report.outcome.why) session.world().notice(report.outcome.why->what);
  return report.outcome.exit != Exit::reboot_needed;
}

}  // namespace

std::chrono::milliseconds wait_after(Seconds polling, int failures, double dice) {
  double seconds = static_cast<double>(polling.count());
  if (failures == 0) return std::chrono::milliseconds(static_cast<long long>(seconds * (0.9 + 0.2 * dice) * 1000));
  for (int i = 0; i < failures && seconds < static_cast<double>(kLongestWait.count()); ++i) seconds *= 2;
  seconds = std::min(seconds, static_cast<double>(kLongestWait.count()));
  return std::chrono::milliseconds(static_cast<long long>(seconds * (0.8 + 0.4 * dice) * 1000));
}

Result<Outcome> run_daemon(Session& session, const DaemonOptions& options) {
  TRY(check_start(session));
  const EventCourier courier(session.events(), session.gateway(), session.settings().server + "/events");
  if (!TRY(can_begin(session))) return Outcome(Exit::failed);
  int failures = 0;
  while (options.stop() == Command::GoOn::yes) {
    const auto outcome = TRY(turn(session));
    if (outcome.why) session.world().notice(outcome.why->what);
    if (outcome.exit == Exit::reboot_needed) {
      session.flush_events();
      reboot(session);
      return Outcome(Exit::ok);
    }
    failures = outcome.exit == Exit::ok || outcome.exit == Exit::no_target_for_device ? 0 : failures + 1;
    if (options.wait(wait_after(options.polling, failures, throw_dice())) == Command::GoOn::no) break;
  }
  session.flush_events();
  return Outcome(Exit::ok);
}

}  // namespace rota::device
