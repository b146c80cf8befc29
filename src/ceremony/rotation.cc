#include "ceremony/rotation.h"

#include "crypto/hash.h"
#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using keys::Archive;
using tuf::Root;
using tuf::Trusted;

constexpr std::string_view kResume = "run the same command with --resume: it finds out and finishes";
constexpr std::string_view kRefused =
    "nothing was published; --abandon sets the new archive aside, --resume tries again";

Error with_hint(Error error, std::string_view hint) {
  if (error.hint.empty()) error.hint = hint;
  return error;
}

Result<Json> body_of(BytesView envelope) { return TRY(tuf::parse_envelope(envelope, tuf::kMaxRoot)).body; }

// root.json must be the root that ends the chain, or one beyond it.
Status newest_fits(const RootSource& source, const Root& last, const Json& last_body) {
  const auto newest = TRY(fetch_newest_root(source));
  if (!newest) return rejected("the server has no root.json any more");
  const Json body = TRY_IN("root.json", body_of(*newest));
  const auto version = body.integer_or("version", 0);
  if (version < last.version)
    return rejected("the server goes backwards: root.json: want version " + std::to_string(last.version) + ", got " +
                    std::to_string(version));
  if (version == last.version && !(body == last_body))
    return rejected("root.json: differs from root " + std::to_string(last.version) + " of the chain");
  return {};
}

std::string version_text(const Root& root) { return "root " + std::to_string(root.version + 1); }

}  // namespace

RootSource Rotation::of(Stream stream) const {
  RootSource source = source_;
  source.stream = stream;
  return source;
}

Status Rotation::advance(Journal& journal, Journal::State state) const {
  journal.state = state;
  journal.updated_at = clock_.now();
  return write_journal(file_.files(), file_.journal_path(), journal);
}

Status Rotation::prepare(const RotationPlan& plan, const keys::ArchiveOnDisk& before, const RotationOrigin& origin) {
  Journal journal{.command = origin.command, .factory = origin.factory, .server = origin.server};
  journal.archive_sha256 = before.sha256;
  for (const auto& [stream, change] : plan.changes) {
    journal.trusted[stream] = {change.trusted->version, crypto::sha256_hex(change.trusted.raw())};
    journal.candidate[stream] = change.candidate;
  }
  journal.next_sha256 = TRY(file_.write_next(plan.next, before.archive, clock_.now()));
  return advance(journal, Journal::State::prepared);
}

Result<Settled> Rotation::settle() {
  if (!TRY(file_.files().facts(file_.journal_path())).exists()) return settle_without_journal();
  return settle_journal(TRY(read_journal(file_.files(), file_.journal_path())));
}

// FILE.tmp is written before the journal, and nothing is sent before both.
Result<Settled> Rotation::settle_without_journal() {
  if (!TRY(file_.has_next())) return Settled{.outcome = Settled::Outcome::nothing_sent};
  const auto next = file_.read_next();
  if (next.ok() && next->archive.find(keys::candidate_member(name_of(Stream::ci))) == nullptr)
    return conflict("'" + file_.next_path() + "' was not written by this program, and there is no journal",
                    "look into it; --abandon sets it aside without deleting it");
  const auto aside = TRY(file_.set_next_aside(clock_.now()));
  return Settled{.outcome = Settled::Outcome::nothing_sent, .set_aside = aside};
}

Result<Settled> Rotation::settle_journal(Journal journal) {
  if (!TRY(file_.has_next())) return settle_moved_aside(journal);
  const auto next = TRY(file_.read_next());
  if (next.sha256 != journal.next_sha256)
    return io_error("'" + file_.next_path() + "': is not the archive that the journal names");
  Settled settled;
  if (journal.state != Journal::State::confirmed) {
    if (TRY(file_.sha256_of(file_.path())) != journal.archive_sha256)
      return io_error("'" + file_.path() + "': has changed since this change of it began");
    for (const auto& [stream, candidate] : journal.candidate) TRY(publish(stream, next.archive, journal));
    TRY(advance(journal, Journal::State::confirmed));
  }
  for (const auto& [stream, candidate] : journal.candidate) {
    const auto trusted = TRY(pinned(stream, next.archive, journal));
    settled.roots.emplace(stream, TRY(tuf::next_root(trusted, candidate)));
  }
  settled.backup = TRY(file_.keep_backup());
  TRY(file_.replace());
  TRY(remove_journal(file_.files(), file_.journal_path()));
  return settled;
}

// FILE.tmp is gone: it has become FILE, or was set aside, and only the journal is left.
Result<Settled> Rotation::settle_moved_aside(const Journal& journal) {
  Settled settled;
  const std::string sha256 = TRY(file_.sha256_of(file_.path()));
  if (sha256 == journal.next_sha256 && journal.state == Journal::State::confirmed) {
    const auto now = TRY(file_.read());
    for (const auto& [stream, candidate] : journal.candidate) {
      const auto trusted = TRY(pinned(stream, now.archive, journal));
      settled.roots.emplace(stream, TRY(tuf::next_root(trusted, candidate)));
    }
    settled.backup = TRY(file_.beside(".bak", journal.archive_sha256));
  } else {
    settled.outcome = Settled::Outcome::nothing_sent;
    settled.set_aside = TRY(file_.beside(".unused-", journal.next_sha256));
    if (settled.set_aside.empty())
      return io_error("'" + file_.next_path() +
                      "' is missing, and no other file is the archive that the journal names");
  }
  TRY(remove_journal(file_.files(), file_.journal_path()));
  return settled;
}

Result<Trusted<Root>> Rotation::pinned(Stream stream, const Archive& next, const Journal& journal) const {
  const std::string name = keys::trusted_member(name_of(stream));
  const auto* bytes = next.find(name);
  const auto pin = journal.trusted.find(stream);
  if (bytes == nullptr || pin == journal.trusted.end() || crypto::sha256_hex(bytes->reveal()) != pin->second.sha256)
    return io_error("'" + file_.next_path() + "': '" + name + "' is not the root that the journal names");
  return TRY_IN(name, tuf::anchor_root(bytes->reveal()));
}

Result<Rotation::Shown> Rotation::shown(const RootSource& source, const Trusted<Root>& trusted, BytesView ours) const {
  const auto bytes = TRY(fetch_root(source, trusted->version + 1));
  if (!bytes) {
    TRY(newest_fits(source, *trusted, trusted->body));
    return Shown::old_root;
  }
  const auto next = TRY_IN(version_text(*trusted) + " as served", tuf::next_root(trusted, *bytes));
  TRY(newest_fits(source, *next, next->body));
  const Json our_body = TRY(body_of(ours));
  return next->body == our_body ? Shown::ours : Shown::another;
}

Status Rotation::publish(Stream stream, const Archive& next, Journal& journal) {
  const RootSource source = of(stream);
  const Bytes& ours = journal.candidate.at(stream);
  const auto trusted = TRY(pinned(stream, next, journal));
  const auto seen = shown(source, trusted, ours);
  if (!seen) return with_hint(seen.error(), kResume);
  switch (*seen) {
    case Shown::ours: return {};
    case Shown::another: return superseded(source, journal);
    case Shown::old_root: break;
  }
  if (stream == Stream::ci) TRY(no_transaction());
  if (journal.state == Journal::State::prepared) TRY(advance(journal, Journal::State::sending));
  return send(source, trusted, ours);
}

// A server without the updates API has no such page.
Status Rotation::no_transaction() const {
  const FetchRequest request{.url = source_.url("root/updates"), .headers = source_.headers, .max_body = 1u << 20};
  const auto reply = source_.fetcher->fetch(request);
  if (!reply) return with_hint(reply.error(), kResume);
  if (reply->status == 404 || reply->status == 405) return {};
  if (reply->status != 200) return with_hint(http_error(request, *reply), kResume);
  const auto answer = TRY_IN("root/updates", parse_json(reply->body, {.max_bytes = 1u << 20}));
  const std::string status = answer.text_or("status", "");
  if (status == "NONE") return {};
  return conflict("a TUF updates transaction is active on the server (" + status.substr(0, 20) + ")",
                  "let its owner apply or cancel it, then run the same command with --resume");
}

Status Rotation::send(const RootSource& source, const Trusted<Root>& trusted, const Bytes& ours) {
  say_(source.stream == Stream::ci ? "Uploading new TUF root" : "Uploading new production TUF root");
  FetchRequest request{.method = "POST", .url = source.url("root"), .headers = source.headers, .body = ours};
  request.headers.emplace_back("Content-Type", "application/json");
  const auto reply = source.fetcher->fetch(request);
  if (!reply.ok() && reply.error().fault == Fault::denied) return with_hint(reply.error(), kResume);
  const bool answered = reply.ok() && reply->status < 500;
  if (answered && reply->status == 202)
    return conflict("the server waits for a second approver",
                    "once it is approved, run the same command with --resume");
  if (answered && reply->status >= 300) return with_hint(http_error(request, *reply), kRefused);
  const auto seen = shown(source, trusted, ours);
  if (!seen) return with_hint(seen.error(), kResume);
  if (*seen == Shown::ours) return {};
  const std::string why = !reply.ok() ? reply.error().what
                          : answered  ? "the server said yes"
                                      : http_error(request, *reply).what;
  return unavailable(why + "; and it does not show " + version_text(*trusted) + " as ours", std::string(kResume));
}

Error Rotation::superseded(const RootSource& source, const Journal& journal) const {
  const std::string what = "root " + std::to_string(journal.trusted.at(source.stream).version + 1) + " of the " +
                           std::string(name_of(source.stream)) + " chain was published by somebody else";
  if (source.stream != Stream::ci)
    return conflict(what, "the ci chain has ours: ask who published it; nothing was changed");
  const auto aside = file_.set_next_aside(clock_.now());
  if (!aside) return aside.error();
  if (auto removed = remove_journal(file_.files(), file_.journal_path()); !removed) return removed.error();
  return conflict(what, "the archive is unchanged; the new key, which no root names, is kept in '" + *aside + "'");
}

Result<Settled> Rotation::abandon() {
  if (!TRY(file_.files().facts(file_.journal_path())).exists()) {
    if (!TRY(file_.has_next())) return Settled{.outcome = Settled::Outcome::nothing_sent};
    const auto aside = TRY(file_.set_next_aside(clock_.now()));
    return Settled{.outcome = Settled::Outcome::nothing_sent, .set_aside = aside};
  }
  const Journal journal = TRY(read_journal(file_.files(), file_.journal_path()));
  if (!TRY(file_.has_next())) return settle_moved_aside(journal);
  if (journal.state == Journal::State::confirmed)
    return conflict("the server has confirmed the new root; there is nothing to abandon", std::string(kResume));
  const auto next = TRY(file_.read_next());
  for (const auto& [stream, candidate] : journal.candidate) {
    const auto trusted = TRY(pinned(stream, next.archive, journal));
    if (TRY(shown(of(stream), trusted, candidate)) == Shown::ours)
      return conflict("the server shows the new root; it cannot be abandoned", std::string(kResume));
  }
  const auto aside = TRY(file_.set_next_aside(clock_.now()));
  TRY(remove_journal(file_.files(), file_.journal_path()));
  return Settled{.outcome = Settled::Outcome::nothing_sent, .set_aside = aside};
}

}  // namespace rota::ceremony
