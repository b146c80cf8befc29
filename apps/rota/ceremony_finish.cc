// rota ceremony finish, verify: the root published, and what is left for those who were not there.
#include "ceremony.h"
#include "ceremony/draft_finish.h"
#include "ceremony/draft_review.h"
#include "ceremony/drill.h"
#include "crypto/hash.h"

namespace rota::app {
namespace {

using ceremony::DraftFile;
using ceremony::Finish;
using ceremony::Transcript;

constexpr std::uint64_t kMaxTranscript = 4u << 20;

Status ask_to_publish(const Invocation& call, const ceremony::CheckedDraft& draft, const std::string& where) {
  for (const auto& line : ceremony::lines(draft, ceremony::reviewed(draft, SystemClock().now()))) call.talk.say(line);
  return confirmed(call, "Make this the root " + where + "?");
}

Result<Transcript> publish(const Invocation& call, const Finish& finish) {
  const std::string factory = call.given.text_or("factory", finish.draft.draft.factory);
  auto source = TRY(call.service.root_source(factory));
  source.stream = finish.draft.draft.stream;
  const auto chain = TRY(server_chain(call, source, factory));
  TRY(ask_to_publish(call, finish.draft, "of factory '" + ceremony::plain(factory) + "'"));
  auto done = TRY(ceremony::finish_on(source, finish, chain));
  if (auto kept = remember(call, source, factory, done.root); !kept)
    call.talk.warn("the new root is not remembered: " + kept.error().what);
  return done;
}

Result<Transcript> carry(const Invocation& call, const Finish& finish) {
  TRY(believed(call, finish.draft, TRY(given_chain(call))));
  TRY(ask_to_publish(call, finish.draft, "to be carried"));
  return ceremony::finish_carried(finish, call.given.text("carry"));
}

std::string signer_line(const Json& one) {
  std::string roots;
  for (const Json& root : *one.find("counts-for")->if_array()) roots += (roots.empty() ? "" : ", ") + *root.if_text();
  const std::string owner = one.text_or("owner", "");
  return "  " + one.text_or("keyid", "") + "  " + (owner.empty() ? "no name" : ceremony::plain(owner)) + ", " +
         one.text_or("verdict", "") + " for " + roots + ", signed " + one.text_or("signed-at", "");
}

void print_transcript(const Invocation& call, const Transcript& transcript) {
  const Json json = ceremony::transcript_json(transcript);
  auto& out = call.talk.out();
  out << "root " << transcript.root->version << ", SHA-256 " << crypto::sha256_hex(transcript.root.raw()) << "\n"
      << "draft " << transcript.draft.digest << "\n"
      << "why   " << ceremony::plain(transcript.draft.draft.reason(), 1000) << "\n";
  for (const Json& one : *json.find("signatures")->if_array()) out << signer_line(one) << "\n";
}

Json summary_json(const Transcript& transcript) {
  Json json = ceremony::transcript_json(transcript);
  Json out(Json::Object{{"draft", transcript.draft.digest},
                        {"version", Json(transcript.root->version)},
                        {"sha256", crypto::sha256_hex(transcript.root.raw())}});
  for (const char* name : {"signatures", "ending", "server", "finished-at"}) out[name] = *json.find(name);
  return out;
}

Status verify_drill(const Invocation& call, BytesView bytes, const ceremony::Chain& believed) {
  const Json body = TRY(ceremony::read_drill(bytes, believed.back()));
  if (call.json()) {
    call.talk.out() << to_json(body) << "\n";
    return {};
  }
  call.talk.out() << "drill of '" << ceremony::plain(body.text_or("archive", "")) << "' at "
                  << ceremony::plain(body.text_or("at", "")) << ": passed against root " << believed.back()->version
                  << "\n";
  return {};
}

bool is_envelope(BytesView bytes) {
  return tuf::parse_envelope(bytes, kMaxTranscript).ok();
}

}  // namespace

Status ceremony_finish(const Invocation& call) {
  const SystemClock clock;
  const DraftFile file(call.files, call.given.text("draft"));
  const auto held = TRY(file.lock());
  const auto draft = TRY(file.read());
  const Finish finish{file, draft, clock, call.given.text_or("transcript", file.path() + ".transcript"),
                      allowed_of(call)};
  const auto done = TRY(call.given.has("carry") ? carry(call, finish) : publish(call, finish));
  call.talk.say("root " + std::to_string(done.root->version) +
                (call.given.has("carry") ? " written to " + call.given.text("carry") : " is published"));
  call.talk.say("transcript: " + finish.transcript_path);
  if (call.json()) {
    Json json = summary_json(done);
    json["transcript"] = finish.transcript_path;
    call.talk.out() << to_json(json) << "\n";
  } else {
    print_transcript(call, done);
  }
  return {};
}

Status ceremony_verify(const Invocation& call) {
  const Bytes bytes = TRY(call.files.read(call.given.text("file"), kMaxTranscript));
  const auto given = TRY(given_chain(call));
  if (is_envelope(bytes)) {
    if (!given) return bad_input("verify: a drill is held against a root", "give --trusted-root FILE");
    return verify_drill(call, bytes, *given);
  }
  const auto transcript = TRY(ceremony::read_transcript(bytes));
  if (given) TRY(ceremony::belongs_to(transcript, *given));
  if (!given)
    call.talk.warn("checked in itself, from root " + std::to_string(transcript.draft.chain.front()->version) +
                   " with SHA-256 " + crypto::sha256_hex(transcript.draft.chain.front().raw()) +
                   "; --trusted-root says whether that is the factory's");
  if (call.json()) {
    Json json = summary_json(transcript);
    json["believed"] = given.has_value();
    call.talk.out() << to_json(json) << "\n";
  } else {
    print_transcript(call, transcript);
  }
  return {};
}

}  // namespace rota::app
