#include "device/commands.h"

#include "device/listing.h"

namespace rota::device {
namespace {

// What a choice is made from, and the choice.
struct Options {
  Candidates candidates;
  History history;
  Choice choice;
};

// For commands that ask nobody: what is not stored is not there.
class NoServer final : public Fetcher {
 public:
  Result<FetchReply> fetch(const FetchRequest&) override { return unavailable("not stored, and no server is asked"); }
};

Candidates candidates_among(Session& session, const std::vector<tuf::Target>& targets) {
  const auto& settings = session.settings();
  auto candidates = candidates_for({settings.hardware_id, settings.package.tags}, targets);
  for (const auto& message : candidates.skipped) session.world().notice(message);
  return candidates;
}

// What was asked for by name, where a delegated role offers it to this device.
Result<Candidates> delegated_ones(Session& session, const CheckIn& met, const std::string& name, Fetcher& server) {
  const auto found = session.doorkeeper().find_delegated(server, met, name);
  if (found.ok()) return *found ? candidates_among(session, {**found}) : Candidates();
  if (found.error().fault == Fault::io) return found.error();
  session.world().notice(found.error().what);
  return Candidates();
}

struct Asked {
  std::string_view wanted;
  Fetcher& server;
};

Result<Options> options_of(Session& session, const CheckIn& met, Asked asked) {
  Options out;
  out.candidates = candidates_among(session, met.trust->set->targets->targets);
  out.history = TRY(session.log().history());
  out.choice = choose(out.candidates, out.history, asked.wanted);
  if (out.choice.kind != Choice::Kind::not_found) return out;
  const auto more = TRY(delegated_ones(session, met, std::string(asked.wanted), asked.server));
  if (!more.targets.empty()) out.choice = choose(more, out.history, asked.wanted);
  return out;
}

Outcome outcome_of(const Choice& choice) {
  switch (choice.kind) {
    case Choice::Kind::new_version: return Exit::new_version;
    case Choice::Kind::roll_back: return Exit::roll_back_to_install;
    case Choice::Kind::none: return Exit::ok;
    case Choice::Kind::no_candidates: return {Exit::no_target_for_device, not_found(choice.reason)};
    case Choice::Kind::not_found: return {Exit::target_not_found, not_found(choice.reason, "see: rota-device list")};
  }
  abort_with("Choice: no such kind");
}

// The list, also of a set that has expired; the exit code of the meeting, or what the list comes to.
Result<Report> listing_of(Session& session, const CheckIn& met, Asked asked) {
  Report report{met.outcome, "", Json::Array{}};
  if (!met.trust || !met.trust->set) return report;
  const auto options = TRY(options_of(session, met, asked));
  const Listing listing{options.candidates, options.history, options.choice, session.settings().package};
  report.text = listing_text(listing);
  report.json = listing_json(listing);
  if (met.outcome.exit == Exit::ok) report.outcome = outcome_of(options.choice);
  return report;
}

Report report_of(Outcome outcome, const DeviceTarget* target) {
  Report report{std::move(outcome)};
  if (target == nullptr) return report;
  report.json = Json::Object{{"name", target->name}, {"version", target->version}, {"ostree_hash", target->hash}};
  report.text = target->name + "\n";
  return report;
}

Result<std::optional<Outcome>> under_way(Session& session) {
  TRY(session.updater().drop_undone_intent());
  const auto change = TRY(session.log().change());
  if (!change) return std::optional<Outcome>();
  return std::optional<Outcome>({Exit::install_in_progress, conflict("'" + change->target.name + "' is being installed",
                                                                     "reboot, then run: rota-device run")});
}

// The stored set, for a command that asks the server nothing.
Result<CheckIn> stored_set(Session& session) {
  const auto reading = TRY(session.doorkeeper().read_clock());
  if (!reading.notice.empty()) session.world().notice(reading.notice);
  auto met = TRY(session.doorkeeper().from_store(reading.now));
  for (const auto& notice : met.trust ? met.trust->notices : std::vector<std::string>()) session.world().notice(notice);
  return met;
}

enum class Part { pull, install };

Result<Report> from_store(Session& session, std::string_view wanted, Part part) {
  const Headers headers = TRY(session.identify());
  if (const auto busy = TRY(under_way(session))) return Report{*busy};
  const auto met = TRY(stored_set(session));
  if (!goes_on(met)) return Report{met.outcome};
  NoServer nobody;
  const auto options = TRY(options_of(session, met, {wanted, nobody}));
  const auto& choice = options.choice;
  if (!choice.target) return Report{outcome_of(choice)};
  const std::string correlation = correlation_id(choice.target->version_text());
  auto outcome = part == Part::pull ? TRY(session.updater().pull(*choice.target, correlation, headers))
                                    : TRY(session.updater().install(*choice.target, correlation));
  session.flush_events();
  return report_of(std::move(outcome), &*choice.target);
}

std::string result_text(const Outcome& outcome) { return outcome.why ? "FAILED: " + outcome.why->what : "OK"; }

void say(const Session& session, const client::Trust& trust) {
  for (const auto& notice : trust.notices) session.world().notice(notice);
}

}  // namespace

bool goes_on(const CheckIn& met) { return met.outcome.exit == Exit::ok || met.outcome.exit == Exit::ok_from_store; }

Result<CheckIn> meet_server(Session& session) {
  if (session.settings().server.empty())
    return bad_input("tls.server is not set", "register the device, or name its configuration with -c");
  TRY(session.identify());
  const auto reading = TRY(session.doorkeeper().read_clock());
  if (!reading.notice.empty()) session.world().notice(reading.notice);
  session.telemetry().report_config(session.config());
  session.telemetry().report_network();
  const std::string running = TRY(session.log().history()).current.name;
  session.callbacks().tell({"check-for-update-pre", running});
  auto met = TRY(session.doorkeeper().with_server(session.gateway(), reading.now));
  session.callbacks().tell({"check-for-update-post", running, "", result_text(met.outcome)});
  if (!met.trust) return met;
  say(session, *met.trust);
  const std::string last_error = met.outcome.why ? met.outcome.why->what : "";
  session.telemetry().report_trust(trust_statement(*met.trust, last_error), reading.now);
  return met;
}

Result<Report> check(Session& session, std::string_view wanted) {
  const auto met = TRY(meet_server(session));
  auto report = TRY(listing_of(session, met, {wanted, session.gateway()}));
  session.flush_events();
  return report;
}

Result<Report> list(Session& session, std::string_view wanted) {
  NoServer nobody;
  return listing_of(session, TRY(stored_set(session)), {wanted, nobody});
}

Result<Report> pull(Session& session, std::string_view wanted) { return from_store(session, wanted, Part::pull); }
Result<Report> install(Session& session, std::string_view wanted) { return from_store(session, wanted, Part::install); }

Result<Report> update(Session& session, std::string_view wanted) {
  if (const auto busy = TRY(under_way(session))) return Report{*busy};
  const auto met = TRY(meet_server(session));
  auto report = goes_on(met) ? TRY(act_on(session, met, {wanted})) : Report{met.outcome};
  session.flush_events();
  return report;
}

Result<Report> act_on(Session& session, const CheckIn& met, const Wish& wish) {
  const auto options = TRY(options_of(session, met, {wish.target, session.gateway()}));
  const bool leave = options.choice.kind == Choice::Kind::none && wish.when_current == Wish::WhenCurrent::leave;
  if (leave || !options.choice.target) {
    const Outcome chosen = outcome_of(options.choice);
    return Report{chosen.exit == Exit::ok ? met.outcome : chosen};
  }
  const DeviceTarget& target = *options.choice.target;
  const std::string correlation = correlation_id(target.version_text());
  auto outcome = TRY(session.updater().pull(target, correlation, TRY(session.identify())));
  if (outcome.exit == Exit::ok) outcome = TRY(session.updater().install(target, correlation));
  if (outcome.exit == Exit::ok) outcome = met.outcome;  // 0, or 3 when the server did not answer
  return report_of(std::move(outcome), &target);
}

Result<Report> complete(Session& session) {
  TRY(session.identify());
  const auto change = TRY(session.log().change());
  auto outcome = TRY(session.updater().complete());
  TRY(session.identify());
  session.flush_events();
  return report_of(std::move(outcome), change ? &change->target : nullptr);
}

Result<Report> roll_back(Session& session) {
  auto outcome = TRY(session.updater().roll_back(TRY(session.identify())));
  session.flush_events();
  const auto change = TRY(session.log().change());
  return report_of(std::move(outcome), change ? &change->target : nullptr);
}

}  // namespace rota::device
