// How prepared roots reach the server: in a transaction of the updates API, or one by one.
#include "ceremony/rotation.h"

namespace rota::ceremony {
namespace {

using keys::Archive;
using tuf::Root;
using tuf::Trusted;

constexpr std::string_view kResume = "run the same command with --resume: it finds out and finishes";
constexpr std::string_view kRefused =
    "nothing was published; --abandon sets the new archive aside, --resume tries again";
constexpr std::string_view kApprove = "once it is approved, run the same command with --resume";

Error with_hint(Error error, std::string_view hint) {
  if (error.hint.empty()) error.hint = hint;
  return error;
}

Error active(const UpdatesState& state) {
  return conflict("a TUF updates transaction is active on the server (" + std::string(name_of(state.status)) +
                      (state.created_by.empty() ? "" : ", opened by " + state.created_by) + ")",
                  "let its owner apply or cancel it, then run the same command with --resume");
}

// Opened by a run whose answer was lost: the message is that of the journal, and nobody has changed the draft.
bool is_of(const Journal& journal, const UpdatesState& state) {
  const auto envelope = tuf::parse_envelope(state.updated.ci_root, tuf::kMaxRoot);
  if (!envelope.ok()) return false;
  const Json* changelog = envelope->body.find("x-changelog");
  return changelog != nullptr && changelog->text_or("message", "") == journal.message;
}

}  // namespace

Status Rotation::publish(const Archive& next, Journal& journal) {
  const bool has_prod = journal.candidate.contains(Stream::prod);
  const auto look = [&](Stream stream) -> Result<Shown> {
    return shown(of(stream), TRY(pinned(stream, next, journal)), journal.candidate.at(stream));
  };
  const auto ci = look(Stream::ci);
  if (!ci) return with_hint(ci.error(), kResume);
  const auto prod = has_prod ? look(Stream::prod) : ci;
  if (!prod) return with_hint(prod.error(), kResume);
  if (*ci == Shown::another) return superseded(of(Stream::ci), journal);
  if (*prod == Shown::another) return superseded(of(Stream::prod), journal);
  if (*ci == Shown::ours && *prod == Shown::ours) return {};
  const UpdatesApi api(source_);
  const auto state = api.state();
  if (!state) return with_hint(state.error(), kResume);
  if (*state && *ci == Shown::old_root) return publish_in_transaction(api, **state, next, journal);
  if (*state && (*state)->status == UpdatesState::Status::applying) return apply(api, journal);
  for (const auto& [stream, candidate] : journal.candidate) TRY(publish_root(stream, next, journal));
  return {};
}

// A server without transactions.
Status Rotation::publish_root(Stream stream, const Archive& next, Journal& journal) {
  const auto trusted = TRY(pinned(stream, next, journal));
  const RootSource source = of(stream);
  const Bytes& ours = journal.candidate.at(stream);
  const auto seen = shown(source, trusted, ours);
  if (!seen) return with_hint(seen.error(), kResume);
  if (*seen == Shown::ours) return {};
  if (*seen == Shown::another) return superseded(source, journal);
  if (journal.state == Journal::State::prepared) TRY(advance(journal, Journal::State::sending));
  return send(source, trusted, ours);
}

Status Rotation::send(const RootSource& source, const Trusted<Root>& trusted, const Bytes& ours) {
  say_(source.stream == Stream::ci ? "Uploading new TUF root" : "Uploading new production TUF root");
  FetchRequest request{.method = "POST", .url = source.url("root"), .headers = source.headers, .body = ours};
  request.headers.emplace_back("Content-Type", "application/json");
  const auto reply = source.fetcher->fetch(request);
  if (!reply.ok() && reply.error().fault == Fault::denied) return with_hint(reply.error(), kResume);
  const bool answered = reply.ok() && reply->status < 500;
  if (answered && reply->status == 202) return conflict("the server waits for a second approver", std::string(kApprove));
  if (answered && reply->status >= 300) return with_hint(http_error(request, *reply), kRefused);
  const auto seen = shown(source, trusted, ours);
  if (!seen) return with_hint(seen.error(), kResume);
  if (*seen == Shown::ours) return {};
  const std::string why = !reply.ok() ? reply.error().what
                          : answered  ? "the server said yes"
                                      : http_error(request, *reply).what;
  return unavailable(why + "; and it does not show root " + std::to_string(trusted->version + 1) + " as ours",
                     std::string(kResume));
}

Result<CurrentRoots> Rotation::current(const Archive& next, const Journal& journal) const {
  NewestRoots roots;
  for (const auto& [stream, candidate] : journal.candidate)
    if (!is_derived(stream, journal)) roots.emplace(stream, TRY(pinned(stream, next, journal)));
  return current_roots(std::move(roots));
}

Status Rotation::publish_in_transaction(const UpdatesApi& api, UpdatesState state, const Archive& next,
                                        Journal& journal) {
  const auto opened = open_transaction(api, state, journal);
  // A server that shows transactions and takes none is one of the old ones.
  if (!opened.ok() && opened.error().fault == Fault::not_found) {
    for (const auto& [stream, candidate] : journal.candidate) TRY(publish_root(stream, next, journal));
    return {};
  }
  TRY(Status(opened));
  if (state.status != UpdatesState::Status::applying) TRY(stage(api, next, journal));
  TRY(apply(api, journal));
  for (const auto& [stream, candidate] : journal.candidate) {
    const auto trusted = TRY(pinned(stream, next, journal));
    const auto seen = shown(of(stream), trusted, candidate);
    if (!seen) return with_hint(seen.error(), kResume);
    if (*seen != Shown::ours)
      return unavailable("the server does not show root " + std::to_string(trusted->version + 1) + " of the " +
                             std::string(name_of(stream)) + " chain as ours",
                         std::string(kResume));
  }
  return {};
}

Status Rotation::open_transaction(const UpdatesApi& api, const UpdatesState& state, Journal& journal) {
  if (state.status != UpdatesState::Status::none) {
    const bool ours = !journal.txid.empty() || (journal.state == Journal::State::sending && is_of(journal, state));
    return ours ? Status() : active(state);
  }
  if (journal.bound_to_transaction)
    return conflict("the transaction is gone from the server, and with it the keys that the new root names",
                    "--abandon sets the new archive aside; then begin again");
  if (journal.state == Journal::State::prepared) TRY(advance(journal, Journal::State::sending));
  say_("Creating new TUF updates transaction");
  auto started = api.start({.message = journal.message, .shortcut = UpdatesApi::Start::Shortcut::yes});
  if (!started) return with_hint(started.error(), kResume);
  opened_here_ = true;
  journal.txid = started->txid;
  return advance(journal, Journal::State::sending);
}

// The draft becomes ours, if it is not already.
Status Rotation::stage(const UpdatesApi& api, const Archive& next, const Journal& journal) {
  const auto state = api.present_state();
  if (!state) return with_hint(state.error(), kResume);
  if (shows(*state, journal.candidate)) return {};
  const auto roots = TRY(current(next, journal));
  const auto tolerance = journal.bound_to_transaction ? Tolerance::online_keys : Tolerance::nothing;
  if (const auto untouched = StagedRoots::in(*state, roots, tolerance); !untouched)
    return called_off(api, untouched.error());
  say_("Uploading new TUF root");
  const auto put = api.put(journal.txid, {journal.candidate, journal.targets_signatures, journal.waves_signatures});
  if (!put.ok() && put.error().fault != Fault::unavailable) return with_hint(put.error(), kRefused);
  const auto after = api.present_state();
  if (!after) return with_hint(after.error(), kResume);
  if (shows(*after, journal.candidate)) return {};
  if (!put.ok()) return with_hint(put.error(), kResume);
  return rejected("the server's draft is not what was sent to it", std::string(kRefused));
}

// Before anything with the new key was sent: a transaction of this run is closed, what was prepared is set aside.
Error Rotation::called_off(const UpdatesApi& api, Error error) {
  if (!opened_here_) return with_hint(std::move(error), kResume);
  if (const auto cancelled = api.cancel(); !cancelled.ok())
    return Error{error.fault, error.what, "the transaction is still open: " + cancelled.error().what};
  const auto settled = unneeded();
  if (settled.ok()) error.hint = "nothing was sent; the key that was made is kept in '" + settled->set_aside + "'";
  return error;
}

Status Rotation::apply(const UpdatesApi& api, const Journal& journal) {
  say_("Applying staged TUF root changes");
  const auto applied = api.apply(journal.txid);
  if (applied.ok()) return {};
  const Error& error = applied.error();
  if (error.fault == Fault::conflict) return with_hint(error, kApprove);
  if (error.fault == Fault::denied) return with_hint(error, kResume);
  if (error.fault != Fault::rejected) return {};  // perhaps done: what the server shows decides
  TRY(cancel_own(journal));
  return with_hint(error, kRefused);
}

// A transaction that shows our draft, or that this run opened.
Status Rotation::cancel_own(const Journal& journal) const {
  const UpdatesApi api(source_);
  const auto state = TRY(api.state());
  if (!state || state->status == UpdatesState::Status::none) return {};
  const bool ours = opened_here_ || shows(*state, journal.candidate) ||
                    (!journal.txid.empty() && is_of(journal, *state));
  if (!ours) return {};
  if (state->status == UpdatesState::Status::applying)
    return conflict("the server is applying the change", std::string(kResume));
  return api.cancel();
}

}  // namespace rota::ceremony
