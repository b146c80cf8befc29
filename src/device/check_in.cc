#include "device/check_in.h"

#include <algorithm>

#include "client/delegated_search.h"
#include "crypto/hash.h"
#include "http/gzip.h"

namespace rota::device {

using client::Trust;
using client::Versions;

namespace {

constexpr std::size_t kMaxLastError = 200;  // PUT /trust takes 1 KiB in all

Error no_root(const TrustSources& sources) {
  return rejected("no provisioned root", "put 1.root.json into " + sources.settings.roots_path + "/" + sources.stream +
                                             "/, or set [tuf] trust_on_first_use = on");
}

// The row of the table, and what to do about it when the refusal does not say so itself.
Outcome refused(Error why, const std::optional<Trust>& trust) {
  const Exit exit = exit_of_failed_refresh(why.fault, trust);
  if (!why.hint.empty()) return {exit, std::move(why)};
  if (exit == Exit::metadata_rejected_store_kept)
    why.hint = "nothing was changed, the stored set is kept; tell the factory's owner";
  if (exit == Exit::metadata_rejected) why.hint = "nothing of it was kept; tell the factory's owner";
  if (exit == Exit::metadata_expired) why.hint = "the factory has to publish anew, or this device's clock is wrong";
  if (why.fault == Fault::denied)
    why.hint = "look at root.crt, client.pem and the name in tls.server; retrying does not help";
  return {exit, std::move(why)};
}

}  // namespace

Exit exit_of_failed_refresh(Fault fault, const std::optional<Trust>& trust) {
  const bool kept = trust && trust->has_valid_set();
  switch (fault) {
    case Fault::unavailable: return kept ? Exit::ok_from_store : Exit::metadata_not_fetched;
    case Fault::denied:
    case Fault::not_found: return Exit::metadata_not_fetched;
    case Fault::expired: return Exit::metadata_expired;
    case Fault::rejected: return kept ? Exit::metadata_rejected_store_kept : Exit::metadata_rejected;
    case Fault::bad_input:
    case Fault::conflict: return Exit::check_in_failed;
    case Fault::io: return Exit::failed;
  }
  abort_with("Fault: no such fault");
}

Json trust_statement(const Trust& trust, std::string_view last_error) {
  const Versions versions = client::versions_of(trust);
  const Json root = Json::Object{{"version", versions.root}, {"sha256", crypto::sha256_hex(trust.root.raw())}};
  return Json::Object{{"root", root},
                      {"timestamp", versions.timestamp},
                      {"snapshot", versions.snapshot},
                      {"targets", versions.targets},
                      {"client", "rota-device/" ROTA_VERSION},
                      {"last_error", last_error.substr(0, kMaxLastError)}};
}

Result<client::ClockReading> Doorkeeper::read_clock() const {
  return client::trusted_time(parts_.clock.now(), client::build_time(), TRY(parts_.store.clock_floor()));
}

client::RefreshPolicy Doorkeeper::policy(Time now) const {
  return {.metadata_url = sources_.repo_server,
          .limits = {.roots_per_refresh = sources_.settings.max_roots},
          .now = now,
          .wanted = sources_.wanted};
}

Result<Trust> Doorkeeper::start(Time now) const {
  const auto provisioned = TRY(provisioned_roots(parts_.files, sources_.settings, sources_.stream));
  const bool first_use = sources_.settings.first_use == FirstUse::on;
  if (provisioned.empty() && !first_use) return no_root(sources_);
  return client::load_trust(parts_.store, provisioned, policy(now).view());
}

Result<Trust> Doorkeeper::start_with(Fetcher& server, Time now) {
  auto trust = start(now);
  if (trust.ok() || trust.error().fault != Fault::not_found) return trust;
  return client::trust_first(TRY(client::fetch_first_root(server, sources_.repo_server)));
}

Result<CheckIn> Doorkeeper::from_store(Time now) const {
  auto trust = start(now);
  if (!trust.ok()) {
    if (trust.error().fault == Fault::io) return trust.error();
    const bool nothing_yet = trust.error().fault == Fault::not_found;
    return CheckIn{{nothing_yet ? Exit::metadata_not_fetched : Exit::metadata_rejected, trust.error()}};
  }
  CheckIn out{{Exit::ok}, std::move(trust).value(), now};
  if (!out.trust->set)
    out.outcome = {Exit::metadata_not_fetched, not_found("no verified metadata is stored", "run: rota-device check")};
  else if (out.trust->expired)
    out.outcome = {Exit::metadata_expired, *out.trust->expired};
  return out;
}

Result<CheckIn> Doorkeeper::with_server(Fetcher& wire, Time now) {
  http::GzipFetcher server(wire);
  auto started = start_with(server, now);
  if (!started.ok()) {
    if (started.error().fault == Fault::io) return started.error();
    TRY(note({}, nullptr, started.error(), now));
    return CheckIn{refused(started.error(), std::nullopt)};
  }
  std::optional<Trust> trust = std::move(started).value();
  const Versions before = client::versions_of(*trust);
  const Status how = client::refresh(server, parts_.store, *trust, policy(now));
  if (!how.ok() && how.error().fault == Fault::io) return how.error();
  TRY(note(before, &*trust, how, now));
  if (how.ok()) return CheckIn{{Exit::ok}, std::move(trust), now};
  const Outcome outcome = refused(how.error(), trust);
  return CheckIn{outcome, std::move(trust), now};
}

Result<std::optional<tuf::Target>> Doorkeeper::find_delegated(Fetcher& wire, const CheckIn& met,
                                                              const std::string& name) const {
  if (!met.has_targets() || met.trust->root->dialect == tuf::Dialect::uptane) return std::optional<tuf::Target>();
  const auto as_asked = policy(met.now);
  http::GzipFetcher server(wire);
  return client::DelegatedSearch({server, parts_.store, *met.trust, as_asked}).find(name);
}

// The event, what `status` says about the last refresh, and the clock's floor: one commit.
Status Doorkeeper::note(const Versions& before, const Trust* trust, const Status& how, Time now) {
  const std::string changed = trust == nullptr ? "" : client::difference(before, client::versions_of(*trust));
  const std::string reason = how.ok() ? "" : how.error().what;
  const Json last = Json::Object{
      {"at", rfc3339(now)}, {"outcome", how.ok() ? "ok" : std::string(name_of(how.error().fault))}, {"reason", reason}};
  return parts_.db.transaction([&]() -> Status {
    if (!changed.empty() || !how.ok())
      TRY(parts_.events.add_within({.type = EventType::metadata_update_completed,
                                    .correlation_id = correlation_id("tuf-meta"),
                                    .success = how.ok(),
                                    .details = changed + (changed.empty() || how.ok() ? "" : "; ") + reason}));
    TRY(parts_.facts.set("last_refresh", to_json(last)));
    return how.ok() ? parts_.store.set_clock_floor(now) : Status();
  });
}

}  // namespace rota::device
