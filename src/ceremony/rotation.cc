#include "ceremony/rotation.h"

#include "crypto/hash.h"
#include "keys/archive_index.h"

namespace rota::ceremony {
namespace {

using keys::Archive;
using tuf::Root;
using tuf::Trusted;

constexpr std::string_view kResume = "run the same command with --resume: it finds out and finishes";

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

Result<std::string> sha256_if_there(const keys::ArchiveFile& file) {
  if (!TRY(file.files().facts(file.path())).exists()) return std::string();
  return file.sha256_of(file.path());
}

Status unchanged_since(const keys::ArchiveFile& file, const std::string& sha256) {
  if (TRY(sha256_if_there(file)) == sha256) return {};
  return io_error("'" + file.path() + "': has changed since this change of it began");
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
  journal.message = origin.message;
  journal.archive_sha256 = before.sha256;
  for (const auto& [stream, change] : plan.changes) {
    journal.trusted[stream] = {change.trusted->version, crypto::sha256_hex(change.trusted.raw())};
    journal.candidate[stream] = change.candidate;
  }
  journal.next_sha256 = TRY(file_.write_next(plan.next, before.archive, clock_.now()));
  return advance(journal, Journal::State::prepared);
}

Status Rotation::prepare_change(const ChangePlan& plan, const std::vector<ArchiveChange>& archives,
                                const RotationOrigin& origin) {
  Journal journal{.command = origin.command, .factory = origin.factory, .server = origin.server};
  journal.message = origin.message;
  journal.txid = origin.txid;
  journal.bound_to_transaction = origin.bound_to_transaction;
  opened_here_ = !origin.txid.empty();
  journal.targets_signatures = plan.targets_signatures;
  journal.waves_signatures = plan.waves_signatures;
  for (const auto& [stream, change] : plan.changes) {
    journal.trusted[stream] = {change.trusted->version, crypto::sha256_hex(change.trusted.raw())};
    journal.candidate[stream] = change.candidate;
  }
  const Archive nothing;
  for (const auto& one : archives) {
    const auto& before = *one.before;
    const auto sha256 = TRY(one.file->write_next(*one.next, before ? before->archive : nothing, clock_.now()));
    const std::string old_sha256 = before ? before->sha256 : "";
    if (one.file == &file_) {
      journal.archive_sha256 = old_sha256;
      journal.next_sha256 = sha256;
    } else {
      journal.also.push_back({one.file->path(), old_sha256, sha256});
    }
  }
  return advance(journal, Journal::State::prepared);
}

Status Rotation::prepare_staged(const Archive& next, const std::optional<keys::ArchiveOnDisk>& before,
                                const std::map<Stream, RootChange>& changes, const UpdatesDraft& draft,
                                const RotationOrigin& origin) {
  Journal journal{.aim = Journal::Aim::stage, .command = origin.command, .factory = origin.factory,
                  .server = origin.server};
  journal.txid = origin.txid;
  for (const auto& [stream, change] : changes)
    journal.trusted[stream] = {change.trusted->version, crypto::sha256_hex(change.trusted.raw())};
  journal.candidate = draft.roots;
  journal.targets_signatures = draft.targets_signatures;
  journal.waves_signatures = draft.waves_signatures;
  if (before) journal.archive_sha256 = before->sha256;
  const Archive nothing;
  journal.next_sha256 = TRY(file_.write_next(next, before ? before->archive : nothing, clock_.now()));
  TRY(advance(journal, Journal::State::prepared));
  return advance(journal, Journal::State::sending);
}

Result<Settled> Rotation::settle() {
  if (!TRY(file_.files().facts(file_.journal_path())).exists()) return settle_without_journal();
  auto journal = TRY(read_journal(file_.files(), file_.journal_path()));
  return journal.aim == Journal::Aim::stage ? settle_staged(std::move(journal)) : settle_journal(std::move(journal));
}

// FILE.tmp is written before the journal, and nothing is sent before both.
Result<Settled> Rotation::settle_without_journal() {
  if (!TRY(file_.has_next())) return Settled{.outcome = Settled::Outcome::nothing_sent};
  const auto next = file_.read_next();
  if (next.ok() && next->archive.find(keys::trusted_member(name_of(Stream::ci))) == nullptr)
    return conflict("'" + file_.next_path() + "' was not written by this program, and there is no journal",
                    "look into it; --abandon sets it aside without deleting it");
  for (const auto* file : also_)
    if (TRY(file->has_next())) TRY(file->set_next_aside(clock_.now()));
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
    TRY(unchanged_since(file_, journal.archive_sha256));
    TRY(companions_wait(journal));
    if (TRY(is_cancelled(next.archive, journal))) return unneeded();
    TRY(publish(next.archive, journal));
    TRY(advance(journal, Journal::State::confirmed));
  }
  for (const auto& [stream, candidate] : journal.candidate) {
    const auto trusted = TRY(pinned(stream, next.archive, journal));
    settled.roots.emplace(stream, TRY(tuf::next_root(trusted, candidate)));
  }
  return take_over(journal, std::move(settled));
}

// Whoever cancelled the transaction, nothing of it was published, and the server's keys that the new root names are gone.
Result<bool> Rotation::is_cancelled(const Archive& next, const Journal& journal) const {
  if (!journal.bound_to_transaction) return false;
  const auto state = UpdatesApi(source_).state();
  if (!state) return Error{state.error().fault, state.error().what, std::string(kResume)};
  if (!*state || (*state)->status != UpdatesState::Status::none) return false;
  for (const auto& [stream, candidate] : journal.candidate)
    if (TRY(shown(of(stream), TRY(pinned(stream, next, journal)), candidate)) != Shown::old_root) return false;
  return true;
}

Result<const keys::ArchiveFile*> Rotation::companion(const std::string& path) const {
  for (const auto* file : also_)
    if (file->path() == path) return file;
  return bad_input("this change also writes the archive '" + path + "'", "name it as it was named then");
}

Status Rotation::companions_wait(const Journal& journal) const {
  for (const auto& one : journal.also) {
    const auto* file = TRY(companion(one.path));
    TRY(unchanged_since(*file, one.archive_sha256));
    if (!TRY(file->has_next()) || TRY(file->sha256_of(file->next_path())) != one.next_sha256)
      return io_error("'" + file->next_path() + "': is not the archive that the journal names", "--abandon gives the change up");
  }
  return {};
}

// The other archives first: as long as FILE.tmp is there, a later run comes by here again.
Status Rotation::take_over_companions(const Journal& journal) const {
  for (const auto& one : journal.also) {
    const auto* file = TRY(companion(one.path));
    const bool waits = TRY(file->has_next());
    if (TRY(file->sha256_of(waits ? file->next_path() : file->path())) != one.next_sha256)
      return io_error("'" + one.path + "': is not the archive that the journal names");
    if (!waits) continue;
    TRY(file->keep_backup());
    TRY(file->replace());
  }
  return {};
}

// FILE.tmp becomes FILE; FILE becomes FILE.bak.
Result<Settled> Rotation::take_over(const Journal& journal, Settled settled) {
  TRY(take_over_companions(journal));
  settled.backup = TRY(file_.keep_backup());
  TRY(file_.replace());
  TRY(remove_journal(file_.files(), file_.journal_path()));
  return settled;
}

Result<Settled> Rotation::unneeded() {
  Settled settled{.outcome = Settled::Outcome::nothing_sent};
  for (const auto* file : also_)
    if (TRY(file->has_next())) TRY(file->set_next_aside(clock_.now()));
  settled.set_aside = TRY(file_.set_next_aside(clock_.now()));
  TRY(remove_journal(file_.files(), file_.journal_path()));
  return settled;
}

// A key that a draft or a root of the server names belongs into FILE; one that none names, beside it.
Result<Settled> Rotation::settle_staged(Journal journal) {
  if (journal.server != source_.base)
    return bad_input("'" + file_.journal_path() + "': is of the server " + journal.server + ", not " + source_.base);
  if (!TRY(file_.has_next())) return settle_moved_aside(journal);
  const auto next = TRY(file_.read_next());
  if (next.sha256 != journal.next_sha256)
    return io_error("'" + file_.next_path() + "': is not the archive that the journal names");
  if (journal.state != Journal::State::confirmed) {
    TRY(unchanged_since(file_, journal.archive_sha256));
    if (!TRY(names_new_key(next.archive, journal))) return unneeded();
    TRY(advance(journal, Journal::State::confirmed));
  }
  return take_over(journal, {});
}

// Whether the server shows a key that is new in `next`: in its draft, or in its newest root.
Result<bool> Rotation::names_new_key(const Archive& next, const Journal& journal) const {
  std::set<crypto::PublicKey> added;
  Archive before;
  if (!journal.archive_sha256.empty()) before = TRY(file_.read()).archive;
  for (const auto& key : next.keys())
    if (before.find(key.pub_member) == nullptr) added.insert(key.public_key);
  const auto state = TRY(UpdatesApi(source_).state());
  std::vector<Bytes> shown;
  if (state) shown.push_back(state->updated.ci_root);
  if (auto newest = TRY(fetch_newest_root(source_))) shown.push_back(std::move(*newest));
  for (const auto& bytes : shown) {
    const auto envelope = tuf::parse_envelope(bytes, tuf::kMaxRoot);
    if (!envelope.ok()) continue;
    const auto root = tuf::read_root(*envelope);
    if (!root.ok()) continue;
    for (const auto& [id, key] : root->keys)
      if (added.contains(key)) return true;
  }
  return false;
}

// FILE.tmp is gone: it has become FILE, or was set aside, and only the journal is left.
Result<Settled> Rotation::settle_moved_aside(const Journal& journal) {
  Settled settled;
  const std::string sha256 = TRY(sha256_if_there(file_));
  if (sha256 == journal.next_sha256 && journal.state == Journal::State::confirmed) {
    const auto now = TRY(file_.read());
    if (journal.aim == Journal::Aim::publish) {
      for (const auto& [stream, candidate] : journal.candidate) {
        const auto trusted = TRY(pinned(stream, now.archive, journal));
        settled.roots.emplace(stream, TRY(tuf::next_root(trusted, candidate)));
      }
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

// The production root of a factory that had none follows the ci root.
bool Rotation::is_derived(Stream stream, const Journal& journal) {
  return stream == Stream::prod && journal.trusted.contains(Stream::prod) &&
         journal.trusted.at(Stream::prod) == journal.trusted.at(Stream::ci);
}

Result<Trusted<Root>> Rotation::pinned(Stream stream, const Archive& next, const Journal& journal) const {
  const auto pin = journal.trusted.find(stream);
  const bool derived = is_derived(stream, journal);
  const std::string name = keys::trusted_member(name_of(derived ? Stream::ci : stream));
  const auto* bytes = next.find(name);
  if (bytes == nullptr || pin == journal.trusted.end() || crypto::sha256_hex(bytes->reveal()) != pin->second.sha256)
    return io_error("'" + file_.next_path() + "': '" + name + "' is not the root that the journal names");
  return TRY_IN(name, tuf::anchor_root(bytes->reveal()));
}

Result<Rotation::Shown> Rotation::shown(const RootSource& source, const Trusted<Root>& trusted, BytesView ours) const {
  const auto bytes = TRY(fetch_root(source, trusted->version + 1));
  if (!bytes) {
    const bool no_chain_yet = source.stream == Stream::prod && !TRY(fetch_newest_root(source));
    if (!no_chain_yet) TRY(newest_fits(source, *trusted, trusted->body));
    return Shown::old_root;
  }
  const auto next = TRY_IN(version_text(*trusted) + " as served", tuf::next_root(trusted, *bytes));
  TRY(newest_fits(source, *next, next->body));
  const Json our_body = TRY(body_of(ours));
  return next->body == our_body ? Shown::ours : Shown::another;
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
  if (journal.aim == Journal::Aim::stage) {
    if (!TRY(names_new_key(next.archive, journal))) return unneeded();
    return conflict("the server's draft names the new key", "fioctl keys tuf updates cancel, then --abandon; or --resume");
  }
  TRY(cancel_own(journal));
  for (const auto& [stream, candidate] : journal.candidate) {
    const auto trusted = TRY(pinned(stream, next.archive, journal));
    if (TRY(shown(of(stream), trusted, candidate)) == Shown::ours)
      return conflict("the server shows the new root; it cannot be abandoned", std::string(kResume));
  }
  return unneeded();
}

}  // namespace rota::ceremony
