#include "ceremony/draft_finish.h"

#include <algorithm>

#include "ceremony/check.h"
#include "ceremony/draft_review.h"
#include "crypto/hash.h"

namespace rota::ceremony {
namespace {

using tuf::Root;
using tuf::Trusted;

constexpr std::size_t kMaxAnswer = 1u << 20, kMaxTranscriptFile = 4u << 20;
constexpr std::string_view kAgain = "run the same command again: it finds out and finishes";

Error with_hint(Error error, std::string_view hint) {
  if (error.hint.empty()) error.hint = hint;
  return error;
}

std::string root_name(tuf::Version version) {
  return "root " + std::to_string(version);
}

// Everything that speaks against it, before anybody is asked for anything.
Status complete(const Finish& finish) {
  const CheckedDraft& draft = finish.draft;
  const auto review = reviewed(draft, finish.clock.now());
  std::string missing;
  for (const auto& line : missing_people(draft, review)) missing += (missing.empty() ? "" : "; ") + line;
  if (!missing.empty()) return rejected(missing);
  TRY(signable(review, finish.allowed));
  return publishable(draft.trusted(), draft.candidate, finish.clock.now(), finish.allowed);
}

// A file that is there already is ours, to the byte; a transcript may differ in when and where.
Status keep_file(Files& files, const std::string& path, BytesView bytes) {
  if (!TRY(files.facts(path)).exists()) return replace_file(files, path, bytes, 0644);
  if (TRY(files.read(path, kMaxTranscriptFile)) == bytes) return {};
  return conflict("'" + path + "': exists already, and is another file", "name another one, or move it away");
}

Result<Transcript> write_transcript(Transcript transcript, const Finish& finish) {
  Files& files = finish.file.files();
  if (!TRY(files.facts(finish.transcript_path)).exists()) {
    TRY(replace_file(files, finish.transcript_path, transcript_bytes(transcript), 0644));
    return transcript;
  }
  const Bytes there = TRY(files.read(finish.transcript_path, kMaxTranscriptFile));
  auto known = read_transcript(there);
  if (known.ok() && known->draft.digest == transcript.draft.digest) return known;
  return conflict("'" + finish.transcript_path + "': exists already, and is not the transcript of this draft",
                  "name another one with --transcript");
}

Status forget_journal(const Finish& finish) {
  Files& files = finish.file.files();
  if (!TRY(files.facts(finish.file.journal_path())).exists()) return {};
  return remove_journal(files, finish.file.journal_path());
}

class Publication {
 public:
  Publication(const RootSource& source, const Finish& finish)
      : source_(source), finish_(finish), draft_(finish.draft) {}

  // The root as served, verified.
  Result<Bytes> published(const Chain& verified) {
    if (auto served = TRY(ours_among(verified))) return *served;
    TRY(complete(finish_));
    TRY(no_transaction());
    TRY(journal(Journal::State::sending));
    return send();
  }

  Status journal(Journal::State state) const {
    Journal journal{.command = "ceremony finish", .factory = draft_.draft.factory, .server = source_.base};
    journal.archive_sha256 = TRY(finish_.file.sha256());
    journal.trusted[Stream::ci] = {draft_.trusted()->version, crypto::sha256_hex(draft_.trusted().raw())};
    journal.candidate[Stream::ci] = draft_.candidate;
    journal.state = state;
    journal.updated_at = finish_.clock.now();
    return write_journal(finish_.file.files(), finish_.file.journal_path(), journal);
  }

 private:
  // The root of the draft's version in the server's chain, when it is ours; nothing when the chain ends before it.
  Result<std::optional<Bytes>> ours_among(const Chain& verified) const {
    const auto& trusted = draft_.trusted();
    bool met = false;
    for (const auto& root : verified) {
      if (root->version == trusted->version) met = root->body == trusted->body;
      if (root->version != draft_.next.version) continue;
      if (root->body == draft_.draft.body) return std::optional<Bytes>(Bytes(BytesView(root.raw())));
      TRY(forget_journal(finish_));  // nothing of ours can come any more
      return conflict(root_name(root->version) + " was published by somebody else; the draft is stale",
                      "nothing was changed; make a new draft from " + root_name(verified.back()->version));
    }
    if (met) return std::optional<Bytes>();
    return rejected("the draft does not follow the root that the server shows: want " + root_name(trusted->version) +
                    " of the draft, got " + root_name(verified.back()->version));
  }

  // A server without the updates API has no such page.
  Status no_transaction() const {
    const FetchRequest request{
        .url = source_.base + "/root/updates", .headers = source_.headers, .max_body = kMaxAnswer};
    const auto reply = TRY(source_.fetcher->fetch(request));
    if (reply.status == 404 || reply.status == 405) return {};
    if (reply.status != 200) return http_error(request, reply);
    const auto answer = parse_json(reply.body, {.max_bytes = kMaxAnswer});
    if (!answer) return unavailable("root/updates: the answer is no JSON of the service: " + answer.error().what);
    if (answer->text_or("status", "") == "NONE") return {};
    return conflict("a TUF updates transaction is active on the server",
                    "let its owner apply or cancel it, then run this again");
  }

  // What the server's own linter has to be told.
  std::string allowances() const {
    std::string query;
    if (!finish_.allowed.names.empty()) query += "&allow-weaker=1";
    if (finish_.allowed.short_expiry) query += "&force-expiry=1";
    if (!query.empty() && source_.stream == Stream::ci) query[0] = '?';
    return query;
  }

  Result<Bytes> send() const {
    FetchRequest request{.method = "POST",
                         .url = source_.url("root") + allowances(),
                         .headers = source_.headers,
                         .body = draft_.candidate};
    request.headers.emplace_back("Content-Type", "application/json");
    const auto reply = source_.fetcher->fetch(request);
    if (reply.ok() && reply->status >= 300 && reply->status < 500) return refused(http_error(request, *reply));
    if (reply.ok() && is_staged(*reply))
      return conflict("the root is staged: the server publishes it with the next targets that its new targets keys sign",
                      "have the targets signed and pushed with the new key, then run the same command again");
    if (reply.ok() && reply->status == 202)
      return conflict("the server waits for a second approver", "once it is approved, run the same command again");
    const auto shown = fetch_root(source_, draft_.next.version);
    if (!shown) return with_hint(shown.error(), kAgain);
    if (!*shown) return unseen(reply, request);
    const auto next = TRY_IN("as served", tuf::next_root(draft_.trusted(), **shown));
    if (next->body == draft_.draft.body) return **shown;
    return conflict(root_name(next->version) + " was published by somebody else; the draft is stale");
  }

  // The server said no: nothing is under way any more.
  Error refused(Error error) const {
    const auto removed = forget_journal(finish_);
    return removed.ok() ? with_hint(std::move(error), "nothing was published") : removed.error();
  }

  Error unseen(const Result<FetchReply>& reply, const FetchRequest& request) const {
    const std::string why = !reply.ok()            ? reply.error().what
                            : reply->status >= 300 ? http_error(request, *reply).what
                                                   : "the server said yes";
    return unavailable(why + "; and it does not show " + root_name(draft_.next.version), std::string(kAgain));
  }

  const RootSource& source_;
  const Finish& finish_;
  const CheckedDraft& draft_;
};

// A journal is of this draft and this server, or the run stops.
Status journal_fits(const Finish& finish, const RootSource& source) {
  Files& files = finish.file.files();
  const std::string path = finish.file.journal_path();
  if (!TRY(files.facts(path)).exists()) return {};
  const auto journal = TRY(read_journal(files, path));
  if (journal.server != source.base)
    return conflict("'" + path + "': this draft was being published on " + plain(journal.server), "finish it there");
  if (journal.archive_sha256 != TRY(finish.file.sha256()))
    return io_error("'" + finish.file.path() + "': has changed since it was being published");
  return {};
}

}  // namespace

Result<std::unique_ptr<FileLock>> DraftFile::lock() const {
  auto held = files_->lock(path_ + ".lock", Seconds(0));
  if (!held.ok() && held.error().fault == Fault::conflict)
    return conflict("'" + path_ + "': another command is working on this draft");
  return held;
}

Status DraftFile::no_journal() const {
  if (!TRY(files_->facts(journal_path())).exists()) return {};
  return conflict("'" + journal_path() + "' is there: this draft is being published",
                  "settle it with rota ceremony finish");
}

Result<CheckedDraft> DraftFile::read() const {
  const Bytes bytes = TRY(files_->read(path_, kMaxDraft + 2));
  return TRY_IN("'" + path_ + "'", checked_draft(TRY_IN("'" + path_ + "'", read_draft(bytes))));
}

Result<std::string> DraftFile::sha256() const {
  return crypto::sha256_hex(TRY(files_->read(path_, kMaxDraft + 2)));
}

Result<Transcript> finish_on(const RootSource& source, const Finish& finish, const Chain& verified) {
  if (source.stream != finish.draft.draft.stream)
    return bad_input("the draft is of another chain than that of the server");
  TRY(journal_fits(finish, source));
  Publication publication(source, finish);
  const Bytes served = TRY(publication.published(verified));
  TRY(publication.journal(Journal::State::confirmed));
  Ending ending{.how = Ending::How::published, .server = source.base, .at = finish.clock.now()};
  auto written = TRY(write_transcript(TRY(transcript_of(finish.draft, served, std::move(ending))), finish));
  TRY(forget_journal(finish));
  return written;
}

Result<Transcript> finish_carried(const Finish& finish, const std::string& output) {
  TRY(finish.file.no_journal());
  TRY(complete(finish));
  Ending ending{.how = Ending::How::carried, .server = {}, .at = finish.clock.now()};
  auto transcript = TRY(transcript_of(finish.draft, finish.draft.candidate, std::move(ending)));
  TRY(keep_file(finish.file.files(), output, finish.draft.candidate));
  return write_transcript(std::move(transcript), finish);
}

}  // namespace rota::ceremony
